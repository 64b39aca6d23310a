"""The process behind an audit, an ablation, a museum or a benchmark: ``python -m engine.evidence.study_process STUDY_DIR``."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from engine.evidence import ablation, audit, benchmark, museum
from engine.evidence.study_coordinator import Work, fill
from engine.running.studies import Study

WORK: dict[str, Work] = {
    "audit": audit.conduct,
    "ablation": ablation.conduct,
    "museum": museum.conduct,
    "benchmark": benchmark.conduct,
}
"""What a study of each kind does."""


def main(arguments: list[str]) -> None:
    """Fill the study's folder."""
    fill(Study(Path(arguments[0])), WORK)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    main(sys.argv[1:])
