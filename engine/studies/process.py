"""The process behind every study: ``python -m engine.studies.process STUDY_DIR``."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from engine.studies import ablation, audit, mistakes
from engine.studies.benchmark import measure
from engine.studies.coordinator import Work, fill
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
    fill(Study(Path(arguments[0])), WORK)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    main(sys.argv[1:])
