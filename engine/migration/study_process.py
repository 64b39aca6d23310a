"""The process behind a migration or an export: ``python -m engine.migration.study_process STUDY_DIR``."""

from __future__ import annotations

import signal
import sys

from engine.evidence import study_coordinator
from engine.migration import exporting, migrating

WORK: dict[str, study_coordinator.Work] = {"migration": migrating.conduct, "export": exporting.conduct}
"""What a study of each kind does."""


def main(arguments: list[str]) -> None:
    """Fill the study's folder, as ``engine.evidence.study_coordinator`` does for the kinds that it knows."""
    study_coordinator.main(arguments, WORK)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    main(sys.argv[1:])
