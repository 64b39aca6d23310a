"""A worker's job ``museum``: makes a classic mistake for real, right beside its correction, and writes down all that a person would see.

The worker is the sandbox: a process of its own on the CPU, in an empty folder, which the coordinator ends when it takes too long.
"""

from __future__ import annotations

import inspect
import math
import os
import re
import time
import traceback
import warnings
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import TrainingError
from engine.reading.columns.part_names import PARTS
from engine.runs.folder import Run
from engine.runs.preparing.inputs import load_inputs
from engine.shared.mistake_data import MistakeData, make_mistake_data
from engine.workers.callback import Listener, Logs
from engine.workers.requests.mistakes import Frame, MistakeAnswer, MistakeRequest, Observation, PrintedWarning, RaisedError
from engine.workers.session import Session
from engine.workers.wing import import_wing

PROJECT = Path(__file__).parents[3]
MARK = "# mistake"
"""The comment on the line of a mistake's function that is wrong or forgotten."""

SEED = 0
MOST_CHARACTERS = 6000
"""The most characters of a message; TensorFlow puts a whole traceback of its graph into some."""

MistakeFunction = Callable[[MistakeData, Any, bool], np.ndarray]


def make_mistake(session: Session, prepared: Run, request: MistakeRequest) -> MistakeAnswer:
    """Make the mistake that was asked for, then its correction; what happened in each, and how far their answers are apart.

    Raises ``TrainingError`` when the corrected function fails, for then the function itself is broken.
    """
    (mistakes,) = import_wing(session.framework, "mistakes")
    function: MistakeFunction = getattr(mistakes, request.mistake)
    folder = prepared.path / f"sandbox-{session.framework}"
    folder.mkdir(exist_ok=True)
    before = os.getcwd()
    os.chdir(folder)
    try:
        data = _mistake_data(prepared.path)
        started = time.perf_counter()
        mistaken, answers = observe(function, data, True, session.devices.set_seed)
        seconds = time.perf_counter() - started
        correct, right_answers = observe(function, data, False, session.devices.set_seed)
    finally:
        os.chdir(before)
    if right_answers is None:
        error = correct.error or RaisedError()
        raise TrainingError(
            f"The exhibit {request.mistake} is broken in {session.framework}: without its mistake it was expected to train, but it raised "
            f"{error.type}: {error.message[:300]}. Mend engine/frameworks/{session.framework}/mistakes.py."
        )
    mistaken = replace(mistaken, warnings=tuple(warning for warning in mistaken.warnings if warning not in correct.warnings))
    same = None if answers is None else float(np.mean(answers.argmax(axis=1) == right_answers.argmax(axis=1)))
    return MistakeAnswer(mistaken=mistaken, correct=correct, same_answers=same, seconds=seconds)


@lru_cache(maxsize=1)
def _mistake_data(prepared: Path) -> MistakeData:
    """Make the data of all mistakes, once; what is not trained on is held out."""
    run = Run(prepared)
    inputs = load_inputs(run)
    texts = inputs.texts(run)
    rows = inputs.rows[PARTS[0]]
    others = np.concatenate([inputs.rows[part] for part in PARTS[1:]])
    return make_mistake_data(
        [texts[row] for row in rows], inputs.labels[rows], [texts[row] for row in others], inputs.labels[others], inputs.num_classes
    )


class Witness(Listener):
    """How far a training has come, and the loss of each step."""

    def __init__(self) -> None:
        self.stage = "build"
        self.losses: list[float] = []

    def on_train_begin(self) -> None:
        self.stage = "train"

    def on_train_batch_end(self, batch: int, logs: Logs) -> None:
        self.losses.append(float(logs["loss"]))

    def on_train_end(self) -> None:
        self.stage = "answer"


def observe(
    function: MistakeFunction, data: MistakeData, mistaken: bool, set_seed: Callable[[int], None]
) -> tuple[Observation, np.ndarray | None]:
    """Call a function and return what happened, and the logits of the held-out texts if it came to any."""
    witness = Witness()
    error: RaisedError | None = None
    logits: np.ndarray | None = None
    set_seed(SEED)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            logits = function(data, witness, mistaken)
            witness.stage = "end"
        except Exception as raised:  # whatever a framework raises is what the museum shows
            error = describe_error(raised, function)
    printed = [PrintedWarning(type=warning.category.__name__, message=shortened_paths(str(warning.message))) for warning in caught]
    finite = [math.isfinite(loss) for loss in witness.losses]
    observation = Observation(
        stage=witness.stage,
        steps=len(witness.losses),
        losses=tuple(loss if real else None for loss, real in zip(witness.losses, finite, strict=True)),
        first_not_a_number=None if all(finite) else finite.index(False) + 1,
        accuracy=None if logits is None else float(np.mean(logits.argmax(axis=1) == data.held_out_labels)),
        error=error,
        warnings=tuple(dict.fromkeys(printed)),
    )
    return observation, logits


def describe_error(error: BaseException, function: MistakeFunction) -> RaisedError:
    """Return an exception's type and message, the frames from the mistake's own function downwards, and where they lead a person."""
    code = inspect.unwrap(function).__code__
    traced = list(traceback.extract_tb(error.__traceback__))
    place = code.co_filename, code.co_name
    beginning = next((number for number, frame in enumerate(traced) if (frame.filename, frame.name) == place), 0)
    frames = tuple(
        Frame(
            file=shortened_paths(frame.filename),
            line=frame.lineno or 0,
            function=frame.name,
            code=frame.line or "",
            own=frame.filename == code.co_filename,
        )
        for frame in traced[beginning:]
    )
    own = [number for number, frame in enumerate(frames) if frame.own]
    own_line = frames[own[-1]] if own else None
    message = shortened_paths(str(error)).strip()
    return RaisedError(
        type=type(error).__name__,
        message=message if len(message) <= MOST_CHARACTERS else message[: MOST_CHARACTERS - 1] + "…",
        frames=frames,
        depth=len(frames),
        own_line=own_line,
        library_frames=len(frames) - 1 - own[-1] if own else len(frames),
        at_mistake=own_line is not None and MARK in own_line.code,
    )


def shortened_paths(text: str) -> str:
    """Leave out colours, and the folders above the project and above installed packages, which differ from machine to machine."""
    text = re.sub(r"\x1b\[[\d;]*m", "", text)
    text = re.sub(r'[^\s"\'(]*[\\/](site-packages|lib[\\/]python3\.\d+)[\\/]', "", text)
    return text.replace(f"{PROJECT}{os.sep}", "")
