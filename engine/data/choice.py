"""What a person confirmed about a file: how to read it, which columns matter, how to clean and split it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any

from engine.errors import ExperimentError

PARTS = ("train", "validation", "test")
"""The three parts of the data, in this order everywhere."""


@dataclass(frozen=True)
class ReadingOptions:
    """How the bytes of a file become a table. ``None`` means: detect it."""

    kind: str | None = None
    """``csv`` (any delimiter), ``json-lines``, ``parquet`` or ``excel``."""
    encoding: str | None = None
    """A Python codec name, for example ``utf-8`` or ``cp1252``."""
    delimiter: str | None = None
    """One character; for ``csv`` only."""
    quote: str | None = None
    """The quote character, or the empty string for no quoting; for ``csv`` only."""
    header: bool | None = None
    """Whether the first row holds the column names."""
    sheet: str | None = None
    """The sheet's name; for ``excel`` only."""


@dataclass(frozen=True)
class DataChoice:
    """Everything needed to turn a stored file into the same cleaned, split rows again."""

    dataset: str
    """The content hash under which the store keeps the file, or ``sample``."""
    name: str
    """The file's own name, for people."""
    text: tuple[str, ...]
    """The columns whose texts are joined, in this order, by a blank line."""
    label: str
    """The column that holds the class."""
    reading: ReadingOptions = field(default_factory=ReadingOptions)
    rows: int | None = None
    """Take a stratified sample of this many rows; ``None`` takes all."""
    drop_duplicates: bool = False
    """Keep one of several rows with the same normalised text and the same label."""
    drop_conflicts: bool = False
    """Leave out texts that appear under more than one label."""
    merge_labels: bool = False
    """Treat labels that differ only in case or surrounding space as one."""
    drop_small_classes: bool = False
    """Leave out classes with too few distinct texts to appear in all three parts."""
    test_share: float = 0.15
    """Part of the rows on which the trained models are compared; they never see it while training."""
    validation_share: float = 0.15
    """Part of the rows that decides when to stop and which weights are kept."""
    seed: int = 0
    """The seed of the sample and of the split."""

    def to_json(self) -> dict[str, Any]:
        """Return plain dictionaries and lists, ready for ``json.dumps``."""
        return asdict(self) | {"text": list(self.text)}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> DataChoice:
        """Read what :meth:`to_json` wrote. Raises ``ExperimentError`` on a field that is missing, unknown or of the wrong type."""
        names = {item.name for item in fields(cls)}
        unknown = sorted(set(values) - names)
        if unknown:
            raise ExperimentError(
                f"The description of the data has fields that this version does not know: {', '.join(unknown)}. "
                f"Expected only {', '.join(sorted(names))}. It was probably written by another version; choose the data again."
            )
        try:
            reading = ReadingOptions(**values.get("reading", {}))
            return cls(**{**values, "text": tuple(values["text"]), "reading": reading})
        except (TypeError, KeyError) as error:
            raise ExperimentError(
                f"The description of the data cannot be read: {error}. Expected the fields dataset, name, text and label. "
                "Choose the data again on the Data page."
            ) from error
