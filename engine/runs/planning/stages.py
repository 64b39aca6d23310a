"""What a run goes through, and how long each stage will take on this machine: typical figures, corrected by what earlier runs took."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from engine.runs.experiment import Experiment
from engine.runs.index import run_rows
from engine.runs.planning.workload import IMPORT_SECONDS, Workload
from engine.runs.records.stages import StageEstimate, StageTimes
from engine.shared.encoders.checkpoint import BUNDLED

STAGES = ("reading", "downloading", "encoding", "loading", "training", "testing", "timing")
"""The stages in their order. Downloading and encoding are for those runs that need it."""

STAGE_OF_PHASE = {
    "data": "reading",
    "download": "downloading",
    "encode": "encoding",
    "import": "loading",
    "train": "training",
    "evaluate": "testing",
    "latency": "timing",
}
"""The stage to which each phase of a run's status belongs."""

READING_SECONDS, TEXT_SECONDS, TOKEN_SECONDS = 0.5, 2e-5, 1e-6
"""Reading and splitting: for itself, for each text, and for each token where the classifier takes tokens."""
ENCODER_SECONDS = {"pytorch": 1.5, "tensorflow": 2.0}
"""Loading the encoder."""
BUILD_SECONDS = {"pytorch": 0.2, "tensorflow": 0.5}
"""Building the model and its first answer."""
FIRST_STEP_SECONDS = {"pytorch": 0.2, "tensorflow": 1.2}
"""Tracing and warm-up, and what the end of the training takes."""
TRACE_ENCODER_SECONDS = {"pytorch": 0.3, "tensorflow": 5.0}
"""What tracing and warm-up take longer where an encoder is trained along."""
TEST_SECONDS = {"pytorch": 0.1, "tensorflow": 0.3}
TIMING_SECONDS, TIMED_TEXTS = 0.5, {"terms": 230, "words": 230, "vectors": 230, "pieces": 120}
"""Timing one framework's answers: for itself, and for each of so many texts where they go through an encoder, as if they came in large
batches: a text by itself takes longer than there."""

ALIKE: dict[str, tuple[str, ...]] = {
    "reading": ("data", "takes", "warm"),
    "encoding": ("encoder", "device", "threads", "warm", "data"),
    "loading": ("warm", "takes", "encodes", "compiled"),
    "training": ("classifier", "mode", "compiled", "device", "threads", "schedule", "data", "warm"),
    "testing": ("classifier", "device", "data"),
    "timing": ("takes", "classifier", "encoder", "device", "data"),
}
"""What makes an earlier run's time of a stage telling for another run, the most important first."""
NEIGHBOURS = 3
"""Earlier runs whose median counts."""


@dataclass(frozen=True)
class EarlierRun:
    """A finished run on this machine, as far as it says something about the next one."""

    experiment: Experiment
    stages: StageTimes
    epochs: int = 0
    """Epochs that were trained: fewer than were asked for where validation no longer improved."""


def typical_stages(work: Workload, warm: bool) -> dict[str, float]:
    """Return the seconds of each stage by typical figures; ``warm`` where processes wait that have loaded their frameworks."""
    experiment, parts = work.experiment, work.facts.parts
    names = experiment.frameworks
    takes, encoding = experiment.family_member.takes, work.encoding_seconds
    ready = warm and experiment.encoder == BUNDLED  # who waits has the bundled encoder loaded as well
    encoders = sum(ENCODER_SECONDS[name] for name in names)
    imports = 0.0 if warm else max(IMPORT_SECONDS[name] for name in names)  # side by side, while the texts are read
    tokens = 0.0 if takes == "vectors" else work.tokens
    seconds = {"reading": READING_SECONDS + work.facts.rows * (TEXT_SECONDS + tokens * TOKEN_SECONDS)}
    if encoding:
        seconds["encoding"] = encoding + imports + (0.0 if ready else encoders)
    seconds["loading"] = (0.0 if encoding else imports) + sum(BUILD_SECONDS[name] for name in names)
    seconds["loading"] += encoders if takes == "pieces" else 0.0
    seconds["training"], seconds["testing"] = work.compiling_seconds, 0.0
    for name in names:
        each = work.step_seconds(name) / experiment.batch_size
        seconds["training"] += FIRST_STEP_SECONDS[name] + (TRACE_ENCODER_SECONDS[name] if takes == "pieces" else 0.0)
        seconds["training"] += (parts["train"] + parts["validation"] / 3) * experiment.epochs * each
        seconds["testing"] += TEST_SECONDS[name] + parts["test"] / 3 * each
    seconds["timing"] = len(names) * (TIMING_SECONDS + TIMED_TEXTS[takes] * work.answer_seconds)
    if takes == "vectors" and not encoding and not ready:
        seconds["timing"] += max(ENCODER_SECONDS[name] for name in names)
    return seconds


def expected_stages(
    experiment: Experiment, typical: Mapping[str, float], warm: bool, earlier: Sequence[EarlierRun]
) -> dict[str, StageEstimate]:
    """Return how long each stage will take: as much longer than typical as in the earlier runs that are most like this one."""
    asked = EarlierRun(experiment, StageTimes(warm, typical=dict(typical)))
    expected = {}
    for stage, seconds in typical.items():
        part = _share_of_epochs(asked, earlier) if stage == "training" else 1.0
        expected[stage] = StageEstimate(seconds * _factor(stage, asked, earlier) * part, seconds, part)
    return expected


def stages_of(experiment: Experiment, warm: bool = False) -> dict[str, StageEstimate]:
    """Return how long each stage of a run will take on this machine; data and encoder are looked at as they are kept in memory."""
    return expected_of(Workload.of(experiment), warm)


def expected_of(work: Workload, warm: bool) -> dict[str, StageEstimate]:
    """Return how long each stage of this work will take on this machine."""
    return expected_stages(work.experiment, typical_stages(work, warm), warm, earlier_runs())


def earlier_runs(most: int = 30) -> list[EarlierRun]:
    """Return the latest runs that recorded their stages, newest first."""
    return [
        EarlierRun(row.experiment, row.stages, row.epochs)
        for row in run_rows(most)
        if row.experiment is not None and row.stages is not None
    ]


def _factor(stage: str, asked: EarlierRun, earlier: Sequence[EarlierRun]) -> float:
    """Return how many times the typical seconds this stage took in the earlier runs that are most alike; 1 without any."""
    known = [run for run in earlier if run.stages.seconds.get(stage) and run.stages.typical.get(stage)]
    if not known:
        return 1.0
    wanted = asked.stages.typical[stage]

    def distance(run: EarlierRun) -> tuple[object, ...]:
        unlike = tuple(_ALIKE[name](run) != _ALIKE[name](asked) for name in ("frameworks", *ALIKE.get(stage, ())))
        return *unlike, abs(math.log(run.stages.typical[stage] / wanted))

    nearest = sorted(known, key=distance)[:NEIGHBOURS]
    nearest = [run for run in nearest if distance(run)[:2] == distance(nearest[0])[:2]]
    factor = median(run.stages.seconds[stage] / run.stages.typical[stage] for run in nearest)
    # Of another kind of work it says how fast the machine is, but hardly how wrong the typical figures are for this one.
    return math.sqrt(factor) if any(distance(nearest[0])[:2]) else factor


def _share_of_epochs(asked: EarlierRun, earlier: Sequence[EarlierRun]) -> float:
    """Return which part of its epochs the same training took before it stopped early, else such a training on other data; else 1."""
    alike: tuple[str, ...] = ("classifier", "encoder", "epochs", "patience", "mode")
    for settings in (("data", *alike), alike):
        wanted = [getattr(asked.experiment, name) for name in settings]
        same = [run for run in earlier if run.epochs and [getattr(run.experiment, name) for name in settings] == wanted]
        if same:
            return median(run.epochs / run.experiment.epochs for run in same[:NEIGHBOURS])
    return 1.0


def _setting(name: str) -> Callable[[EarlierRun], object]:
    return lambda run: getattr(run.experiment, name)


_ALIKE: dict[str, Callable[[EarlierRun], object]] = {
    "warm": lambda run: run.stages.warm,
    "takes": lambda run: run.experiment.family_member.takes,
    "encodes": lambda run: "encoding" in run.stages.typical,
    **{
        name: _setting(name)
        for name in ("frameworks", "data", "classifier", "encoder", "device", "threads", "mode", "compiled", "schedule")
    },
}
