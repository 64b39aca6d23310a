"""How long a study will probably take, from typical figures; what is kept from before is not counted again by those who ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine import FRAMEWORK_NAMES
from engine.runs.experiment import Experiment
from engine.runs.planning.stages import stages_of
from engine.runs.planning.workload import COMPILE_SECONDS, IMPORT_SECONDS
from engine.shared.classifiers import CLASSIFIERS

RACE_SECONDS = 10.0
"""Racing one framework."""
TRACING_SECONDS = 3.0
"""Building a model anew in both frameworks."""
AUDIT_SECONDS = {"vectors": 1.5, "terms": 1.5, "words": 4.0, "pieces": 14.0}
"""50 steps at one level in one framework, by what the classifier takes."""

MISTAKE_SECONDS = {"pytorch": 0.5, "tensorflow": 3.0}
"""One mistake and its correction in the museum."""

BENCHMARK_SECONDS = {"vectors": 4.5, "terms": 5.0, "words": 10.5, "pieces": 41.0}
"""Building, training and answering in both frameworks once, by what the classifier takes."""
START_SECONDS = 12.0
"""A new process of each framework."""

MIGRATION_SECONDS = {"vectors": 12.0, "terms": 12.0, "words": 20.0, "pieces": 60.0}
"""One way into the other framework besides loading both, by what the classifier takes."""


def seconds_of_ablation(experiment: Experiment, trainings: int) -> float:
    """Return the time of training so often in each of the experiment's frameworks, which are loaded once."""
    expected = {stage: estimate.seconds for stage, estimate in stages_of(experiment).items()}
    once = expected.get("encoding", 0.0) + expected["loading"]
    return once + trainings * (expected["training"] + expected["testing"] + TRACING_SECONDS)


def seconds_of_audit(classifiers: Sequence[str], levels: int, steps: int) -> float:
    """Return the time of the steps of each classifier at each level, in both frameworks."""
    pieces = {name: len(FRAMEWORK_NAMES) * (levels * (1 + steps / 50) / 2 + 1) for name in classifiers}
    return sum(IMPORT_SECONDS.values()) + sum(amount * AUDIT_SECONDS[CLASSIFIERS[name].takes] for name, amount in pieces.items())


def seconds_of_museum(mistakes: int) -> float:
    """Return the time of so many mistakes in both frameworks."""
    return sum(IMPORT_SECONDS.values()) + mistakes * sum(MISTAKE_SECONDS.values())


def seconds_of_migration(classifier: str, route: str) -> float:
    """Return the time of one way across: each framework is loaded once, answers the test texts twice and trains on for a few steps."""
    takes = CLASSIFIERS[classifier].takes
    # Over ONNX a classifier of vectors takes its encoder along.
    return sum(IMPORT_SECONDS.values()) + MIGRATION_SECONDS["pieces" if takes == "vectors" and route == "onnx" else takes]


def seconds_of_export(classifier: str, raced: bool) -> float:
    """Return the time to write a model's file and check it in a process of its own; ``raced`` adds the race against both frameworks."""
    race = sum(IMPORT_SECONDS.values()) + RACE_SECONDS if raced else 0
    return max(IMPORT_SECONDS.values()) + MIGRATION_SECONDS[CLASSIFIERS[classifier].takes] + race


def seconds_of_benchmark(pieces: Mapping[str, int], starts: int, compiled: int, steps: float) -> float:
    """Return the time of so many pieces of work of each classifier and starts of processes; ``steps`` times those of the quick one."""
    measured = sum(amount * BENCHMARK_SECONDS[CLASSIFIERS[name].takes] for name, amount in pieces.items())
    return measured * (1 + steps) / 2 + starts * START_SECONDS + compiled * sum(COMPILE_SECONDS.values())
