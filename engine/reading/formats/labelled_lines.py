"""Lines that carry their own label, as two well-known tools write them: fastText's ``__label__x`` and TREC's ``LABEL:fine text``."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy

from engine.errors import DataError
from engine.reading.encoding import UTF8, detect_encoding
from engine.reading.finding import SHOWN_ROWS, Finding
from engine.reading.options import ReadingOptions
from engine.reading.table import Table, frame_of, strings

FASTTEXT = "fasttext"
TREC = "label:fine"
MARK = "__label__"
COARSE_AND_FINE = re.compile(r"([^\W\d][\w-]{0,40}):([\w.-]{1,40})[ \t]+(\S.*)", re.DOTALL)
DELIMITERS = "\t;|,"
SAMPLE_LINES = 2000


def shape_of_lines(sample: str) -> str | None:
    """Return how the lines of a text carry labels; ``None`` for ordinary text, above all for any table.

    Nearly every line must fit, and no delimiter may part all lines into the same number of cells: then it is a table.
    """
    lines = [line for line in sample.splitlines()[:SAMPLE_LINES] if line.strip()]
    if len(lines) < 2:
        return None
    marked = sum(line.lstrip().startswith(MARK) or line.rstrip().rpartition(" ")[2].startswith(MARK) for line in lines)
    if marked >= 0.95 * len(lines):
        tokens = [token for line in lines for token in re.findall(r"__label__\S*", line)]
        packed = sum(any(mark in token.rstrip(DELIMITERS) for mark in ',;|"') for token in tokens)
        return FASTTEXT if packed < 0.05 * len(tokens) else None
    fits = [match for line in lines if (match := COARSE_AND_FINE.fullmatch(line))]
    if len(lines) < 6 or len(fits) < 0.98 * len(lines) or _is_even(lines):
        return None
    coarse, fine = Counter(match[1] for match in fits), Counter(f"{match[1]}:{match[2]}" for match in fits)
    few = 2 <= len(coarse) <= max(3, 0.1 * len(fits)) and len(fine) <= max(6, 0.5 * len(fits))
    words = sum(len(match[3].split()) for match in fits) / len(fits)
    # TREC writes its coarse labels in capitals; in other text a colon after a word is a speaker, a field or a log level.
    return TREC if few and words >= 2 and all(label.isupper() for label in coarse) and len(fine) > len(coarse) else None


def read_labelled_lines(path: Path, name: str, options: ReadingOptions, limit: int | None) -> Table:
    """Read a text and its label, or several as a JSON list, from each line; lines without a label are left out and reported."""
    encoding = detect_encoding(path, name, options.encoding)
    codec = "utf-8-sig" if encoding.name.lower() in UTF8 else encoding.name
    texts: list[str] = []
    labels: list[str] = []
    fine: list[str] = []
    numbers: list[int] = []
    unlabelled: list[int] = []
    several = 0
    shape = options.shape
    with path.open(encoding=codec, errors=encoding.errors, newline=None) as file:
        if shape is None:
            shape = shape_of_lines(file.read(65536)) or FASTTEXT
            file.seek(0)
        if shape not in (FASTTEXT, TREC):
            raise DataError(f"“{shape}” is not a way in which lines carry labels. Expected {FASTTEXT} or {TREC}. Choose one, or detect it.")
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            if limit is not None and len(texts) >= limit:
                break
            if shape == TREC:
                if (match := COARSE_AND_FINE.fullmatch(line.rstrip("\n"))) is None:
                    unlabelled.append(number)
                    continue
                labels.append(match[1])
                fine.append(match[2])
                texts.append(match[3])
            else:
                words, text = _marked(line)
                if not words:
                    unlabelled.append(number)
                    continue
                several += len(words) > 1
                labels.append(words[0] if len(words) == 1 else json.dumps(words, ensure_ascii=False))
                texts.append(text)
            numbers.append(number)
    if not texts:
        raise DataError(
            f"No line of “{name}” carries a label. Expected “{MARK}billing the text …” or “LABEL:fine the text …” on each line. "
            "Choose another kind of file."
        )
    columns = {"text": texts, "label": labels} | ({"fine": fine} if shape == TREC else {})
    way = f"“{MARK}”, as fastText writes it" if shape == FASTTEXT else "a label, a colon and a finer label, as in TREC"
    notes = [f"Each line is a text with {way}."] + ([f"{several:,} lines have several labels."] if several else [])
    findings = list(encoding.findings)
    if unlabelled:
        listed = ", ".join(f"{number:,}" for number in unlabelled[:5]) + (" …" if len(unlabelled) > 5 else "")
        findings.append(
            Finding(
                "Lines without a label",
                len(unlabelled),
                f"Left out, for without a label as the others have it: line {listed}.",
                "Correct them in the file if they matter.",
                code="lines_without_label",
                lines=tuple(unlabelled[:SHOWN_ROWS]),
            )
        )
    resolved = replace(options, kind="lines", encoding=encoding.name, shape=shape)
    frame = frame_of(list(columns), [strings(values) for values in columns.values()])
    return Table(frame, resolved, (*notes, *encoding.notes), tuple(findings), numpy.array(numbers, dtype=numpy.int64))


def _marked(line: str) -> tuple[list[str], str]:
    """Return the labels of a line in fastText's form, and its text."""
    tokens = line.split()
    first = next((count for count, token in enumerate(tokens) if not token.startswith(MARK)), len(tokens))
    last = next((count for count, token in enumerate(reversed(tokens)) if not token.startswith(MARK)), len(tokens))
    if first:
        words, text = tokens[:first], "".join(line.split(None, first)[first:])
    elif last:
        words, text = tokens[-last:], line.rsplit(None, last)[0]
    else:
        return [], line
    labels = [word.removeprefix(MARK).rstrip(",") for word in words]
    text = text.strip()
    # An old way of preparing the files puts a comma of its own after the label.
    return list(dict.fromkeys(filter(None, labels))), text[1:].lstrip() if text.startswith((", ", ",\t")) else text


def _is_even(lines: list[str]) -> bool:
    """Return whether some delimiter stands equally often in all lines, as in a table."""
    return any(lines[0].count(mark) and len({line.count(mark) for line in lines}) == 1 for mark in DELIMITERS)
