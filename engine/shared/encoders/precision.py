"""The precision in which an encoder computes vectors here: a short trial says it once, and its outcome is kept beside the vectors."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path

from engine.files import read_json, write_atomically
from engine.shared.devices import processor_name

PRECISIONS = ("float32", "bfloat16")

CLEARLY_FASTER, ALIKE = 1.3, 0.999
"""What bfloat16 must reach in a trial: so many times the speed of float32, and at least this cosine between both vectors of each text."""

TRIAL_TEXTS = 32
WORTH_A_TRIAL = 256
"""Fewer new texts than these are encoded sooner in float32 than after a trial."""


@dataclass(frozen=True)
class Trial:
    """What a trial of both precisions on the same texts has shown."""

    speedup: float
    """How many times as fast bfloat16 was; 0 where the framework cannot compute with it."""
    cosine: float
    """The lowest cosine between a text's vectors in both precisions."""

    @property
    def precision(self) -> str:
        """The precision to take: bfloat16 where it is clearly faster and its vectors are alike."""
        return "bfloat16" if self.speedup >= CLEARLY_FASTER and self.cosine >= ALIKE else "float32"

    @property
    def sentence(self) -> str:
        """Say which precision was taken, and why."""
        times = f"{self.speedup:.1f} times as fast"
        if self.precision == "bfloat16":
            return (
                f"The vectors are computed in bfloat16: in a trial on {TRIAL_TEXTS} texts that was {times} on this machine as float32, and "
                f"every vector had a cosine of at least {self.cosine:.4f} with that in float32."
            )
        if not self.speedup:
            return "The vectors are computed in float32: the encoder cannot compute in bfloat16 here."
        why = f"had a cosine of only {self.cosine:.4f}" if self.speedup >= CLEARLY_FASTER else f"was only {times}"
        return f"The vectors are computed in float32: in a trial on {TRIAL_TEXTS} texts bfloat16 {why}."


@dataclass(frozen=True)
class Trials:
    """The trials of one encoder in one framework on this machine, beside the vectors in ``folder``."""

    folder: Path
    key: str

    @classmethod
    def of(cls, folder: Path, fingerprint: str, framework: str, device: str, threads: int) -> Trials:
        """Return the place for what decides how fast an encoder is; it changes with the installed version and the processor."""
        version = metadata.version({"pytorch": "torch", "tensorflow": "tensorflow"}[framework])
        facts = f"{fingerprint} {framework} {version} {device} {threads} {processor_name()}"
        return cls(folder, hashlib.sha256(facts.encode()).hexdigest()[:16])

    @property
    def file(self) -> Path:
        """The file of all trials; hidden, so that it stays when vectors make room."""
        return self.folder / ".precisions.json"

    def read(self) -> Trial | None:
        """Return the outcome, or ``None`` where there was no trial yet or what is kept of it is damaged."""
        kept = (read_json(self.file) or {}).get(self.key)
        try:
            return Trial(float(kept["speedup"]), float(kept["cosine"]))  # type: ignore[index]
        except (TypeError, KeyError, ValueError):
            return None

    def keep(self, trial: Trial) -> None:
        """Keep the outcome for later runs. Of two written at the same moment one is lost, and measured again."""
        self.folder.mkdir(parents=True, exist_ok=True)
        write_atomically(self.file, json.dumps((read_json(self.file) or {}) | {self.key: asdict(trial)}))
