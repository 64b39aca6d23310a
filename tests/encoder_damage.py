"""Ways to change an encoder's folder: as people have them, and as they get damaged."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file, save_file
from tokenizers import Tokenizer

WORDS = "embeddings.word_embeddings.weight"
NAN = float("nan")


def write(path: Path, value: object) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(value), encoding="utf-8")


def change(path: Path, **values: object) -> None:
    write(path, json.loads(path.read_text()) | values if path.exists() else values)


def change_weights(folder: Path, **changes: Any) -> None:
    """Give some tensors another value, by a function of the one they have."""
    tensors = load_file(folder / "model.safetensors")
    for name, new in changes.items():
        tensors[name.replace("__", ".")] = new(tensors[name.replace("__", ".")])
    save_file(tensors, folder / "model.safetensors")


def with_value(*values: float) -> Callable[[np.ndarray], np.ndarray]:
    def change(tensor: np.ndarray) -> np.ndarray:
        tensor.flat[: len(values)] = values
        return tensor

    return change


def change_tokenizer(folder: Path, **values: object) -> None:
    change(folder / "tokenizer.json", **values)


def with_added(folder: Path, *words: str) -> None:
    """Tokens behind the vocabulary, without a vector."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.add_tokens(list(words))
    tokenizer.save(str(folder / "tokenizer.json"))


def as_word_list(folder: Path) -> list[str]:
    vocabulary = Tokenizer.from_file(str(folder / "tokenizer.json")).get_vocab()
    words = sorted(vocabulary, key=vocabulary.__getitem__)
    (folder / "vocab.txt").write_text("\n".join(words) + "\n", encoding="utf-8")
    (folder / "tokenizer.json").unlink()
    return words


def shard(folder: Path, **more: Any) -> None:
    tensors = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    names = sorted(tensors)
    parts = {name: f"model-0000{1 + position % 2}-of-00002.safetensors" for position, name in enumerate(names)}
    for part in sorted(set(parts.values())):
        save_file({name: tensors[name] for name in names if parts[name] == part}, folder / part)
    write(folder / "model.safetensors.index.json", {"weight_map": parts} | more)


def old_layout(folder: Path, name: str = "0_Transformer") -> None:
    inner = folder / name
    inner.mkdir()
    for file in ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"):
        (folder / file).rename(inner / file)
    write(folder / "config.json", {"__version__": "0.3.0"})
    modules = json.loads((folder / "modules.json").read_text())
    write(folder / "modules.json", [modules[0] | {"path": name}, *modules[1:]])


def replace_bytes(file: str, content: bytes) -> Callable[[Path], object]:
    return lambda folder: (folder / file).write_bytes(content)


def reencode(file: str, encoding: str) -> Callable[[Path], object]:
    return lambda folder: (folder / file).write_text((folder / file).read_text(), encoding=encoding)


def without(file: str, *fields: str) -> Callable[[Path], object]:
    def change(folder: Path) -> None:
        values = json.loads((folder / file).read_text())
        write(folder / file, {name: value for name, value in values.items() if name not in fields})

    return change


def config(**values: object) -> Callable[[Path], object]:
    return lambda folder: change(folder / "config.json", **values)


def settings(file: str, **values: object) -> Callable[[Path], object]:
    return lambda folder: change(folder / file, **values)


def nested(folder: Path) -> None:
    shutil.copytree(folder, folder.parent / "copy")
    shutil.rmtree(folder)
    shutil.move(folder.parent / "copy", folder / "all-MiniLM")


def emptied(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()


def rename_tensor(folder: Path, old: str, new: str) -> None:
    tensors = load_file(folder / "model.safetensors")
    save_file({new if name == old else name: tensor for name, tensor in tensors.items()}, folder / "model.safetensors")


def read_header(folder: Path) -> tuple[dict[str, Any], bytes]:
    content = (folder / "model.safetensors").read_bytes()
    size = int.from_bytes(content[:8], "little")
    return json.loads(content[8 : 8 + size]), content[8 + size :]


def lie_in_header(folder: Path, lie: Callable[[dict[str, Any]], object]) -> None:
    header, numbers = read_header(folder)
    lie(header)
    text = json.dumps(header).encode()
    (folder / "model.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + numbers)


def retype(folder: Path, name: str, dtype: str) -> None:
    """A type that NumPy has not, by hand: a quarter of the bytes."""
    change_weights(folder, **{name: lambda tensor: tensor.astype(np.int8)})
    lie_in_header(folder, lambda header: header[name].update(dtype=dtype))


def cut_off(folder: Path, amount: int) -> None:
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-amount])


def twice(folder: Path) -> None:
    tensors = load_file(folder / "model.safetensors")
    save_file(tensors | {f"bert.{WORDS}": tensors[WORDS] * 2}, folder / "model.safetensors")


def torn_link(folder: Path, name: str) -> None:
    (folder / name).unlink()
    (folder / name).symlink_to(folder / "nowhere")


def in_hub_cache(folder: Path, commit: str = "c" * 40, main: str | None = "c" * 40) -> Path:
    """The folder as the hub's client keeps it: links to blobs."""
    cached = folder.parent / "models--parity--mine"
    snapshot = cached / "snapshots" / commit
    shutil.copytree(folder, snapshot)
    (cached / "blobs").mkdir(exist_ok=True)
    for file in [path for path in snapshot.rglob("*") if path.is_file()]:
        blob = cached / "blobs" / f"{commit[:4]}-{file.name}-{file.parent.name}"
        file.rename(blob)
        file.symlink_to(blob)
    if main is not None:
        write(cached / "refs" / "main", main)
        (cached / "refs" / "main").write_text(main)
    return cached


def as_bfloat16(folder: Path) -> None:
    """By hand, for NumPy has no such type: the upper half of each float32."""
    tensors = load_file(folder / "model.safetensors")
    header, numbers = {}, b""
    for name, tensor in tensors.items():
        upper = (tensor.view(np.uint32) >> 16).astype("<u2").tobytes()
        header[name] = {"dtype": "BF16", "shape": list(tensor.shape), "data_offsets": [len(numbers), len(numbers) + len(upper)]}
        numbers += upper
    text = json.dumps(header).encode()
    (folder / "model.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + numbers)


def in_half_precision(folder: Path) -> None:
    tensors = load_file(folder / "model.safetensors")
    save_file({name: tensor.astype(np.float16) for name, tensor in tensors.items()}, folder / "model.safetensors")


def prefixed(folder: Path) -> None:
    tensors = load_file(folder / "model.safetensors")
    head = {"classifier.weight": np.full((3, 32), NAN, np.float32), "classifier.bias": np.zeros(3, np.int64)}
    save_file({f"bert.{name}": tensor for name, tensor in tensors.items()} | head, folder / "model.safetensors")
