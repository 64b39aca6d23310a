"""What a person confirmed about a file: how to read it, which columns matter, how to clean and split it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from functools import cache
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from engine.errors import ExperimentError
from engine.reading.options import ReadingOptions

Record = TypeVar("Record")
_hints: Callable[[type], Mapping[str, Any]] = cache(get_type_hints)

PART_NAMES = {"train": "training", "validation": "validation", "test": "test"}


@dataclass(frozen=True)
class PartFile:
    """A file of its own for one part of the data, such as a published test set."""

    dataset: str
    """The content hash under which the store keeps the file."""
    name: str
    """The file's own name, for people."""
    reading: ReadingOptions = field(default_factory=ReadingOptions)


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
    """Treat labels that a person would call the same as one: they differ only in case, space, accents, Unicode form or a ``.0``."""
    drop_small_classes: bool = False
    """Leave out classes with too few distinct texts to learn from and to appear in each part that is drawn."""
    several_labels: str = ""
    """What becomes of a cell with several labels: ``first``, ``combination`` (a class of its own) or ``rows`` (one row for each)."""
    split_column: str = ""
    """The column that says the part of each row; the empty string where parts are drawn."""
    validation_file: PartFile | None = None
    """The file whose rows are the validation part, all of them; ``None`` where it is drawn from the others."""
    test_file: PartFile | None = None
    """The file whose rows are the test part, all of them; ``None`` where it is drawn from the others."""
    drop_overlaps: bool = False
    """Leave out of the training part (and of the validation part) texts that a given later part has too."""
    test_share: float = 0.15
    """Part of the rows on which the trained models are compared; they never see it while training."""
    validation_share: float = 0.15
    """Part of the rows that decides when to stop and which weights are kept."""
    seed: int = 0
    """The seed of the sample and of the split."""

    @property
    def gives_parts(self) -> bool:
        """Whether a column or a file says what is for validation or for testing."""
        return bool(self.split_column or self.part_files)

    @property
    def part_files(self) -> dict[str, PartFile]:
        """The files of their own, by the part that each of them is."""
        files = {"validation": self.validation_file, "test": self.test_file}
        return {part: file for part, file in files.items() if file is not None}

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
            if not isinstance(values["text"], (list, tuple)):
                raise TypeError("text is not a list")
            changes = {"text": tuple(values["text"]), "reading": _reading(values.get("reading", {}))}
            for part in ("validation_file", "test_file"):
                if (file := values.get(part)) is not None:
                    changes[part] = _of_its_types(PartFile(**{**file, "reading": _reading(file.get("reading", {}))}))
            return _of_its_types(cls(**{**values, **changes}))
        except (TypeError, KeyError, AttributeError) as error:
            raise ExperimentError(
                f"The description of the data cannot be read: {error}. Expected the fields dataset, name, text and label. "
                "Choose the data again on the Data page."
            ) from error


def _reading(values: dict[str, Any]) -> ReadingOptions:
    options = _of_its_types(ReadingOptions(**values))
    return replace(options, kind="json", shape="lines") if options.kind == "json-lines" else options  # its name before version 0.4


def _of_its_types(record: Record) -> Record:
    """Return the record. Raises ``TypeError`` where a field is of another type than its annotation, which a damaged file may give it."""
    for name, hint in _hints(type(record)).items():
        value = getattr(record, name)
        kinds = (float, int) if hint is float else get_origin(hint) if get_origin(hint) is tuple else hint
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in (get_args(hint) or (hint,))):
            raise TypeError(f"{name} is {type(value).__name__}")
        if isinstance(value, tuple) and not all(isinstance(entry, str) for entry in value):
            raise TypeError(f"{name} holds something else than text")
    return record
