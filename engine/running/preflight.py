"""What can be known before a run starts: numbered checks, and an estimate of its time and memory. Loads no framework."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import psutil
from huggingface_hub import try_to_load_from_cache

from engine import FRAMEWORK_NAMES
from engine.data.choice import DataChoice
from engine.data.splitting import class_counts, load_prepared
from engine.errors import ParityError
from engine.neutral.checkpoint import BUNDLED, Checkpoint, resolve
from engine.neutral.devices import graphics_processors, physical_cores
from engine.neutral.features import features_of
from engine.neutral.tokens import token_counts
from engine.running.experiment import Experiment
from engine.running.folder import home, list_runs
from engine.running.preparing import dataset_store

State = Literal["passed", "failed", "warning", "skipped"]

TOKENS_PER_SECOND = {"cpu": 10_000.0, "gpu": 250_000.0}
"""Of the bundled encoder, until this machine has measured its own; larger ones are slower in proportion to their weights."""
BUNDLED_BYTES = 90_868_376
DOCUMENTS_PER_SECOND = {"pytorch": 30_000.0, "tensorflow": 15_000.0}
IMPORT_SECONDS = {"pytorch": 3.0, "tensorflow": 7.0}
"""Of the framework and of what loads its encoder."""
EVALUATION_SECONDS = 10.0
"""Of evaluating and timing one framework."""
WORKER_MIB = {"pytorch": 350.0, "tensorflow": 750.0}


@dataclass(frozen=True)
class Check:
    """One line of the list."""

    number: int
    title: str
    state: State
    sentence: str


@dataclass(frozen=True)
class Estimate:
    """What the run will probably take."""

    seconds: float
    encoding_seconds: float
    """Part of ``seconds``; 0 when the vectors are there already."""
    memory_mib: float
    sentence: str


@dataclass(frozen=True)
class _DataFacts:
    rows: int
    classes: int
    train_rows: int
    smallest_class: int
    tokens: float
    """Mean number of tokens of a text, from a sample."""
    features_file: Path | None
    hidden_size: int


def preflight(experiment: Experiment) -> list[Check]:
    """All checks at once, in the order in which a run needs them; a run can start when none has ``failed``."""
    found: list[tuple[str, State, str]] = []
    checkpoint: Checkpoint | None = None
    try:
        facts = _facts(json.dumps(experiment.data.to_json()), "", 0)
        found.append(("Data", "passed", f"{facts.rows:,} texts in {facts.classes} classes, {facts.train_rows:,} of them to train on."))
    except ParityError as error:
        found.append(("Data", "failed", str(error)))
    state, sentence, checkpoint = _encoder(experiment)
    found.append(("Encoder", state, sentence))
    found.append(_vectors(experiment, checkpoint))
    found.append(_device(experiment))
    needed, available = estimate(experiment).memory_mib, psutil.virtual_memory().available / 2**20
    enough = needed < available
    found.append(("Memory", "passed" if enough else "warning", f"About {needed:,.0f} MiB needed, {available:,.0f} MiB available."))
    free = shutil.disk_usage(_existing(home())).free / 2**20
    enough = free > 500
    found.append(
        (
            "Disk",
            "passed" if enough else "failed",
            f"{free:,.0f} MiB free where runs are kept" + ("." if enough else "; at least 500 MiB are needed."),
        )
    )
    busy = [run for run in list_runs()[:50] if run.status.active]
    if busy:
        found.append(
            (
                "Machine",
                "warning",
                f"{len(busy)} earlier {'run is' if len(busy) == 1 else 'runs are'} not finished; this one waits its turn.",
            )
        )
    else:
        found.append(("Machine", "passed", "No other run is using it."))
    return [Check(number, *values) for number, values in enumerate(found, start=1)]


def estimate(experiment: Experiment) -> Estimate:
    """Time and memory, from what earlier runs measured on this machine where there are any, else from the figures above.

    Data that cannot be read count as 1,000 texts, so that there is always an answer; :func:`preflight` says what is wrong with them.
    """
    _, _, checkpoint = _encoder(experiment)
    facts = _facts_or_default(experiment, checkpoint)
    encoding = 0.0
    if facts.features_file is None or not facts.features_file.exists():
        weight = _weights_bytes(checkpoint) / BUNDLED_BYTES
        gpu = experiment.device != "cpu" and bool(graphics_processors())
        encoding = facts.rows * facts.tokens / TOKENS_PER_SECOND["gpu" if gpu else "cpu"] * weight + sum(
            IMPORT_SECONDS[name] for name in experiment.frameworks
        )
    measured = _measured_documents_per_second(experiment)
    training = sum(
        facts.train_rows * experiment.epochs / measured[name] + IMPORT_SECONDS[name] + EVALUATION_SECONDS for name in experiment.frameworks
    )
    features_mib = facts.rows * facts.hidden_size * 4 / 2**20
    weights_mib = _weights_bytes(checkpoint) / 2**20
    memory = 150 + sum(WORKER_MIB[name] + 2 * features_mib + weights_mib for name in experiment.frameworks)
    kind = "measured by earlier runs on this machine" if measured["measured"] else "from typical figures, as nothing was measured here yet"
    return Estimate(encoding + training, encoding, memory, f"Training speed {kind}; all {experiment.epochs} epochs counted.")


def _encoder(experiment: Experiment) -> tuple[State, str, Checkpoint | None]:
    """Whether the encoder is at hand, without downloading anything."""
    name = experiment.encoder
    if name != BUNDLED and not Path(name).expanduser().is_dir() and not name.startswith((".", "/", "~")):
        cached = try_to_load_from_cache(name, "config.json") if name.count("/") <= 1 else None
        if not isinstance(cached, str):
            return "warning", f"{name} is not on this machine; it is downloaded first, which needs a network.", None
        name = str(Path(cached).parent)
    try:
        checkpoint = resolve(name)
    except ParityError as error:
        return "failed", str(error), None
    norm = ", scaled to length 1" if checkpoint.normalize else ""
    pooled = "mean of the token vectors" if checkpoint.pooling == "mean" else "vector of the first token"
    sentence = f"{checkpoint.name}: vectors of {checkpoint.hidden_size} numbers ({pooled}{norm}), at most {checkpoint.max_tokens} tokens."
    return "passed", sentence, checkpoint


def _vectors(experiment: Experiment, checkpoint: Checkpoint | None) -> tuple[str, State, str]:
    if checkpoint is None:
        return "Vectors", "skipped", "Computed after the encoder has been found."
    facts = _facts_or_default(experiment, checkpoint)
    if facts.features_file is not None and facts.features_file.exists():
        return "Vectors", "passed", "Already computed by an earlier run on the same texts; nothing to encode."
    return "Vectors", "passed", f"{facts.rows:,} texts of about {facts.tokens:.0f} tokens are encoded once and kept."


def _device(experiment: Experiment) -> tuple[str, State, str]:
    gpus = graphics_processors()
    threads = experiment.threads or physical_cores()
    if experiment.device == "cpu" or not gpus:
        reason = "" if gpus else " This machine has no GPU that the system knows of."
        if experiment.device == "gpu":
            return "Device", "warning", f"No GPU was found; both frameworks will use the CPU with {threads} threads each."
        return "Device", "passed", f"The CPU, {threads} threads for each framework.{reason}"
    rule = "used if both frameworks see it" if experiment.device == "auto" else "used by each framework that sees it"
    return "Device", "passed", f"{gpus[0]}, {rule}; decided when they have been loaded."


def _facts_or_default(experiment: Experiment, checkpoint: Checkpoint | None) -> _DataFacts:
    try:
        return _facts(
            json.dumps(experiment.data.to_json()),
            str(checkpoint.folder) if checkpoint else "",
            min(experiment.max_tokens, checkpoint.max_tokens) if checkpoint else 0,
        )
    except ParityError:
        return _DataFacts(1000, 2, 700, 1, 64.0, None, 384)


@lru_cache(maxsize=8)
def _facts(choice: str, folder: str, max_tokens: int) -> _DataFacts:
    """Counts of the prepared data; cached, for a form asks again at every click."""
    prepared = load_prepared(dataset_store(), DataChoice.from_json(json.loads(choice)))
    counts = class_counts(prepared)
    texts = prepared.frame["text"]
    tokens, file, hidden_size = 64.0, None, 384
    if folder:
        checkpoint = resolve(BUNDLED) if Path(folder) == resolve(BUNDLED).folder else resolve(folder)
        sample = texts.sample(min(200, len(texts)), random_state=0).tolist()
        tokens = sum(min(count, max_tokens) for count in token_counts(checkpoint.folder, sample)) / len(sample)
        file = features_of(home() / "_features", texts.tolist(), checkpoint.fingerprint, max_tokens).file
        hidden_size = checkpoint.hidden_size
    return _DataFacts(
        len(texts), len(prepared.classes), int(counts["train"].sum()), int(counts.sum(axis=1).min()), tokens, file, hidden_size
    )


def _weights_bytes(checkpoint: Checkpoint | None) -> int:
    if checkpoint is None:
        return 1_340_000_000  # the suggested large encoder
    return sum(file.stat().st_size for file in checkpoint.folder.glob("*.safetensors"))


def _measured_documents_per_second(experiment: Experiment) -> dict[str, float]:
    """The latest figures of earlier runs in the same mode; ``measured`` is 1 where there was one."""
    for run in list_runs()[:20]:
        results = run.results
        if results and results["run"]["mode"] == experiment.mode and results["run"]["schedule"] == experiment.schedule:
            figures = {name: results["frameworks"].get(name, {}).get("documents_per_second") for name in FRAMEWORK_NAMES}
            if all(figures[name] for name in experiment.frameworks):
                return {name: figures[name] or DOCUMENTS_PER_SECOND[name] for name in FRAMEWORK_NAMES} | {"measured": 1.0}
    return DOCUMENTS_PER_SECOND | {"measured": 0.0}


def _existing(path: Path) -> Path:
    while not path.exists():
        path = path.parent
    return path
