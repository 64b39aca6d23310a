"""What an export came to, in words and tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine import FRAMEWORK_NAMES, FRAMEWORKS
from engine.display.formatting import count, number, percent
from engine.studies.export.manifest import ExportManifest
from engine.studies.export.request import FORMATS

FORMAT_TITLES = {name: title for formats in FORMATS.values() for name, title in formats.items()}

LARGEST_DIFFERENCE = 1e-4
"""The largest difference of a logit that a file in float32 may have."""

SENTENCES = {
    "safetensors": "The weights alone, under PyTorch's own names. The class that they belong to is not part of the file.",
    "torch-export": "A graph that PyTorch runs without the class, by `torch.export.load`.",
    "executorch": "PyTorch's way to phones: one text of a fixed width at a time, on XNNPACK.",
    "keras": "Layers, settings and weights in one file, loaded by `keras.models.load_model`.",
    "saved-model": "A graph that TensorFlow runs without Keras; what TF Serving loads.",
    "litert": "TensorFlow's way to phones: one text of a fixed width at a time.",
    "onnx": "A graph that belongs to neither framework; ONNX Runtime answers with it.",
}
"""What each format is for."""


def format_title(name: str, precision: str) -> str:
    """Return a format, with its precision where that is not float32."""
    return FORMAT_TITLES[name] + ("" if precision == "float32" else f" {precision}")


def title(manifest: ExportManifest) -> str:
    """Return the framework, the format, and the precision where it is not float32."""
    return f"{FRAMEWORK_NAMES[manifest.framework]}, {format_title(manifest.format, manifest.precision)}"


def answer(manifests: Sequence[ExportManifest]) -> str:
    """Return what all exports of a run came to, in one sentence; only files in float32 are held to the bar."""
    exact = [manifest for manifest in manifests if manifest.precision == "float32"]
    chosen = exact or manifests
    worst = max(manifest.check.max_logit_difference for manifest in chosen)
    agreement = min(manifest.check.label_agreement for manifest in chosen)
    rows = chosen[0].check.rows
    files = f"{count(len(chosen), 'file')}{'' if len(exact) == len(manifests) else ' in float32' if exact else ' in int8'}"
    bar = f", {'within' if worst <= LARGEST_DIFFERENCE else 'above'} the bar of {LARGEST_DIFFERENCE:g}" if exact else ""
    return (
        f"{files}, each loaded again by its own runtime: the same answer on {percent(agreement)} of "
        f"{count(rows, 'test text')}{' or more' if len(chosen) > 1 and agreement < 1 else ''}, no logit off by more than "
        f"{number(worst)}{bar}."
    )


def accuracy_loss(manifest: ExportManifest) -> str:
    """Return what int8 costs in accuracy; empty for a file in float32."""
    if manifest.precision == "float32":
        return ""
    check = manifest.check
    loss = check.accuracy_before - check.accuracy
    points = number(100 * abs(loss))
    change = f"loses {points} points" if loss > 0 else f"gains {points} points" if loss < 0 else "loses none"
    return (
        f"{title(manifest)}, {change} of accuracy: {percent(check.accuracy)} on {count(check.rows, 'test text')}, "
        f"the run's own model {percent(check.accuracy_before)}."
    )


def race_result(manifest: ExportManifest) -> str:
    """Return how fast ONNX Runtime answers one text beside the frameworks; empty where that was not measured."""
    race = manifest.check.race
    if race is None:
        return ""
    times = {framework: race.single_p50_ms[framework] for framework in FRAMEWORKS if framework in race.single_p50_ms}
    others = " and ".join(f"{FRAMEWORK_NAMES[framework]} in {number(value)} ms" for framework, value in times.items())
    faster = FRAMEWORK_NAMES[race.faster]
    verdict = "at least as fast as" if race.ratio <= 1 else "slower than"
    return (
        f"{title(manifest)}, answers one text in {number(race.single_p50_ms['onnx'])} ms, {others}, in turns, from the text on: "
        f"{number(race.ratio)} times the time of {faster}, {verdict} the faster framework."
    )


def findings(manifest: ExportManifest) -> list[str]:
    """Return what else is worth a sentence: the accuracy that int8 costs, and the race against the frameworks."""
    return [sentence for sentence in (accuracy_loss(manifest), race_result(manifest)) if sentence]


COLUMNS: dict[str, Callable[[ExportManifest], str]] = {
    "Model": title,
    "Runtime": lambda manifest: manifest.check.runtime,
    "Size": lambda manifest: f"{number(manifest.megabytes)} MB",
    "Same label": lambda manifest: percent(manifest.check.label_agreement),
    "Largest difference": lambda manifest: number(manifest.check.max_logit_difference),
    "Accuracy": lambda manifest: percent(manifest.check.accuracy),
    "One text, p50": lambda manifest: f"{number(manifest.check.single_p50_ms)} ms",
    "p95": lambda manifest: f"{number(manifest.check.single_p95_ms)} ms",
    "Batches": lambda manifest: f"{number(manifest.check.batch_texts_per_second)} texts/s",
}
"""The columns of the table: title, and what stands in it."""


def export_rows(manifests: Sequence[ExportManifest]) -> list[dict[str, str]]:
    """Return one row a file."""
    return [{name: shown(manifest) for name, shown in COLUMNS.items()} for manifest in manifests]


def export_table(manifests: Sequence[ExportManifest]) -> str:
    """Return all figures, for the command line."""
    lines = [answer(manifests), *(sentence for manifest in manifests for sentence in findings(manifest))]
    for row in export_rows(manifests):
        lines += ["", *(f"{name:24}{value:>24}" for name, value in row.items())]
    return "\n".join(lines)
