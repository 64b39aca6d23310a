"""A chart together with what it tells, the form in which every chart is handed on: a specification, its data as tables, a sentence."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import altair
import pandas
import pyarrow

from engine.files import JsonObject


@dataclass(frozen=True)
class Picture:
    """A chart and what it tells."""

    specification: str
    """Vega-Lite's JSON, in which the data have names only."""
    tables: Mapping[str, pandas.DataFrame]
    """The data, by the names that the specification gives them."""
    alt: str
    """The takeaway in one sentence."""
    caption: str = ""
    """What was left out, if anything was."""

    def complete(self) -> JsonObject:
        """Return the specification with the data in it, as a list of rows each."""
        rows = {name: altair.to_values(table)["values"] for name, table in self.tables.items()}
        return json.loads(self.specification) | {"datasets": rows}

    @cached_property
    def for_page(self) -> JsonObject:
        """The specification with the data as Arrow streams, a third as large and drawn up once, however many visitors look at it."""
        return json.loads(self.specification) | {"datasets": {name: _as_stream(table) for name, table in self.tables.items()}}


def drawn(chart: altair.Chart | altair.LayerChart, alt: str, caption: str = "") -> Picture:
    """Return a chart that was just made, apart from its data. Of a layered chart each layer may have data of its own."""
    tables: dict[str, pandas.DataFrame] = {}  # named unlike the steps that Vega-Lite adds, “data_0” and “source_0”
    for part in (chart, *getattr(chart, "layer", ())):
        if isinstance(part.data, pandas.DataFrame):
            name = next((name for name, table in tables.items() if table is part.data), f"table_{len(tables)}")
            tables[name] = part.data
            part.data = altair.NamedData(name)
    return Picture(specification_of(chart), tables, alt, caption)


def specification_of(chart: altair.Chart | altair.LayerChart) -> str:
    """Return the JSON of a chart whose data have names. It is not validated, which takes longer than all else; tests do that."""
    specification = chart.to_dict(validate=False)
    specification.pop("config", None)  # the look of Altair's default theme; pages and reports have their own
    return json.dumps(specification)


def tip(name: str, title: str, format: str = "") -> altair.Tooltip:
    """Return a line of a tooltip: a figure with a format, or a name without one."""
    return altair.Tooltip(f"{name}:Q", title=title, format=format) if format else altair.Tooltip(f"{name}:N", title=title)


def _as_stream(table: pandas.DataFrame) -> bytes:
    sink = pyarrow.BufferOutputStream()
    arrow = pyarrow.Table.from_pandas(table, preserve_index=False)
    with pyarrow.ipc.new_stream(sink, arrow.schema) as stream:
        stream.write_table(arrow)
    return bytes(sink.getvalue())
