"""What a run will probably take: from what earlier runs took on this machine where there are any, else from typical figures."""

from __future__ import annotations

from dataclasses import dataclass

from engine.runs.experiment import Experiment
from engine.runs.planning.stages import earlier_runs, expected_of
from engine.runs.planning.workload import Workload
from engine.runs.warm.door import waiting_for

PROCESS_MIB = {"pytorch": 350.0, "tensorflow": 750.0}
"""A worker with its framework, before there is a model."""
COORDINATOR_MIB = 150.0
COPIES = {"pytorch": 7, "tensorflow": 13}
"""Copies of each weight at the peak: itself, its gradient, Adam's two means, those read and written, what loading leaves behind."""


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
    """Return time and memory. What cannot be read counts as 1,000 texts of 64 tokens, or as a large encoder: there is always an answer."""
    work = Workload.of(experiment)
    warm = waiting_for(experiment) is not None
    expected = expected_of(work, warm)
    encoding = expected["encoding"].seconds if "encoding" in expected else 0.0
    names = (*SAME, *SAME_FOR_TOKENS) if experiment.family_member.sequences else SAME
    alike = any(all(getattr(run.experiment, name) == getattr(experiment, name) for name in names) for run in earlier_runs())
    kind = "As earlier runs took on this machine" if alike else "From typical figures, as nothing like it was trained here yet"
    memory = COORDINATOR_MIB + work.input_mib
    for name in experiment.frameworks:
        kept = experiment.batch_size * work.activation_bytes
        memory += PROCESS_MIB[name] + work.input_mib + (COPIES[name] * 4 * work.parameters + kept) / 2**20
    if experiment.family_member.takes == "vectors":
        memory += len(experiment.frameworks) * work.encoder_bytes / 2**20
    seconds = sum(stage.seconds for stage in expected.values())
    waiting = " A standby waits with the frameworks loaded, so that it begins at once." if warm else ""
    return Estimate(seconds, encoding, work.compiling_seconds, memory, f"{kind}; at most {experiment.epochs} epochs.{waiting}")


SAME = ("classifier", "mode", "compiled", "schedule", "device")
SAME_FOR_TOKENS = ("data", "encoder", "max_tokens", "long_texts", "batch_size", "precision", "hidden_units", "embedding_size", "filters")
"""Settings that an earlier run must share for its speed to say something; those of the second row where texts are tokens."""
