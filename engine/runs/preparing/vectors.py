"""Which vectors a run takes of its texts: in which precision an encoder computes them, and where they are kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np

from engine.errors import RunError
from engine.runs.experiment import Experiment
from engine.runs.folder import Run
from engine.runs.preparing.inputs import Inputs, load_inputs, save_inputs
from engine.shared.devices import physical_cores
from engine.shared.encoders.checkpoint import Checkpoint
from engine.shared.encoders.precision import PRECISIONS, WORTH_A_TRIAL, Trial, Trials
from engine.shared.encoders.vector_cache import Features, features_at, features_of
from engine.shared.encoders.vector_file import hash_texts


def place_of_features(
    experiment: Experiment, checkpoint: Checkpoint, texts: np.ndarray, folder: Path, precision: str = "float32"
) -> Features:
    """Return where the vectors of these texts, given as hashes, are kept."""
    limit = min(experiment.max_tokens, checkpoint.max_tokens)
    return features_of(folder, texts, checkpoint.fingerprint, limit, experiment.long_texts == "windows", precision)


def trials_of(experiment: Experiment, checkpoint: Checkpoint, folder: Path, framework: str = "") -> Trials:
    """Return the place of what was tried with this encoder; in the framework that computes a run's vectors, or another one."""
    threads = experiment.threads or physical_cores()
    return Trials.of(folder, checkpoint.fingerprint, framework or experiment.frameworks[0], experiment.device, threads)


def precision_of(
    experiment: Experiment,
    checkpoint: Checkpoint,
    texts: np.ndarray,
    folder: Path,
    framework: str = "",
    count: Callable[[Features], int] = Features.count_missing,
) -> str | None:
    """Return the precision of all vectors of these texts, given as hashes; ``None`` where only a trial can say it.

    ``count`` says how many texts have no vector in a place.
    """
    if experiment.encoding_precision != "auto":
        return experiment.encoding_precision
    missing = {name: count(place_of_features(experiment, checkpoint, texts, folder, name)) for name in PRECISIONS}
    return sooner(missing, trials_of(experiment, checkpoint, folder, framework).read())


def precision_of_run(run: Run, checkpoint: Checkpoint, texts: np.ndarray, folder: Path) -> str | None:
    """Return the precision as :func:`precision_of` does; a run that has its vectors already, and is resumed, keeps to them."""
    if run.input_array(0).exists():
        with suppress(RunError):
            return load_inputs(run).encoding_precision or "float32"
    return precision_of(run.read_experiment(), checkpoint, texts, folder)


def sooner(missing: Mapping[str, int], trial: Trial | None) -> str | None:
    """Return the precision in which all vectors will be there sooner, by how many texts have none and how fast each is.

    One matrix never mixes both. Where float32 is complete, or nearly so, it is taken without a trial.
    """
    if not missing["float32"] or (trial is None and missing["float32"] < WORTH_A_TRIAL):
        return "float32"
    if trial is None or trial.precision == "float32":
        return None if trial is None else "float32"
    return "bfloat16" if missing["bfloat16"] / trial.speedup < missing["float32"] else "float32"


def settle_precision(run: Run, inputs: Inputs, texts: list[str], checkpoint: Checkpoint, precision: str) -> Inputs:
    """Write down in which precision the run's vectors are, and return its inputs with their place."""
    folder = Path(inputs.features).parent
    features = place_of_features(run.read_experiment(), checkpoint, hash_texts(texts), folder, precision)
    inputs = replace(inputs, features=str(features.file), encoding_precision=precision)
    save_inputs(run, inputs, texts)
    return inputs


def notes_on_vectors(run: Run, checkpoint: Checkpoint) -> tuple[str, ...]:
    """Return what a reader should know of the run's vectors: that a trial took bfloat16, in a sentence."""
    experiment, inputs = run.read_experiment(), load_inputs(run)
    trial = trials_of(experiment, checkpoint, Path(inputs.features).parent).read()
    chosen = experiment.encoding_precision == "auto" and inputs.encoding_precision == "bfloat16"
    return (trial.sentence,) if trial is not None and chosen else ()


def features_of_run(run: Run, texts: list[str]) -> Features:
    """Return where the run's vectors are, as its inputs say: a trial may have chosen another place than was expected before it."""
    return features_at(Path(load_inputs(run).features), texts)
