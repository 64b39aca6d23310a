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


def follow(work: Run | Study, silent: bool = False) -> None:
    """Show until a run or a study has ended what is being done, how much of the whole is done, and how long the rest takes."""
    with tqdm(total=100, file=sys.stderr, disable=silent, bar_format="{desc:.70s} {percentage:3.0f}% |{bar:20}| {elapsed}{postfix}") as bar:
        while (status := work.read_status()).active:
            share, left = status.now()
            turn = f" · {FRAMEWORK_NAMES[status.turn]}'s turn" if status.turn and status.phase == "train" else ""
            bar.set_description_str(f"{status.message}{turn}", refresh=False)
            bar.set_postfix_str("" if left is None else f"{left // 60:.0f}:{left % 60:02.0f} left", refresh=False)
            bar.n = max(bar.n, 100 * share)
            bar.refresh()
            time.sleep(0.2)
        bar.n = 100 if status.state == "done" else bar.n
        bar.set_postfix_str("", refresh=False)
        bar.set_description_str(status.message)


def watch(study: Study) -> Study:
    """Show on standard error how a study gets on until it has ended, and return it. Raises ``RunError`` when it is not complete."""
    try:
        follow(study)
    except KeyboardInterrupt:
        print("\nStopping; what is finished is kept. Press Ctrl+C again to leave the study to itself.", file=sys.stderr)
        study.request_stop()
        follow(study)
    status = study.read_status()
    if status.state != "done" or study.read_results() is None:
        raise RunError(f"The {study.kind} {status.state}: {status.message}")
    return study
