"""The model that a run has trained, in this worker's framework: filled with either framework's weights, alone or with its encoder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from engine.runs.folder import Run
from engine.runs.preparing.graph_inputs import TOKENS, rows_are_windows
from engine.runs.preparing.inputs import Inputs, load_inputs
from engine.runs.preparing.recipes import architecture_of
from engine.shared.encoders.checkpoint import resolve
from engine.shared.text.tokens import padding_token
from engine.shared.weights.files import read_weights
from engine.shared.weights.initial import WEIGHTS
from engine.workers.session import Session
from engine.workers.wing import build_model, import_wing, make_encode, prepare_device, with_encoder


def learned_with(run: Run) -> frozenset[str]:
    """Return the framework's own choices that a model answers with: the GELU of a run in the mode of defaults. Its answers are logits."""
    return frozenset({"gelu"}) if run.read_experiment().mode == "defaults" else frozenset()


def build_trained(run: Run, inputs: Inputs, framework: str, source: str, device: Any) -> tuple[Any, Any, Any]:
    """Build a framework's classifier with the weights that ``source`` has trained: its module, itself, and over windows where need be."""
    experiment, architecture = run.read_experiment(), architecture_of(run.read_experiment(), inputs)
    shapes = {name: weight.shape for name, weight in WEIGHTS[experiment.classifier](architecture).items()}
    weights = read_weights(run.model_file(source), shapes)
    classifier, core, model = build_model(framework, experiment, architecture, learned_with(run), device)
    classifier.load_neutral(core, weights)
    return classifier, core, model


def trained_model(session: Session, run: Run, inputs: Inputs, source: str) -> tuple[Any, Any, Any]:
    """Build it in float32 for a session: the classifier's module, itself, and over windows where need be."""
    session.devices.use_precision("float32")
    session.devices.set_seed(run.read_experiment().seed)
    return build_trained(run, inputs, session.framework, source, session.device)


def load_classify(run: Run, framework: str, wanted: str) -> Callable[[Sequence[str]], tuple[np.ndarray, float, float]]:
    """Load the trained classifier on the device ``wanted`` and let it answer once.

    The function that comes back takes texts and gives their class probabilities, and the milliseconds of encoding and of classifying.
    """
    inputs = load_inputs(run)
    devices, device_kind, _ = prepare_device(framework, wanted, run.read_experiment().threads)
    device = devices.use_device(device_kind, frozenset())
    (inference,) = import_wing(framework, "inference")
    _, _, model = build_trained(run, inputs, framework, framework, device)
    encode = make_encode(run, framework, inputs, device_kind)
    inference.classify(["warm-up"], encode, model, device)
    return lambda texts: inference.classify(texts, encode, model, device)


def over_windows(session: Session, run: Run, inputs: Inputs, core: Any) -> Any:
    """Wrap a graph, which answers to one window: a text that is read in several has the mean of their answers."""
    if hasattr(core, "to"):
        core.to(session.device)
    if run.read_experiment().long_texts != "windows" or not run.read_experiment().family_member.sequences:
        return core
    (windows,) = import_wing(session.framework, "windows")
    return windows.over_windows(core, inputs.padding)


def whole_graph(session: Session, run: Run, inputs: Inputs, core: Any) -> Any:
    """Put the run's encoder before a classifier of vectors: what an ONNX graph from tokens to logits holds."""
    checkpoint = resolve(inputs.encoder)
    whole = with_encoder(session.framework, core, checkpoint, padding_token(checkpoint.folder), rows_are_windows(run, TOKENS))
    return whole.to(session.device) if hasattr(whole, "to") else whole
