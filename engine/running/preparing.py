"""What the coordinator makes once for both frameworks before they start: rows and split, probe, initial weights, arrays."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas
from safetensors.numpy import save_file

from engine.data.choice import PARTS
from engine.data.splitting import PreparedData, load_prepared
from engine.data.store import DatasetStore
from engine.neutral.checkpoint import BUNDLED, Checkpoint
from engine.neutral.features import PROBE_TEXTS, Features, features_of
from engine.neutral.weights import SHAPES, initial_weights
from engine.running.folder import Run, home
from engine.running.inputs import Inputs, save_inputs


def dataset_store() -> DatasetStore:
    """The stored files, beside the runs."""
    return DatasetStore(home() / "_datasets")


def prepare_data(run: Run) -> PreparedData:
    """The run's cleaned and split rows; read from the run's own folder where they were written before (a resumed run)."""
    frame = run.data()
    if frame is not None:
        return PreparedData(frame, tuple(sorted(frame["label"].unique())))
    prepared = load_prepared(dataset_store(), run.experiment.data)
    draft = run.path / f".data.{os.getpid()}.parquet"
    prepared.frame.to_parquet(draft, index=False)
    os.replace(draft, run.data_file)
    return prepared


def prepare_inputs(run: Run, prepared: PreparedData, checkpoint: Checkpoint, features_folder: Path) -> tuple[Features, list[str]]:
    """Write what the workers need; where the texts' vectors are or will be, and the texts."""
    experiment = run.experiment
    texts = prepared.frame["text"].tolist()
    max_tokens = min(experiment.max_tokens, checkpoint.max_tokens)
    features = features_of(features_folder, texts, checkpoint.fingerprint, max_tokens)
    labels = pandas.Categorical(prepared.frame["label"], categories=list(prepared.classes)).codes.astype(np.int64)
    splits = prepared.frame["split"].to_numpy()
    rows = {part: np.flatnonzero(splits == part) for part in PARTS}
    encoder = BUNDLED if experiment.encoder == BUNDLED else str(checkpoint.folder)
    inputs = Inputs(labels, rows, _probe_rows(rows["test"]), len(prepared.classes), encoder, str(features.file))
    save_inputs(run, inputs, texts)
    shapes = SHAPES[experiment.classifier](checkpoint.hidden_size, experiment.hidden_units, len(prepared.classes))
    save_file(initial_weights(shapes, experiment.seed), run.path / "initial.safetensors")
    return features, texts


def _probe_rows(test_rows: np.ndarray) -> np.ndarray:
    """Test rows at even distances."""
    return test_rows[np.linspace(0, len(test_rows) - 1, min(PROBE_TEXTS, len(test_rows))).round().astype(int)]
