"""A standby whose workers have the NumPy wing; what ``start_standby`` is given instead of the product's own module."""

from __future__ import annotations

import pytest

from engine.runs.warm import standby
from tests.numpy_wing import use_numpy_workers


def main(arguments: list[str]) -> None:
    """Wait for a run with such workers."""
    with pytest.MonkeyPatch.context() as patch:
        use_numpy_workers(patch)
        standby.main(arguments)
