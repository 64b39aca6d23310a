"""What tells a waiting process of this code and environment from others."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "modules", ["sklearn.metrics, scipy.stats, pandas, pyarrow, altair, streamlit", "tensorflow", "torch, transformers"]
)
def test_what_libraries_set_when_they_are_imported_makes_no_other_version(modules: str) -> None:
    """A dashboard that has scored something must still find the standby that was there before."""
    code = f"""import os
from engine.runs.warm.door import own_variables, present_version
before = present_version(os.environ | own_variables())
import {modules}
assert present_version(os.environ | own_variables()) == before, sorted(os.environ)
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=PROJECT)
