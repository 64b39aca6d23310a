"""What is asked of a run: one validated object that builds the form, the command line and the standalone script."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any

from engine import FRAMEWORKS
from engine.data.choice import DataChoice
from engine.errors import ExperimentError

CLASSIFIERS = {"embedding-mlp": "Frozen sentence embedding, then a dense layer of 512 and one of the classes"}
MODES = {
    "matched": "Same initial weights, same batches, same optimizer equation: the curves should coincide",
    "defaults": "What a newcomer gets: each framework's own initialisers, optimizer constants, shuffling and fit settings",
}
SCHEDULES = {
    "turns": "They take turns of about a second, so each is timed on an otherwise idle machine",
    "both-at-once": "They compete for the machine; times are not comparable with those of other runs",
}
DEVICES = {
    "auto": "The GPU if both frameworks see one, else the CPU for both",
    "cpu": "The CPU for both",
    "gpu": "The GPU wherever a framework sees one, even if the other does not",
}
BUNDLED_ENCODER = "bundled"


def setting(default: Any, help: str, minimum: float | None = None, maximum: float | None = None, choices: Any = None) -> Any:
    """A dataclass field that carries its own help text and limits; the form, the command line and the check read them from here."""
    return field(default=default, metadata={"help": help, "minimum": minimum, "maximum": maximum, "choices": choices})


@dataclass(frozen=True)
class Experiment:
    """Everything needed to run it again. Raises ``ExperimentError`` on creation when a value is unknown or out of range."""

    data: DataChoice
    classifier: str = setting("embedding-mlp", "The classifier that both frameworks train.", choices=CLASSIFIERS)
    encoder: str = setting(
        BUNDLED_ENCODER,
        "The pre-trained model that turns a text into a vector: 'bundled' (all-MiniLM-L6-v2, no network needed), "
        "a Hugging Face model id of the BERT family, or a local folder.",
    )
    max_tokens: int = setting(256, "Texts are cut after this many tokens; never more than the encoder's own limit.", 8, 8192)
    frameworks: tuple[str, ...] = setting(FRAMEWORKS, "Which frameworks take part.")
    mode: str = setting("matched", "How much is made equal.", choices=MODES)
    epochs: int = setting(20, "How often the training texts are seen.", 1, 1000)
    batch_size: int = setting(32, "Texts in one step of the optimizer.", 1, 4096)
    # A step size that makes the loss overflow may be tried: the run then stops with the reason, which is a lesson too.
    learning_rate: float = setting(0.001, "Adam's step size.", 1e-8, 1e30)
    hidden_units: int = setting(512, "Width of the first dense layer.", 1, 8192)
    patience: int = setting(
        5,
        "Stop after this many epochs without a lower validation loss; 0 trains all epochs. The best weights are kept either way.",
        0,
        1000,
    )
    seed: int = setting(0, "Of the initial weights and of the order of the batches.", 0, 2**31 - 1)
    schedule: str = setting("turns", "Whether the frameworks take turns or compete.", choices=SCHEDULES)
    device: str = setting("auto", "Where to compute.", choices=DEVICES)
    threads: int = setting(0, "Threads of each framework; 0 uses one for each physical core.", 0, 1024)

    def __post_init__(self) -> None:
        problems = []
        for item in fields(self):
            value, limits = getattr(self, item.name), item.metadata
            if limits.get("choices") is not None and (not isinstance(value, str) or value not in limits["choices"]):
                problems.append(f"{item.name} must be one of {', '.join(limits['choices'])}, but is {value!r}")
            if limits.get("minimum") is not None:
                whole = item.name != "learning_rate"
                if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
                    problems.append(f"{item.name} must be a {'whole ' if whole else ''}number, but is {value!r}")
                elif not limits["minimum"] <= value <= limits["maximum"]:
                    problems.append(f"{item.name} must lie between {limits['minimum']} and {limits['maximum']}, but is {value}")
        named = [name for name in FRAMEWORKS if name in self.frameworks]
        if not named or len(named) != len(self.frameworks):
            found = ", ".join(map(str, self.frameworks)) or "empty"
            problems.append(f"frameworks must be one or both of {', '.join(FRAMEWORKS)}, but is {found}")
        if not isinstance(self.encoder, str) or not self.encoder.strip():
            problems.append("encoder must be 'bundled', a model id or a folder, but is empty")
        if problems:
            raise ExperimentError(f"The experiment cannot run: {'; '.join(problems)}. Correct the setting and start again.")
        object.__setattr__(self, "frameworks", tuple(named))

    def to_json(self) -> dict[str, Any]:
        """Plain dictionaries and lists, ready for ``json.dumps``."""
        return asdict(self) | {"data": self.data.to_json(), "frameworks": list(self.frameworks)}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Experiment:
        """The inverse of :meth:`to_json`. Raises ``ExperimentError`` on a field that is missing, unknown or out of range."""
        known = {item.name for item in fields(cls)}
        unknown = sorted(set(values) - known)
        if unknown or "data" not in values:
            wrong = f"has unknown fields: {', '.join(unknown)}" if unknown else "has no field 'data'"
            raise ExperimentError(
                f"The description of the experiment {wrong}. Expected {', '.join(sorted(known))}. "
                "It was probably written by another version; start the run again from the Train page."
            )
        frameworks = values.get("frameworks", FRAMEWORKS)
        if not isinstance(values["data"], dict) or not isinstance(frameworks, (list, tuple)):
            raise ExperimentError(
                "The description of the experiment is damaged: expected “data” to be an object and “frameworks” a list. "
                "Start the run again from the Train page."
            )
        return cls(**{**values, "data": DataChoice.from_json(values["data"]), "frameworks": tuple(frameworks)})
