"""Asks a running TensorFlow Serving for the classes of texts; needs NumPy and the tokenizer, not TensorFlow.

``python ask.py "Where is my parcel?"`` prints one JSON object a text.
"""

from __future__ import annotations

import argparse
import json
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path

import numpy as np
from text_inputs import TextInputs


def ask(address: str, rows: np.ndarray) -> np.ndarray:
    """Logits of rows, as ``POST /v1/models/classifier:predict`` answers them."""
    body = json.dumps({"instances": rows.tolist()}).encode()
    request = urllib.request.Request(f"{address}/v1/models/classifier:predict", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return np.array(json.load(answer)["predictions"], np.float32)


def main() -> None:
    """Classify the texts of the command line."""
    parser = argparse.ArgumentParser(description="Asks a running TensorFlow Serving for the classes of texts.")
    parser.add_argument("texts", nargs="+")
    parser.add_argument("--address", default="http://127.0.0.1:8501")
    options = parser.parse_args()
    inputs = TextInputs(Path(__file__).parent)
    try:
        answers = inputs.classify(options.texts, lambda rows: ask(options.address, rows))
    except urllib.error.HTTPError as error:
        said = error.read().decode("utf-8", "replace")
        with suppress(ValueError, KeyError, TypeError):
            said = json.loads(said)["error"]
        raise SystemExit(
            f"{options.address} answered with {error.code}: {said[:500]}. Check the address and the name of the model."
        ) from error
    except urllib.error.URLError as error:
        raise SystemExit(f"{options.address} does not answer ({error}). Start TensorFlow Serving as README.md says.") from error
    for answer in answers:
        print(json.dumps(answer, ensure_ascii=False))


if __name__ == "__main__":
    main()
