"""A run and studies of an earlier version, unpacked for a test, and pages opened in them without a browser."""

from __future__ import annotations

import os
import tarfile
from decimal import Decimal
from pathlib import Path

import pytest

from engine.runs.folder import Run, home, open_run
from tests.pages.conftest import by_themselves, home_folder, no_process, open_page

__all__ = ["by_themselves", "home_folder", "no_process", "open_page"]

ARCHIVE = Path(__file__).with_name("before_0.3.0.tar.xz")
RUN = "20261127-235926-040b9b"


def unpack(folder: Path) -> None:
    """Unpack the archive into a folder of runs: what version 0.2.3 wrote on 2026-11-27, at commit e5e6730.

    These commands made it, ``RUN`` being the run that the first one names::

        python -m engine train sample --rows 90 --classifier tfidf-mlp --epochs 4 --hidden-units 12 --vocabulary-size 150
        python -m engine export RUN --framework pytorch --format onnx
        python -m engine export RUN --framework tensorflow --format keras
        python -m engine migrate RUN --from pytorch --to tensorflow
        python -m engine audit --classifier tfidf-mlp --steps 5 --rows 90
        python -m engine ablate --classifier tfidf-mlp --defaults shuffling epsilon --seeds 2 --epochs 2 --device cpu --rows 90
        python -m engine museum --only labels_out_of_range wrong_shape
        python -m engine benchmark --quick --classifier tfidf-mlp --modes matched --repeats 5 --rows 90 --device cpu

    Left out are empty logs, locks, the cache of finished units, and the paths of that machine in the ONNX file. An export belongs to
    weights of one size and time, to the nanosecond, which an archive rounds: the time is set anew.
    """
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(folder, filter="data")
        for member in archive.getmembers():
            nanoseconds = int(Decimal(member.pax_headers.get("mtime", str(member.mtime))) * 10**9)
            os.utime(folder / member.name, ns=(nanoseconds, nanoseconds))


@pytest.fixture
def recorded_run() -> Run:
    """The run, in an own folder of runs beside the studies."""
    unpack(home())
    return open_run(RUN)
