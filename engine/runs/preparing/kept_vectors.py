"""The vectors that are kept beside the runs: of how many texts, on how much disk, and their removal."""

from __future__ import annotations

from engine.runs.folder import home
from engine.runs.paths import HomePaths
from engine.shared.encoders.vector_limit import KeptVectors, make_room, survey


def kept_vectors() -> KeptVectors:
    """Return how much is kept, and the limit. Raises ``ParityError`` where ``PARITY_VECTORS_LIMIT`` is no number."""
    return survey(HomePaths(home()).features_folder)


def clear_vectors() -> str:
    """Remove all that no run under way uses; return what became of them, as a sentence."""
    make_room(HomePaths(home()).features_folder, limit=0)
    left = kept_vectors()
    return (
        f"Kept, because a run under way uses them: {left.texts:,}. The others are removed."
        if left.texts
        else "The kept vectors are removed."
    )
