"""What a study of each kind does; the process of every study begins here."""

from __future__ import annotations

from pathlib import Path

from engine.runs.processes.coordinating import fill
from engine.studies import ablation, audit, mistakes
from engine.studies.benchmark import measure
from engine.studies.coordinator import StudyCoordinator, Work
from engine.studies.export import write_and_check
from engine.studies.migration import carry
from engine.studies.study import Study

WORK: dict[str, Work] = {
    "audit": audit.conduct,
    "ablation": ablation.conduct,
    "museum": mistakes.conduct,
    "benchmark": measure.conduct,
    "migration": carry.conduct,
    "export": write_and_check.conduct,
}
"""What a study of each kind does."""


def main(arguments: list[str]) -> None:
    """Fill the study's folder."""
    fill(Study(Path(arguments[0])), lambda study: StudyCoordinator(study, WORK[study.kind]))
