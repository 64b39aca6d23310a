"""Rows of a table file that are not data: titles, comments, rulers, headers that come again, totals. For rows as lists of strings."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from engine.reading.columns.header import header_score, is_number
from engine.reading.columns.names import is_usual_name
from engine.reading.finding import SHOWN_ROWS, Finding

MOST_LEADING_ROWS = 30
COMMENT_MARKS = ("#", "//", "%", "--", ";")
TYPE_WORDS = frozenset(
    {"string", "str", "text", "varchar", "char", "character", "object", "int", "integer", "int64", "long", "float", "float64", "double",
     "decimal", "number", "numeric", "real", "bool", "boolean", "category", "categorical", "class", "discrete", "continuous", "nominal",
     "ordinal", "factor", "meta", "date", "datetime", "time", "timestamp", "label", "feature", "target", "s", "c", "d", "n"}
)  # fmt: skip
TOTALS = frozenset(
    {"total", "totals", "subtotal", "sum", "gesamt", "insgesamt", "summe", "gesamtsumme", "somme", "totaal", "totale", "totali", "suma",
     "razem", "celkem", "összesen", "итого", "всего", "合计", "总计", "合計", "총계", "toplam", "yhteensä", "totalt"}
)  # fmt: skip

TOTAL_WORDS = frozenset({"général", "general", "generale", "ergebnis", "gesamtergebnis", "average", "count", "mean", "mittelwert"})
"""Words that mean a total beside one of the others, or with a number in their row."""
FOOTERS = ("copyright", "©", "(c) ", "confidential information", "source: ", "end of ", "\x1a")
"""What a last line begins with that programs write below a table, in small letters."""
SURVEY_WORDS = frozenset({"response", "open-ended response", "other (please specify)"})
"""What SurveyMonkey writes below the questions."""
ENDING_ROWS = 4

Row = Sequence[str]


def is_blank(row: Row) -> bool:
    """Return whether no cell holds anything."""
    return not any(cell.strip() for cell in row)


def filled(row: Row) -> int:
    """Return how many cells hold something."""
    return sum(1 for cell in row if cell.strip())


def leading_rows(rows: Sequence[Row]) -> int:
    """Return how many rows stand above the table: blank ones, comments and titles. ``rows`` are the first of the file, blank ones too.

    A title is a row with too few cells (or unlike the others) above a row that is a header; where no header follows, it stays.
    """
    counts = Counter(count for row in rows if (count := filled(row)))
    usual = max(counts, key=lambda count: (counts[count], count), default=0)
    first = 0
    while first < min(len(rows), MOST_LEADING_ROWS) and (is_blank(rows[first]) or (usual > 1 and is_comment(rows[first], usual))):
        first += 1
    if first >= len(rows) or is_blank(rows[first]):
        return 0
    if usual < 2:
        return first
    for place in range(first, min(len(rows), first + 8)):
        above = [row for row in rows[first:place] if not is_blank(row)]
        names = sum(map(is_usual_name, rows[place]))
        if names >= max(2, 0.5 * filled(rows[place])) and _full(rows[place], usual):
            if any(is_usual_name(cell) for row in above for cell in row) or any(_like_the_rows(row, rows[place + 1 :]) for row in above):
                break
            return place
    head = next((place for place in range(first, min(len(rows), first + MOST_LEADING_ROWS)) if _full(rows[place], usual)), first)
    return head if head > first and header_score(rows[head:]) > 0 and not is_ruler(rows[head]) else first


def _full(row: Row, usual: int) -> bool:
    return filled(row) > usual / 2


def _like_the_rows(row: Row, below: Sequence[Row]) -> bool:
    """Return whether a cell of the row stands in its place further down too, as a class does."""
    return any(cell.strip() and sum(place < len(other) and other[place] == cell for other in below) >= 2 for place, cell in enumerate(row))


def is_comment(row: Row, usual: int) -> bool:
    """Return whether a row begins as a comment does and has fewer cells than the ``usual`` number; a ``#`` before names is none."""
    start = next((cell.strip() for cell in row if cell.strip()), "")
    if not start.startswith(COMMENT_MARKS) or is_ruler(row):
        return False
    names = sum(is_usual_name(cell.lstrip("#%/ ")) for cell in row)
    return filled(row) < usual or (filled(row) > usual and names == 0) or (filled(row) == usual and names == 0 and start.startswith("# "))


def is_ruler(row: Row) -> bool:
    """Return whether all filled cells are lines drawn with characters, as below the header of a Markdown table."""
    cells = [cell.strip() for cell in row if cell.strip()]
    return bool(cells) and all(cell[0] in ":+-=_" and re.fullmatch(r"[:+]?(?:[-=_]{3,}\+?)+:?|:?-{1,2}:|:-{1,2}", cell) for cell in cells)


def is_header_again(row: Row, header: Row) -> bool:
    """Return whether a row repeats the names of the columns, perhaps in another case or behind the mark of a joined file."""
    return len(row) == len(header) > 1 and all(plain_name(cell) == plain_name(name) for cell, name in zip(row, header, strict=True))


def plain_name(cell: str) -> str:
    """Return a name as it is compared."""
    return cell.strip(" \t\ufeff").casefold()


def is_total(row: Row, values: Mapping[int, Collection[str]]) -> bool:
    """Return whether a last row adds up the others: a word for it, and for the rest numbers or nothing.

    ``values`` are the classes of each column that has few: a number that is one of them makes the row data.
    """
    cells = [cell.strip() for cell in row]
    rest = [(place, cell) for place, cell in enumerate(cells) if cell]
    if not rest:
        return False
    place, first = rest[0]
    words = re.sub(r"[:=()]|[\d.,]+|\b(grand|rows?|number|of|n)\b", " ", first.casefold()).split()
    only_count = re.fullmatch(r"\(?\d[\d.,]* rows?( affected)?\)?( in set)?( \([^)]*\))?", first.casefold()) is not None
    named = len(words) in (1, 2) and set(words) <= TOTALS | TOTAL_WORDS and (bool(set(words) & TOTALS) or len(rest) > 1)
    if not only_count and not named:
        return False
    if any(first in known for known in [values.get(place, ())]):
        return False
    return all(is_number(cell) and cell not in values.get(other, ()) for other, cell in rest[1:]) and (len(rest) > 1 or len(cells) > 1)


def ending_rows(rows: Sequence[Row], values: Mapping[int, Collection[str]]) -> int:
    """Return how many of the last rows stand below the table: totals, comments and notices, and single cells below one of these."""
    count = 0
    for place, row in enumerate(reversed(rows[-ENDING_ROWS:]), start=1):
        start = next((cell.strip().casefold() for cell in row if cell.strip()), "")
        if is_total(row, values) or start.startswith(FOOTERS) or (len(row) > 1 and filled(row) == 1 and is_comment(row, len(row))):
            count = place
        elif len(row) < 2 or filled(row) != 1 or not row[0].strip():
            break
    return count


def second_headers(header: Row, below: Sequence[Row]) -> int:
    """Return how many rows below the header describe the columns once more: by types, in another language, or as surveys export them."""
    for count in (1, 2):  # Qualtrics writes the questions below the names, and its own ids below these
        if count <= len(below) and below[count - 1] and all(cell.strip().startswith('{"ImportId"') for cell in below[count - 1]):
            return count
    count = 0
    while count < min(3, len(below)) and is_second_header(below[count], header, below[count + 1 :]):
        count += 1
    return count


def is_second_header(row: Row, header: Row, below: Sequence[Row]) -> bool:
    """Return whether the row below the header holds types of the columns, or their names in another language."""
    cells = [cell.strip() for cell in row]
    said = [cell for cell in cells if cell]
    if len(cells) < 2 or len(cells) != len(header) or not said or _like_the_rows(row, below):
        return False
    empty = [place for place, cell in enumerate(cells) if not cell]
    others = [other for other in below if len(other) == len(cells)]
    if any(sum(not other[place].strip() for other in others) > 0.1 * len(others) for place in empty):
        return False  # it is empty where others are, too
    plain = [cell.casefold().strip("[]()<>") for cell in said]
    return (
        all(word in TYPE_WORDS for word in plain)
        or (len(said) > 1 and all(re.fullmatch(r"\[\w[\w ]*\]|<\w[\w ]*>", cell) for cell in said))
        or all(word in SURVEY_WORDS for word in plain)
        or all(is_usual_name(cell) and len(cell) <= 30 for cell in said)
    )


def looks_like_second_header(row: Row, below: Sequence[Row]) -> bool:
    """Return whether the row below the header could be one more, but could be data as well."""
    cells = [cell.strip() for cell in row]
    if len(below) < 10 or len(cells) < 2 or not all(cells) or _like_the_rows(row, below) or any(map(is_number, cells)):
        return False
    others = [other for other in below if len(other) == len(cells)]
    repeating = any(len({other[place] for other in others}) <= 0.3 * len(others) for place in range(len(cells)))
    short = all(
        len(cell) <= 30 and len(cell) <= 0.6 * sum(len(other[place]) for other in others) / len(others)
        for place, cell in enumerate(cells)
        if len({other[place] for other in others}) > 0.3 * len(others)
    )
    return bool(others) and repeating and short and all(len(cell.split()) <= 3 for cell in cells)


def finding(title: str, code: str, sentence: str, action: str, lines: Sequence[int]) -> Finding:
    """Return a finding on lines of a file; ``{count} row(s)`` and ``{lines}`` in the sentence are filled in."""
    listed = ", ".join(f"{number:,}" for number in lines[:5]) + (" …" if len(lines) > 5 else "")
    where = f"line {listed}" if len(lines) == 1 else f"lines {listed}"
    told = {"(s)": "" if len(lines) == 1 else "s", "{count}": f"{len(lines):,}", "{lines}": where}
    for mark, words in told.items():  # and not str.format: a sentence may quote the file, in which anything stands
        sentence = sentence.replace(mark, words)
    return Finding(title, len(lines), sentence, action, code=code, lines=tuple(lines[:SHOWN_ROWS]))


def skipped_finding(lines: int, texts: Sequence[str]) -> list[Finding]:
    """Say that the first lines of a file were skipped, and what stands in them."""
    if not lines:
        return []
    shown = " / ".join(text.strip()[:60] for text in texts if text.strip())[:160]
    first = "first line was" if lines == 1 else f"first {lines:,} lines were"
    said = f"The {first} skipped, above the names of the columns" + (f": {shown}" if shown else ", for they are blank") + "."
    action = "If they are rows, set the skipped lines to 0 (--skip-rows 0)."
    return [Finding("Lines above the table", lines, said, action, code="skipped_lines", lines=tuple(range(1, lines + 1))[:SHOWN_ROWS])]


def again_findings(headers: Sequence[int], rulers: Sequence[int], totals: Sequence[int], second: Sequence[int]) -> list[Finding]:
    """Say which lines below the header were left out as no data, by their numbers in the file."""
    action = "If it is data, read the file without a header (--no-header --skip-rows 0)."
    left_out = "left out as no data"
    every = (
        (
            headers,
            "The header again",
            "repeated_header",
            f"The column names come again, {{count}} time(s) ({{lines}}): {left_out}.",
        ),
        (rulers, "Drawn lines", "ruler_rows", f"{{count}} drawn line(s) of dashes or the like ({{lines}}): {left_out}."),
        (
            totals,
            "Totals and notes at the end",
            "total_row",
            f"{{count}} row(s) at the end add up the others or say something of the file ({{lines}}): {left_out}.",
        ),
        (second, "A second header", "second_header", f"The row below the header describes the columns once more ({{lines}}): {left_out}."),
    )
    return [finding(title, code, sentence, action, lines) for lines, title, code, sentence in every if lines]


def empty_columns_finding(places: Sequence[int]) -> list[Finding]:
    """Say that columns without a name and without a single value were dropped; ``places`` are 1-based."""
    if not places:
        return []
    listed = ", ".join(f"{place:,}" for place in places[:10]) + (" …" if len(places) > 10 else "")
    one = "1 column has" if len(places) == 1 else f"{len(places):,} columns have"
    said = f"{one} neither a name nor a value (number {listed}) and left no trace in the table."
    return [Finding("Empty columns", len(places), said, "Nothing needs to be done.", code="empty_columns")]
