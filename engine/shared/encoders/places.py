"""Finds the files of an encoder within a folder: in the hub's cache, in either layout of sentence-transformers, one folder further down."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from engine.errors import EncoderError
from engine.shared.encoders.stated import read_stated, read_value

CACHED = "models--"
"""Begins the folder that the hub's client keeps for a model: ``models--organisation--name``."""

MODULES = ("Transformer", "Pooling", "Normalize")
"""The modules of sentence-transformers that both wings rebuild, in the only order in which they make sense."""


class Modules(NamedTuple):
    """What ``modules.json`` says of how token vectors become the vector of a text."""

    transformer: Path
    """The folder with config.json, weights and tokenizer: the whole model's, or ``0_Transformer`` in it as years ago."""
    pooling: str | None
    """The folder with the settings of the pooling."""
    normalize: bool


def chosen_folder(folder: Path) -> tuple[Path, str]:
    """Return the folder that holds a model, and the model's name: of the hub's cache, the snapshot that its ``refs/main`` names.

    Raises ``EncoderError`` where the cache holds no snapshot or several models.
    """
    folder = folder.absolute()
    if folder.name in ("snapshots", "refs", "blobs") and folder.parent.name.startswith(CACHED):
        folder = folder.parent
    if folder.name.startswith(CACHED):
        return _snapshot(folder), _hub_name(folder)
    if folder.parent.name == "snapshots" and folder.parent.parent.name.startswith(CACHED):
        return folder, _hub_name(folder.parent.parent)
    cached = sorted(path.name for path in folder.glob(f"{CACHED}*") if path.is_dir())
    if cached and not (folder / "config.json").exists():
        raise EncoderError(
            f"{folder} is a cache of the hub's client with {len(cached)} {'model' if len(cached) == 1 else 'models'}. Expected the folder "
            f"of one: {', '.join(cached[:5])}{' …' if len(cached) > 5 else ''}. Choose that."
        )
    return folder, folder.name


def _snapshot(cached: Path) -> Path:
    try:
        main = cached / "snapshots" / (cached / "refs" / "main").read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        main = cached / "snapshots"
    if main.name != "snapshots" and main.parent.name == "snapshots" and main.is_dir():
        return main
    snapshots = [path for path in cached.glob("snapshots/*") if path.is_dir()]
    if not snapshots:
        raise EncoderError(
            f"{cached} is the hub's cache of {_hub_name(cached)}, but holds no snapshot of it. Expected a folder in snapshots/. Give "
            f"{_hub_name(cached)} as the encoder, and it is downloaded."
        )
    return max(snapshots, key=lambda path: (path.stat().st_mtime_ns, path.name))


def _hub_name(cached: Path) -> str:
    return cached.name.removeprefix(CACHED).replace("--", "/")


def read_modules(folder: Path, name: str) -> Modules:
    """Return what ``modules.json`` says, or mean pooling over the folder's own model where there is none.

    Raises ``EncoderError`` for modules that the wings do not rebuild, and for folders outside the model's.
    """
    stated = read_value(folder, "modules.json", name)
    if stated is None:
        return Modules(folder, None, False)
    entries = [_module(entry) for entry in stated] if isinstance(stated, list) else []
    if not entries or None in entries:
        raise EncoderError(
            f"The modules.json of {name} cannot be read (it holds other things than modules). Expected a list of modules, each with a type "
            "and a path. Download the model again."
        )
    modules = [entry for entry in entries if entry is not None]
    unknown = [kind for kind, _ in modules if kind not in MODULES]
    if unknown:
        raise EncoderError(
            f"{name} passes its vectors through {', '.join(unknown)}, which this product does not rebuild in both frameworks. "
            "Expected only Transformer, Pooling and Normalize in modules.json. Choose another model."
        )
    kinds = [kind for kind, _ in modules]
    if kinds[0] != "Transformer" or kinds != sorted(set(kinds), key=MODULES.index):
        raise EncoderError(
            f"The modules.json of {name} names {', '.join(kinds)}. Expected one Transformer, then at most one Pooling, then at most one "
            "Normalize. Choose another model."
        )
    paths = dict(modules)
    for path in paths.values():
        if Path(path).is_absolute() or ".." in Path(path).parts:
            raise EncoderError(f"The modules.json of {name} leads out of the model's folder, to {path}. Expected folders in {folder}.")
    transformer = folder / paths["Transformer"]
    if not transformer.is_dir():
        raise EncoderError(
            f"{name} lacks the folder {paths['Transformer']}, which its modules.json names. Expected the transformer's files in it. "
            "Download the model again."
        )
    if "Normalize" in paths:
        _check_normalize(folder, paths["Normalize"], name)
    return Modules(transformer, paths.get("Pooling"), "Normalize" in paths)


def _module(entry: Any) -> tuple[str, str] | None:
    if not isinstance(entry, dict) or not isinstance(entry.get("type"), str) or not isinstance(entry.get("path"), str):
        return None
    return entry["type"].rsplit(".", 1)[-1], entry["path"]


def _check_normalize(folder: Path, path: str, name: str) -> None:
    settings = read_stated(folder, f"{path}/config.json", name) or {}
    if (input_name := settings.get("module_input_name")) not in (None, "sentence_embedding"):
        raise EncoderError(
            f"{name} normalises its {input_name}. Expected the pooled vectors (sentence_embedding) or none. Choose another model."
        )


def hint_at_model(folder: Path) -> str:
    """Say what a folder without ``config.json`` holds instead, and what to do; empty where nothing is seen."""
    if not any(folder.iterdir()):
        return f"{folder} is empty. "
    if (folder / "adapter_config.json").exists():
        return "It holds an adapter (LoRA), which is no model by itself: merge it into its base model and save that. "
    within = sorted(path.parent for path in folder.glob("*/config.json") if (path.parent / "tokenizer_config.json").exists())
    within = within or sorted(path.parent for path in folder.glob("*/modules.json"))
    if within:
        return f"A model seems to lie in {within[0]}: choose that folder. "
    return ""
