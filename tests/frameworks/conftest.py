"""Tiny encoders of every family for all tests of this folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.shared_runs import made_once
from tests.tiny_checkpoints import FAMILIES, USUAL_FAMILIES, save_all
from tests.wing_process import InWing


@pytest.fixture(scope="session")
def families(thorough: bool) -> list[str]:
    """The families that the selected tests ask for."""
    return list(FAMILIES if thorough else USUAL_FAMILIES)


@pytest.fixture(scope="session")
def checkpoints(tmp_path_factory: pytest.TempPathFactory, in_wing: InWing) -> Path:
    """A folder for each family and each variant; read-only."""
    return made_once("checkpoints", lambda folder: in_wing("pytorch", save_all, folder), tmp_path_factory)
