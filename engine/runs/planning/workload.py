"""What an experiment computes, in texts, tokens, multiplications and weights, as far as that can be known before it starts."""

from __future__ import annotations

import json
import math
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from safetensors import safe_open

from engine.errors import ParityError
from engine.runs.experiment import Experiment
from engine.runs.planning.data_facts import DataSizes, TokenFacts, data_sizes, find_encoder, texts_to_encode, token_facts, token_limit
from engine.shared.architecture import Architecture
from engine.shared.devices import graphics_processors, physical_cores
from engine.shared.encoders.checkpoint import Checkpoint
from engine.shared.encoders.tensors import weight_files
from engine.shared.weights.initial import CNN_WIDTHS, WEIGHTS

IMPORT_SECONDS = {"pytorch": 3.0, "tensorflow": 7.0}
"""The import of the framework and of what loads its encoder."""
COMPILE_SECONDS = {"pytorch": 40.0, "tensorflow": 10.0}
"""Compiling one model for one width of its batches."""

OPERATIONS_PER_SECOND = {"cpu": 50e9, "gpu": 2.5e12}
"""Multiplications with their additions that one core and one card can do."""
STEP_SECONDS = {"pytorch": 0.0006, "tensorflow": 0.0012}
"""What an optimizer step takes besides the arithmetic."""
UPDATE_SECONDS = {"pytorch": 6e-9, "tensorflow": 5e-9}
"""Adam’s update of one weight on a CPU."""
TOKEN_SECONDS = {"pytorch": 0.00005, "tensorflow": 0.0008}
"""What one step along the text in an LSTM takes besides the arithmetic, for a whole batch."""

LAYER_BYTES = 70
"""What is kept of each token for the gradient, for each layer and each number of its vector."""

UNKNOWN_ENCODER = {"bytes": 1.34e9, "operations": 302e6, "hidden": 1024}
"""An encoder that has not been downloaded counts as the suggested large one."""
UNKNOWN_DATA = DataSizes(1000, ("a", "b"), {"train": 700, "validation": 150, "test": 150})


@dataclass(frozen=True)
class Workload:
    """What an experiment computes, as far as that can be known before it starts."""

    experiment: Experiment
    checkpoint: Checkpoint | None
    facts: DataSizes
    texts: TokenFacts

    @classmethod
    def of(cls, experiment: Experiment) -> Workload:
        """Look at the texts and the encoder; typical ones stand in for what cannot be read."""
        pretrained = experiment.family_member.pretrained
        checkpoint = find_encoder(experiment.encoder, experiment.frameworks).checkpoint if pretrained else None
        facts, texts = UNKNOWN_DATA, TokenFacts(np.full(1, 64), vocabulary=10_000)
        with suppress(ParityError):  # the checks before the start say what is wrong
            facts = data_sizes(experiment.data)
            if checkpoint is not None or not pretrained:
                texts = token_facts(experiment, checkpoint)
        return cls(experiment, checkpoint, facts, texts)

    @property
    def windows(self) -> bool:
        """Long texts are read in windows, not cut."""
        return self.experiment.long_texts == "windows"

    @property
    def tokens(self) -> float:
        """Tokens of a text that are computed with, on average."""
        return self.texts.mean_tokens(token_limit(self.experiment, self.checkpoint), self.windows)

    @property
    def widest(self) -> int:
        """Tokens of the widest row of a batch."""
        return min(token_limit(self.experiment, self.checkpoint), int(self.texts.lengths.max(initial=1)))

    @property
    def architecture(self) -> Architecture:
        """The shape of the classifier's own layers."""
        hidden = self.checkpoint.hidden_size if self.checkpoint else int(UNKNOWN_ENCODER["hidden"])
        return Architecture(
            num_classes=len(self.facts.classes),
            input_size=hidden if self.experiment.family_member.pretrained else min(self.texts.vocabulary, self.experiment.vocabulary_size),
            hidden_units=self.experiment.hidden_units,
            embedding_size=self.experiment.embedding_size,
            filters=self.experiment.filters,
        )

    @property
    def parameters(self) -> float:
        """Numbers that are trained."""
        own = sum(math.prod(weight.shape) for weight in WEIGHTS[self.experiment.classifier](self.architecture).values())
        return own + (_encoder_bytes(self.checkpoint) / 4 if self.experiment.family_member.takes == "pieces" else 0)

    @property
    def operations(self) -> float:
        """Multiplications of one text's way through the classifier."""
        architecture, tokens = self.architecture, self.tokens
        size, hidden = architecture.embedding_size, architecture.hidden_units
        if self.experiment.classifier == "text-cnn":
            return tokens * sum(CNN_WIDTHS) * size * architecture.filters
        if self.experiment.classifier == "bi-lstm":
            return tokens * 2 * 4 * hidden * (size + hidden)
        if self.experiment.classifier == "transformer":
            return tokens * _encoder_operations(self.checkpoint)
        return float(hidden * (architecture.input_size + architecture.num_classes))

    @property
    def activation_bytes(self) -> float:
        """What the widest text leaves in memory until its gradient has been computed."""
        architecture, tokens = self.architecture, self.widest
        size, hidden = architecture.embedding_size, architecture.hidden_units
        if self.experiment.classifier == "text-cnn":
            return 12.0 * tokens * (size + len(CNN_WIDTHS) * architecture.filters)
        if self.experiment.classifier == "bi-lstm":
            return 8.0 * tokens * (size + 12 * hidden)
        if self.experiment.classifier == "transformer":
            width = architecture.input_size
            layers = _encoder_operations(self.checkpoint) / (12 * width**2)
            return tokens * layers * width * LAYER_BYTES
        return 8.0 * (architecture.input_size + hidden)

    @property
    def input_mib(self) -> float:
        """The arrays that the classifier takes, of all texts."""
        takes = self.experiment.family_member.takes
        numbers = self.architecture.input_size if takes == "vectors" else 2 * self.widest if self.windows else self.widest
        return self.facts.rows * numbers * (8 if takes == "terms" else 4) / 2**20

    @property
    def texts_to_encode(self) -> int:
        """Texts that have no vector yet; 0 where the classifier takes none."""
        if self.experiment.family_member.takes != "vectors":
            return 0
        with suppress(ParityError):
            if self.checkpoint is not None:
                return texts_to_encode(self.experiment, self.checkpoint)
        return self.facts.rows

    @property
    def encoder_bytes(self) -> float:
        """The size of the encoder's weights; those of a large one where it has not been downloaded."""
        return _encoder_bytes(self.checkpoint)

    @property
    def encoding_seconds(self) -> float:
        """The time to turn these texts into vectors."""
        texts = self.texts_to_encode
        return texts * self.tokens * _encoder_operations(self.checkpoint) / _speed(self.experiment) if texts else 0.0

    @property
    def answer_seconds(self) -> float:
        """The time from a new text to its class, the encoder's included."""
        encoder = self.tokens * _encoder_operations(self.checkpoint) if self.experiment.family_member.takes == "vectors" else 0.0
        return (encoder + self.operations) / _speed(self.experiment)

    @property
    def compiling_seconds(self) -> float:
        """The time to compile both models; 0 where nothing is compiled."""
        if not self.experiment.compiled:
            return 0.0
        widths = math.ceil(math.log2(max(self.widest, 16) / 8)) if self.experiment.family_member.sequences else 1
        return sum(COMPILE_SECONDS[name] * (min(widths, 2) if name == "pytorch" else widths) for name in self.experiment.frameworks)

    def step_seconds(self, framework: str) -> float:
        """The time of one optimizer step."""
        experiment = self.experiment
        seconds = STEP_SECONDS[framework] + 3 * experiment.batch_size * self.operations / _speed(experiment)  # forwards, twice backwards
        if experiment.device == "cpu" or not graphics_processors():
            seconds += self.parameters * UPDATE_SECONDS[framework]
        return seconds + (self.tokens * TOKEN_SECONDS[framework] if experiment.classifier == "bi-lstm" else 0.0)


def _speed(experiment: Experiment) -> float:
    """Return the multiplications of a second."""
    if experiment.device != "cpu" and graphics_processors():
        return OPERATIONS_PER_SECOND["gpu"]
    return OPERATIONS_PER_SECOND["cpu"] * (experiment.threads or physical_cores())


def _encoder_bytes(checkpoint: Checkpoint | None) -> float:
    if checkpoint is None:
        return UNKNOWN_ENCODER["bytes"]
    return float(sum((checkpoint.folder / file).stat().st_size for file in weight_files(checkpoint.folder)))


def _encoder_operations(checkpoint: Checkpoint | None) -> float:
    """Return the multiplications of one token's way through the encoder."""
    return UNKNOWN_ENCODER["operations"] if checkpoint is None else _matrix_sizes(checkpoint.folder, checkpoint.family)


@lru_cache(maxsize=8)
def _matrix_sizes(folder: Path, family: str) -> float:
    """Count the numbers in the encoder's matrices, word vectors left out; ALBERT uses its one layer again and again."""
    total = 0
    for file in weight_files(folder):
        with safe_open(folder / file, framework="np") as tensors:
            shapes = {name: tensors.get_slice(name).get_shape() for name in tensors.keys()}  # noqa: SIM118 (not a dict)
        total += sum(math.prod(shape) for name, shape in shapes.items() if len(shape) == 2 and "embeddings." not in name)
    times = json.loads((folder / "config.json").read_bytes()).get("num_hidden_layers", 1) if family == "albert" else 1
    return float(total * times)
