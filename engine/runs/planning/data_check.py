"""The check report of a file, with what the bundled encoder would read of its texts."""

from __future__ import annotations

from engine.data.checks.report import Report, check_table
from engine.data.choice import DataChoice
from engine.encodings.foreign import ForeignTexts
from engine.reading.table import Table
from engine.shared.encoders.checkpoint import bundled_checkpoint
from engine.shared.text.foreign import foreign_texts
from engine.shared.text.tokens import token_counts

TOKEN_LIMIT = 256
"""The bundled encoder reads so many tokens of a text."""


def check_data(choice: DataChoice, table: Table) -> Report:
    """Return the check report; what the choice says of sample and shares does not matter to it."""
    return check_table(table, choice, TOKEN_LIMIT, count_tokens, find_foreign)


def count_tokens(texts: list[str]) -> list[int]:
    """Count the tokens of each text under the bundled encoder, before any cut."""
    return token_counts(bundled_checkpoint().folder, texts)


def find_foreign(texts: list[str]) -> ForeignTexts:
    """Return which texts are mostly outside the vocabulary of the bundled encoder."""
    return foreign_texts(bundled_checkpoint(), texts)
