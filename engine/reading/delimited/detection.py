"""Which dialect explains the start of a text best, where its table begins, and whether its first row is a header."""

from __future__ import annotations

import io
import re
from collections import Counter
from dataclasses import dataclass, replace
from itertools import pairwise

from engine.reading.columns.header import detect_header
from engine.reading.columns.names import is_usual_name
from engine.reading.delimited.dialect import DELIMITERS, QUOTES, Dialect, check_characters
from engine.reading.delimited.lines import Lines, too_many_cells
from engine.reading.delimited.rows import Repairs, read_rows, unwrapped
from engine.reading.delimited.shape import Shape, shape_of
from engine.reading.extra_rows import filled, is_blank, is_comment, is_header_again, is_ruler, leading_rows, second_headers
from engine.reading.options import ReadingOptions
from engine.reading.table import MAX_COLUMNS

TRIED_CHARACTERS, TRIED_LINES, FEWEST_LINES = 2**16, 2000, 400
"""The part of a sample on which each layout is tried."""
RARE_IN_TEXTS = {"\t": 0.05, "\x01": 0.08, "\x1f": 0.08, "\x1e": 0.08, "||": 0.05, "::": 0.02, "|": 0.02, "^": 0.02, "~": 0.02, ";": 0.01}
"""What the character itself says for being a delimiter, as a part of all rows."""
NAMED_DELIMITER = re.compile(r'\ufeff?"?sep=(\t|[^\s"\w])"?[;,\t]*[ ]*', re.IGNORECASE)
"""The line by which a spreadsheet is told the delimiter."""


@dataclass(frozen=True)
class Layout:
    """How well one dialect explains a sample."""

    dialect: Dialect
    cells: int
    """The most frequent number of cells in a row, or that to which the rows can be joined."""
    share: float
    """The share of rows with that number."""
    first: int
    """Cells in the first row."""
    proper: int
    """Cells that open and close with the quote as they should."""
    needed: int
    """The cells among these that could not be read without it."""
    improper: int
    """Rows in which they do not."""
    untidy: bool
    """There are such rows, or rows with spaces after a closing quote."""
    spaced: bool = False
    """Nearly every cell but the first of a row begins with a space."""
    wrapped: bool = False
    """Each line is quoted as one cell."""


@dataclass(frozen=True)
class Detected:
    """How a text is read."""

    options: ReadingOptions
    """Every field that matters is filled in."""
    dialect: Dialect
    shape: Shape
    header: tuple[str, ...]
    """The cells of the header as they stand in the file, one for each column; empty where there is none."""
    below: list[list[str]]
    """The first rows below the header."""
    second: int
    """Rows below the header that describe the columns once more."""
    doubtful: bool
    """The sample holds quotes that are not as they should be."""
    skipped: tuple[str, ...]
    """The lines above the table."""
    notes: tuple[str, ...]


def detect(sample: str, complete: bool, name: str, options: ReadingOptions) -> Detected:
    """Fill in what the options leave open, from the start of a text; ``complete`` says that the sample is all of it."""
    check_characters(options)
    lines = list(io.StringIO(sample, newline=""))
    notes: list[str] = []
    skip, named = options.skip_rows or 0, None
    if options.skip_rows is None and lines and (named := NAMED_DELIMITER.fullmatch(lines[0].strip("\r\n"))):
        skip = 1
        notes.append(f"The first line says that cells are separated by {DELIMITERS.get(named[1], named[1])}.")
        options = options if options.delimiter else replace(options, delimiter=named[1])
    layout, sentences = choose_layout(*_tried(lines[skip:], complete), name, options)
    if options.skip_rows is None and (above := _lines_above(lines[skip:], complete, layout)):
        skip += above
        layout, sentences = choose_layout(*_tried(lines[skip:], complete), name, options)  # as when it is read again with these options
    notes += sentences
    if layout.cells > MAX_COLUMNS:
        raise too_many_cells(skip + 1)
    below_skip = "".join(lines[skip:])
    rows = _filled_rows(below_skip, complete, layout.dialect, Shape(layout.cells))
    header, undrawn = options.header, [row for row in rows if not is_ruler(row)]
    if header is None:
        header, sentence = detect_header(undrawn)
        notes.append(sentence)
    rows = undrawn if header else rows  # without a header, as where that is said
    columns, names, sentence = _columns(rows, layout, header)
    notes += [sentence] if sentence else []
    if columns > MAX_COLUMNS:
        raise too_many_cells(skip + 1)
    shape = shape_of(rows[1 if header else 0 :], columns)
    if (layout.cells == columns and layout.share < 1) or layout.cells != columns:
        rows = _filled_rows(below_skip, complete, layout.dialect, shape)
        shape = shape_of(rows[1 if header else 0 :], columns)
    dialect = layout.dialect
    filled_in = replace(
        options, delimiter=dialect.delimiter, quote=dialect.quote, escape=dialect.escape, header=header,
        skip_rows=skip if options.skip_rows is None else options.skip_rows,
    )  # fmt: skip
    below, doubtful = rows[1 if header else 0 :], layout.untidy or layout.wrapped
    second = second_headers(names, [row for row in below if not is_header_again(row, names)]) if names else 0
    skipped = tuple(line.strip("\r\n") for line in lines[:skip])
    return Detected(filled_in, dialect, shape, names, below, second, doubtful, skipped, tuple(notes))


def _tried(lines: list[str], complete: bool) -> tuple[str, bool]:
    """Return the lines on which layouts are tried, without comments above them, and whether they are the whole text."""
    first = 0
    while first < len(lines) and (not lines[first].strip() or is_comment([lines[first]], 2)):
        first += 1
    return _beginning(lines[first:] or lines, complete)


def _beginning(lines: list[str], complete: bool) -> tuple[str, bool]:
    size = 0
    for place, line in enumerate(lines):
        size += len(line)
        if (size > TRIED_CHARACTERS and place >= FEWEST_LINES) or place == TRIED_LINES:
            return "".join(lines[:place]), False
    return "".join(lines), complete


def _lines_above(lines: list[str], complete: bool, layout: Layout) -> int:
    """Return how many lines stand above the table."""
    numbered = numbered_rows(*_beginning(lines, complete), layout.dialect, Shape(layout.cells))
    above = leading_rows([row for _, row in numbered])
    return numbered[above][0] - 1 if 0 < above < len(numbered) else 0


def _columns(rows: list[list[str]], layout: Layout, header: bool) -> tuple[int, tuple[str, ...], str]:
    """Return the number of columns, the cells of the header, and a sentence where the two did not fit."""
    columns = max(layout.cells, 1)
    if not header or not rows:
        return columns, (), ""
    names = list(rows[0])
    if len(names) > columns and any(cell.strip() for cell in names[columns:]):
        columns = len(names)
    if len(names) == columns - 1:
        first = [row[0].strip() for row in rows[1:] if len(row) == columns]
        if len(first) > 1 and all(map(str.isdigit, first)) and all(int(b) == int(a) + 1 for a, b in pairwise(first)):
            sentence = "The header has one name less than the rows have cells: the first column, which counts the rows, has none."
            return columns, ("", *names), sentence
    written = len("\0".join(names).rstrip("\0 ").split("\0"))  # names up to the last one
    if 1 < written < columns and all(cell.strip() for cell in names[:written]) and (narrower := _narrower(rows[1:], written)):
        return written, tuple(names[:written]), narrower
    return columns, tuple((names + [""] * columns)[:columns]), ""


def _narrower(rows: list[list[str]], columns: int) -> str:
    """Return a sentence where rows have more cells than the header because their text holds delimiters; else an empty one."""
    longer = [row for row in rows if len(row) > columns]
    if not longer or (text := shape_of(rows, columns).text) is None or sum(bool(row[-1].strip()) for row in longer) < 0.5 * len(longer):
        return ""
    surplus = [cell for row in longer for cell in row[text + 1 : text + 1 + len(row) - columns]]
    if sum(cell.startswith(" ") for cell in surplus) < 0.6 * len(surplus):
        return ""  # a column whose name is missing, and no rest of a sentence
    return "Most rows have more cells than the header has names: what follows a delimiter in the text was joined to it again."


def _filled_rows(text: str, complete: bool, dialect: Dialect, shape: Shape) -> list[list[str]]:
    """Return the rows of a short text that are not blank; in a table of one column, spaces are a row."""
    rows = [row for _, row in numbered_rows(text, complete, dialect, shape) if row]
    return [row for row in rows if not is_blank(row)] if shape.columns > 1 else rows


def numbered_rows(text: str, complete: bool, dialect: Dialect, shape: Shape, repairs: Repairs | None = None) -> list[tuple[int, list[str]]]:
    """Return the rows of a short text, each with the line on which it starts; with ``repairs``, quoted cells are counted too."""
    lines = Lines(io.StringIO(text, newline=""), dialect, cut=not complete)
    return list(read_rows(lines, dialect, shape, repairs or Repairs(), repairs is not None))


def choose_layout(sample: str, complete: bool, name: str, options: ReadingOptions) -> tuple[Layout, list[str]]:
    """Return the dialect under which the rows have most evenly the same number of cells, and a sentence on each choice."""
    marks = [options.delimiter] if options.delimiter else [mark for mark in DELIMITERS if mark in sample]
    if "||" in marks and not options.delimiter:
        marks.remove("||" if sample.count("|") > 2.04 * sample.count("||") else "|")
    best = [best_layout(sample, complete, mark, options) for mark in marks]
    notes: list[str] = []
    layout = best[0] if options.delimiter else None
    if layout is None:
        layout, sentence = choose_delimiter(sample, best, name, options)
        notes.append(sentence)
    if layout.wrapped:
        notes.append("Every line is quoted as one cell; its inside was read.")
    if options.quote is None:
        notes.append(quote_note(layout))
    if layout.dialect.escape and options.escape is None:
        notes.append(f"A quote inside a cell is written {layout.dialect.escape}{layout.dialect.quote or layout.dialect.delimiter}.")
    return layout, notes


def choose_delimiter(sample: str, best: list[Layout], name: str, options: ReadingOptions) -> tuple[Layout, str]:
    """Return the layout of the best delimiter, and a sentence about it."""
    expected = "\t" if name.lower().removesuffix(".gz").endswith((".tsv", ".tab")) else ""

    def score(layout: Layout) -> float:
        mark = layout.dialect.delimiter
        quoted = 0.05 if layout.dialect.quote and layout.proper and not layout.improper else 0.0
        points = layout.share + quoted + RARE_IN_TEXTS.get(mark, 0) + 0.03 * (mark == expected) + 0.06 * (layout.first == layout.cells)
        return points - (0.12 * punctuation(sample, mark) if mark in ",;" else 0)

    usable = [
        layout for layout in best if layout.cells >= 2 and (layout.share >= 0.8 or (layout.share >= 0.4 and layout.first == layout.cells))
    ]
    if usable:
        layout = max(usable, key=score)
        rivals = [other for other in usable if other is not layout and score(other) > score(layout) - 0.03 and other.share > 0.98]
        sure = "" if layout.share > 0.98 and not rivals else " That is a guess: check the preview."
        mark = layout.dialect.delimiter
        return layout, (
            f"Cells are separated by {DELIMITERS.get(mark, mark)}: {layout.share:.0%} of the sampled rows have {layout.cells}.{sure}"
        )
    absent = next((mark for mark in (",", "\t", ";", "|", "\x1f") if mark not in sample), "\x1f")
    layout = best_layout(sample, True, absent, options)
    return replace(layout, cells=1), "No delimiter splits the rows evenly, so every line is one cell. Choose a delimiter if there is one."


def punctuation(sample: str, mark: str) -> float:
    """Return the share of a mark's places where it is punctuation or a decimal comma: before a space, or between digits."""
    sentence = len(re.findall(rf"(?<=\w){mark} (?=\w)", sample))
    decimal = len(re.findall(rf"(?<=\d){mark}(?=\d)", sample))
    return (sentence + decimal) / max(sample.count(mark), 1)


def best_layout(sample: str, complete: bool, delimiter: str, options: ReadingOptions) -> Layout:
    """Return the quoting that explains the sample best under one delimiter.

    Bare quotes, as people type them, open a cell without closing it: then reading without quoting keeps the rows even.
    """
    barred = False
    if delimiter == "|":
        bars = [line.strip() for line in io.StringIO(sample, newline="") if line.strip() and not line.lstrip().startswith("+-")]
        barred = len(bars) > 1 and sum(line.startswith("|") and line.endswith("|") for line in bars) >= 0.9 * len(bars)
    if barred:
        options = replace(options, quote="" if options.quote is None else options.quote)
    quotes = [options.quote] if options.quote is not None else [quote for quote in QUOTES if not quote or quote in sample]
    layouts: dict[str, Layout] = {}
    for quote in quotes:
        layout = best_escape(sample, complete, Dialect(delimiter, quote, spaced=barred, barred=barred), options.escape)
        if (quote and layout.share < 1) or layout.cells == 1 or layout.improper:
            layout = _wrapped(sample, complete, layout.dialect) or layout
        if layout.wrapped:
            return layout
        layouts[quote] = layout
    layout = layouts[options.quote] if options.quote is not None else _best_quote(sample, complete, layouts)
    return replace(layout, dialect=replace(layout.dialect, spaced=True)) if layout.spaced else layout


def _wrapped(sample: str, complete: bool, dialect: Dialect) -> Layout | None:
    """Return the layout inside lines of which each is quoted as one cell, or ``None`` where they are not."""
    lines = [line.strip("\r\n") for line in io.StringIO(sample, newline="") if line.strip()]
    inside = [unwrapped(line, dialect) for line in lines]
    if sum(line is not None for line in inside) < 0.5 * len(lines):
        return None
    text = "".join(f"{line if within is None else within}\n" for line, within in zip(lines, inside, strict=True))
    within = examine(text, complete, dialect)
    even = within.cells >= 2 and within.share >= 0.95 and within.first == within.cells
    return replace(within, wrapped=True) if even else None


def _best_quote(sample: str, complete: bool, layouts: dict[str, Layout]) -> Layout:
    bare = layouts[""]
    double, single = layouts.get('"', replace(bare, dialect=replace(bare.dialect, quote='"'))), layouts.get("'", bare)
    allowed = 0 if complete else 1  # the sample may end inside a quoted cell
    standard = double
    rows = max(sample.count("\n"), 1)
    # Quotes that no cell needs, and that are not the rule either, are characters of the texts.
    if double.improper > allowed and double.improper >= double.needed and double.proper < 0.5 * rows and bare.share >= double.share - 0.005:
        standard = bare
    single_is_clean = single.dialect.quote and single.proper >= 3 and single.improper <= max(allowed, 0.02 * single.proper)
    if single_is_clean and single.cells >= 2 and single.share > standard.share + 0.005:
        return single
    if single_is_clean and single.proper >= 0.5 * rows and double.proper == 0 and single.share >= standard.share:
        return single
    return standard


def best_escape(sample: str, complete: bool, dialect: Dialect, chosen: str | None) -> Layout:
    """Return the layout with the escape that explains the sample best."""
    quote, mark = dialect.quote, dialect.delimiter
    layout = best_spaces(sample, complete, replace(dialect, escape=chosen or ""))
    if chosen is not None or not ((quote and f"\\{quote}" in sample) or f"\\{mark}" in sample):
        return layout
    escaped = best_spaces(sample, complete, replace(dialect, escape="\\"))
    better = escaped.improper < layout.improper or escaped.share > layout.share + 0.005
    # Also where it changes no row: all quotes but those that open and close a cell are written so.
    alone = quote and not re.search(rf"[^\\{re.escape(mark + quote)}\r\n]{quote}(?=[^{re.escape(mark)}\r\n])", sample)
    return escaped if escaped.share >= layout.share and (better or (alone and escaped.improper == layout.improper)) else layout


def best_spaces(sample: str, complete: bool, dialect: Dialect) -> Layout:
    """Return the layout in which spaces before quotes are part of the layout, where most quotes stand so or all rows are even by it."""
    tight = examine(sample, complete, dialect)
    apart = sample.count(f"{dialect.delimiter} {dialect.quote}") if dialect.quote and not dialect.spaced else 0
    mostly = apart > 2 * sample.count(f"{dialect.delimiter}{dialect.quote}")
    if apart < 2 or (not mostly and tight.share == 1):
        return tight
    spaced = examine(sample, complete, replace(dialect, spaced=True))
    if not mostly:
        return spaced if spaced.improper <= tight.improper and spaced.share == 1 > tight.share else tight
    return spaced if (spaced.improper, -spaced.share) <= (tight.improper, -tight.share) and spaced.proper > tight.proper else tight


def examine(sample: str, complete: bool, dialect: Dialect) -> Layout:
    """Read the sample one way and count."""
    repairs = Repairs()
    rows = [row for _, row in numbered_rows(sample, complete, dialect, Shape(), repairs) if row and not is_ruler(row)]
    improper = len(repairs.unclosed) + len(repairs.loose)
    layout = Layout(dialect, 0, 0.0, 0, repairs.proper, repairs.needed, improper, improper + repairs.spaced > 0)
    if not rows or (len(rows) > 1 and all(len(row) > 1 and filled(row) <= 1 for row in rows)):
        return layout  # what parts empty cells only is no delimiter
    cells, count = Counter(map(len, rows)).most_common(1)[0]
    later = [cell for row in rows[1:] if len(row) == cells for cell in row[1:] if cell.strip()]
    spaced = len(rows) >= 3 and bool(later) and dialect.delimiter != " " and sum(cell[0] == " " for cell in later) >= 0.98 * len(later)
    return _joinable(rows, replace(layout, cells=cells, share=count / len(rows), first=len(rows[0]), spaced=spaced))


def _joinable(rows: list[list[str]], layout: Layout) -> Layout:
    """Return the layout of fewer cells to which uneven rows can be joined, where the first row and the classes say so."""
    named = any(map(is_usual_name, rows[0]))
    for fewest in [len(rows[0])] if named else sorted({min(map(len, rows)), 2}):
        if (whole := _joined_to(rows, layout, fewest)) is not None:
            return whole
    return layout


def _joined_to(rows: list[list[str]], layout: Layout, fewest: int) -> Layout | None:
    if fewest < 2 or (layout.share == 1 and fewest == layout.cells) or len(rows) <= 5:
        return None
    shape = shape_of(rows[1:], fewest)
    if shape.text is None or sum(len(row) >= fewest for row in rows) < 0.98 * len(rows):
        return None
    if fewest != layout.cells and layout.share > 0.98:  # all rows have more cells than the header: only where these are prose
        surplus = [cell for row in rows[1:] for cell in row[shape.text + 1 : shape.text + 1 + len(row) - fewest]]
        if not surplus or sum(cell.startswith(" ") for cell in surplus) < 0.8 * len(surplus):
            return None
    fitting = sum(len(row) == fewest or shape.joined(row, layout.dialect) is not None for row in rows) / len(rows)
    if fitting < 0.95:
        return None
    return replace(layout, cells=fewest, share=0.9 * fitting if fewest != layout.cells else max(layout.share, 0.9 * fitting))


def quote_note(layout: Layout) -> str:
    """One sentence on the quoting."""
    if layout.dialect.quote == "":
        return "Quote characters are part of the texts: they open without closing, so quoting is off."
    if layout.proper == 0:
        return "No cell of the sample is quoted."
    sure = f" {layout.improper:,} sampled cells open a quote without closing it: check the preview." if layout.improper > 1 else ""
    return f"Cells are quoted with {layout.dialect.quote}.{sure}"
