"""How fast the two wings turn texts into vectors, beside `SentenceTransformer.encode` at its best batch size.

    python -m benchmarks.encoding [--texts 192] [--rounds 5]

Both sides of the ratio run in one process and take turns, and each setting counts with its best round, so that another program's
burst of work does not decide the figure. TensorFlow runs afterwards, alone, in a process of its own.
"""

from __future__ import annotations

import argparse
import csv
import importlib
import os
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from engine.shared.encoders.checkpoint import bundled_checkpoint
from engine.shared.text.tokens import load_tokenizer, token_counts

ROOT = Path(__file__).parent.parent
BAR = 0.95
BATCH_SIZES = (16, 32, 64, 128)


def texts_of_about_sixty_tokens(number: int) -> list[str]:
    """Messages of the bundled sample between 45 and 75 tokens, in file order, repeated until there are enough."""
    with open(ROOT / "assets" / "support_messages.csv", encoding="utf-8", newline="") as file:
        texts = [row["message"] for row in csv.DictReader(file)]
    suitable = [text for text, count in zip(texts, token_counts(bundled_checkpoint().folder, texts), strict=True) if 45 <= count <= 75]
    return [suitable[position % len(suitable)] for position in range(number)]


def best_seconds(ways: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """The shortest time of each way; every round runs all of them, the first round is not counted."""
    best = dict.fromkeys(ways, float("inf"))
    for turn in range(rounds + 1):
        for name, run in ways.items():
            start = time.perf_counter()
            run()
            if turn:
                best[name] = min(best[name], time.perf_counter() - start)
    return best


def measure(wing: str, number: int, rounds: int) -> None:
    """Time one wing in this process; PyTorch's with sentence-transformers beside it."""
    checkpoint = bundled_checkpoint()
    encoder = importlib.import_module(f"engine.frameworks.{wing}.encoder")
    model = encoder.load_encoder(checkpoint.folder)
    tokenizer = load_tokenizer(checkpoint.folder, checkpoint.max_tokens)
    texts = texts_of_about_sixty_tokens(number)
    ours = partial(encoder.encode, model, tokenizer, texts, checkpoint.pooling, checkpoint.normalize)
    ways: dict[str, Callable[[], object]] = {"ours": ours}
    if wing == "pytorch":
        from sentence_transformers import SentenceTransformer

        other = SentenceTransformer(str(checkpoint.folder), device="cpu")
        ways |= {str(size): partial(other.encode, texts, batch_size=size) for size in BATCH_SIZES}
    speed = {name: number / seconds for name, seconds in best_seconds(ways, rounds).items()}
    print(f"encoding, {wing}: {speed['ours']:.1f} texts/s")
    if wing == "pytorch":
        best = max(BATCH_SIZES, key=lambda size: speed[str(size)])
        ratio = speed["ours"] / speed[str(best)]
        verdict = "reached" if ratio >= BAR else "MISSED"
        print(f"encoding, sentence-transformers at its best batch size ({best}): {speed[str(best)]:.1f} texts/s")
        print(f"encoding, pytorch ÷ sentence-transformers: {ratio:.2f} (bar: ≥ {BAR}, {verdict})")


def main() -> None:
    """Run both wings, each in a fresh process."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=int, default=192, help="how many texts a pass encodes")
    parser.add_argument("--rounds", type=int, default=5, help="passes of each setting; the best one counts")
    parser.add_argument("--wing", choices=("pytorch", "tensorflow"), help="time this one in the present process")
    options = parser.parse_args()
    if options.wing:
        measure(options.wing, options.texts, options.rounds)
        return
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
    environment = os.environ | quiet | {"KERAS_BACKEND": "tensorflow"}
    for wing in ("pytorch", "tensorflow"):
        size = ["--texts", str(options.texts), "--rounds", str(options.rounds)]
        command = [sys.executable, "-m", "benchmarks.encoding", "--wing", wing, *size]
        subprocess.run(command, cwd=ROOT, env=environment, check=True, timeout=900)


if __name__ == "__main__":
    main()
