"""Keeps the source files that train with the run: what the Code page shows is what ran, also after the engine has changed."""

from __future__ import annotations

from pathlib import Path

from engine.running.folder import Run

ENGINE = Path(__file__).parents[1]

BESIDE_THE_WINGS = (
    "errors.py", "neutral/batches.py", "neutral/early_stopping.py", "neutral/tokens.py", "neutral/weight_files.py", "neutral/weights.py",
    "running/worker.py",
)  # fmt: skip
"""What the functions of the two wings use, and what is made once for both of them."""


def present_code() -> dict[str, str]:
    """The text of the engine's files as they are now, by their path, for example ``engine/frameworks/pytorch/training.py``."""
    paths = [*sorted(ENGINE.glob("frameworks/**/*.py")), *(ENGINE / name for name in BESIDE_THE_WINGS)]
    return {path.relative_to(ENGINE.parent).as_posix(): path.read_text(encoding="utf-8") for path in paths}


def save_code(run: Run) -> None:
    """Write the present code into the run's folder; called when its workers start."""
    run.write_code(present_code())


def kept_code(run: Run) -> dict[str, str] | None:
    """The files that the run kept, by path; ``None`` for a run that kept none or whose copy is damaged."""
    files = run.code
    if not files or not all(isinstance(text, str) for text in files.values()):
        return None
    return files
