"""How long each stage of a run took, and will probably take: parts of ``results.json`` and ``status.json``."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.units import Seconds, Share


@dataclass(frozen=True)
class StageEstimate:
    """How long one stage of a run will probably take on this machine."""

    seconds: Seconds
    """The time that earlier runs took here for such work; the typical time where there are none."""
    typical: Seconds
    """The time that typical figures give for the amount of work."""
    part: Share = 1.0
    """The part of the work after which it will probably end, as a training does that no longer improves; ``seconds`` are for this part."""


@dataclass(frozen=True)
class StageTimes:
    """How long each stage of a run took, beside the typical times: what later runs on this machine are expected by."""

    warm: bool = False
    """Whether the run was taken by processes that had loaded their frameworks before."""
    seconds: dict[str, Seconds] = field(default_factory=dict)
    """The time from each stage's beginning to that of the next one: ``reading``, ``downloading``, ``encoding``, ``loading``, ``training``,
    ``testing`` and ``timing``, as far as the run went through them."""
    typical: dict[str, Seconds] = field(default_factory=dict)
    """The time that typical figures give for the work that was done in it."""
