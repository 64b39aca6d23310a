"""A run as one file that stands by itself: the functions that ran, the run's own settings and a short main, without the engine."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from pathlib import Path
from typing import Any

from engine import FRAMEWORK_NAMES, FRAMEWORKS
from engine.errors import ParityError, RunError
from engine.evidence.script_main import MAIN
from engine.evidence.snippets import CLASSIFIER, WING
from engine.evidence.source_tree import Definition, SourceTree
from engine.neutral.checkpoint import BUNDLED, BUNDLED_NAME, BUNDLED_PACKAGE, Checkpoint, bundled_checkpoint, describe
from engine.neutral.hub import NEEDED_FILES
from engine.running.experiment import Experiment
from engine.running.folder import Run
from engine.running.inputs import load_inputs
from engine.running.source_code import kept_code, present_code

CELL = "# %% "
"""Begins a cell, as editors with notebook cells in plain files know it."""

SHARED = "Made once for both frameworks"
CELLS: tuple[tuple[str, tuple[tuple[str, tuple[str, ...]], ...]], ...] = (
    ("Load the pre-trained model", (("encoder.py", ("load_encoder", "embed", "encode")),)),
    ("Build", ((CLASSIFIER, ("build", "load_neutral", "to_neutral")),)),
    (
        "Train and evaluate",
        (
            ("devices.py", ("set_threads", "use_device", "set_seed")),
            ("training.py", ("as_tensors", "make_optimizer", "make_batches", "train", "evaluate")),
        ),
    ),
    ("Classify", (("inference.py", ("predict", "classify")),)),
    ("Save", (("export.py", ("save_weights",)),)),
)
"""What the main calls, by the cell in which it stands; what these need joins them, or the cell of what both frameworks share."""

MADE_ONCE = (
    ("engine/neutral/weights.py", "SHAPES"),
    ("engine/neutral/weights.py", "initial_weights"),
    ("engine/neutral/tokens.py", "load_tokenizer"),
    ("engine/running/worker.py", "VALIDATION_BATCH"),
)

DATA_NAME = "data.csv"
SCRIPT_NAMES = {framework: f"parity_{framework}" for framework in FRAMEWORKS}
"""Without their endings. A file called tensorflow.py would be imported in place of TensorFlow."""

COLUMNS = ("text", "label", "split")


def obstacle(run: Run) -> str | None:
    """Why there can be no script for this run yet, in a sentence; ``None`` when there can."""
    if not run.data_file.exists():
        return "This run has not read its texts, so there is nothing to train the scripts on. Resume it, or choose a finished run."
    try:
        encoder_of(run)
    except ParityError as error:
        return f"The scripts cannot be made: {error}"
    return None


def data_file(run: Run) -> bytes:
    """``data.csv`` in UTF-8: text, label and split of every row, exactly as they were used. Raises ``RunError`` when the rows are gone."""
    frame = run.data()
    if frame is None:
        raise RunError(f"The rows of run {run.identifier} are gone from its folder. Start the run again.")
    table = io.StringIO(newline="")
    writer = csv.writer(table, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(frame[list(COLUMNS)].itertuples(index=False, name=None))
    return table.getvalue().encode("utf-8")


def standalone_script(run: Run, framework: str) -> str:
    """A Python program that needs ``data.csv``, the framework and the tokenizer, and reaches the run's test accuracy again.

    It is cut from the code that the run kept, or else from the engine's present code. Raises ``RunError`` or ``EncoderError`` when the
    run's folder or its encoder is incomplete.
    """
    experiment = run.experiment
    files = kept_code(run) or present_code()
    try:
        return _assemble(SourceTree(files), run, experiment, framework)
    except ValueError:
        return _assemble(SourceTree(present_code()), run, experiment, framework)  # a damaged copy; the page says so


def notebook(script: str) -> str:
    """The script as a Jupyter notebook (nbformat 4.5): one cell for each ``# %%``, their sources joined by two blank lines."""
    sources = re.split(rf"\n\n\n(?={CELL})", script.removesuffix("\n"))
    cells: list[dict[str, Any]] = [
        {
            "cell_type": "code",
            "id": f"cell-{number}",
            "execution_count": None,
            "metadata": {},
            "outputs": [],
            "source": source.splitlines(keepends=True),
        }
        for number, source in enumerate(sources, start=1)
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}, indent=1, ensure_ascii=False) + "\n"


def encoder_of(run: Run) -> tuple[Checkpoint, str]:
    """The run's encoder and the lines of Python that find its folder."""
    asked = run.experiment.encoder
    if asked == BUNDLED:
        lines = f"""package = importlib.util.find_spec({BUNDLED_PACKAGE!r})
    if package is not None and package.origin is not None:
        return Path(package.origin).parent / "model"
    return Path(snapshot_download({BUNDLED_NAME!r}, allow_patterns=ENCODER_FILES))"""
        return bundled_checkpoint(), lines
    own = Path(asked).expanduser()
    if own.is_dir():
        return describe(own, own.name), f"return Path({str(own.absolute())!r})"
    folder = Path(load_inputs(run).encoder)  # where the run found its copy; nothing is downloaded for a script
    revision = f", revision={folder.name!r}" if folder.parent.name == "snapshots" else ""
    return describe(folder, asked), f"return Path(snapshot_download({asked!r}{revision}, allow_patterns=ENCODER_FILES))"


def _assemble(tree: SourceTree, run: Run, experiment: Experiment, framework: str) -> str:
    """The cells one after the other: imports, settings, what both share, the stages, the main."""
    cells = {title: _roots(tree, framework, pieces, experiment.classifier) for title, pieces in CELLS}
    taken: list[Definition] = []
    shared: list[Definition] = []
    stages: dict[str, list[Definition]] = {}
    for title, roots in cells.items():
        pieces = tree.closure(roots, without=taken)
        taken += pieces
        shared += [piece for piece in pieces if not piece.file.startswith(WING)]
        stages[title] = [piece for piece in pieces if piece.file.startswith(WING)]
    shared += tree.closure([tree.definition(*piece) for piece in MADE_ONCE], without=taken)
    every = [*shared, *(piece for pieces in stages.values() for piece in pieces)]
    doubled = sorted({piece.name for piece in every if sum(other.name == piece.name for other in every) > 1})
    if doubled:
        raise ValueError(f"Two files define {', '.join(doubled)}; in one script they would collide")
    checkpoint, finding = encoder_of(run)
    parts = [
        _head(run, framework, tree.imports(every)),
        CELL + "The run's settings\n" + _settings(run, experiment, framework, checkpoint),
        _cell(SHARED, shared),
        *(_cell(title, pieces) for title, pieces in stages.items()),
        CELL + "Run\n" + _main(framework, finding),
    ]
    return "\n\n\n".join(parts) + "\n"


def _roots(tree: SourceTree, framework: str, pieces: Any, classifier: str) -> list[Definition]:
    classifier_file = classifier.replace("-", "_")
    return [
        tree.definition(f"{WING}/{framework}/{file.format(classifier=classifier_file)}", name) for file, names in pieces for name in names
    ]


def _cell(title: str, pieces: list[Definition]) -> str:
    """Definitions, file by file in the order in which a file is first needed."""
    files = list(dict.fromkeys(piece.file for piece in pieces))
    ordered = sorted(pieces, key=lambda piece: (files.index(piece.file), piece.first_line))
    return CELL + title + "\n" + "\n\n\n".join(piece.source for piece in ordered)


ALWAYS_IMPORTED = {
    "import csv",
    "import importlib.util",
    "import math",
    "from pathlib import Path",
    "from typing import Any",
    "import numpy as np",
    "from huggingface_hub import snapshot_download",
}
"""What the main and the settings need."""


def _head(run: Run, framework: str, needed: set[str]) -> str:
    name, packages = FRAMEWORK_NAMES[framework], {"pytorch": "torch transformers", "tensorflow": "tensorflow keras keras-hub"}[framework]
    standard, others = import_lines(needed | ALWAYS_IMPORTED | ({"import os"} if framework == "tensorflow" else set()))
    if framework == "tensorflow":
        standard += ["", 'os.environ["KERAS_BACKEND"] = "tensorflow"  # Keras reads it once, when it is imported']
        standard += ['os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")']
    return "\n".join(
        [
            f"{CELL}{name}: run {run.identifier}",
            f'"""Trains, evaluates, uses and saves the {name} classifier of run {run.identifier}, as Parity did.',
            "",
            f"Start it in the folder where {DATA_NAME} of the same run lies. It needs Python 3.11 or later and:",
            f"    pip install {packages} tokenizers safetensors huggingface_hub numpy",
            "The functions are those that ran, cut from Parity's source. Only the settings and the last part were written for this file.",
            '"""',
            "",
            "from __future__ import annotations",
            "",
            *standard,
            "",
            *others,
        ]
    )


def import_lines(statements: set[str]) -> tuple[list[str], list[str]]:
    """Sorted import statements, names of one module on one line: the standard library's and the others'."""
    modules = {statement for statement in statements if statement.startswith("import")}
    names: dict[str, list[str]] = {}
    for statement in sorted(statements - modules):
        start, name = statement.split(" import ")
        names.setdefault(start, []).append(name)
    lines = sorted(modules) + [f"{start} import {', '.join(found)}" for start, found in sorted(names.items())]
    standard = [line for line in lines if line.split()[1].split(".")[0] in sys.stdlib_module_names]
    return standard, [line for line in lines if line not in standard]


def _settings(run: Run, experiment: Experiment, framework: str, checkpoint: Checkpoint) -> str:
    results = run.results or {}
    outcome = results.get("frameworks", {}).get(framework, {})
    # A run that was cut short trained fewer epochs than it was asked for; the script trains as many.
    cut_short = outcome.get("stop_reason") in ("stopped", "diverged") and outcome.get("epoch_train_loss")
    on_gpu = outcome.get("device", "cpu" if experiment.device == "auto" else experiment.device) != "cpu"
    values = {
        "DATA_FILE": f"Path({DATA_NAME!r})",
        "MODE": repr(experiment.mode),
        "CLASSIFIER": repr(experiment.classifier),
        "POOLING": repr(checkpoint.pooling),
        "NORMALIZE": repr(checkpoint.normalize),
        "MAX_TOKENS": repr(min(experiment.max_tokens, checkpoint.max_tokens)),
        "HIDDEN_UNITS": repr(experiment.hidden_units),
        "EPOCHS": repr(len(outcome["epoch_train_loss"]) if cut_short else experiment.epochs),
        "BATCH_SIZE": repr(experiment.batch_size),
        "LEARNING_RATE": repr(experiment.learning_rate),
        "PATIENCE": repr(experiment.patience),
        "SEED": repr(experiment.seed),
        "DEVICE": repr("gpu" if on_gpu else "cpu"),
        "THREADS": repr(outcome.get("threads") or experiment.threads or None),
        "ACCURACY_OF_THE_RUN": repr(outcome.get("test_accuracy")),
        "ENCODER_FILES": "[\n    " + ",\n    ".join(json.dumps(name) for name in NEEDED_FILES) + ",\n]",
    }
    return "\n".join(f"{name} = {value}" for name, value in values.items())


def _main(framework: str, finding: str) -> str:
    moving = "    model.to(device)\n" if framework == "pytorch" else ""
    return MAIN.replace("FIND_ENCODER", finding).replace("    MOVE_TO_DEVICE\n", moving).replace("FRAMEWORK", framework)
