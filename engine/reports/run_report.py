"""A run as one HTML file: what it found, how, with what, and how to repeat it; readable without a network and printable.

It says what the Compare and Code pages say, from the same functions. A run that has not finished gives a report of what there is.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from engine import __version__
from engine.display.formatting import count, date
from engine.errors import RunError
from engine.files import write_atomically
from engine.reports.model_card import CARD_MARK, model_card
from engine.reports.page import GENERATOR, Page, render
from engine.reports.sections import SECTIONS
from engine.results.sentences import answer, progress_sentence, reading_sentences, state_sentence, unfinished_sentence, what_trained
from engine.results.snapshot import Snapshot, take_snapshot
from engine.runs.folder import Run

REPORT_MARK = f'content="{GENERATOR}"'
"""Stands at the beginning of every report."""

HEAD = 4_096
"""Characters at the beginning of a file in which a report or a card says what it is."""


def report(run: Run) -> str:
    """Return the HTML of a run's report. Raises ``RunError`` when there is nothing to report yet."""
    return render(run_page(take_snapshot(run)))


def run_page(snapshot: Snapshot) -> Page:
    """Return what a run's report shows: every section that there is something for, and why the others are missing."""
    made = [make(snapshot) for make in SECTIONS]
    results, status = snapshot.results, snapshot.status
    return Page(
        title=f"Report of run {snapshot.run.identifier}",
        answer=answer(results) if snapshot.finished else progress_sentence(results),
        facts=[_about(snapshot), *reading_sentences(results), *(snapshot.status.notes or results.run.notes)],
        sections=[section for section in made if not isinstance(section, str)],
        warning=(state_sentence if snapshot.finished else unfinished_sentence)(status),
        left_out=[reason for reason in made if isinstance(reason, str) and reason],
        made=f"Made by Parity {__version__} on {date(time.time(), zone=True)} from the folder of run {snapshot.run.identifier}.",
    )


def write_reports(run: Run, folder: Path, card: bool = False) -> dict[str, Path]:
    """Write ``<run>-report.html``, and with ``card`` ``<run>-model-card.md``, into the folder; gives back their paths.

    Each file appears as a whole or not at all, and an earlier one is replaced. Raises ``RunError`` when the run has nothing to report,
    when a file of that name is something else, or when nothing can be written.
    """
    files: dict[str, tuple[Path, str, Callable[[], str]]] = {
        "report": (folder / f"{run.identifier}-report.html", REPORT_MARK, lambda: report(run))
    }
    if card:
        files["model_card"] = (folder / f"{run.identifier}-model-card.md", CARD_MARK, lambda: model_card(run))
    return write_files(files, f"run {run.identifier}")


def write_files(files: Mapping[str, tuple[Path, str, Callable[[], str]]], subject: str) -> dict[str, Path]:
    """Write each file, made by the last of the three; the mark in the middle says that an earlier one of that name was made here.

    Each appears as a whole or not at all. Raises ``RunError`` as :func:`write_reports`.
    """
    for file, mark, _ in files.values():
        _refuse_foreign(file, mark)
    texts = {name: make() for name, (_, _, make) in files.items()}
    for name, (file, _, _) in files.items():
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(file, texts[name])
        except OSError as error:
            raise RunError(
                f"The report of {subject} cannot be written into {file.parent} ({error.strerror}). Expected a folder with room and "
                "permission to write; name another one with --to."
            ) from error
    return {name: Path(os.path.abspath(file)) for name, (file, _, _) in files.items()}


def _refuse_foreign(file: Path, mark: str) -> None:
    """Raise ``RunError`` where a file was not made here: only reports and cards are replaced."""
    try:
        with open(file, encoding="utf-8", errors="replace") as existing:
            head = existing.read(HEAD)
    except (FileNotFoundError, NotADirectoryError):
        return  # nothing to replace; whether something can be written there is seen when it is
    except OSError as error:
        raise RunError(f"{file} cannot be replaced ({error.strerror}). Move it away, or name another folder with --to.") from error
    if mark not in head:
        raise RunError(
            f"{file} is there already and was not made by this command. Expected no such file, or an earlier report, which would be "
            "replaced. Move it away, or name another folder with --to."
        )


def _about(snapshot: Snapshot) -> str:
    data = snapshot.results.data
    parts: Sequence[str] = (
        data.name,
        count(len(data.classes), "class", "classes") if data.classes else "",
        what_trained(snapshot.results),
        date(snapshot.status.created, zone=True),
    )
    return " · ".join(filter(None, parts))
