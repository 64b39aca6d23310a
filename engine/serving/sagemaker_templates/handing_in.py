"""How SageMaker hands things in: folders and the number of GPUs in variables of the environment, hyper-parameters as arguments.

Cut into ``train.py`` of a bundle. See https://docs.aws.amazon.com/sagemaker/latest/dg/pytorch.html, script mode.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import shutil
from pathlib import Path


def read_arguments(hyper_parameters: dict[str, int | float]) -> argparse.Namespace:
    """Hyper-parameters by name, with the values of the run where none are given, and the folders and GPUs of this job."""
    parser = argparse.ArgumentParser(description="Trains the classifier; SageMaker calls this with its own variables set.")
    for name, value in hyper_parameters.items():
        spelled = {f"--{name}", f"--{name.replace('_', '-')}"}  # SageMaker passes the name as a person wrote it
        parser.add_argument(*sorted(spelled), type=type(value), default=value, help=f"the run had {value}")
    parser.add_argument("--training", type=Path, default=os.environ.get("SM_CHANNEL_TRAINING"), help="the folder with data.csv")
    parser.add_argument("--model-dir", "--model_dir", default=os.environ.get("SM_MODEL_DIR"), help="where the model is written")
    parser.add_argument("--num-gpus", "--num_gpus", type=int, default=os.environ.get("SM_NUM_GPUS", "0"))
    arguments = parser.parse_args()
    if arguments.model_dir and arguments.model_dir.startswith("s3://"):  # told to TensorFlow jobs beside the folder that is uploaded
        arguments.model_dir = os.environ.get("SM_MODEL_DIR")
    if arguments.training is None or not arguments.model_dir:
        parser.error("Set SM_CHANNEL_TRAINING and SM_MODEL_DIR as SageMaker does, or give --training FOLDER and --model-dir FOLDER.")
    arguments.model_dir = Path(arguments.model_dir)
    arguments.model_dir.mkdir(parents=True, exist_ok=True)
    if arguments.epochs < 1 or arguments.batch_size < 1:
        parser.error(f"Expected at least one epoch and one text a batch, found {arguments.epochs} and {arguments.batch_size}.")
    return arguments


def training_rows(data_file: Path) -> int:
    """Return how many rows of the file are for training. Ends with a sentence when the file is not what the training expects."""
    csv.field_size_limit(2**31 - 1)
    if not data_file.is_file():
        raise SystemExit(f"There is no {data_file.name} in {data_file.parent}. Expected a CSV file with the columns text, label and split.")
    with open(data_file, encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        missing = {"text", "label", "split"} - set(rows.fieldnames or ())
        if missing:
            raise SystemExit(f"{data_file.name} lacks the columns {', '.join(sorted(missing))}. Expected text, label and split.")
        splits = [row["split"] for row in rows]
    absent = {"train", "validation", "test"} - set(splits)
    if absent:
        raise SystemExit(f"{data_file.name} has no row of the split {', '.join(sorted(absent))}. Say in the column split which rows are.")
    return splits.count("train")


def save_for_serving(folder: Path, facts: dict[str, object], vocabulary: str | None) -> None:
    """Write, beside the weights, all that ``inference.py`` needs: ``facts``, the vocabulary or the encoder, and the code itself."""
    here = Path(__file__).resolve().parent
    (folder / "model.json").write_text(json.dumps(facts, ensure_ascii=False), encoding="utf-8")
    if vocabulary is not None:
        (folder / "vocabulary.json").write_text(vocabulary, encoding="utf-8")
    if (here / "encoder").is_dir():
        shutil.copytree(here / "encoder", folder / "encoder", dirs_exist_ok=True)
    (folder / "code").mkdir(exist_ok=True)
    for name in ("inference.py", "requirements.txt"):
        shutil.copyfile(here / name, folder / "code" / name)
