"""What a file really is: told from its first bytes, never from its name; and its bytes without compression, within limits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from engine.errors import DataError
from engine.reading.containers import limits
from engine.reading.containers.archives import kind_of_archive
from engine.reading.containers.compression import ENDINGS, compression_of, unfold
from engine.reading.containers.foreign import OLE, kind_of_ole, not_a_table, refuse_foreign
from engine.reading.containers.limits import refuse_empty_or_large
from engine.reading.encoding import MARKS
from engine.reading.formats.columnar import ARROW_FILE
from engine.reading.formats.labelled_lines import shape_of_lines
from engine.reading.json_files.parsing import looks_like_json
from engine.reading.scratch import scratch_folder

START_BYTES = 65536
TEXT_KINDS = {"csv", "json", "lines"}
"""Any text may be read as any of these."""
KINDS = {
    "csv": "a delimited text file", "json": "JSON", "parquet": "Parquet", "arrow": "Arrow", "excel": "an Excel workbook",
    "lines": "lines that begin or end with their label", "texts": "text files in a folder for each class",
}  # fmt: skip
EXTENSIONS = {
    ".csv": "csv", ".tsv": "csv", ".tab": "csv", ".txt": "csv", ".jsonl": "json", ".ndjson": "json", ".json": "json",
    ".parquet": "parquet", ".pq": "parquet", ".arrow": "arrow", ".feather": "arrow",
    ".xlsx": "excel", ".xlsm": "excel", ".xls": "excel", ".xlsb": "excel", ".ods": "excel",
}  # fmt: skip
ARCHIVE = "zip"


@dataclass(frozen=True)
class Content:
    """The uncompressed bytes of a file, for as long as it is held open."""

    path: Path
    kind: str
    """A key of ``KINDS``, or ``zip`` for an archive, which may hold any of them."""
    container: str
    """The compression that was taken off, ``zip`` for an archive, or the empty string."""
    bytes: int
    notes: tuple[str, ...]


@contextmanager
def opened(path: Path, name: str, kind: str | None = None) -> Iterator[Content]:
    """Hold the file open as its uncompressed bytes. ``kind`` overrules what the content says among the text formats.

    Raises ``DataError`` where the file is empty, too large, not a table, or unfolds to more than is allowed.
    """
    size = path.stat().st_size
    refuse_empty_or_large(size, name)
    container = compression_of(_start(path))
    if not container:
        content_kind = kind_of(_start(path), path, name)
        found = ARCHIVE if content_kind == ARCHIVE else ""
        yield Content(path, chosen_kind(content_kind, kind, name), found, size, extension_notes(name, content_kind, found))
        return
    with scratch_folder() as folder:
        unfolded = folder / "content"
        size = unfold(path, unfolded, name, container)
        refuse_empty_or_large(size, name, limit=limits.MAX_DECOMPRESSED_BYTES)
        start = _start(unfolded)
        if compression_of(start):
            raise not_a_table(name, f"compressed twice ({container}, then {compression_of(start)})", "Unpack it once and upload that.")
        content_kind = kind_of(start, unfolded, name)
        if content_kind == ARCHIVE:
            raise not_a_table(name, f"a zip archive inside a {ENDINGS[container]} file", "Unpack it once and upload the .zip inside.")
        yield Content(unfolded, chosen_kind(content_kind, kind, name), container, size, extension_notes(name, content_kind, container))


def kind_of(start: bytes, path: Path, name: str) -> str:
    """Return a key of ``KINDS`` or ``zip``, from the content. Raises ``DataError`` on anything else that is recognised."""
    if start.startswith(b"PAR1"):
        return "parquet"
    if start.startswith(ARROW_FILE) or (start.startswith(b"\xff\xff\xff\xff") and start[6:8] == b"\0\0"):
        return "arrow"
    if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return kind_of_archive(path, name)
    if start.startswith(OLE[:4]):
        return kind_of_ole(path, name)
    refuse_foreign(start, name)
    text = _text_of(start)
    if looks_like_json(start, name):
        return "json"
    return "lines" if shape_of_lines(text) else "csv"


def chosen_kind(content_kind: str, chosen: str | None, name: str) -> str:
    """Return the kind to read as: the person's choice where the content allows it. Raises ``DataError`` on a choice that it does not."""
    if chosen is not None and chosen not in KINDS:
        raise DataError(f"“{chosen}” is not a kind of file. Expected one of {', '.join(KINDS)}. Choose one of them, or let it be detected.")
    if chosen is None or chosen == content_kind or content_kind == ARCHIVE:
        return content_kind
    if {content_kind, chosen} <= TEXT_KINDS:
        return chosen
    raise DataError(
        f"“{name}” cannot be read as {KINDS[chosen]}: its content is {KINDS[content_kind]}. Choose {content_kind}, or let the kind of "
        "file be detected."
    )


def extension_notes(name: str, content_kind: str, container: str) -> tuple[str, ...]:
    """Return a sentence where the file's name says something else than its content."""
    lower = name.lower()
    notes = []
    named = next((way for way, ending in ENDINGS.items() if lower.endswith(ending)), "")
    if container in ENDINGS and named != container:
        notes.append(f"The content is compressed with {container} although the name does not end in {ENDINGS[container]}; it was unpacked.")
    elif named and not container:
        notes.append(f"The name ends in {ENDINGS[named]}, but the content is not compressed; it was read as it is.")
    extension = Path(lower.removesuffix(ENDINGS.get(named, ""))).suffix
    if content_kind == ARCHIVE:
        return (*notes, f"The name ends in {extension}, but the content is a zip archive.") if extension not in ("", ".zip") else ()
    expected = EXTENSIONS.get(extension)
    if content_kind == "lines" and expected in (None, "csv"):  # such files are called .txt, .csv, .ft or after their part
        return tuple(notes)
    if expected != content_kind and (expected is not None or extension):
        notes.append(f"The name ends in {extension}, but the content is {KINDS[content_kind]}; the content decides.")
    return tuple(notes)


def _start(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(START_BYTES)


def _text_of(start: bytes) -> str:
    """Return the first characters of a text well enough to tell its layout; letters beyond ASCII do not matter for that."""
    codec = next((codec for mark, codec in MARKS if start.startswith(mark)), None)
    if codec is None:
        wide = start[:400]
        even, odd = wide[0::2].count(0), wide[1::2].count(0)
        codec = "utf-16-le" if odd > 0.3 * len(wide) else "utf-16-be" if even > 0.3 * len(wide) else "utf-8"
    text = start.decode(codec, "replace")
    return text[: text.rfind("\n") + 1] or text if len(start) == START_BYTES else text
