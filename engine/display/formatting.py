"""How numbers, times and strangers' words are written: three significant digits, thousands separated, units always."""

from __future__ import annotations

import math
import re
import time

from engine.runs.experiment import Experiment

MISSING = "–"
"""Stands where there is no value; never an empty cell."""

WORD_JOINER = "\u2060"
SYNTAX = re.compile(r"([\\`*_{}\[\]()#+\-.!|~<>$&=^\"'])")
PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def plain(text: object) -> str:
    """Escape somebody else's words (a class name, a file name, a message) for ``st.markdown`` and labels: characters, never markup.

    Punctuation is escaped. A colon, an at sign and ``www`` get an invisible word joiner, because emoji, icons, colours and bare links
    are found in the text only after escapes have been undone. Line breaks and runs of spaces become one space.
    """
    words = SYNTAX.sub(r"\\\1", " ".join(str(text).split()))
    return re.sub(r"(:|@|www)", rf"\1{WORD_JOINER}", words, flags=re.IGNORECASE)


def shorten(text: object, characters: int = 80) -> str:
    """Return the beginning of a long text on one line, with an ellipsis where something was left out. Not escaped."""
    words = " ".join(str(text)[: 4 * characters].split())
    whole = len(words) <= characters and len(str(text)) <= 4 * characters
    return words if whole else words[: characters - 1].rstrip() + "…"


def number(value: float | None) -> str:
    """Write three significant digits, thousands separated; whole numbers (``int``) in full; powers of ten beyond; ``–`` for no number."""
    if value is None or not math.isfinite(value):
        return MISSING
    if value == 0 or isinstance(value, int):
        return f"{value:,.0f}"
    magnitude = math.floor(math.log10(abs(value)))
    if not -4 <= magnitude <= 9:
        mantissa, exponent = f"{value:.2e}".split("e")
        return f"{mantissa} × 10{str(int(exponent)).translate(SUPERSCRIPTS)}"
    return f"{round(value, 2 - magnitude):,.{max(0, 2 - magnitude)}f}"


def count(amount: int, one: str, many: str = "") -> str:
    """Write ``1 text`` or ``1,204 texts``; the plural is ``one`` with an s unless given."""
    return f"{amount:,} {one if amount == 1 else many or one + 's'}"


def percent(share: float | None) -> str:
    """Write a share from 0 to 1 as ``88.1 %``; 1 as ``100 %``."""
    if share is None or not math.isfinite(share):
        return MISSING
    return "100 %" if share == 1 else f"{100 * share:.1f} %"


def seconds(value: float | None) -> str:
    """Write a measured time: ``0.412 s``, ``12.3 s``, ``2 min 5 s``, ``1 h 3 min``."""
    if value is None or not math.isfinite(value):
        return MISSING
    if value < 100:
        return f"{number(float(value))} s"
    whole = round(value)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600:,} h {whole % 3600 // 60} min"


def duration(value: float | None) -> str:
    """Write an estimated time as people say it: ``a few seconds``, ``about 20 seconds``, ``about 2 minutes``, ``about 3 hours``."""
    if value is None or not math.isfinite(value) or value < 0:
        return "an unknown time"
    if value < 1.5:
        return "about a second"
    if value < 6:
        return "a few seconds"
    if value < 52:
        return f"about {max(10, 5 * round(value / 5))} seconds"
    if value < 90:
        return "about a minute"
    if value < 52 * 60:
        return f"about {round(value / 60)} minutes"
    if value < 90 * 60:
        return "about an hour"
    if value < 36 * 3600:
        return f"about {round(value / 3600)} hours"
    return f"about {max(2, round(value / 86400))} days"


def milliseconds(value: float | None) -> str:
    """Write a latency: ``4.21 ms``; from a second on in seconds."""
    if value is None or not math.isfinite(value):
        return MISSING
    return f"{number(float(value))} ms" if value < 1000 else seconds(value / 1000)


def memory(mebibytes: float | None) -> str:
    """Write ``210 MiB`` or ``1.23 GiB``."""
    if mebibytes is None or not math.isfinite(mebibytes):
        return MISSING
    return f"{number(float(mebibytes))} MiB" if abs(mebibytes) < 1000 else f"{number(mebibytes / 1024)} GiB"


def what_trains(experiment: Experiment) -> str:
    """Write ``Text CNN · matched · compiled``, not escaped."""
    mode = "matched" if experiment.mode == "matched" else "framework defaults"
    return " · ".join([experiment.family_member.title, mode, *(["compiled"] if experiment.compiled else [])])


def when(moment: float, now: float | None = None) -> str:
    """Write a Unix time as people say it: ``just now``, ``12 minutes ago``, ``3 hours ago``, then the date."""
    passed = (time.time() if now is None else now) - moment
    if passed < 60:
        return "just now"
    if passed < 3600:
        return count(int(passed // 60), "minute") + " ago"
    if passed < 86400:
        return count(int(passed // 3600), "hour") + " ago"
    return date(moment)


def date(moment: float, zone: bool = False) -> str:
    """Write a Unix time as this machine's clock showed it: ``31 Jan 2026, 14:25``; with ``zone`` the clock's time zone behind it."""
    try:
        then = time.localtime(moment)
    except (ValueError, OverflowError, OSError):  # of a damaged file
        return MISSING
    return f"{then.tm_mday} {time.strftime('%b %Y, %H:%M %Z' if zone else '%b %Y, %H:%M', then)}"


def code_span(text: object, in_table: bool = False) -> str:
    """Write somebody else's words in a Markdown file as code on one line, where nothing is markup, a link or, in a table, a cell's end."""
    words = " ".join(str(text).split()) or MISSING
    if in_table and "|" in words:  # readers of Markdown differ in what a backslash before a bar means; all know numbered characters
        return f"<code>{PUNCTUATION.sub(lambda sign: f'&#{ord(sign[0])};', words)}</code>"
    fence = "`" * (1 + max(map(len, re.findall("`+", words)), default=0))
    edge = " " if words.startswith("`") or words.endswith("`") else ""
    return f"{fence}{edge}{words}{edge}{fence}"


def code_block(text: str) -> str:
    """Write a block of code in a Markdown file, fenced by more backticks than it holds."""
    fence = "`" * (1 + max(2, *map(len, re.findall("`+", text)), 0))
    return f"{fence}\n{text}\n{fence}"


def unbroken(sentence: str) -> str:
    """Return a sentence without a line break between a figure and its percent or times sign."""
    return sentence.replace(" %", "\u00a0%").replace(" ×", "\u00a0×")
