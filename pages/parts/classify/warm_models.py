"""The trained models of a run, warm in a process of each framework, and shared by every browser that asks about that run."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st

from engine import FRAMEWORK_NAMES
from engine.display.formatting import count
from engine.errors import RunError
from engine.runs.folder import open_run
from engine.runs.processes.answering import Answerer, Answers

CHUNK = 64
"""Texts that are sent at once, so that progress can be shown and a dead process costs little."""


class WarmModel:
    """One process with one framework's model. Starting it returns at once, so that both frameworks load at the same time."""

    def __init__(self, identifier: str, framework: str) -> None:
        self.answerer = Answerer(open_run(identifier), framework)
        self._warm = False

    def wake(self) -> None:
        """Wait until it has loaded. A first answer traces, compiles and allocates, which the person's first text is not to pay for."""
        if not self._warm:
            self.answerer.answer(["warm up"])
            self._warm = True


@st.cache_resource(max_entries=2, on_release=lambda model: model.answerer.close(), show_spinner=False)
def warm_model(identifier: str, framework: str) -> WarmModel:
    """Return a model that is kept alive until another run is asked about: the two frameworks of one run fill the two places."""
    return WarmModel(identifier, framework)


def answer_with_both(
    identifier: str,
    frameworks: Sequence[str],
    texts: Sequence[str],
    say: Callable[[str], object],
    progress: Callable[[float, float | None], object] = lambda share, seconds_left: None,
) -> dict[str, Answers]:
    """Return every framework's answers, one framework after the other so that each is timed on a quiet machine.

    ``say`` gets a sentence about what is going on, ``progress`` the share done (0 to 1) and the seconds left once they can be
    estimated. A process that has died is started once more, and ``say`` tells. Raises ``RunError`` when that does not help.
    """
    began = time.monotonic()
    answers = {framework: Answers(restarted=_replace_dead(identifier, framework, say)) for framework in frameworks}
    for framework in frameworks:
        wake = partial(_wake, say=say, name=FRAMEWORK_NAMES[framework], began=began)
        answers[framework] += Answers(restarted=_with_restart(identifier, framework, say, wake)[1])
    done, total = 0, len(frameworks) * max(1, math.ceil(len(texts) / CHUNK))
    for framework in frameworks:
        say(f"{FRAMEWORK_NAMES[framework]} is answering")
        for start in range(0, len(texts), CHUNK):
            chunk = list(texts[start : start + CHUNK])
            part, restarted = _with_restart(identifier, framework, say, partial(_answers, texts=chunk))
            answers[framework] += replace(part, restarted=restarted)
            done += 1
            answered = sum(each.encode_ms + each.classify_ms for each in answers.values()) / 1000
            progress(done / total, answered / done * (total - done))
    return answers


def _wake(model: WarmModel, say: Callable[[str], object], name: str, began: float) -> None:
    """Wait until the model has loaded, and ``say`` each second how long that has taken since the moment ``began``."""
    say(f"{name} is getting ready")
    thread = ThreadPoolExecutor(1)
    try:
        woken = thread.submit(model.wake)
        while wait([woken], timeout=1.0).not_done:
            say(f"{name} is getting ready: {count(round(time.monotonic() - began), 'second')}")
        woken.result()
    finally:
        thread.shutdown(wait=False)  # who leaves the page is not held up


def _answers(model: WarmModel, texts: list[str]) -> Answers:
    return model.answerer.answer(texts)


def _with_restart(identifier: str, framework: str, say: Callable[[str], object], ask: Callable[[WarmModel], Any]) -> tuple[Any, bool]:
    """Return what ``ask`` gets from the model, and whether its process had to be started again for it. Raises ``RunError``."""
    model = warm_model(identifier, framework)
    try:
        return ask(model), False
    except RunError:
        if model.answerer.alive:
            raise
    _replace_dead(identifier, framework, say)
    model = warm_model(identifier, framework)
    model.wake()
    return ask(model), True


def _replace_dead(identifier: str, framework: str, say: Callable[[str], object]) -> bool:
    """Make sure that a process stands behind the model, and return whether a dead one was replaced."""
    if warm_model(identifier, framework).answerer.alive:
        return False
    say(f"The process of {FRAMEWORK_NAMES[framework]} had ended; starting it again")
    warm_model.clear(identifier, framework)
    warm_model(identifier, framework)
    return True
