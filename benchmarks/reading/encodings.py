"""How many legacy files are read right: forty short texts in twenty languages, whole and cut, in the codecs of each language.

    python -m benchmarks.reading.encodings [--seed 0] [--show]

A text counts as right where it is decoded letter by letter as it was. Beside Parity stands charset-normalizer's best guess. What Parity
reads wrong it must not call sure (bar: none at all).
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import charset_normalizer

from benchmarks.figures import Row, publish
from benchmarks.reading.language_texts import CODECS, TEXTS, WIDE
from engine.errors import DataError
from engine.reading.encoding import detect_encoding

CUTS = (0, 10, 3, 1)
"""Lines that are left of a text; 0 for all of them. From the shorter cuts on lines are drawn out of both texts of a language."""


def samples(lines: int, seed: int = 0) -> Iterator[tuple[str, str, str]]:
    """Yield language, codec and text; texts without letters beyond ASCII, and texts that a codec cannot write, are left out."""
    generator = random.Random(seed)
    for language, texts in TEXTS.items():
        every = "\n".join(texts).split("\n")
        cut = ["\n".join(generator.sample(every, min(lines, len(every)))) for _ in texts] if lines else texts
        for codec in (*CODECS[language].split(), *WIDE):
            for text in cut:
                if not text.isascii() and writable(text, codec):
                    yield language, codec, text + "\n"


def writable(text: str, codec: str) -> bool:
    """Return whether a codec has all characters of a text."""
    try:
        return text.encode(codec).decode(codec) == text
    except UnicodeError:
        return False


def parity(path: Path) -> tuple[str, bool]:
    """Return the codec with which a file is read, and whether that is said to be sure."""
    try:
        encoding = detect_encoding(path, path.name)
    except DataError:  # taken for no text, and refused
        return "ascii", False
    return encoding.name, not encoding.findings


def library(path: Path) -> tuple[str, bool]:
    """Return the best guess of charset-normalizer, which does not say how sure it is."""
    best = charset_normalizer.from_path(path).best()
    return best.encoding if best else "utf-8", False


def main() -> int:
    """Publish a row for each cut; return 1 where a wrong guess was called sure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--show", action="store_true", help="print every text that is read wrong")
    arguments = parser.parse_args()
    wrong_and_sure, rows = 0, []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "text.txt"
        for lines in CUTS:
            right = {parity: 0, library: 0}
            sure = total = 0
            for language, codec, text in samples(lines, arguments.seed):
                path.write_bytes(text.encode(codec))
                total += 1
                for detect in right:
                    name, is_sure = detect(path)
                    is_right = path.read_bytes().decode(name, "replace") == text
                    right[detect] += is_right
                    sure += is_sure
                    wrong_and_sure += is_sure and not is_right
                    if arguments.show and detect is parity and not is_right:
                        print(f"  {language}, {codec}: read as {name}{', and sure' if is_sure else ''}")
            what = f"cut to {lines} lines" if lines else "whole texts"
            share = (100 * right[parity] / total, "%", "charset-normalizer", 100 * right[library] / total)
            rows.append(Row(f"{what} read right, of {total}", *share))
            rows.append(Row(f"{what} called sure", 100 * sure / total, "%"))
    rows.append(Row("wrong, and called sure", wrong_and_sure, goal="= 0"))
    publish("Legacy encodings", rows, "Short texts in twenty languages, in the codecs of each; right is letter by letter.")
    return 1 if wrong_and_sure else 0


if __name__ == "__main__":
    sys.exit(main())
