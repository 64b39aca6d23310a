"""What a run will probably take: from what earlier runs measured on this machine where there are any, else from typical figures."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from safetensors import safe_open

from engine import FRAMEWORK_NAMES
from engine.errors import ParityError
from engine.runs.experiment import Experiment
from engine.runs.folder import list_runs
from engine.runs.planning.data_facts import DataFacts, Reading, data_facts, features_file, find_encoder, reading, token_limit
from engine.shared.architecture import Architecture
from engine.shared.classifiers import CLASSIFIERS
from engine.shared.devices import graphics_processors, physical_cores
from engine.shared.encoders.checkpoint import Checkpoint
from engine.shared.weights.initial import CNN_WIDTHS, WEIGHTS

IMPORT_SECONDS = {"pytorch": 3.0, "tensorflow": 7.0}
"""Of the framework and of what loads its encoder."""
EVALUATION_SECONDS = 10.0
"""Of evaluating and timing one framework."""
COMPILE_SECONDS = {"pytorch": 40.0, "tensorflow": 10.0}
"""Of compiling one model for one width of its batches."""

OPERATIONS_PER_SECOND = {"cpu": 50e9, "gpu": 2.5e12}
"""Multiplications with their additions: of one core, of one card."""
STEP_SECONDS = {"pytorch": 0.0006, "tensorflow": 0.0012}
"""Of an optimizer step besides the arithmetic."""
UPDATE_SECONDS = {"pytorch": 6e-9, "tensorflow": 5e-9}
"""Of Adam on a CPU, for each weight."""
TOKEN_SECONDS = {"pytorch": 0.00005, "tensorflow": 0.0008}
"""Of one step along the text in an LSTM, for a whole batch, besides the arithmetic."""

TRACING_SECONDS = 3.0
"""Of building a model anew in both frameworks."""
AUDIT_SECONDS = {"vectors": 1.5, "terms": 1.5, "words": 4.0, "pieces": 14.0}
"""Of 50 steps at one level in one framework, by what the classifier takes."""

MISTAKE_SECONDS = {"pytorch": 0.5, "tensorflow": 3.0}
"""Of one mistake and its correction in the museum."""

BENCHMARK_SECONDS = {"vectors": 4.5, "terms": 5.0, "words": 10.5, "pieces": 41.0}
"""Of building, training and answering in both frameworks once, by what the classifier takes."""
START_SECONDS = 12.0
"""Of a new process of each framework."""

MIGRATION_SECONDS = {"vectors": 12.0, "terms": 12.0, "words": 20.0, "pieces": 60.0}
"""Of one way into the other framework besides loading both, by what the classifier takes."""

PROCESS_MIB = {"pytorch": 350.0, "tensorflow": 750.0}
"""A worker with its framework, before there is a model."""
COORDINATOR_MIB = 150.0
COPIES = {"pytorch": 7, "tensorflow": 13}
"""Of each weight at the peak: itself, its gradient, Adam's two means, those that are read and written, what loading leaves behind."""
LAYER_BYTES = 70
"""Kept of each token for the gradient, for each layer and each number of its vector."""

UNKNOWN_ENCODER = {"bytes": 1.34e9, "operations": 302e6, "hidden": 1024}
"""Before it has been downloaded: the suggested large one."""
UNKNOWN_DATA = DataFacts(1000, ("a", "b"), {"train": 700, "validation": 150, "test": 150}, 1)


@dataclass(frozen=True)
class Estimate:
    """What the run will probably take."""

    seconds: float
    encoding_seconds: float
    """Part of ``seconds``; 0 where nothing is encoded, or the vectors are there already."""
    compiling_seconds: float
    """Part of ``seconds``; 0 where nothing is compiled."""
    memory_mib: float
    sentence: str


def estimate(experiment: Experiment) -> Estimate:
    """Time and memory. What cannot be read counts as 1,000 texts of 64 tokens, or as a large encoder, so that there is always an answer."""
    member = experiment.family_member
    checkpoint = find_encoder(experiment.encoder).checkpoint if member.pretrained else None
    facts, texts = _facts_or_default(experiment, checkpoint)
    limit, windows = token_limit(experiment, checkpoint), experiment.long_texts == "windows"
    tokens, widest = texts.mean_tokens(limit, windows), min(limit, int(texts.lengths.max(initial=1)))
    architecture = _architecture(experiment, facts, texts, checkpoint)
    parameters = _parameters(experiment, architecture, checkpoint)
    encoding = 0.0
    if member.takes == "vectors" and not _vectors_are_there(experiment, checkpoint):
        encoding = facts.rows * tokens * _encoder_operations(checkpoint) / _speed(experiment)
        encoding += sum(IMPORT_SECONDS[name] for name in experiment.frameworks)
    measured = _measured_documents_per_second(experiment)
    training = compiling = 0.0
    for name in experiment.frameworks:
        step = _step_seconds(experiment, architecture, parameters, _operations(experiment, architecture, checkpoint, tokens), tokens, name)
        pace = measured.get(name) or experiment.batch_size / step
        tested = facts.parts["validation"] * experiment.epochs + facts.parts["test"]  # without gradients: a third of the work
        training += (facts.parts["train"] * experiment.epochs + tested / 3) / pace + IMPORT_SECONDS[name] + EVALUATION_SECONDS
        if experiment.compiled:
            widths = math.ceil(math.log2(max(widest, 16) / 8)) if member.sequences else 1
            compiling += COMPILE_SECONDS[name] * (min(widths, 2) if name == "pytorch" else widths)
    kind = "measured by earlier runs on this machine" if measured else "from typical figures, as nothing was measured here yet"
    inputs = _input_mib(experiment, facts, architecture, widest, windows)
    kept = experiment.batch_size * _activation_bytes(experiment, architecture, checkpoint, widest)
    memory = COORDINATOR_MIB + inputs
    for name in experiment.frameworks:
        memory += PROCESS_MIB[name] + inputs + (COPIES[name] * 4 * parameters + kept) / 2**20
    if member.takes == "vectors":
        memory += len(experiment.frameworks) * _encoder_bytes(checkpoint) / 2**20
    return Estimate(
        encoding + training + compiling, encoding, compiling, memory, f"Training speed {kind}; all {experiment.epochs} epochs counted."
    )


def seconds_of_ablation(experiment: Experiment, trainings: int) -> float:
    """Of training so often in each of the experiment's frameworks, which are loaded once."""
    expected = estimate(experiment)
    once = sum(IMPORT_SECONDS[name] + EVALUATION_SECONDS for name in experiment.frameworks)
    each = expected.seconds - expected.encoding_seconds - once + TRACING_SECONDS
    return expected.encoding_seconds + once + trainings * each


def seconds_of_audit(classifiers: Sequence[str], levels: int, steps: int) -> float:
    """Of the steps of each classifier at each level, in both frameworks."""
    pieces = {name: len(FRAMEWORK_NAMES) * (levels * (1 + steps / 50) / 2 + 1) for name in classifiers}
    return sum(IMPORT_SECONDS.values()) + sum(amount * AUDIT_SECONDS[CLASSIFIERS[name].takes] for name, amount in pieces.items())


def seconds_of_museum(mistakes: int) -> float:
    """Of so many mistakes in both frameworks."""
    return sum(IMPORT_SECONDS.values()) + mistakes * sum(MISTAKE_SECONDS.values())


def seconds_of_migration(classifier: str, route: str) -> float:
    """Of one way across: each framework is loaded once, answers the test texts twice and trains on for a few steps."""
    takes = CLASSIFIERS[classifier].takes
    # Over ONNX a classifier of vectors takes its encoder along.
    return sum(IMPORT_SECONDS.values()) + MIGRATION_SECONDS["pieces" if takes == "vectors" and route == "onnx" else takes]


def seconds_of_export(classifier: str, raced: bool) -> float:
    """Of writing a model's file and checking it in a process of its own; ``raced`` adds the race against both frameworks."""
    race = sum(IMPORT_SECONDS.values()) + EVALUATION_SECONDS if raced else 0
    return max(IMPORT_SECONDS.values()) + MIGRATION_SECONDS[CLASSIFIERS[classifier].takes] + race


def seconds_of_benchmark(pieces: Mapping[str, int], starts: int, compiled: int, steps: float) -> float:
    """Of so many pieces of work of each classifier and starts of processes, both for both frameworks; ``steps`` times the quick ones."""
    measured = sum(amount * BENCHMARK_SECONDS[CLASSIFIERS[name].takes] for name, amount in pieces.items())
    return measured * (1 + steps) / 2 + starts * START_SECONDS + compiled * sum(COMPILE_SECONDS.values())


def _facts_or_default(experiment: Experiment, checkpoint: Checkpoint | None) -> tuple[DataFacts, Reading]:
    facts, texts = UNKNOWN_DATA, Reading(np.full(1, 64), known=10_000)
    try:
        facts = data_facts(experiment.data)
        if checkpoint is not None or not experiment.family_member.pretrained:
            texts = reading(experiment, checkpoint)
    except ParityError:
        pass  # the checks before the start say what is wrong
    return facts, texts


def _speed(experiment: Experiment) -> float:
    if experiment.device != "cpu" and graphics_processors():
        return OPERATIONS_PER_SECOND["gpu"]
    return OPERATIONS_PER_SECOND["cpu"] * (experiment.threads or physical_cores())


def _step_seconds(
    experiment: Experiment, architecture: Architecture, parameters: float, operations: float, tokens: float, framework: str
) -> float:
    seconds = STEP_SECONDS[framework] + 3 * experiment.batch_size * operations / _speed(experiment)  # forwards once, backwards twice
    if experiment.device == "cpu" or not graphics_processors():
        seconds += parameters * UPDATE_SECONDS[framework]
    return seconds + (tokens * TOKEN_SECONDS[framework] if experiment.classifier == "bi-lstm" else 0.0)


def _architecture(experiment: Experiment, facts: DataFacts, texts: Reading, checkpoint: Checkpoint | None) -> Architecture:
    hidden = checkpoint.hidden_size if checkpoint else int(UNKNOWN_ENCODER["hidden"])
    return Architecture(
        num_classes=len(facts.classes),
        input_size=hidden if experiment.family_member.pretrained else min(texts.known, experiment.vocabulary_size),
        hidden_units=experiment.hidden_units,
        embedding_size=experiment.embedding_size,
        filters=experiment.filters,
    )


def _parameters(experiment: Experiment, architecture: Architecture, checkpoint: Checkpoint | None) -> float:
    """Numbers that are trained."""
    own = sum(math.prod(weight.shape) for weight in WEIGHTS[experiment.classifier](architecture).values())
    return own + (_encoder_bytes(checkpoint) / 4 if experiment.family_member.takes == "pieces" else 0)


def _operations(experiment: Experiment, architecture: Architecture, checkpoint: Checkpoint | None, tokens: float) -> float:
    """Multiplications of one text's way through the classifier."""
    size, hidden = architecture.embedding_size, architecture.hidden_units
    if experiment.classifier == "text-cnn":
        return tokens * sum(CNN_WIDTHS) * size * architecture.filters
    if experiment.classifier == "bi-lstm":
        return tokens * 2 * 4 * hidden * (size + hidden)
    if experiment.classifier == "transformer":
        return tokens * _encoder_operations(checkpoint)
    return float(hidden * (architecture.input_size + architecture.num_classes))


def _activation_bytes(experiment: Experiment, architecture: Architecture, checkpoint: Checkpoint | None, tokens: int) -> float:
    """What a text leaves in memory until its gradient has been computed."""
    size, hidden = architecture.embedding_size, architecture.hidden_units
    if experiment.classifier == "text-cnn":
        return 12.0 * tokens * (size + len(CNN_WIDTHS) * architecture.filters)
    if experiment.classifier == "bi-lstm":
        return 8.0 * tokens * (size + 12 * hidden)
    if experiment.classifier == "transformer":
        width = architecture.input_size
        layers = _encoder_operations(checkpoint) / (12 * width**2)
        return tokens * layers * width * LAYER_BYTES
    return 8.0 * (architecture.input_size + hidden)


def _input_mib(experiment: Experiment, facts: DataFacts, architecture: Architecture, widest: int, windows: bool) -> float:
    """The arrays that the classifier takes, of all texts."""
    numbers = architecture.input_size if experiment.family_member.takes == "vectors" else 2 * widest if windows else widest
    return facts.rows * numbers * (8 if experiment.family_member.takes == "terms" else 4) / 2**20


def _vectors_are_there(experiment: Experiment, checkpoint: Checkpoint | None) -> bool:
    try:
        return checkpoint is not None and features_file(experiment, checkpoint).exists()
    except ParityError:
        return False


def _encoder_bytes(checkpoint: Checkpoint | None) -> float:
    if checkpoint is None:
        return UNKNOWN_ENCODER["bytes"]
    return float(sum(file.stat().st_size for file in checkpoint.folder.glob("*.safetensors")))


def _encoder_operations(checkpoint: Checkpoint | None) -> float:
    """Multiplications of one token's way through the encoder."""
    return UNKNOWN_ENCODER["operations"] if checkpoint is None else _matrix_sizes(checkpoint.folder, checkpoint.family)


@lru_cache(maxsize=8)
def _matrix_sizes(folder: Path, family: str) -> float:
    """Numbers in the encoder's matrices, word vectors left out; ALBERT uses its one layer again and again."""
    total = 0
    for file in folder.glob("*.safetensors"):
        with safe_open(file, framework="np") as tensors:
            shapes = {name: tensors.get_slice(name).get_shape() for name in tensors.keys()}  # noqa: SIM118 (not a dict)
        total += sum(math.prod(shape) for name, shape in shapes.items() if len(shape) == 2 and "embeddings." not in name)
    times = json.loads((folder / "config.json").read_text(encoding="utf-8")).get("num_hidden_layers", 1) if family == "albert" else 1
    return float(total * times)


SAME = ("classifier", "mode", "compiled", "schedule", "device")
SAME_FOR_TOKENS = ("data", "encoder", "max_tokens", "long_texts", "batch_size", "precision", "hidden_units", "embedding_size", "filters")
"""Settings that an earlier run must share for its speed to say something; those of the second row where texts are tokens."""


def _measured_documents_per_second(experiment: Experiment) -> dict[str, float]:
    """The latest figures of an earlier run with the same classifier and mode; empty where there is none."""
    names = (*SAME, *SAME_FOR_TOKENS) if experiment.family_member.sequences else SAME
    for run in list_runs()[:30]:
        results = run.read_results()
        earlier = results.run.experiment if results else None
        if results is None or earlier is None or any(getattr(earlier, name) != getattr(experiment, name) for name in names):
            continue
        figures = {name: results.side(name).documents_per_second for name in FRAMEWORK_NAMES}
        if all(figures[name] for name in experiment.frameworks):
            return {name: float(figure) for name, figure in figures.items() if figure}
    return {}
