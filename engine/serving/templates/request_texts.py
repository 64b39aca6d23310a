"""The texts of a request, checked before a model sees them; what is wrong is said in a sentence."""

from __future__ import annotations

import json
from typing import Any

JSON, PLAIN = "application/json", "text/plain"

MOST_TEXTS = 64
"""How many texts one request may have."""

MOST_CHARACTERS = 20_000
"""How long one text may be; what is beyond the model's own limit in tokens is cut, as in training."""

EXAMPLE = 'Send JSON like {"texts": ["Where is my parcel?"]} with the header Content-Type: application/json.'


def texts_of(body: Any) -> list[str]:
    """Return the texts of a request's body: JSON, or an object that was read from it. Raises ``ValueError`` with what is wrong with it."""
    if isinstance(body, (bytes, bytearray, str)):
        try:
            body = json.loads(body)
        except ValueError as error:
            raise ValueError(f"The request is not JSON. {EXAMPLE}") from error
    texts = body.get("texts") if isinstance(body, dict) else None
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
        raise ValueError(f"Expected a list “texts” of strings. {EXAMPLE}")
    if len(texts) > MOST_TEXTS:
        raise ValueError(f"Expected at most {MOST_TEXTS} texts, found {len(texts)}. Send them in several requests.")
    if too_long := [number for number, text in enumerate(texts, 1) if len(text) > MOST_CHARACTERS]:
        raise ValueError(f"Text {too_long[0]} has more than {MOST_CHARACTERS:,} characters. Shorten it or split it into several texts.")
    if broken := [number for number, text in enumerate(texts, 1) if any("\ud800" <= character <= "\udfff" for character in text)]:
        raise ValueError(f"Text {broken[0]} holds half a character (a lone surrogate). Send valid Unicode.")
    return texts


def input_fn(request_body: str | bytes, content_type: str = JSON) -> list[str]:
    """Return the texts of a request: JSON with a list ``texts``, or one text as it is. Raises ``ValueError`` for anything else."""
    kind = content_type.split(";")[0].strip().lower()
    if kind == JSON:
        return texts_of(request_body)
    if kind == PLAIN:
        return texts_of({"texts": [request_body.decode("utf-8") if isinstance(request_body, (bytes, bytearray)) else request_body]})
    raise ValueError(f"The content type {content_type[:60]} is not known. Expected {JSON} or {PLAIN}.")


def output_fn(prediction: list[dict[str, str | dict[str, float]]], accept: str = JSON) -> tuple[str, str]:
    """Return the answer as JSON, and its content type. Raises ``ValueError`` when the caller takes no JSON."""
    if not any(kind in accept.lower() for kind in (JSON, "*/*", "application/*")):
        raise ValueError(f"The answer cannot be given as {accept[:60]}. Ask for {JSON}.")
    return json.dumps({"answers": prediction}, ensure_ascii=False), JSON
