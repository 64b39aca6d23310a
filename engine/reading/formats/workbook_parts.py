"""What the parts of a workbook hold and no parser tells: errors, formulas without a value; and the proof that they are harmless."""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO
from xml.etree import ElementTree

from engine.errors import DataError
from engine.reading.containers import limits
from engine.reading.containers.archives import DAMAGE
from engine.reading.containers.foreign import locked
from engine.reading.containers.limits import MEBIBYTE
from engine.reading.table import MAX_COLUMNS, unique_names

CONTENT = "content.xml"
"""The part of an OpenDocument with all its sheets."""
MAX_CELLS = 30_000_000
"""The rectangle around all filled cells of a sheet; the parser takes memory for each cell of it."""
ERROR_CELL = re.compile(rb'<c [^>]*\bt="e"')
UNCOMPUTED_CELL = re.compile(rb'<c (?![^>]*\bt="(?:str|e)")[^>]*>\s*(?:<f[^>]*/>|<f[^>]*>[^<]*</f>)\s*(?:<v\s*/>|<v></v>)?\s*</c>')
"""A string that a formula gave may be empty; any other cell has a value once it was computed."""
ROW = re.compile(rb'<row [^>]*\br="(\d{1,7})"')
FAR_COLUMN = re.compile(rb'<c [^>]*\br="([A-Z]{2,3})\d')


@dataclass
class SheetFacts:
    """What stands in the XML of a sheet and no parser tells."""

    errors: int = 0
    """Cells with an error, such as ``#N/A``."""
    uncomputed: int = 0
    """Cells with a formula and no value."""
    rows: int = 0
    """The number of the last row."""
    column: bytes = b""
    """The letters of the last column, where they are two or more."""
    merged: list[tuple[int, int, int]] = field(default_factory=list)
    """Merged cells over several rows that the parser does not tell: first and last row (from 1) and column (from 0)."""
    looked_into: bool = False
    """The XML of an OpenDocument holds errors or cells over several rows, which is worth a second look."""


def verify_workbook(file: BinaryIO, name: str, limit: int | None = None) -> dict[str, SheetFacts]:
    """Unpack every part of a workbook once, counting, before a parser sees it; returns what the XML of each sheet says, by its part.

    The sizes in a zip directory are a claim; this is the proof. Raises ``DataError`` past the limit, on damage, and on XML that
    declares entities, which no spreadsheet program writes and which can unfold without end.
    """
    limit = limits.MAX_DECOMPRESSED_BYTES if limit is None else limit
    total = 0
    sheets: dict[str, SheetFacts] = {}
    try:
        with zipfile.ZipFile(file) as archive:
            for member in archive.infolist():
                if member.flag_bits & 1:
                    raise locked(name)
                before = pending = b""
                # The manifest of old OpenDocument files names its document type; no parser here reads it.
                is_xml = member.filename.endswith((".xml", ".rels")) and member.filename != "META-INF/manifest.xml"
                is_sheet = member.filename.startswith("xl/worksheets/") or member.filename == CONTENT
                facts = sheets.setdefault(member.filename, SheetFacts()) if is_sheet else None
                with archive.open(member) as part:
                    while chunk := part.read(MEBIBYTE):
                        total += len(chunk)
                        if total > limit:
                            raise DataError(
                                f"“{name}” unfolds to more than {limit / MEBIBYTE:,.0f} MB. Reading was stopped there. "
                                "Save the sheet as CSV and upload that."
                            )
                        seam = before + chunk
                        if is_xml and b"<!" in seam and (b"<!DOCTYPE" in seam or b"<!ENTITY" in seam):
                            raise DataError(
                                f"“{name}” declares XML entities in {member.filename}, which no spreadsheet program writes. "
                                "It was not read. Save it anew from a spreadsheet program, or as CSV."
                            )
                        before = chunk[-32:]
                        if member.filename == CONTENT:
                            sheets[CONTENT].looked_into |= b"rows-spanned=" in seam or b'"error"' in seam
                        elif facts is not None:
                            pending = _count_cells(pending + chunk, facts)
                if facts is not None and member.filename != CONTENT:
                    _count_cells(pending + b"<c ", facts)
    except DAMAGE as error:
        raise DataError(f"“{name}” is damaged ({type(error).__name__}: {error}). Expected a readable workbook. Save it again.") from error
    return sheets


def _count_cells(xml: bytes, facts: SheetFacts) -> bytes:
    """Count in the whole cells of a piece of a sheet; returns the part of the last one, for the next piece."""
    end = xml.rfind(b"<c ")
    if end < 0:
        return xml if len(xml) < 4 * MEBIBYTE else b""
    whole = xml[:end]
    facts.errors += len(ERROR_CELL.findall(whole))
    if b"<f" in whole:
        facts.uncomputed += len(UNCOMPUTED_CELL.findall(whole))
    facts.rows = max([facts.rows, *map(int, ROW.findall(whole))])
    facts.column = max([facts.column, *FAR_COLUMN.findall(whole)], key=lambda letters: (len(letters), letters))
    return xml[end:]


def facts_of(path: Path, name: str) -> dict[str, SheetFacts]:
    """Return what the XML of each sheet says, by its title, after the whole archive was verified; nothing for other formats."""
    if not zipfile.is_zipfile(path):
        return {}
    with path.open("rb") as file:
        parts = verify_workbook(file, name)
    if CONTENT in parts:
        return _open_document_facts(path) if parts[CONTENT].looked_into else {}
    try:
        with zipfile.ZipFile(path) as archive:
            targets = {
                item.get("Id"): item.get("Target", "") for item in ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
            }
            book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
    except (KeyError, ElementTree.ParseError):
        return {}
    facts = {}
    for item in book.iter():
        if item.tag.rpartition("}")[2] == "sheet":
            reference = next((value for key, value in item.attrib.items() if key.rpartition("}")[2] == "id"), None)
            target = targets.get(reference, "").lstrip("/")
            facts[item.get("name", "")] = parts.get(target if target.startswith("xl/") else f"xl/{target}", SheetFacts())
    for title, fact in facts.items():
        columns = _column_number(fact.column)
        if columns > MAX_COLUMNS and fact.rows > 1:
            unique_names([""] * columns)
        if fact.rows * max(columns, 26 if fact.rows > MAX_CELLS // 26 else 1) > MAX_CELLS:
            raise DataError(
                f"The sheet “{title}” of “{name}” reaches down to row {fact.rows:,}, which makes more than {MAX_CELLS:,} cells. "
                "Expected a table without stray cells far away. Delete the empty rows and columns around the table, or save it as CSV."
            )
    return facts


def _open_document_facts(path: Path) -> dict[str, SheetFacts]:
    """Return the cells with an error and those that span rows, by the sheet's title."""
    facts: dict[str, SheetFacts] = {}
    row = column = 0
    current = SheetFacts()
    with zipfile.ZipFile(path) as archive, archive.open(CONTENT) as part:
        for event, element in ElementTree.iterparse(part, events=("start", "end")):
            tag = element.tag.rpartition("}")[2]
            values = {key.rpartition("}")[2]: value for key, value in element.attrib.items()}
            if event == "start" and tag == "table":
                row, current = 0, facts.setdefault(values.get("name", ""), SheetFacts())
            elif event == "start" and tag == "table-row":
                column = 0
            elif event == "end" and tag in ("table-cell", "covered-table-cell"):
                repeated = _number(values.get("number-columns-repeated"))
                if (span := _number(values.get("number-rows-spanned"))) > 1:
                    current.merged.append((row + 1, row + span, column))
                kinds = [value for key, value in element.attrib.items() if key.endswith("}value-type")]
                if "error" in kinds and values.get("string-value") == "":  # else the parser gives the error's own text
                    current.errors += repeated
                column += repeated
            elif event == "end" and tag == "table-row":
                row += _number(values.get("number-rows-repeated"))
                element.clear()
    return facts


def _number(digits: str | None) -> int:
    return int(digits) if digits and digits.isdigit() and len(digits) < 9 else 1


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
