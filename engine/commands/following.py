"""From a terminal: what is checked before a run starts, and how it or a study gets on; Ctrl+C stops and keeps what is finished."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

from tqdm import tqdm

from engine import FRAMEWORK_NAMES
from engine.errors import RunError
from engine.runs.experiment import Experiment
from engine.runs.folder import Run
from engine.runs.planning.data_facts import find_encoder
from engine.runs.planning.preflight import preflight
from engine.shared.classifiers import CLASSIFIERS
from engine.studies.study import Study


def check_before_start(experiment: Experiment) -> None:
    """Make the checks of the Train page: warnings go to standard error. Raises ``RunError`` with the sentences of what failed."""
    outcome = preflight(experiment)
    if outcome.refusal:
        raise RunError(outcome.refusal)
    for check in outcome.warnings:
        print(f"warning: {check.title}: {check.sentence}", file=sys.stderr)


def check_encoder(encoder: str, classifiers: Sequence[str]) -> None:
    """Look at an encoder before a study with it is queued. Raises ``RunError`` for one that both frameworks cannot use."""
    if not any(CLASSIFIERS[name].pretrained for name in classifiers):
        return
    found = find_encoder(encoder)
    if found.checkpoint is None and not found.missing:
        raise RunError(found.sentence)


def follow(run: Run, silent: bool) -> None:
    """Show how a run gets on until it has ended."""
    bar = tqdm(total=100, unit="%", file=sys.stderr, disable=silent, bar_format="{desc:.70s} {percentage:3.0f}% |{bar:20}| {elapsed}")
    with bar:
        while (status := run.read_status()).active:
            shares = [status.of(name).share or 0.0 for name in run.read_experiment().frameworks]
            if status.phase in ("encode", "download"):
                shares = [status.of(status.phase).share or 0.0]
            turn = f" · {FRAMEWORK_NAMES[status.turn]}'s turn" if status.turn and status.phase == "train" else ""
            bar.set_description_str(f"{status.message}{turn}", refresh=False)
            bar.n = 100 * sum(shares) / len(shares)
            bar.refresh()
            time.sleep(0.2)
        bar.n = 100 if status.state == "done" else bar.n
        bar.set_description_str(status.message)


def watch(study: Study) -> Study:
    """Show on standard error how a study gets on until it has ended, and return it. Raises ``RunError`` when it is not complete."""
    try:
        _follow_study(study)
    except KeyboardInterrupt:
        print("\nStopping; what is finished is kept. Press Ctrl+C again to leave the study to itself.", file=sys.stderr)
        study.request_stop()
        _follow_study(study)
    status = study.read_status()
    if status.state != "done" or study.read_results() is None:
        raise RunError(f"The {study.kind} {status.state}: {status.message}")
    return study


def _follow_study(study: Study) -> None:
    with tqdm(total=100, unit="%", file=sys.stderr, bar_format="{desc:.70s} {percentage:3.0f}% |{bar:20}|{postfix}") as bar:
        while (status := study.read_status()).active:
            left = status.seconds_left
            bar.set_description_str(status.message, refresh=False)
            bar.set_postfix_str("" if left is None else f"{left // 60:.0f}:{left % 60:02.0f} left", refresh=False)
            bar.n = 100 * status.share
            bar.refresh()
            time.sleep(0.2)
        bar.set_postfix_str("", refresh=False)
        bar.n = 100 * status.share
        bar.set_description_str(status.message)
