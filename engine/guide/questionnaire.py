"""The questions of the chooser, and every reason that an answer may bring up: what it rests on and how much it weighs unless changed."""

from __future__ import annotations

from dataclasses import dataclass

DEFAULT = "any"
"""The answer of whoever gives none."""

LARGEST_WEIGHT = 3


@dataclass(frozen=True)
class Option:
    """One answer."""

    key: str
    """Its name in an address."""
    words: str
    decides_nothing: str = ""
    """Why it brings no reason with it."""


@dataclass(frozen=True)
class Question:
    """One question; its first option is ``DEFAULT``."""

    key: str
    """Its name in an address."""
    words: str
    options: tuple[Option, ...]

    def option(self, key: str) -> Option:
        """Return the option of that name. Raises ``KeyError`` if there is none."""
        return {option.key: option for option in self.options}[key]


@dataclass(frozen=True)
class Reason:
    """What an answer brings up. It rests on a conclusion of this machine (``claim``), or else says where it comes from (``source``)."""

    title: str
    answers: tuple[str, ...]
    """The answers that bring it up, as ``question.option``; it counts once, however many of them are given."""
    sentence: str
    """Why it matters for these answers; the whole statement where no claim is behind it."""
    weight: int = 0
    """The usual weight, from 0 to ``LARGEST_WEIGHT``."""
    claim: str | None = None
    """One of ``engine.guide.claims.CLAIMS``: its conclusion decides which framework this reason speaks for."""
    side: str | None = None
    """The framework it speaks for, ``None`` for neither; with a claim only what is usually said, which never counts."""
    source: str = ""
    """The one whose word it is, where no claim is behind it."""
    opinion: bool = False
    """Whether one may well think otherwise."""

    @property
    def adjustable(self) -> bool:
        """Whether a weight means anything: a statement that speaks for neither has none."""
        return self.claim is not None or self.side is not None


def _without(words: str) -> Option:
    return Option(DEFAULT, words, "Without an answer it decides nothing.")


_QUESTIONS = (
    Question(
        "goal",
        "What is it for?",
        (
            _without("Not decided"),
            Option("learn", "Learning"),
            Option("research", "Research"),
            Option("language", "Language models"),
            Option("product", "A product"),
        ),
    ),
    Question(
        "target",
        "Where will it run?",
        (
            _without("Not decided"),
            Option("here", "Notebook or batch job", "Nothing has to be deployed, so it decides nothing."),
            Option("server", "Server"),
            Option("device", "Phone or small device"),
            Option("cloud", "Managed cloud"),
        ),
    ),
    Question(
        "team",
        "Who works on it?",
        (
            _without("No preference"),
            Option("new", "New to both"),
            Option("pytorch", "Knows PyTorch"),
            Option("tensorflow", "Knows TensorFlow"),
            Option("both", "Knows both"),
        ),
    ),
    Question(
        "control",
        "What do you want of the code?",
        (
            _without("No preference"),
            Option("explicit", "Every step in view"),
            Option("short", "Little to write"),
            Option("faults", "Mistakes found early"),
        ),
    ),
    Question(
        "gpu",
        "Is there a GPU?",
        (_without("Not known"), Option("none", "No"), Option("one", "One"), Option("several", "Several")),
    ),
    Question(
        "size",
        "How many texts?",
        (_without("Not known"), Option("small", "Up to 10,000"), Option("medium", "Up to a million"), Option("large", "More")),
    ),
)

QUESTIONS = {question.key: question for question in _QUESTIONS}
"""The questions in the order in which they are asked."""

REASONS = {
    "explicit-loop": Reason(
        "Every step in your own code",
        ("goal.learn", "control.explicit"),
        "In PyTorch forward pass, loss, backward pass and step stand in your own loop, as ordinary Python; Keras keeps them in fit, "
        "unless you write a loop there too.",
        weight=2,
        side="pytorch",
        source="the guide of the course",
        opinion=True,
    ),
    "short-code": Reason(
        "Little to write",
        ("control.short",),
        "What need not be written need not be read, tested and kept right.",
        weight=2,
        claim="syntax",
        side="tensorflow",
    ),
    "first-steps": Reason(
        "The first steps",
        ("team.new",),
        "The less has to be understood before the first model trains, the sooner a newcomer gets there.",
        weight=2,
        claim="learning-curve",
        side="tensorflow",
    ),
    "finding-mistakes": Reason(
        "Finding mistakes",
        ("goal.learn", "control.faults"),
        "Mistakes will be made. What counts is whether they are caught, and whether the message leads to the line.",
        weight=2,
        claim="debugging",
        side="pytorch",
    ),
    "research-code": Reason(
        "What research uses",
        ("goal.research",),
        "Whoever builds on published work starts from its code, and that is written in one of the two.",
        weight=3,
        claim="research",
        side="pytorch",
    ),
    "pretrained-models": Reason(
        "Pre-trained language models",
        ("goal.language",),
        "Since its version 5 the transformers library brings PyTorch models only. TensorFlow reads many of the same checkpoints through "
        "KerasHub, which knows fewer families.",
        weight=3,
        side="pytorch",
        source="the packages transformers 5 and KerasHub",
    ),
    "serving": Reason(
        "Serving",
        ("goal.product", "target.server"),
        "A service loads the model without the code that trained it, and what serves it has to be maintained.",
        weight=2,
        claim="production",
        side="tensorflow",
    ),
    "proven-use": Reason(
        "Use elsewhere",
        ("goal.product",),
        "What runs in many places has had many of its faults found by others.",
        weight=1,
        claim="real-world-use",
        side="tensorflow",
    ),
    "answer-time": Reason(
        "Time of an answer",
        ("target.server", "target.device"),
        "Every answer takes this time, for as long as the model is in use.",
        weight=2,
        claim="inference-speed",
    ),
    "on-device": Reason(
        "On a phone or small device",
        ("target.device",),
        "The model has to be exported, to give the same answers there, and to be small enough.",
        weight=3,
        claim="mobile",
        side="tensorflow",
    ),
    "managed-cloud": Reason(
        "A managed cloud",
        ("target.cloud",),
        "The large ones run both, if need be in a container of your own; which versions come ready made differs, so look there first.",
        source="the guide of the course",
    ),
    "help-from-others": Reason(
        "Help from others",
        ("team.new",),
        "Where many have asked, a newcomer’s question is answered already.",
        weight=1,
        claim="community",
    ),
    "knows-pytorch": Reason(
        "What the team knows",
        ("team.pytorch",),
        "A team is fastest and makes the fewest mistakes in what it already uses; to change needs a reason that outweighs that.",
        weight=3,
        side="pytorch",
        source="the guide of the course",
        opinion=True,
    ),
    "knows-tensorflow": Reason(
        "What the team knows",
        ("team.tensorflow",),
        "A team is fastest and makes the fewest mistakes in what it already uses; to change needs a reason that outweighs that.",
        weight=3,
        side="tensorflow",
        source="the guide of the course",
        opinion=True,
    ),
    "changing-later": Reason(
        "Changing later",
        ("team.both",),
        "Who knows both can choose again, as far as a trained model can be carried across.",
        weight=1,
        claim="migration",
    ),
    "training-time": Reason(
        "Time of training",
        ("gpu.none", "size.medium", "size.large"),
        "Without a GPU, or with many texts, training is what one waits for.",
        weight=2,
        claim="training-speed",
    ),
    "busy-gpu": Reason(
        "A busy GPU",
        ("gpu.one", "gpu.several"),
        "A GPU is worth its price only while it computes.",
        weight=2,
        claim="gpu-utilisation",
    ),
    "several-gpus": Reason(
        "Several GPUs",
        ("gpu.several",),
        "Both spread a training over several: PyTorch with DistributedDataParallel, TensorFlow with MirroredStrategy. Parity trains on "
        "one.",
        source="the documentation of both",
    ),
    "room": Reason(
        "Memory",
        ("size.large",),
        "With many texts memory is often what runs out first.",
        weight=1,
        claim="memory",
    ),
    "same-result": Reason(
        "The same result",
        ("size.small",),
        "Few texts are trained on quickly in either; what may differ is the result.",
        weight=1,
        claim="negligible-difference",
    ),
}
"""The reasons under their names in an address. No two rest on the same claim, so that no evidence counts twice."""

TIMED = ("training-speed", "inference-speed", "memory", "negligible-difference")
MEASURED_BY = {"debugging": "museum", "migration": "audit"} | dict.fromkeys(TIMED, "benchmark")
"""Claim → file name of the page that measures it and does nothing else; for all others the row on the Guide page says how."""
