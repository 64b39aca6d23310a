"""Checks of the texts: missing, repeated, contradicting, too long, damaged."""

from __future__ import annotations

from dataclasses import replace

import numpy
import pyarrow
import pyarrow.compute

from engine.data.checks.findings import about_rows, blocking_check, check, first_rows, plural, share
from engine.data.rows import Rows
from engine.data.scanning import BEYOND_ASCII, CONTROL, MARKUP, taken
from engine.encodings.foreign import MANY, MULTILINGUAL
from engine.reading.finding import Finding

LONG_BYTES = 50_000
MARKUP_PATTERN = r"</?[a-zA-Z][^<>]{0,200}>|&(?:[a-zA-Z]{2,8}|#\d{1,6}|#x[0-9a-fA-F]{1,6});|(?:^|[^&\w])#\d{2,5};"
_CONTINUED = "\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ“•–—˜™š›œžŸ"
MOJIBAKE_PATTERN = f"[ÃÂ][{_CONTINUED}]|â€|â‚¬|ðŸ|ï»¿"
"""What UTF-8 looks like after it was read as cp1252."""


@blocking_check
def empty_texts(rows: Rows) -> Finding | None:
    """Rows without a text cannot be trained on."""
    left = "They are left out. Fill them in the file if they matter."
    finding = about_rows(rows.text_empty, "Empty texts", "row has", "rows have", "no text.", left)
    if finding is None or finding.count < len(rows):
        return finding
    sentence = f"None of the {len(rows):,} rows has a text."
    return replace(finding, title="Every text is empty", sentence=sentence, action="Choose another text column.", level="blocks")


@blocking_check
def no_usable_rows(rows: Rows) -> Finding | None:
    """Some texts and some labels, but never in the same row; or nothing left after cleaning."""
    if len(rows.usable) or rows.text_empty.all() or (rows.codes < 0).all():
        return None
    sentence = f"None of the {len(rows):,} rows is left after cleaning."
    action = "Choose other columns, or leave less out."
    return Finding("No usable row", len(rows), sentence, action, level="blocks")


@check
def exact_duplicates(rows: Rows) -> Finding | None:
    """The same text, letter for letter, under the same label."""
    repeated, _ = duplicates(rows)
    rest = f"an earlier text and label exactly ({share(int(repeated.sum()), len(rows))} of all rows)."
    return _repeated(rows, repeated, "Repeated texts", "row repeats", "rows repeat", rest)


@check
def normalised_duplicates(rows: Rows) -> Finding | None:
    """The same text but for case, white space and what nobody sees, under the same label."""
    rest = "from an earlier one of its label only in case, white space or what is not seen."
    return _repeated(rows, duplicates(rows)[1], "Texts repeated but for case or space", "row differs", "rows differ", rest)


def _repeated(rows: Rows, repeated: numpy.ndarray, title: str, one: str, many: str, rest: str) -> Finding | None:
    finding = about_rows(repeated, title, one, many, rest, _duplicate_action(rows), "drop_duplicates")
    return finding and replace(finding, rows=beside_originals(rows, repeated))


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
    left = rows.choice.drop_conflicts
    action = "They are left out." if left else "Correct them in the file, or leave them out; kept, they count as errors."
    sentence = f"{plural(texts, 'text appears', 'texts appear')} under more than one label, in {count:,} rows."
    return Finding("The same text under different labels", count, sentence, action, beside_originals(rows, conflicting), "drop_conflicts")


@check
def truncated_texts(rows: Rows) -> Finding | None:
    """The encoder reads only the start of a long text."""
    tokens = rows.tokens
    if tokens is None or tokens.truncated_share == 0:
        return None
    long = tokens.counts > tokens.limit
    of = f"of a sample of {len(tokens.counts):,} texts (an estimate)" if tokens.estimated else "of the texts"
    count = round(tokens.truncated_share * len(rows.usable))
    sentence = (
        f"{share(int(long.sum()), len(tokens.counts))} {of} have more than {tokens.limit} tokens; "
        f"the encoder reads the first {tokens.limit}."
    )
    action = "Raise the token limit if the end matters, or shorten the texts."
    return Finding("Texts longer than the encoder reads", count, sentence, action, first_rows(tokens.rows[long]))


@check
def foreign_language(rows: Rows) -> Finding | None:
    """The bundled encoder reads English."""
    foreign = rows.tokens.foreign if rows.tokens else None
    if rows.tokens is None or foreign is None or foreign.share < MANY:
        return None
    sample = " This is a sample." if rows.tokens.estimated else ""
    return Finding(
        "Texts in a language that the encoder does not know",
        round(foreign.share * len(rows.usable)),
        f"{foreign.sentence('The bundled encoder was trained on English')}{sample}",
        f"Train with a multilingual encoder, such as {MULTILINGUAL} (--encoder), or with a classifier that learns its own words.",
        first_rows(rows.tokens.rows[list(foreign.foreign)]),
    )


@check
def very_long_texts(rows: Rows) -> Finding | None:
    """A cell of a book's length is usually a quoting mistake that swallowed other rows."""
    sizes = pyarrow.compute.binary_length(rows.texts).to_numpy()
    what = f"longer than {LONG_BYTES:,} bytes, the longest {int(sizes.max(initial=0)):,}."
    action = "Look at them: a wrong quote character can put many rows into one cell."
    return about_rows(sizes > LONG_BYTES, "Very long texts", "text is", "texts are", what, action)


@check
def binary_texts(rows: Rows) -> Finding | None:
    """Control characters do not occur in writing."""
    damaged = (rows.scan.kinds & CONTROL) > 0
    damaged |= matching(rows, BEYOND_ASCII, "\ufffd")
    what = "control characters, zero bytes or characters that could not be decoded."
    action = "Check the encoding; control characters are replaced by spaces before training."
    return about_rows(damaged, "Characters that are no writing", "text holds", "texts hold", what, action)


@check
def markup(rows: Rows) -> Finding | None:
    """Left-overs of a web page."""
    found = matching(rows, MARKUP, MARKUP_PATTERN)
    what = f"HTML tags or character codes such as &amp; ({share(int(found.sum()), len(rows))})."
    action = "They are kept as they are; clean the file if they differ between classes."
    return about_rows(found, "HTML in the texts", "text holds", "texts hold", what, action)


@check
def mojibake(rows: Rows) -> Finding | None:
    """“cafÃ©”: text that was decoded wrongly once and saved so."""
    what = "letters such as “Ã©” where “é” was meant."
    action = "Try another encoding; if the preview does not change, the file was saved that way."
    garbled = matching(rows, BEYOND_ASCII, MOJIBAKE_PATTERN)
    return about_rows(garbled, "Wrongly decoded letters", "text holds", "texts hold", what, action)


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
