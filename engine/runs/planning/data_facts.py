"""What can be known of the texts and the encoder before a run starts; kept in memory, for a form asks at every click."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
import pandas
from huggingface_hub import try_to_load_from_cache
from huggingface_hub.constants import HF_HUB_OFFLINE
from huggingface_hub.errors import HFValidationError

from engine import FRAMEWORKS
from engine.data.choice import DataChoice
from engine.data.splitting import PreparedData, class_counts, load_prepared
from engine.encodings.foreign import ForeignTexts
from engine.errors import ParityError
from engine.reading.columns.part_names import PARTS
from engine.runs.experiment import Experiment
from engine.runs.folder import home
from engine.runs.paths import HomePaths
from engine.runs.preparing.prepare import dataset_store
from engine.runs.preparing.vectors import place_of_features, precision_of
from engine.runs.records.split_facts import SplitFacts, split_facts
from engine.shared.class_weights import class_weights
from engine.shared.encoders.checkpoint import BUNDLED, Checkpoint, local_place, resolve
from engine.shared.encoders.checks import obstacle_for_keras_hub
from engine.shared.encoders.contents import check_contents
from engine.shared.encoders.hub import EXAMPLE
from engine.shared.encoders.tensors import read_config
from engine.shared.encoders.vector_cache import Features
from engine.shared.encoders.vector_file import hash_texts
from engine.shared.text.foreign import foreign_texts
from engine.shared.text.tokens import MOST_WINDOWS, token_counts
from engine.shared.text.vocabulary import Terms, texts_without_known_words, train_words

SAMPLE_TEXTS = 20_000
SAMPLE_CHARACTERS = 10_000_000
"""More texts than these are looked at in a sample: about a second of work."""


@dataclass(frozen=True)
class DataSizes:
    """Numbers of texts, as prepared: cleaned and split."""

    rows: int
    classes: tuple[str, ...]
    parts: dict[str, int]
    """Texts of ``train``, ``validation`` and ``test``."""
    source: SplitFacts = field(default_factory=SplitFacts)
    """Where the parts come from."""


@dataclass(frozen=True)
class TokenFacts:
    """How a classifier will read the texts."""

    lengths: np.ndarray
    """Tokens of each text that was looked at, before any cut."""
    vocabulary: int = 0
    """Words or terms in the vocabulary; 0 where an encoder brings its own."""
    unknown: int = 0
    """Validation and test texts, of those looked at, without a single known word."""
    others: int = 0
    """Validation and test texts that were looked at."""
    sampled: bool = False
    """Only a part of the texts was looked at."""

    def longer_than(self, limit: int) -> float:
        """Return the share of the texts with more tokens."""
        return float(np.mean(self.lengths > limit)) if len(self.lengths) else 0.0

    def shorter_than(self, limit: int) -> float:
        """Return the share of the texts with fewer tokens."""
        return float(np.mean(self.lengths < limit)) if len(self.lengths) else 0.0

    def mean_tokens(self, limit: int, windows: bool) -> float:
        """Return how many tokens of a text are computed with, on average."""
        return float(np.minimum(self.lengths, limit * MOST_WINDOWS if windows else limit).mean()) if len(self.lengths) else 1.0


@dataclass(frozen=True)
class LocalEncoder:
    """A pre-trained model on this machine, or why there is none."""

    checkpoint: Checkpoint | None
    sentence: str
    missing: bool = False
    """It must be downloaded first."""


def data_sizes(choice: DataChoice) -> DataSizes:
    """Count the prepared texts. Raises ``ParityError`` where they cannot be trained on."""
    return _data_sizes(_key(choice))


def texts_to_encode(experiment: Experiment, checkpoint: Checkpoint) -> int:
    """Return how many different texts have no vector yet, in the precision that a run would take.

    Raises ``ParityError`` where the texts cannot be read.
    """
    folder, texts = HomePaths(home()).features_folder, _hashes(_key(experiment.data))
    count = partial(_texts_to_encode, changed=folder.stat().st_mtime_ns if folder.exists() else 0)
    precision = precision_of(experiment, checkpoint, texts, folder, count=count) or "float32"  # before a trial there are none in another
    return count(place_of_features(experiment, checkpoint, texts, folder, precision))


def token_facts(experiment: Experiment, checkpoint: Checkpoint | None) -> TokenFacts:
    """Say how the experiment's classifier will read the texts, from all of them or a sample.

    Raises ``ParityError`` where it cannot, for example when the training texts hold a single word.
    """
    takes = experiment.family_member.takes
    if takes in ("terms", "words"):
        return _token_facts(_key(experiment.data), takes, "", experiment.vocabulary_size)
    assert checkpoint is not None, "found before"
    return _token_facts(_key(experiment.data), takes, str(checkpoint.folder), 0, *checkpoint.file_stamps)


def foreign_to(experiment: Experiment, checkpoint: Checkpoint) -> ForeignTexts:
    """Return which texts the encoder hardly has words for, of at most 2,000. Raises ``ParityError`` where the texts cannot be read."""
    return _foreign_to(_key(experiment.data), checkpoint)


def weights_of_classes(experiment: Experiment) -> dict[str, float]:
    """Return how much each class counts; empty where all count the same. Raises ``DataError`` where the weights do not fit the classes."""
    weights = _class_weights(_key(experiment.data), experiment.class_weights)
    return dict(zip(data_sizes(experiment.data).classes, weights, strict=True)) if weights else {}


def token_limit(experiment: Experiment, checkpoint: Checkpoint | None) -> int:
    """Return where texts are cut, or how long a window is, in tokens."""
    return min(experiment.max_tokens, checkpoint.max_tokens) if checkpoint else experiment.max_tokens


def find_encoder(encoder: str, frameworks: Sequence[str] = FRAMEWORKS) -> LocalEncoder:
    """Look for the encoder on this machine, without downloading anything, and into all of it once."""
    name = encoder
    try:
        if name != BUNDLED and local_place(name) is None:
            cached = try_to_load_from_cache(name, "config.json")
            if not isinstance(cached, str):
                return _to_download(name)
            name = str(Path(cached).parent)
        checkpoint = resolve(name)
        check_contents(checkpoint)
        if "tensorflow" in frameworks and (obstacle := obstacle_for_keras_hub(checkpoint.name, read_config(checkpoint.folder))):
            return LocalEncoder(None, obstacle)
    except HFValidationError as error:
        return LocalEncoder(None, f"“{name[:80]}” is neither a folder nor a model id. Expected an id like {EXAMPLE} ({error}).")
    except ParityError as error:
        return LocalEncoder(None, str(error))
    return LocalEncoder(
        checkpoint, f"{checkpoint.name}: vectors of {checkpoint.hidden_size} numbers, at most {checkpoint.max_tokens} tokens."
    )


def _to_download(name: str) -> LocalEncoder:
    if HF_HUB_OFFLINE:
        return LocalEncoder(
            None,
            f"{name} is not on this machine, and HF_HUB_OFFLINE forbids to download it. Check the spelling, choose a local folder or the "
            f"bundled encoder, or unset HF_HUB_OFFLINE; expected an id like {EXAMPLE}.",
        )
    return LocalEncoder(None, f"{name} is not on this machine; it is downloaded first, which needs a network.", missing=True)


def _key(choice: DataChoice) -> str:
    return json.dumps(choice.to_json(), sort_keys=True)


@lru_cache(maxsize=2)
def _prepared(choice: str) -> PreparedData:
    return load_prepared(dataset_store(), DataChoice.from_json(json.loads(choice)))


@lru_cache(maxsize=32)
def _data_sizes(choice: str) -> DataSizes:
    prepared = _prepared(choice)
    counts = class_counts(prepared)
    parts = {part: int(counts[part].sum()) for part in PARTS}
    source = split_facts(DataChoice.from_json(json.loads(choice)), prepared.frame)
    return DataSizes(len(prepared.frame), prepared.classes, parts, source)


@lru_cache(maxsize=2)
def _hashes(choice: str) -> np.ndarray:
    return hash_texts(_prepared(choice).frame["text"].tolist())


@lru_cache(maxsize=8)
def _texts_to_encode(features: Features, changed: int) -> int:
    """``changed`` is when a file came into the folder or left it."""
    return features.count_missing()


@lru_cache(maxsize=32)
def _class_weights(choice: str, rule: str) -> tuple[float, ...] | None:
    prepared = _prepared(choice)
    labels = pandas.Categorical(prepared.frame["label"], categories=list(prepared.classes)).codes.astype(np.int64)
    return class_weights(rule, prepared.classes, labels[(prepared.frame["split"] == PARTS[0]).to_numpy()])


@lru_cache(maxsize=32)
def _foreign_to(choice: str, checkpoint: Checkpoint) -> ForeignTexts:
    return foreign_texts(checkpoint, _prepared(choice).frame["text"].tolist())


@lru_cache(maxsize=32)
def _token_facts(choice: str, takes: str, folder: str, vocabulary_size: int, *stamps: tuple[str, int, int]) -> TokenFacts:
    frame = _prepared(choice).frame
    some = _sample(frame)
    texts, train = some["text"].tolist(), (some["split"] == PARTS[0]).to_numpy()
    sampled = len(some) < len(frame)
    if folder:
        return TokenFacts(np.array(token_counts(Path(folder), texts)), sampled=sampled)
    train_texts = some["text"][train].tolist()
    others = some["text"][~train].tolist()
    if takes == "terms":
        terms = Terms.fit(train_texts, vocabulary_size)
        lengths = (terms.rows(texts)[1] > 0).sum(axis=1)
        return TokenFacts(lengths, terms.size, texts_without_known_words(terms, others), len(others), sampled)
    words = train_words(train_texts, vocabulary_size)
    words.no_truncation()
    lengths = np.array([len(encoding.ids) for encoding in words.encode_batch_fast(texts)])
    return TokenFacts(lengths, words.get_vocab_size(), texts_without_known_words(words, others), len(others), sampled)


def _sample(frame: pandas.DataFrame) -> pandas.DataFrame:
    characters = float(frame["text"].str.len().mean())
    limit = min(SAMPLE_TEXTS, max(200, int(SAMPLE_CHARACTERS / max(1.0, characters))))
    return frame if len(frame) <= limit else frame.sample(limit, random_state=0)
