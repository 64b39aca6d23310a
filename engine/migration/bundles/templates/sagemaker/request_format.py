"""How a request and its answer are written, the same for both frameworks."""

from __future__ import annotations

import json
from typing import Any

from request_texts import texts_of

JSON, PLAIN = "application/json", "text/plain"


def input_fn(request_body: str | bytes, content_type: str = JSON) -> list[str]:
    """The texts of a request: JSON with a list ``texts``, or one text as it is. Raises ``ValueError`` for anything else."""
    kind = content_type.split(";")[0].strip().lower()
    if kind == JSON:
        return texts_of(request_body)
    if kind == PLAIN:
        return texts_of({"texts": [request_body.decode("utf-8") if isinstance(request_body, (bytes, bytearray)) else request_body]})
    raise ValueError(f"The content type {content_type[:60]} is not known. Expected {JSON} or {PLAIN}.")


def output_fn(prediction: list[dict[str, Any]], accept: str = JSON) -> tuple[str, str]:
    """The answer as JSON, and its content type. Raises ``ValueError`` when the caller takes no JSON."""
    if not any(kind in accept.lower() for kind in (JSON, "*/*", "application/*")):
        raise ValueError(f"The answer cannot be given as {accept[:60]}. Ask for {JSON}.")
    return json.dumps({"answers": prediction}, ensure_ascii=False), JSON
