"""The command ``check``: what the Data page shows of a file, on standard output, and whether it could be trained on."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from engine.commands.data_options import choice_of_sample, complete_choice, guess_with, option_of, reading_of, stored
from engine.data.checks.report import Report
from engine.data.choice import DataChoice
from engine.data.chosen_table import chosen_table
from engine.data.store import SAMPLE
from engine.data.table_cache import read_stored
from engine.errors import DataError
from engine.reading.columns.guess import ColumnGuess
from engine.reading.finding import Finding
from engine.reading.options import ReadingOptions
from engine.reading.table import Table
from engine.runs.planning.data_check import check_data
from engine.runs.preparing.prepare import dataset_store
from engine.runs.records.reading import to_json

TRAINABLE, BLOCKED, UNREADABLE = 0, 1, 2
SHOWN_CLASSES = 20


class Candidates(NamedTuple):
    """The columns that could be what is asked for, the likeliest first."""

    text: tuple[str, ...]
    label: tuple[str, ...]


@dataclass(frozen=True)
class FindingLine:
    """One line of the check report."""

    code: str
    level: str
    count: int
    title: str
    sentence: str
    action: str
    lines: tuple[int, ...]
    """Line numbers in the file, at most the first 1,000."""


@dataclass(frozen=True)
class FileCheck:
    """What ``check --json`` prints."""

    name: str
    reading: ReadingOptions
    """How the file was read; with these options it is read the same again."""
    notes: tuple[str, ...]
    """Sentences on what was detected, and how sure."""
    columns: tuple[str, ...]
    guess: dict[str, object]
    """``text``, ``label``, ``sure``, ``reason`` and ``candidates``."""
    text: tuple[str, ...]
    """The text columns that were looked at: named by an option, else guessed."""
    label: str
    """The label column that was looked at."""
    rows: int
    """Rows that were read."""
    usable_rows: int
    """Rows that remain after cleaning."""
    classes: dict[str, int]
    """The usable rows of each class, the largest first."""
    parts: dict[str, int]
    """The usable rows of each part that a column or a file gives; empty where all parts are drawn."""
    merge: tuple[tuple[str, ...], ...]
    """Groups of labels that a person would call the same."""
    findings: tuple[FindingLine, ...]


def check(options: argparse.Namespace) -> int:
    """Read and check a file; 0 where it could be trained on, 1 where something blocks, 2 where it cannot be read."""
    try:
        table, choice, guess = _read(options)
        table = chosen_table(dataset_store(), choice, table)
    except DataError as error:
        if options.json:
            print(json.dumps({"error": str(error)}, indent=1, ensure_ascii=False))
        print(f"error: {error}", file=sys.stderr)
        return UNREADABLE
    report = check_data(choice, table)
    facts = _facts(table, choice, guess, report)
    print(json.dumps(to_json(facts), indent=1, ensure_ascii=False) if options.json else _printed(facts, report))
    return BLOCKED if report.blocks else TRAINABLE


def _read(options: argparse.Namespace) -> tuple[Table, DataChoice, ColumnGuess]:
    if options.data == SAMPLE:
        choice = choice_of_sample(options)
        table = read_stored(dataset_store().get(SAMPLE), choice.reading)
        return table, choice, guess_with(options, table)
    dataset = stored(Path(options.data))
    table = read_stored(dataset, reading_of(options))
    guess = guess_with(options, table)
    return table, complete_choice(options, dataset, table, guess), guess


def _facts(table: Table, choice: DataChoice, guess: ColumnGuess, report: Report) -> FileCheck:
    return FileCheck(
        choice.name,
        table.options,
        table.notes,
        tuple(map(str, table.frame.columns)),
        {
            "text": guess.text,
            "label": guess.label,
            "sure": guess.sure,
            "reason": guess.reason,
            "candidates": Candidates(guess.text_candidates, guess.label_candidates)._asdict(),
        },
        choice.text,
        choice.label,
        report.rows,
        report.usable_rows,
        report.classes,
        report.parts,
        tuple(tuple(spelling for spelling, _ in group.spellings) for group in report.label_groups),
        tuple(
            FindingLine(item.code, item.level, item.count, item.title, item.sentence, item.action, item.lines) for item in report.findings
        ),
    )


def _line_of(finding: Finding) -> FindingLine:
    return FindingLine(finding.code, finding.level, finding.count, finding.title, finding.sentence, _action(finding), finding.lines)


def _action(finding: Finding) -> str:
    """Return what to do, with the option that does it."""
    return f"{finding.action} ({option_of(finding.choice_field)})" if finding.choice_field else finding.action


def _printed(facts: FileCheck, report: Report) -> str:
    said = [f"{name} {value!r}" for name, value in vars(facts.reading).items() if value not in (None, "")]
    lines = [
        f"{facts.name}: {facts.rows:,} rows, {len(facts.columns):,} columns: {', '.join(facts.columns)}",
        f"Read as: {', '.join(said)}",
    ]
    lines += facts.notes
    sure = "" if facts.guess["sure"] else " This is not sure: name them with --text and --label."
    lines += ["", f"Text: {', '.join(facts.text) or 'none'}. Label: {facts.label or 'none'}. {facts.guess['reason']}{sure}"]
    shown = [f"{name} {count:,}" for name, count in list(facts.classes.items())[:SHOWN_CLASSES]]
    more = f", and {len(facts.classes) - SHOWN_CLASSES:,} more" if len(facts.classes) > SHOWN_CLASSES else ""
    lines.append(f"{facts.usable_rows:,} usable rows in {len(facts.classes):,} classes: {', '.join(shown)}{more}")
    lines += [f"The same to a person: {', '.join(f'“{name}”' for name in group)}. --merge-labels makes them one." for group in facts.merge]
    lines += ["", *(f"{item.level}: {item.title} ({item.count:,}). {item.sentence} {item.action}" for item in facts.findings)]
    lines.append("Something blocks training." if report.blocks else "It can be trained on.")
    return "\n".join(lines).replace("\n\n\n", "\n\n")
