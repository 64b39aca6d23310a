"""Size, latency and accuracy of a run's exported files in one picture."""

from __future__ import annotations

from collections.abc import Sequence

import altair
import pandas

from engine import FRAMEWORK_NAMES
from engine.display.figure import Picture, drawn, tip
from engine.display.formatting import number, percent
from engine.display.palette import NEUTRAL, colour_scale, shape_scale
from engine.studies.export.manifest import ExportManifest
from engine.studies.export.words import title


def export_chart(manifests: Sequence[ExportManifest]) -> Picture:
    """Draw a row for each file with its accuracy: the median time of one text, and as the mark's area the size."""
    table = pandas.DataFrame(
        [
            (
                FRAMEWORK_NAMES[manifest.framework],
                f"{title(manifest)}: {percent(manifest.check.accuracy)}",
                manifest.megabytes,
                manifest.check.single_p50_ms,
            )
            for manifest in manifests
        ],
        columns=["name", "label", "megabytes", "milliseconds"],
    )
    labels = altair.Axis(title=None, labelLimit=230, labelOverlap=False, grid=True, domain=False, ticks=False)
    times = altair.Axis(tickCount=4, format="~g", grid=False)
    tips = [tip("name", "Framework"), tip("label", "File, accuracy"), tip("megabytes", "MB", ".3~g"), tip("milliseconds", "ms", ".3~g")]
    points = (
        altair.Chart(table)
        .mark_point(filled=True, opacity=0.9)
        .encode(
            x=altair.X("milliseconds:Q", title="One text, ms", scale=altair.Scale(type="log", padding=20), axis=times),
            y=altair.Y("label:N", sort=None, axis=labels),
            color=altair.Color("name:N", scale=colour_scale(), legend=None),
            shape=altair.Shape("name:N", scale=shape_scale(), legend=None),
            size=altair.Size(
                "megabytes:Q",
                title="Size, MB",
                scale=altair.Scale(range=[60, 700]),
                legend=altair.Legend(
                    orient="top",
                    values=sorted({min(table["megabytes"]), max(table["megabytes"])}),
                    format=".3~g",
                    symbolFillColor=NEUTRAL,
                    symbolStrokeColor=NEUTRAL,
                ),
            ),
            tooltip=tips,
        )
    )
    small = min(manifests, key=lambda manifest: manifest.megabytes)
    fast = min(manifests, key=lambda manifest: manifest.check.single_p50_ms)
    alt = (
        f"The smallest file is {title(small)}, with {number(small.megabytes)} MB; the fastest answer to one text "
        f"comes from {title(fast)}, in {number(fast.check.single_p50_ms)} ms."
    )
    return drawn(points.properties(height=altair.Step(32)), alt)
