"""``train.py`` and ``inference.py`` of a SageMaker bundle: the run's standalone script, changed for what SageMaker hands in and calls."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from textwrap import indent

from engine import FRAMEWORK_NAMES
from engine.runs.folder import Run
from engine.serving.templates_folder import template
from engine.shared.syntax import parse
from engine.source.cutting import cut
from engine.source.script_main import EncoderSource, Parts, main_source
from engine.source.scripts import Purpose, standalone_script

TEMPLATES = Path(__file__).parent / "sagemaker_templates"
HANDING_IN, REQUEST_TEXTS = "handing_in.py", "request_texts.py"

GUARD = "\n\n\nif __name__"


def train_source(run: Run, framework: str) -> str:
    """Return ``train.py``. Raises ``RunError`` or ``EncoderError`` when the run's folder is incomplete."""
    purpose = Purpose(
        f"Trains the {FRAMEWORK_NAMES[framework]} classifier of run {run.identifier} as a job of SageMaker (script mode).\n\n"
        "It reads data.csv from SM_CHANNEL_TRAINING, writes the model to SM_MODEL_DIR and takes hyper-parameters as arguments.\n"
        "It needs Python 3.11 or later and:",
        training_main,
        lambda _, settings: without(settings, {"THREADS"}),
        lambda parts, _: cut(TEMPLATES / "train.py", "What SageMaker hands in", parts, parts.absent),
        "What SageMaker hands in",
        {HANDING_IN: (TEMPLATES / HANDING_IN).read_text(encoding="utf-8")},
        tuple((HANDING_IN, name) for name in ("read_arguments", "training_rows", "save_for_serving")),
    )
    return standalone_script(run, framework, purpose)


def training_main(parts: Parts) -> str:
    """Return the main of the standalone script, which saves all that serving needs in the end.

    A training job may have no network, so the bundle brings the encoder along.
    """
    main, guard = main_source(replace(parts, encoder=EncoderSource("bundle" if parts.encoder.kind else ""))).rsplit(GUARD, 1)
    end = cut(TEMPLATES / "train.py", "The end of main", parts, parts.absent)
    return f"{main}\n\n{indent(end, '    ')}{GUARD}{guard}"


def inference_source(run: Run, framework: str) -> str:
    """Return ``inference.py`` with SageMaker's four functions. Raises as :func:`train_source` does."""
    purpose = Purpose(
        f"Answers with the {FRAMEWORK_NAMES[framework]} classifier of run {run.identifier} in SageMaker.\n\n"
        "SageMaker calls model_fn once, then input_fn, predict_fn and output_fn for each request.\n"
        "It needs Python 3.11 or later and:",
        lambda parts: cut(TEMPLATES / "inference.py", "Run", parts, parts.absent),
        lambda _, settings: only(settings, {"POOLING", "NORMALIZE", "PADDING", "OWN"}),
        lambda *_: "",
        files={REQUEST_TEXTS: template(REQUEST_TEXTS)},
        names=((REQUEST_TEXTS, "input_fn"), (REQUEST_TEXTS, "output_fn")),
    )
    return standalone_script(run, framework, purpose)


def without(settings: str, names: set[str]) -> str:
    """Return the settings but for some."""
    return _chosen(settings, lambda name: name not in names)


def only(settings: str, names: set[str]) -> str:
    """Return the named settings alone."""
    return _chosen(settings, lambda name: name in names)


def _chosen(settings: str, wanted: Callable[[str], bool]) -> str:
    lines = settings.splitlines()
    chosen = [node for node in parse(settings).body if isinstance(node, ast.Assign) and wanted(ast.unparse(node.targets[0]))]
    return "\n".join("\n".join(lines[node.lineno - 1 : node.end_lineno]) for node in chosen)
