"""What is to be said of a split: where its parts come from, and whether a text stands in two of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.data.choice import PART_NAMES, DataChoice
from engine.reading.columns.part_names import PARTS
from engine.units import Rows

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True)
class SplitFacts:
    """The origin of the parts, and what they share."""

    kind: str = "drawn"
    """``drawn``, ``column``, ``files`` or ``column and files``."""
    column: str = ""
    """The column that said the part of each row; empty where there was none."""
    files: dict[str, str] = field(default_factory=dict)
    """The name of the file that gave ``validation`` or ``test``, by the part."""
    drawn: tuple[str, ...] = PARTS[1:]
    """The parts that were drawn from the training rows."""
    overlaps: dict[str, Rows] = field(default_factory=dict)
    """How many different texts, once normalised, stand in two parts, by the two: ``train and test``; without those that share none."""

    @property
    def origin(self) -> str:
        """One sentence: ``The column “split” says the parts; validation was drawn from training.``"""
        said = [f"the column “{self.column}” says the parts"] if self.column else []
        said += [f"“{name}” is the {PART_NAMES.get(part, part)} part" for part, name in self.files.items()]
        names = " and ".join(PART_NAMES.get(part, part) for part in self.drawn)
        if not said:
            return f"{names[:1].upper()}{names[1:]} were drawn, so that every class keeps its share in each part."
        said += [f"{names} {'was' if len(self.drawn) == 1 else 'were'} drawn from training"] if self.drawn else []
        return f"{said[0][:1].upper()}{'; '.join(said)[1:]}."

    @property
    def promise(self) -> str:
        """One sentence: ``No text stands in two parts.``, or how many do."""
        if not self.overlaps:
            return "No text stands in two parts."
        told = []
        for pair, texts in self.overlaps.items():
            names = " and ".join(PART_NAMES.get(part, part) for part in pair.split(" and "))
            told.append(f"{texts:,} in {names}")
        return f"Texts that stand in two of the given parts: {', '.join(told)}."


def split_facts(choice: DataChoice, frame: pandas.DataFrame) -> SplitFacts:
    """Return what is known of the split of prepared rows, as ``PreparedData.frame`` and a run's ``data.parquet`` hold them."""
    import numpy  # here, because workers read records too and their memory is measured
    import pyarrow

    from engine.data.scanning import scan_texts

    files = {part: file.name for part, file in choice.part_files.items()}
    if not choice.gives_parts:
        return SplitFacts()
    kind = " and ".join(word for word, given in (("column", choice.split_column), ("files", files)) if given)
    drawn = PARTS[1:] if "drawn" not in frame else tuple(part for part in PARTS[1:] if frame["drawn"][frame["split"] == part].any())
    groups = scan_texts(pyarrow.chunked_array([pyarrow.array(frame["text"].tolist(), pyarrow.large_string())])).groups
    splits = frame["split"].to_numpy()
    texts = {part: numpy.unique(groups[splits == part]) for part in PARTS}
    overlaps = {
        f"{earlier} and {later}": len(shared)
        for place, earlier in enumerate(PARTS)
        for later in PARTS[place + 1 :]
        if len(shared := numpy.intersect1d(texts[earlier], texts[later]))
    }
    return SplitFacts(kind, choice.split_column, files, drawn, overlaps)
