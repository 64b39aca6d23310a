"""The process behind a migration or an export: ``python -m engine.migration.study_process STUDY_DIR``."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from engine.evidence.study_coordinator import Work, fill
from engine.migration import exporting, migrating
from engine.running.studies import Study

WORK: dict[str, Work] = {"migration": migrating.conduct, "export": exporting.conduct}
"""What a study of each kind does."""


def main(arguments: list[str]) -> None:
    """Fill the study's folder."""
    fill(Study(Path(arguments[0])), WORK)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    main(sys.argv[1:])
