"""Uploaded files, kept under the hash of their content, each with the choice that was last confirmed for it."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from engine.data.choice import DataChoice
from engine.errors import DataError, ExperimentError
from engine.files import read_json, write_atomically
from engine.reading.containers.limits import MAX_FILE_BYTES, refuse_empty_or_large
from engine.reading.containers.packing import files_below, pack
from engine.reading.options import ReadingOptions
from engine.reading.scratch import scratch_folder

SAMPLE = "sample"
SAMPLE_PATH = Path(__file__).resolve().parents[2] / "assets" / "support_messages.csv"


@dataclass(frozen=True)
class Dataset:
    """A stored file."""

    identifier: str
    """The first 16 hexadecimal digits of the SHA-256 of its bytes, or ``sample``."""
    name: str
    path: Path
    bytes: int
    added: float
    """Unix seconds."""


class DatasetStore:
    """The stored files below one folder: ``<identifier>/content``, ``about.json`` and ``choice.json``."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def add(self, name: str, source: bytes | BinaryIO | Path) -> Dataset:
        """Store a file; the same bytes are stored once. Raises ``DataError`` where it is empty, too large or cannot be written."""
        name = re.split(r"[\\/]", name)[-1].strip() or "file"
        try:
            return self._add(name, source)
        except OSError as error:
            raise DataError(
                f"“{name}” could not be stored: {error.strerror or error}. Expected room and permission to write in {self.root.name}. "
                "Free some space, or start the dashboard with another folder for its runs, then upload it again."
            ) from error

    def add_together(self, name: str, files: Mapping[str, Path | BinaryIO | bytes]) -> Dataset:
        """Store several files as one data set: packed into a zip under their paths, the same files always into the same one.

        ``files`` are paths with folders, as they shall stand in the archive, and what is stored under them. A single file is stored as it
        is. Raises ``DataError`` as :meth:`add`.
        """
        if len(files) == 1:
            return self.add(*next(iter(files.items())))
        with scratch_folder() as folder:
            packed = folder / "packed"
            pack(packed, files, name)
            return self.add(name if name.lower().endswith(".zip") else f"{name}.zip", packed)

    def add_folder(self, folder: Path) -> Dataset:
        """Store a folder with all files below it, hidden ones left out, as one data set."""
        return self.add_together(folder.resolve().name or "folder", files_below(folder))

    def _add(self, name: str, source: bytes | BinaryIO | Path) -> Dataset:
        self.root.mkdir(parents=True, exist_ok=True)
        digest, size = hashlib.sha256(), 0
        stream: BinaryIO = io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") if isinstance(source, Path) else source
        descriptor, unfinished = tempfile.mkstemp(dir=self.root, prefix=".unfinished-")
        try:
            with os.fdopen(descriptor, "wb") as out:
                while chunk := stream.read(2**20):
                    size += len(chunk)
                    if size > MAX_FILE_BYTES:
                        size += _remaining(stream)
                        break
                    digest.update(chunk)
                    out.write(chunk)
            refuse_empty_or_large(size, name)
            folder = self.root / digest.hexdigest()[:16]
            folder.mkdir(exist_ok=True)
            if not (folder / "content").exists():
                os.replace(unfinished, folder / "content")
        finally:
            Path(unfinished).unlink(missing_ok=True)
            if isinstance(source, Path):
                stream.close()
        write_atomically(folder / "about.json", json.dumps({"name": name, "added": time.time()}, ensure_ascii=False, indent=1))
        return self.get(folder.name)

    def list(self) -> list[Dataset]:
        """Return every stored file, newest first; half-written ones are passed over."""
        folders = sorted(self.root.iterdir()) if self.root.is_dir() else []
        datasets = []
        for folder in folders:
            try:
                datasets.append(self.get(folder.name))
            except DataError:
                continue
        return sorted(datasets, key=lambda dataset: (-dataset.added, dataset.identifier))

    def get(self, identifier: str) -> Dataset:
        """Return the file with this identifier. Raises ``DataError`` on one that is unknown or malformed."""
        if identifier == SAMPLE:
            if not SAMPLE_PATH.exists():
                raise DataError(f"The sample data is missing: expected {SAMPLE_PATH.name} in the assets folder. Install the product again.")
            about = SAMPLE_PATH.stat()
            return Dataset(SAMPLE, SAMPLE_PATH.name, SAMPLE_PATH, about.st_size, about.st_mtime)
        if re.fullmatch(r"[0-9a-f]{16}", identifier):
            content = self.root / identifier / "content"
            about_file = read_json(self.root / identifier / "about.json")
            if content.is_file() and about_file is not None:
                added = about_file.get("added")
                return Dataset(
                    identifier,
                    str(about_file.get("name", identifier)),
                    content,
                    content.stat().st_size,
                    float(added) if isinstance(added, (int, float)) else content.stat().st_mtime,
                )
        raise DataError(
            f"There is no stored file “{identifier[:40]}”. Expected “sample” or 16 hexadecimal digits of a file uploaded here. "
            "It may have been deleted: upload it again on the Data page."
        )

    def save_choice(self, choice: DataChoice) -> None:
        """Keep what was confirmed for a stored file, so that it is offered again."""
        self.get(choice.dataset)
        folder = self.root / choice.dataset
        try:
            folder.mkdir(parents=True, exist_ok=True)
            write_atomically(folder / "choice.json", json.dumps(choice.to_json(), ensure_ascii=False, indent=1))
        except OSError as error:
            raise DataError(
                f"The choice for “{choice.name}” could not be stored: {error.strerror or error}. Free some space, then confirm it again."
            ) from error

    def load_choice(self, identifier: str) -> DataChoice | None:
        """Return what was last confirmed for a stored file; ``None`` where nothing was, or where it can no longer be read."""
        self.get(identifier)
        values = read_json(self.root / identifier / "choice.json")
        if values is None:
            return None
        try:
            return DataChoice.from_json(values)
        except ExperimentError:
            return None


def sample_choice() -> DataChoice:
    """Return the bundled sample, ready to train."""
    reading = ReadingOptions(kind="csv", encoding="utf-8", delimiter=",", quote='"', header=True)
    return DataChoice(SAMPLE, SAMPLE_PATH.name, ("message",), "department", reading)


def _remaining(stream: BinaryIO) -> int:
    """Return the bytes left in a stream that can tell, so that the message can state the real size; else 0."""
    try:
        here = stream.tell()
        return stream.seek(0, io.SEEK_END) - here
    except (OSError, AttributeError, io.UnsupportedOperation):
        return 0
