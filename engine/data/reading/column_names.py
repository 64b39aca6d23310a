"""The usual names of columns; header detection and the guess of the columns both know them."""

from __future__ import annotations

import re

TEXT_NAMES = ("text", "message", "body", "content", "review", "sentence", "comment", "tweet", "utterance", "question",
              "query", "description", "document", "article", "post", "abstract", "summary", "complaint", "narrative", "texts",
              "messages")  # fmt: skip
TITLE_NAMES = ("title", "headline", "subject")
LABEL_NAMES = ("label", "labels", "category", "class", "target", "intent", "topic", "sentiment", "department", "categories", "tag",
               "polarity", "emotion", "genre", "queue", "type", "rating", "stars")  # fmt: skip
OTHER_NAMES = ("id", "index", "idx", "date", "time", "timestamp", "author", "user", "username", "url", "link", "email", "split", "source")


def name_rank(name: str, usual: tuple[str, ...]) -> int | None:
    """Return the place of a column's name (or of its last word) in a list of usual names."""
    words = re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower())
    return usual.index(words[-1]) if words and len(words) <= 3 and words[-1] in usual else None
