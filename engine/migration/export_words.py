"""What an export came to, in words and tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine import FRAMEWORK_NAMES
from engine.evidence.wording import count, number, percent
from engine.migration.export_request import FORMATS

FORMAT_TITLES = {name: title for formats in FORMATS.values() for name, title in formats.items()}

LARGEST_DIFFERENCE = 1e-4
"""Of the logits in float32: what every file is held to."""

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


def title(manifest: Mapping[str, Any]) -> str:
    """The framework and the format."""
    return f"{FRAMEWORK_NAMES[manifest['framework']]}, {FORMAT_TITLES[manifest['format']]}"


def answer(manifests: Sequence[Mapping[str, Any]]) -> str:
    """What all exports of a run came to, in one sentence."""
    worst = max(manifest["check"]["max_logit_difference"] for manifest in manifests)
    agreement = min(manifest["check"]["label_agreement"] for manifest in manifests)
    rows = manifests[0]["check"]["rows"]
    met = "within" if worst <= LARGEST_DIFFERENCE else "above"
    return (
        f"{count(len(manifests), 'file')}, each loaded again by its own runtime: the same answer on {percent(agreement)} of "
        f"{count(rows, 'test text')}{' or more' if len(manifests) > 1 and agreement < 1 else ''}, no logit off by more than "
        f"{number(worst)}, {met} the bar of {LARGEST_DIFFERENCE:g}."
    )


COLUMNS = {
    "Model": title,
    "Runtime": lambda manifest: manifest["check"]["runtime"],
    "Size": lambda manifest: f"{number(manifest['megabytes'])} MB",
    "Same label": lambda manifest: percent(manifest["check"]["label_agreement"]),
    "Largest difference": lambda manifest: number(manifest["check"]["max_logit_difference"]),
    "Accuracy": lambda manifest: percent(manifest["check"]["accuracy"]),
    "One text, p50": lambda manifest: f"{number(manifest['check']['single_p50_ms'])} ms",
    "p95": lambda manifest: f"{number(manifest['check']['single_p95_ms'])} ms",
    "Batches": lambda manifest: f"{number(manifest['check']['batch_texts_per_second'])} texts/s",
}
"""Of the table: title, and what stands in it."""


def export_rows(manifests: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """One row a file."""
    return [{name: shown(manifest) for name, shown in COLUMNS.items()} for manifest in manifests]


def export_table(manifests: Sequence[Mapping[str, Any]]) -> str:
    """All figures, for the command line."""
    lines = [answer(manifests)]
    for row in export_rows(manifests):
        lines += ["", *(f"{name:24}{value:>24}" for name, value in row.items())]
    return "\n".join(lines)
