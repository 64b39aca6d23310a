"""What is asked of a run: one validated object that builds the form, the command line and the standalone script."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any

from engine import FRAMEWORKS
from engine.data.choice import DataChoice
from engine.errors import ExperimentError
from engine.files import JsonObject
from engine.shared.class_weights import check_class_weights
from engine.shared.classifiers import CLASSIFIERS, Classifier

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
LONG_TEXTS = {
    "truncate": "Cut after the first tokens",
    "windows": "Read in windows of that many tokens, one after the other, and average over them",
}
RATE_SCHEDULES = {
    "constant": "The same learning rate at every step",
    "linear": "Up on a straight line during the warm-up, then down to zero at the last step",
}
PRECISIONS = {
    "float32": "32 bits everywhere",
    "mixed": "bfloat16 where the framework deems it safe; on a GPU, or a processor that computes it",
}
ENCODING_PRECISIONS = {
    "auto": "bfloat16 where a short trial on this machine finds it clearly faster and its vectors alike, else float32",
    "float32": "32 bits everywhere",
    "bfloat16": "16 bits in the encoder; vectors are averaged and kept in float32",
}
BUNDLED_ENCODER = "bundled"


def setting(default: Any, help: str, minimum: float | None = None, maximum: float | None = None, choices: Any = None) -> Any:
    """Return a dataclass field that carries its own help text and limits; the form, the command line and the check read them from here."""
    return field(default=default, metadata={"help": help, "minimum": minimum, "maximum": maximum, "choices": choices})


@dataclass(frozen=True)
class Experiment:
    """Everything that is needed to train it again. Raises ``ExperimentError`` on creation when a value is unknown or out of range."""

    data: DataChoice
    classifier: str = setting(
        "embedding-mlp",
        "The classifier that both frameworks train.",
        choices={name: classifier.summary for name, classifier in CLASSIFIERS.items()},
    )
    encoder: str = setting(
        BUNDLED_ENCODER,
        "The pre-trained model that turns a text into a vector: 'bundled' (all-MiniLM-L6-v2, no network needed), "
        "a Hugging Face model id of the BERT family, or a local folder.",
    )
    max_tokens: int = setting(
        256,
        "Longest text, or longest window, in tokens; never more than the encoder's own limit. Words, where there is no encoder.",
        8,
        8192,
    )
    long_texts: str = setting("truncate", "What happens to longer texts.", choices=LONG_TEXTS)
    encoding_precision: str = setting(
        "auto",
        "Precision in which a frozen encoder computes the vectors that both frameworks train on. New texts are always answered in float32.",
        choices=ENCODING_PRECISIONS,
    )
    frameworks: tuple[str, ...] = setting(FRAMEWORKS, "Which frameworks take part.")
    mode: str = setting("matched", "How much is made equal.", choices=MODES)
    compiled: bool = setting(
        False,
        "Compile the model for this machine before training: torch.compile, which needs a C++ compiler on a CPU, and XLA. Either mode can "
        "be compiled; the first steps take longer.",
    )
    epochs: int = setting(20, "How often the training texts are seen.", 1, 1000)
    batch_size: int = setting(32, "Texts in one step of the optimizer.", 1, 4096)
    # A step size that makes the loss overflow may be tried: the run then stops with the reason, which is a lesson too.
    learning_rate: float = setting(0.001, "Adam's step size.", 1e-8, 1e30)
    weight_decay: float = setting(
        0.0, "How strongly matrices are pulled towards zero at every step (decoupled, as in AdamW); 0 is plain Adam.", 0.0, 10.0
    )
    clip_norm: float = setting(0.0, "Longest gradient over all weights together; longer ones are scaled down. 0 does not clip.", 0.0, 1e6)
    rate_schedule: str = setting("constant", "How the learning rate changes.", choices=RATE_SCHEDULES)
    warmup_share: float = setting(0.0, "Share of all steps during which a linear schedule rises.", 0.0, 1.0)
    class_weights: str = setting(
        "none",
        "How much each class counts in the loss: 'none', 'balanced' (rare classes count more, so that all classes weigh the same), or "
        "weights of your own such as 'spam=5, ham=1'; classes that are not named count 1.",
    )
    hidden_units: int = setting(512, "Width of the dense layer; units of the LSTM in each direction.", 1, 8192)
    vocabulary_size: int = setting(20_000, "The most frequent words (or TF-IDF terms) of the training texts that are kept.", 2, 1_000_000)
    embedding_size: int = setting(128, "Length of a learned word vector.", 1, 4096)
    filters: int = setting(100, "Filters of each width in the convolution.", 1, 4096)
    patience: int = setting(
        5,
        "Stop after this many epochs without a lower validation loss; 0 trains all epochs. The best weights are kept either way.",
        0,
        1000,
    )
    seed: int = setting(0, "Of the initial weights and of the order of the batches.", 0, 2**31 - 1)
    schedule: str = setting("turns", "Whether the frameworks take turns or compete.", choices=SCHEDULES)
    device: str = setting("auto", "Where to compute.", choices=DEVICES)
    precision: str = setting("float32", "Precision of the numbers in training.", choices=PRECISIONS)
    threads: int = setting(0, "Threads of each framework; 0 uses one for each physical core.", 0, 1024)

    def __post_init__(self) -> None:
        problems = []
        for item in fields(self):
            value, limits = getattr(self, item.name), item.metadata
            if limits.get("choices") is not None and (not isinstance(value, str) or value not in limits["choices"]):
                problems.append(f"{item.name} must be one of {', '.join(limits['choices'])}, but is {value!r}")
            if isinstance(item.default, bool) and not isinstance(value, bool):
                problems.append(f"{item.name} must be true or false, but is {value!r}")
            if limits.get("minimum") is not None:
                whole = isinstance(item.default, int)
                if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
                    problems.append(f"{item.name} must be a {'whole ' if whole else ''}number, but is {value!r}")
                elif not limits["minimum"] <= value <= limits["maximum"]:
                    problems.append(f"{item.name} must lie between {limits['minimum']} and {limits['maximum']}, but is {value}")
        named = [name for name in FRAMEWORKS if name in self.frameworks]
        if not named or len(named) != len(self.frameworks):
            given = ", ".join(map(str, self.frameworks)) or "empty"
            problems.append(f"frameworks must be one or both of {', '.join(FRAMEWORKS)}, but is {given}")
        if not isinstance(self.encoder, str) or not self.encoder.strip():
            problems.append("encoder must be 'bundled', a model id or a folder, but is empty")
        if fault := check_class_weights(self.class_weights):
            problems.append(fault)
        if problems:
            raise ExperimentError(f"The experiment cannot run: {'; '.join(problems)}. Correct the setting and start again.")
        object.__setattr__(self, "frameworks", tuple(named))

    @property
    def family_member(self) -> Classifier:
        """The classifier: what it is and takes."""
        return CLASSIFIERS[self.classifier]

    @classmethod
    def recommended(cls, data: DataChoice, classifier: str, **changes: Any) -> Experiment:
        """Return an experiment with the values that its classifier recommends, but for ``changes``."""
        if classifier not in CLASSIFIERS:
            raise ExperimentError(f"There is no classifier “{classifier}”. Expected one of {', '.join(CLASSIFIERS)}.")
        return cls(data=data, classifier=classifier, **(CLASSIFIERS[classifier].recommended | changes))

    def to_json(self) -> JsonObject:
        """Return plain dictionaries and lists, ready for ``json.dumps``."""
        return asdict(self) | {"data": self.data.to_json(), "frameworks": list(self.frameworks)}

    @classmethod
    def from_json(cls, values: JsonObject) -> Experiment:
        """Return what :meth:`to_json` wrote. Raises ``ExperimentError`` on a field that is missing, unknown or out of range."""
        names = {item.name for item in fields(cls)}
        unknown = sorted(set(values) - names)
        if unknown or "data" not in values:
            wrong = f"has unknown fields: {', '.join(unknown)}" if unknown else "has no field 'data'"
            raise ExperimentError(
                f"The description of the experiment {wrong}. Expected {', '.join(sorted(names))}. "
                "It was probably written by another version; start the run again from the Train page."
            )
        frameworks = values.get("frameworks", FRAMEWORKS)
        if not isinstance(values["data"], dict) or not isinstance(frameworks, (list, tuple)):
            raise ExperimentError(
                "The description of the experiment is damaged: expected “data” to be an object and “frameworks” a list. "
                "Start the run again from the Train page."
            )
        return cls(**{**values, "data": DataChoice.from_json(values["data"]), "frameworks": tuple(frameworks)})
