"""How a delimited text is laid out: which character parts the cells, and which one quotes them."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass, replace

from engine.data.choice import ReadingOptions
from engine.data.reading.header import detect_header
from engine.errors import DataError

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
QUOTES = ('"', "'", "")


@dataclass(frozen=True)
class Layout:
    """How well one pair of delimiter and quote explains a sample."""

    delimiter: str
    quote: str
    cells: int
    """The most frequent number of cells in a row."""
    share: float
    """The share of rows with that number."""
    first: int
    """Cells in the first row."""
    proper: int
    """Cells that open and close with the quote as they should."""
    improper: int


def detect_layout(sample: str, complete: bool, name: str, options: ReadingOptions) -> tuple[ReadingOptions, int, list[str]]:
    """Fill in delimiter, quote and header from the start of a text; also the number of columns and a sentence on each finding.

    ``complete`` says that the sample is the whole file. Options that are given are kept.
    """
    check_characters(options)
    delimiters = [options.delimiter] if options.delimiter else [mark for mark in DELIMITERS if mark in sample]
    best = {mark: best_quote(sample, complete, mark, options.quote) for mark in delimiters}
    notes: list[str] = []
    if options.delimiter:
        layout = best[options.delimiter]
    else:
        layout, sentence = choose_delimiter(sample, best, name, options.quote)
        notes.append(sentence)
    if options.quote is None:
        notes.append(quote_note(layout))
    rows = parse(sample, layout.delimiter, layout.quote)
    header = options.header
    if header is None:
        header, sentence = detect_header([row for row in rows if row])
        notes.append(sentence)
    cells = max(layout.cells, 1)
    return replace(options, delimiter=layout.delimiter, quote=layout.quote, header=header), cells, notes


def check_characters(options: ReadingOptions) -> None:
    """Raise ``DataError`` on a delimiter or quote that is not one usable character."""
    if options.delimiter is not None and (len(options.delimiter) != 1 or options.delimiter in "\r\n\0"):
        raise DataError(
            f"The delimiter {options.delimiter!r} cannot be used. Expected one character, such as a comma or a tab. Choose another."
        )
    if options.quote and (len(options.quote) != 1 or options.quote in "\r\n\0" or options.quote == options.delimiter):
        raise DataError(
            f"The quote {options.quote!r} cannot be used. Expected one character other than the delimiter, or none. Choose another."
        )


def choose_delimiter(sample: str, best: dict[str, Layout], name: str, quote: str | None) -> tuple[Layout, str]:
    """Return the delimiter under which the rows have most evenly the same number of cells, and a sentence about it."""
    try:
        sniffed = csv.Sniffer().sniff(sample[:65536], delimiters="".join(DELIMITERS)).delimiter
    except csv.Error:  # raised on every file of one column
        sniffed = ""
    expected = "\t" if name.lower().removesuffix(".gz").endswith((".tsv", ".tab")) else ""

    def score(layout: Layout) -> float:
        quoted = 0.05 if layout.quote and layout.proper and not layout.improper else 0.0
        return layout.share + quoted + 0.03 * (layout.delimiter == sniffed) + 0.03 * (layout.delimiter == expected)

    usable = [
        layout
        for layout in best.values()
        if layout.cells >= 2 and (layout.share >= 0.8 or (layout.share >= 0.4 and layout.first == layout.cells))
    ]
    if usable:
        layout = max(usable, key=score)
        sure = "" if layout.share > 0.98 else " That is a guess: check the preview."
        return layout, (
            f"Cells are separated by {DELIMITERS[layout.delimiter]}: {layout.share:.0%} of the sampled rows have {layout.cells}.{sure}"
        )
    absent = next((mark for mark in (",", "\t", ";", "|", "\x1f") if mark not in sample), "\x1f")
    layout = best_quote(sample, True, absent, quote)
    return replace(layout, cells=1), "No delimiter splits the rows evenly, so every line is one cell. Choose a delimiter if there is one."


def best_quote(sample: str, complete: bool, delimiter: str, quote_option: str | None) -> Layout:
    """Return the quoting that explains the sample best under one delimiter.

    Bare quotes, as people type them, open a cell without closing it: then reading without quoting keeps the rows even.
    """
    if quote_option is not None:
        return examine(sample, delimiter, quote_option)
    double, single, bare = (examine(sample, delimiter, quote) for quote in QUOTES)
    allowed = 0 if complete else 1  # the sample may end inside a quoted cell
    standard = double
    if double.improper > allowed and (bare.share >= double.share or double.improper > double.proper):
        standard = bare
    rows = max(sample.count("\n"), 1)
    single_is_clean = single.proper >= 3 and single.improper <= max(allowed, 0.02 * single.proper)
    if single_is_clean and single.cells >= 2 and single.share > standard.share + 0.005:
        return single
    if single_is_clean and single.proper >= 0.5 * rows and double.proper == 0 and single.share >= standard.share:
        return single
    return standard


def examine(sample: str, delimiter: str, quote: str) -> Layout:
    """Parse the sample one way and count."""
    counts = [len(row) for row in parse(sample, delimiter, quote) if row]
    proper = improper = 0
    if quote:
        mark, stop = re.escape(quote), rf"(?:[{re.escape(delimiter)}\r\n]|\Z)"
        pattern = rf"(?:(?<=[{re.escape(delimiter)}\n\r])|\A){mark}(?:(?P<proper>(?:[^{mark}]|{mark}{mark})*+{mark} *(?={stop}))|)"
        for match in re.finditer(pattern, sample):
            if match["proper"] is None:
                improper += 1
            else:
                proper += 1
    if not counts:
        return Layout(delimiter, quote, 0, 0.0, 0, proper, improper)
    cells, rows = Counter(counts).most_common(1)[0]
    return Layout(delimiter, quote, cells, rows / len(counts), counts[0], proper, improper)


def parse(text: str, delimiter: str, quote: str) -> list[list[str]]:
    """The rows of a short text."""
    return list(reader(io.StringIO(text, newline=""), delimiter, quote))


def reader(lines: io.TextIOBase, delimiter: str, quote: str):  # type: ignore[no-untyped-def]
    """A ``csv`` reader for the layout; cells may be as long as the file."""
    csv.field_size_limit(2**31 - 1)  # the default of 128 KiB would refuse long texts
    if quote:
        return csv.reader(lines, delimiter=delimiter, quotechar=quote, doublequote=True)
    return csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE)


def quote_note(layout: Layout) -> str:
    """One sentence on the quoting."""
    if layout.quote == "":
        return "Quote characters are part of the texts: they open without closing, so quoting is off."
    if layout.proper == 0:
        return "No cell of the sample is quoted."
    sure = f" {layout.improper:,} sampled cells open a quote without closing it: check the preview." if layout.improper > 1 else ""
    return f"Cells are quoted with {layout.quote}.{sure}"
