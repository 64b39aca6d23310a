"""Checks of the texts: missing, repeated, contradicting, too long, damaged."""

from __future__ import annotations

import numpy
import pyarrow
import pyarrow.compute

from engine.data.checks.findings import blocking_check, check, first_rows, plural, share
from engine.data.finding import Finding
from engine.data.rows import Rows
from engine.data.scanning import BEYOND_ASCII, CONTROL, MARKUP, taken

LONG_BYTES = 50_000
MARKUP_PATTERN = r"</?[a-zA-Z][^<>]{0,200}>|&(?:[a-zA-Z]{2,8}|#\d{1,6}|#x[0-9a-fA-F]{1,6});|(?:^|[^&\w])#\d{2,5};"
_CONTINUED = "\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ“•–—˜™š›œžŸ"
MOJIBAKE_PATTERN = f"[ÃÂ][{_CONTINUED}]|â€|â‚¬|ðŸ|ï»¿"
"""What UTF-8 looks like after it was read as cp1252."""


@blocking_check
def empty_texts(rows: Rows) -> Finding | None:
    """Rows without a text cannot be trained on."""
    empty = rows.text_empty
    count = int(empty.sum())
    if not count:
        return None
    if count == len(rows):
        return Finding(
            "Every text is empty",
            count,
            f"None of the {len(rows):,} rows has a text.",
            "Choose another text column.",
            first_rows(empty),
            level="blocks",
        )
    return Finding(
        "Empty texts",
        count,
        f"{plural(count, 'row has', 'rows have')} no text.",
        "They are left out. Fill them in the file if they matter.",
        first_rows(empty),
    )


@blocking_check
def no_usable_rows(rows: Rows) -> Finding | None:
    """Some texts and some labels, but never in the same row; or nothing left after cleaning."""
    if len(rows.usable) or rows.text_empty.all() or (rows.codes < 0).all():
        return None
    return Finding(
        "No usable row",
        len(rows),
        f"None of the {len(rows):,} rows is left after cleaning.",
        "Choose other columns, or leave less out.",
        level="blocks",
    )


@check
def exact_duplicates(rows: Rows) -> Finding | None:
    """The same text, letter for letter, under the same label."""
    exact, _ = duplicates(rows)
    count = int(exact.sum())
    if not count:
        return None
    return Finding(
        "Repeated texts",
        count,
        f"{plural(count, 'row repeats', 'rows repeat')} an earlier text and label exactly ({share(count, len(rows))} of all rows).",
        _duplicate_action(rows),
        beside_originals(rows, exact),
        "drop_duplicates",
    )


@check
def normalised_duplicates(rows: Rows) -> Finding | None:
    """The same text but for case, white space and what nobody sees, under the same label."""
    _, nearly = duplicates(rows)
    count = int(nearly.sum())
    if not count:
        return None
    return Finding(
        "Texts repeated but for case or space",
        count,
        f"{plural(count, 'row differs', 'rows differ')} from an earlier one of its label only in case, white space or what is not seen.",
        _duplicate_action(rows),
        beside_originals(rows, nearly),
        "drop_duplicates",
    )


def _duplicate_action(rows: Rows) -> str:
    if rows.choice.drop_duplicates:
        return "One of each is kept."
    if rows.parts is not None:
        return "Keep one of each in its part, or keep all; texts in two of the given parts are told apart from these."
    return "Keep one of each, or keep all: equal texts are never put on both sides of the split."


def duplicates(rows: Rows) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Return masks of the rows that repeat an earlier one of the same label exactly, and of those that do so only once normalised."""
    later = numpy.flatnonzero(rows.repeated)
    exact = numpy.zeros(len(rows), dtype=bool)
    if len(later):
        members = numpy.flatnonzero(rows.complete & numpy.isin(rows.groups, rows.groups[later]))
        encoded = taken(rows.texts, members).dictionary_encode()
        keys = encoded.indices.to_numpy().astype(numpy.int64) * max(len(rows.classes), 1) + rows.codes[members]
        _, first = numpy.unique(keys, return_index=True)
        exact[members] = True
        exact[members[first]] = False
    exact &= rows.repeated  # where parts are given, not what another part has too
    return exact, rows.repeated & ~exact


def beside_originals(rows: Rows, repeated: numpy.ndarray) -> tuple[int, ...]:
    """Return the repeated rows together with those that they equal, equal ones side by side."""
    groups = numpy.unique(rows.groups[repeated])[:1000]
    members = numpy.flatnonzero(rows.complete & numpy.isin(rows.groups, groups))
    return first_rows(members[numpy.argsort(rows.groups[members], kind="stable")])


@check
def conflicting_labels(rows: Rows) -> Finding | None:
    """The same text under two labels: at most one of them can be learned."""
    conflicting = rows.conflicting
    count = int(conflicting.sum())
    if not count:
        return None
    texts = len(numpy.unique(rows.groups[conflicting]))
    action = (
        "They are left out." if rows.choice.drop_conflicts else "Correct them in the file, or leave them out; kept, they count as errors."
    )
    return Finding(
        "The same text under different labels",
        count,
        f"{plural(texts, 'text appears', 'texts appear')} under more than one label, in {count:,} rows.",
        action,
        beside_originals(rows, conflicting),
        "drop_conflicts",
    )


@check
def truncated_texts(rows: Rows) -> Finding | None:
    """The encoder reads only the start of a long text."""
    tokens = rows.tokens
    if tokens is None or tokens.truncated_share == 0:
        return None
    long = tokens.counts > tokens.limit
    of = f"of a sample of {len(tokens.counts):,} texts (an estimate)" if tokens.estimated else "of the texts"
    count = round(tokens.truncated_share * len(rows.usable))
    return Finding(
        "Texts longer than the encoder reads",
        count,
        f"{share(int(long.sum()), len(tokens.counts))} {of} have more than {tokens.limit} tokens; "
        f"the encoder reads the first {tokens.limit}.",
        "Raise the token limit if the end matters, or shorten the texts.",
        first_rows(tokens.rows[long]),
    )


@check
def very_long_texts(rows: Rows) -> Finding | None:
    """A cell of a book's length is usually a quoting mistake that swallowed other rows."""
    sizes = pyarrow.compute.binary_length(rows.texts).to_numpy()
    long = sizes > LONG_BYTES
    count = int(long.sum())
    if not count:
        return None
    return Finding(
        "Very long texts",
        count,
        f"{plural(count, 'text is', 'texts are')} longer than {LONG_BYTES:,} bytes, the longest {int(sizes.max()):,}.",
        "Look at them: a wrong quote character can put many rows into one cell.",
        first_rows(long),
    )


@check
def binary_texts(rows: Rows) -> Finding | None:
    """Control characters do not occur in writing."""
    damaged = (rows.scan.kinds & CONTROL) > 0
    damaged |= matching(rows, BEYOND_ASCII, "\ufffd")
    count = int(damaged.sum())
    if not count:
        return None
    return Finding(
        "Characters that are no writing",
        count,
        f"{plural(count, 'text holds', 'texts hold')} control characters, zero bytes or characters that could not be decoded.",
        "Check the encoding; control characters are replaced by spaces before training.",
        first_rows(damaged),
    )


@check
def markup(rows: Rows) -> Finding | None:
    """Left-overs of a web page."""
    marked_up = matching(rows, MARKUP, MARKUP_PATTERN)
    count = int(marked_up.sum())
    if not count:
        return None
    return Finding(
        "HTML in the texts",
        count,
        f"{plural(count, 'text holds', 'texts hold')} HTML tags or character codes such as &amp; ({share(count, len(rows))}).",
        "They are kept as they are; clean the file if they differ between classes.",
        first_rows(marked_up),
    )


@check
def mojibake(rows: Rows) -> Finding | None:
    """“cafÃ©”: text that was decoded wrongly once and saved so."""
    garbled = matching(rows, BEYOND_ASCII, MOJIBAKE_PATTERN)
    count = int(garbled.sum())
    if not count:
        return None
    return Finding(
        "Wrongly decoded letters",
        count,
        f"{plural(count, 'text holds', 'texts hold')} letters such as “Ã©” where “é” was meant.",
        "Try another encoding; if the preview does not change, the file was saved that way.",
        first_rows(garbled),
    )


def matching(rows: Rows, kind: int, pattern: str) -> numpy.ndarray:
    """Return a mask of the texts that match; only those with characters of the kind are searched."""
    matches = numpy.zeros(len(rows), dtype=bool)
    candidates = numpy.flatnonzero(rows.scan.kinds & kind)
    # In portions, so that texts are not all held twice when most are candidates.
    for start in range(0, len(candidates), 20_000):
        portion = candidates[start : start + 20_000]
        hits = pyarrow.compute.match_substring_regex(taken(rows.texts, portion), pattern)
        matches[portion[hits.to_numpy(zero_copy_only=False)]] = True
    return matches
