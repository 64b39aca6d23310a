"""The claims of “PyTorch vs TensorFlow” articles, and the shape of what is found about one on this machine."""

from __future__ import annotations

from dataclasses import dataclass

CLAIMS = (
    "training-speed",
    "inference-speed",
    "memory",
    "gpu-utilisation",
    "negligible-difference",
    "learning-curve",
    "syntax",
    "debugging",
    "production",
    "mobile",
    "research",
    "community",
    "real-world-use",
    "migration",
)


@dataclass(frozen=True)
class Finding:
    """What is known about one claim; the Guide's rows, its cards and the chooser read it."""

    claim: str
    """One of ``CLAIMS``, also the anchor of its row on the Guide page."""
    source: str
    """``measured``, ``counted``, ``tried`` (all on this machine), ``shown`` (by an artifact made here) or ``outside`` (stated, with its
    source)."""
    figure: str
    """One line with units, or why there is none yet."""
    verdict: str
    """A few words; empty while nothing is known."""
    favours: str | None = None
    """The framework that it speaks for; ``None`` for neither, or while nothing is known."""
