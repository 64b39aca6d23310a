"""Text files in a folder for each class: the folder's name is the label, each file a text."""

from __future__ import annotations

import codecs
import zipfile
from collections.abc import Sequence
from dataclasses import replace

from engine.errors import DataError
from engine.reading.columns.part_names import part_of
from engine.reading.containers import limits
from engine.reading.containers.archives import Member
from engine.reading.containers.limits import MEBIBYTE
from engine.reading.containers.members import Selection, label_of
from engine.reading.encoding import MARKS, detect_encoding, refuse_binary
from engine.reading.finding import Finding
from engine.reading.options import ReadingOptions
from engine.reading.scratch import scratch_folder
from engine.reading.table import Table, frame_of, strings

SHOWN = 6


def read_text_folders(archive: zipfile.ZipFile, selection: Selection, name: str, options: ReadingOptions, limit: int | None) -> Table:
    """Read each text file as a row with its class folder as label, and its split where folders say one.

    Files in UTF-8 are read as such; all others in one encoding, which is detected from them together.
    """
    rows: list[tuple[Member, bytes, str, str, str]] = []
    unreadable: list[Member] = []
    taken = 0
    for part in selection.texts:
        if limit is not None and len(rows) >= limit:
            break
        content = b""
        with archive.open(part.member.info) as file:
            while chunk := file.read(MEBIBYTE):
                content += chunk
                taken += len(chunk)
                if taken > limits.MAX_DECOMPRESSED_BYTES:
                    raise limits.too_large(name, f"more than {limits.MAX_DECOMPRESSED_BYTES / MEBIBYTE:,.0f} MB")
        try:
            if not any(content.startswith(mark) for mark, _ in MARKS):
                refuse_binary(content[:65536], part.member.path)
        except DataError:
            unreadable.append(part.member)
            continue
        label, finer = label_of(part, selection.prefix)
        rows.append((part.member, content, label, finer, part.split))
    if not rows:
        raise DataError(f"“{name}” has class folders, but no file in them is text. Expected a text in each. Look at {unreadable[0].path}.")
    legacy = [content for _, content, *_ in rows if not _is_unicode(content)]
    encoding, notes, findings = _encoding_of(legacy, name, options.encoding)
    columns = {"text": [_decoded(content, encoding) for _, content, *_ in rows], "label": [label for _, _, label, _, _ in rows]}
    finer_folders, splits = [finer for *_, finer, _ in rows], [split for *_, split in rows]
    parts = {finer: part_of(finer) or "" for finer in set(finer_folders)}
    if not any(splits) and len(parts) > 1 and all(parts.values()):  # pos/train/1.txt in place of train/pos/1.txt
        finer_folders, splits = [""] * len(rows), [parts[finer] for finer in finer_folders]
    columns |= {name: values for name, values in (("subfolder", finer_folders), ("split", splits)) if any(values)}
    columns["file"] = [member.path for member, *_ in rows]
    if not legacy:
        notes.append("Every file is in UTF-8.")
    elif len(legacy) < len(rows):
        notes.append(
            f"{len(rows) - len(legacy):,} files are in UTF-8, {len(legacy):,} were read as {encoding}: look at their accented letters."
        )
    below = f" below “{selection.prefix}”" if selection.prefix else ""
    notes.insert(0, f"Each text file is a row, and the folder in which it lies{below} is its label.")
    resolved = replace(options, kind="texts", encoding=encoding, member=selection.prefix)
    frame = frame_of(list(columns), [strings(values) for values in columns.values()])
    return Table(frame, resolved, tuple(notes), (*findings, *_findings(selection, unreadable)))


def _findings(selection: Selection, unreadable: list[Member]) -> list[Finding]:
    findings = []
    if selection.left_out:
        what = "Left out, for not in a class folder or no text file"
        action = "Move them into a class folder if they are texts."
        findings.append(_finding("Files outside the class folders", selection.left_out, what, action, "members_left_out"))
    if unreadable:
        what, action = "Left out, for its bytes are no text", "Save them as text if they matter."
        findings.append(_finding("Files that are not text", unreadable, what, action, "files_not_text"))
    return findings


def _finding(title: str, members: Sequence[Member], what: str, action: str, code: str) -> Finding:
    shown = ", ".join(f"“{member.path}”" for member in members[:SHOWN]) + (" …" if len(members) > SHOWN else "")
    return Finding(title, len(members), f"{what}: {shown}.", action, code=code)


def _is_unicode(content: bytes) -> bool:
    if any(content.startswith(mark) for mark, _ in MARKS):
        return True
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _encoding_of(legacy: list[bytes], name: str, chosen: str | None) -> tuple[str, list[str], tuple[Finding, ...]]:
    """Return the encoding of the files that are not UTF-8, detected from all of them together."""
    if chosen is not None:
        try:
            "".encode(chosen)
        except LookupError as error:
            raise DataError(
                f"“{chosen}” is not a text encoding. Expected a name such as utf-8, cp1252 or utf-16. Choose another or detect it."
            ) from error
        return codecs.lookup(chosen).name, [], ()
    if not legacy:
        return "utf-8", [], ()
    with scratch_folder() as folder:
        pooled = folder / "content"
        pooled.write_bytes(b"\n".join(legacy))
        encoding = detect_encoding(pooled, name)
    return encoding.name, list(encoding.notes), encoding.findings


def _decoded(content: bytes, encoding: str) -> str:
    codec = next((codec for mark, codec in MARKS if content.startswith(mark)), "utf-8" if _is_unicode(content) else encoding)
    return content.decode(codec, "replace").replace("\r\n", "\n").strip()
