"""What is no table: recognised by its bytes, called what it is, with the way to a table."""

from __future__ import annotations

import re
import struct
from pathlib import Path

from engine.errors import DataError
from engine.reading.containers.limits import ACCEPTED

EXPORT = "Export the data in one of these formats and upload that."
FOREIGN = (
    (b"\x89PNG", "a PNG image"), (b"\xff\xd8\xff", "a JPEG image"), (b"GIF8", "a GIF image"), (b"II*\0", "a TIFF image"),
    (b"MM\0*", "a TIFF image"), (b"%PDF", "a PDF document"), (b"%!PS", "a PostScript document"), (b"{\\rtf", "an RTF document"),
    (b"7z\xbc\xaf", "a 7-Zip archive"), (b"Rar!", "a RAR archive"), (b"\x04\x22\x4d\x18", "an LZ4 archive"), (b"\x1f\x9d", "a .Z archive"),
    (b"\x7fELF", "a program"), (b"MZ\x90", "a program"), (b"SQLite format 3", "an SQLite database"), (b"\x89HDF", "an HDF5 file"),
    (b"\x93NUMPY", "a NumPy array"), (b"FEA1", "a Feather file of version 1"), (b"ORC", "an ORC file"), (b"Obj\x01", "an Avro file"),
    (b"RDX", "an R data file"), (b"<stata_dta>", "a Stata file"), (b"$FL2", "an SPSS file"), (b"OggS", "a sound file"),
    (b"ID3", "a sound file"), (b"fLaC", "a sound file"), (b"\0asm", "a program"),
)  # fmt: skip
PICKLE = re.compile(
    rb"\x80[\x01-\x05][\x28-\x95]|\(*[\]}]q\x00|[(\]}]?c[\w.]+\n\w+\n(?:[q(]|p0\n)|\(+(?:lp|dp)\d+\n|\((?:[dl]|[VSI][^\n]*\n)+p\d+\n(?:s?[SVIag])"
)
"""The first opcodes of protocols 0 to 5, in the order in which pickling writes them."""
BELOW = rb":[^\n]*\n  [A-Za-z_]\w*:(?:[ \t\r][^\n]*)?\n(?:(?:  [^\n]*|\r)?\n)*"
YAML = re.compile(
    rb"(?:#[^\n]*\n|---[ \t\r]*\n|version:[^\n]*\n|\s)*(?:nlu:[ \t\r]*\n\s*- (?:intent|synonym|regex|lookup):[^\n]*\n\s+examples:\s*[|>]"
    rb"|- ([A-Za-z_]\w*)" + BELOW + rb"(?:- \1" + BELOW + rb"){2})"
)
"""The start of Rasa's training data, or three objects of a list with the same first key, each with a second one below it."""
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""The container of Office's old formats, and of locked new ones."""
BOOKS = {"Workbook", "Book", "WORKBOOK", "BOOK"}
"""The names of the stream that is an old workbook."""


def not_a_table(name: str, what: str, remedy: str = EXPORT) -> DataError:
    """Return the error about a file that is something else."""
    return DataError(f"“{name}” is {what}, not a table. Expected {ACCEPTED}. {remedy}")


def refuse_foreign(start: bytes, name: str) -> None:
    """Raise ``DataError`` where the first bytes are those of something that is known and is no table."""
    for magic, description in FOREIGN:
        if start.startswith(magic) and (magic[:1] > b"\x80" or b"\0" in start[:512] or not magic.isalnum()):
            raise not_a_table(name, description)
    if PICKLE.match(start):
        raise not_a_table(name, "a Python pickle", "A pickle can run any program when it is loaded, so none is. Save the table as CSV.")
    if start[257:262] == b"ustar":
        raise not_a_table(name, "a tar archive", "Pack the same files into a .zip, which is read, or unpack it and upload the table.")
    if start[:4] == b"RIFF" and start[8:12] in (b"WAVE", b"WEBP", b"AVI "):
        raise not_a_table(name, {b"WAVE": "a sound file", b"WEBP": "a WebP image", b"AVI ": "a film"}[start[8:12]])
    if start[8:12] == b"DUCK":
        raise not_a_table(name, "a DuckDB database")
    if start[4:8] == b"ftyp":
        raise not_a_table(name, "a film or picture")
    first = start.removeprefix(b"\xef\xbb\xbf").lstrip()[:65536]
    if first.startswith(b"version https://git-lfs.github.com/spec"):
        raise not_a_table(name, "a pointer of Git LFS", "The file itself was never downloaded: run git lfs pull, then upload it.")
    if re.match(rb"(?:%[^\n]*\n|\s)*@relation\s", first, re.IGNORECASE) and re.search(rb"\n@attribute\s", first, re.IGNORECASE):
        raise not_a_table(name, "an ARFF file of Weka", "Save it as CSV there and upload that.")
    if re.match(rb"(?://[^\n]*\n|\s)*(?:(?:var|let|const)\s+\w+\s*=|export\s+default)\s*[\[{]", first):
        raise not_a_table(name, "a JavaScript file", "Keep only the list or object in it, and save that as .json.")
    _refuse_markup(first, name)
    if first.startswith(b"<?xml") or _is_xml(first, len(start) < 65536):
        raise not_a_table(name, "an XML document")
    if YAML.match(first):
        raise not_a_table(name, "a YAML file", "Save its texts and labels as CSV or as a JSON list of objects, and upload that.")


def _is_xml(first: bytes, whole: bool) -> bool:
    """Return whether one element holds all, without a prolog: as a row of a table it would end in its line, or come again."""
    root = re.match(rb"<([A-Za-z_][\w.:-]*)(?:\s[^<>]*)?>\s*<([A-Za-z_][\w.:-]*)[\s/>]", first)
    if root is None or len(re.findall(rb"<" + re.escape(root[1]) + rb"[\s/>]", first)) > 1:
        return False
    before, end, after = first.partition(b"</" + root[1] + b">")
    return bool(end) and not after.strip() if whole else not end and before.count(b"</" + root[2] + b">") > 2


def _refuse_markup(first: bytes, name: str) -> None:
    head = first[:400].lower()
    spreadsheet = name.lower().endswith((".xls", ".xlsx"))
    if head.startswith(b"<?xml") and b"urn:schemas-microsoft-com:office:spreadsheet" in first[:4096]:
        raise not_a_table(name, "a spreadsheet in the XML of Excel 2003", "Open it in a spreadsheet program and save it as .xlsx.")
    if head.startswith(b"mime-version:") and b"multipart/" in first[:2000].lower():
        raise not_a_table(name, "a web archive (MHTML)", "Open it in a spreadsheet program or a browser and save the table as .xlsx.")
    page = head.startswith((b"<!doctype html", b"<html")) or (head.startswith(b"<?xml") and b"<html" in head)
    fragment = re.match(rb"<(?:table|meta|head|style|body|div)\b", head) and (spreadsheet or b"<tr" in first.lower())
    if page or fragment:
        remedy = (
            "Programs on the web often call such a page a spreadsheet: open it in a spreadsheet program and save it as .xlsx."
            if spreadsheet or b"<tr" in first.lower()
            else "It was probably saved from a page that shows the file: download the file itself."
        )
        raise not_a_table(name, "a web page (HTML)", remedy)


def kind_of_ole(path: Path, name: str) -> str:
    """Return ``excel`` for an old workbook. Raises ``DataError`` on a locked workbook and on every other document in this container."""
    try:
        starts = _ole_streams(path)
    except (struct.error, IndexError, ValueError, OSError) as error:
        raise DataError(f"“{name}” is a damaged Office document. Expected {ACCEPTED}. Save or download it again.") from error
    entries = set(starts)
    if entries & {"EncryptionInfo", "EncryptedPackage"} or any(_asks_for_password(starts[book]) for book in entries & BOOKS):
        raise locked(name)
    for stream, description in (
        ("WordDocument", "an old Word document (.doc)"),
        ("PowerPoint Document", "an old PowerPoint presentation (.ppt)"),
        ("__properties_version1.0", "an Outlook message (.msg)"),
        ("VisioDocument", "a Visio drawing"),
    ):
        if stream in entries:
            raise not_a_table(name, description)
    if entries & BOOKS:
        return "excel"
    raise not_a_table(name, "an old Office document without a workbook")


def locked(name: str) -> DataError:
    """Return the error about a workbook or archive that only a password opens."""
    return DataError(
        f"“{name}” is locked with a password, so nothing in it can be read. Expected a file without one. "
        "Open it where it was made, remove the password, and save it again."
    )


def _asks_for_password(start: bytes) -> bool:
    """Return whether one of the first records of an old workbook says that the rest is encrypted."""
    place = 0
    while place + 4 <= len(start):
        kind, size = struct.unpack_from("<HH", start, place)
        if kind == 0x2F:
            return True
        place += 4 + size
    return False


def _ole_streams(path: Path) -> dict[str, bytes]:
    """Return what lies directly below the root of an OLE container, by name with its first bytes; embedded documents lie deeper."""
    data = path.read_bytes()
    sector = 1 << min(struct.unpack_from("<H", data, 30)[0], 16)
    table: list[int] = []
    for number in [n for n in struct.unpack_from("<109I", data, 76) if n < 0xFFFFFFFA]:
        table += struct.unpack_from(f"<{sector // 4}I", data, (number + 1) * sector)
    directory, number = bytearray(), struct.unpack_from("<I", data, 48)[0]
    visited: set[int] = set()
    while number < 0xFFFFFFFA and number not in visited and len(visited) < 4096:
        visited.add(number)
        directory += data[(number + 1) * sector : (number + 2) * sector]
        number = table[number]
    streams: dict[str, bytes] = {}
    pending, seen = [struct.unpack_from("<I", directory, 76)[0]], set()  # the root's child, then brothers left and right
    while pending:
        entry = pending.pop()
        if entry in seen or (entry + 1) * 128 > len(directory):
            continue
        seen.add(entry)
        size = struct.unpack_from("<H", directory, entry * 128 + 64)[0]
        name = directory[entry * 128 : entry * 128 + max(size - 2, 0)].decode("utf-16-le", "replace")
        first = struct.unpack_from("<I", directory, entry * 128 + 116)[0] + 1
        streams[name] = data[first * sector : (first + 1) * sector]
        pending += struct.unpack_from("<2I", directory, entry * 128 + 68)
    return streams
