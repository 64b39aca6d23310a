"""A worker's session with a study: the framework loaded on its device; requests come in, answers go out, until the coordinator is gone."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from engine.runs.folder import Run
from engine.runs.preparing.inputs import Inputs
from engine.runs.preparing.recipes import architecture_of
from engine.runs.processes.channel import Channel
from engine.runs.records.reading import from_json, to_json
from engine.shared.recipe import Recipe
from engine.shared.weights.initial import WEIGHTS, initial_weights, merge_initial
from engine.workers.requests.request import Request
from engine.workers.wing import build_model, import_wing, prepare_device


@dataclass
class Session:
    """One framework, loaded."""

    framework: str
    training: Any
    inference: Any
    devices: Any
    device: str
    stop_requested: Callable[[], bool]
    import_seconds: float
    """How long loading it took."""
    say: Callable[[str, float], None] = lambda words, share: None
    """Tells the coordinator what is being done and how much of the present piece of work is behind, from 0 to 1."""
    give_way: Callable[[], None] = lambda: None
    """Lets the other workers compute in the middle of a piece of work."""
    is_fresh: bool = True
    """Whether this is its first request."""

    def build(self, prepared: Run, inputs: Inputs, recipe: Recipe, precision: str) -> tuple[Any, Any, Any]:
        """Return the classifier's module, the classifier, and the model that is trained, with the weights that ``recipe`` begins with."""
        self.devices.use_precision(precision)
        self.devices.set_seed(recipe.seed)
        experiment = prepared.read_experiment()
        architecture = architecture_of(experiment, inputs)
        classifier, core, model = build_model(self.framework, experiment, architecture, recipe.own, self.device)
        shared = initial_weights(WEIGHTS[experiment.classifier](architecture), recipe.seed)
        classifier.load_neutral(core, merge_initial(shared, classifier.to_neutral(core), recipe.own))
        return classifier, core, model

    def tensors(self, prepared: Run, inputs: Inputs, part: str, precision: str, rows: int | None = None) -> tuple[Any, Any, Any]:
        """Return the first ``rows`` rows of a part of the data: inputs in ``precision``, labels, lengths."""
        arrays, labels, lengths = inputs.part(prepared, part)
        arrays = tuple(values[:rows].astype(precision) if values.dtype.kind == "f" else values[:rows] for values in arrays)
        return *self.training.as_tensors(arrays, labels[:rows], self.device), None if lengths is None else lengths[:rows]


Answers = Mapping[type[Request[Any]], Callable[..., Any]]
"""What answers each request: a function from what was prepared and the request. No answer means that a stop was asked for."""


def serve(run: Run, framework: str, channel: Channel, answers: Answers) -> None:
    """Load the framework, then answer one request a turn; the functions are given the session first."""
    experiment = Run(Path(channel.take("import")["prepared"])).read_experiment()
    started = time.perf_counter()
    training, inference = import_wing(framework, "training", "inference")
    import_seconds = time.perf_counter() - started
    devices, _, gpu = prepare_device(framework, experiment.device, experiment.threads)
    device = channel.take("ready", gpu=gpu)["device"]
    session = Session(
        framework,
        training,
        inference,
        devices,
        devices.use_device(device),
        stop_requested=lambda: run.stop_requested(),
        import_seconds=import_seconds,
        say=lambda words, share: channel.tell(doing=words, share=share),
        give_way=lambda: give_way(channel),
    )

    def answer(function: Callable[..., Any], prepared: Run, request: Request[Any]) -> Any:
        try:
            return function(session, prepared, request)
        finally:
            session.is_fresh = False

    answer_requests(channel, {kind: partial(answer, function) for kind, function in answers.items()})


def answer_requests(channel: Channel, answers: Answers) -> None:
    """Answer one request a turn; no framework is loaded."""
    kinds = {kind.__name__: kind for kind in answers}
    message = channel.take("work")
    while True:
        kind = kinds[message["kind"]]
        answer = answers[kind](Run(Path(message["prepared"])), from_json(kind, message["request"]))
        message = channel.take("work", answer=to_json(answer))


def give_way(channel: Channel) -> None:
    """Let the other workers compute in the middle of a piece of work."""
    channel.take("work", pause=True)
