"""Size, latency and accuracy of a run's exported files in one picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair
import pandas

from engine import FRAMEWORK_NAMES
from engine.evidence.palette import colour_scale, shape_scale
from engine.evidence.picture import Picture, tip
from engine.evidence.wording import number, percent
from engine.migration.export_words import FORMAT_TITLES, title


def export_chart(manifests: Sequence[Mapping[str, Any]]) -> Picture:
    """Each file at its size and the median time of one text, both axes logarithmic, with its accuracy in words."""
    table = pandas.DataFrame(
        [
            (
                FRAMEWORK_NAMES[manifest["framework"]],
                f"{FORMAT_TITLES[manifest['format']]}, {percent(manifest['check']['accuracy'])}",
                manifest["megabytes"],
                manifest["check"]["single_p50_ms"],
                100 * manifest["check"]["accuracy"],
            )
            for manifest in manifests
        ],
        columns=["name", "label", "megabytes", "milliseconds", "accuracy"],
    )
    scale, axis = altair.Scale(type="log", padding=30), altair.Axis(tickCount=4, format="~g", grid=False)
    base = altair.Chart(table).encode(
        x=altair.X("megabytes:Q", title="Size, MB", scale=scale, axis=axis),
        y=altair.Y("milliseconds:Q", title="One text, ms", scale=scale, axis=axis),
    )
    tips = [
        tip("name", "Framework"),
        tip("label", "Format, accuracy"),
        tip("megabytes", "MB", ".3~g"),
        tip("milliseconds", "ms", ".3~g"),
        tip("accuracy", "Accuracy, %", ".1f"),
    ]
    points = base.mark_point(size=90, filled=True, opacity=0.9).encode(
        color=altair.Color("name:N", scale=colour_scale(), legend=altair.Legend(title=None, orient="top")),
        shape=altair.Shape("name:N", scale=shape_scale(), legend=None),
        tooltip=tips,
    )
    names = base.mark_text(align="left", dx=9, fontSize=11).encode(text="label:N")
    small = min(manifests, key=lambda manifest: manifest["megabytes"])
    fast = min(manifests, key=lambda manifest: manifest["check"]["single_p50_ms"])
    alt = (
        f"The smallest file is {title(small)}, with {number(small['megabytes'])} MB; the fastest answer to one text "
        f"comes from {title(fast)}, in {number(fast['check']['single_p50_ms'])} ms."
    )
    return Picture((points + names).properties(height=300), alt)
