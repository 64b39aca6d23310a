"""The options that say what the data are: how a file is read, which columns matter, what is cleaned, and which part a row belongs to."""

from __future__ import annotations

import argparse
import contextlib
import shlex
from dataclasses import replace
from pathlib import Path

from engine.data.choice import DataChoice, PartFile
from engine.data.store import SAMPLE, Dataset, sample_choice
from engine.data.table_cache import read_stored
from engine.errors import DataError, UnsureError
from engine.reading.columns.guess import ColumnGuess, guess_columns
from engine.reading.columns.part_names import likely_split_column
from engine.reading.options import ReadingOptions
from engine.reading.table import Table
from engine.runs.preparing.prepare import dataset_store

READING = {
    "kind": ("KIND", "what kind of file it is: csv, json, parquet, arrow, excel, lines or texts"),
    "encoding": ("CODEC", "any encoding that Python knows, for example cp1250"),
    "delimiter": ("CHARACTER", "what parts the cells of a delimited text; tab or \\t for a tab"),
    "quote": ("CHARACTER", "what quotes cells; '' for none"),
    "escape": ("CHARACTER", "what takes a quote's meaning away, for example a backslash; '' where quotes are doubled"),
    "skip_rows": ("N", "lines above the table that are no part of it"),
    "sheet": ("NAME", "the sheet of a workbook"),
    "shape": ("SHAPE", "how rows are written in a JSON file"),
    "member": ("NAME", "the file in a zip with several"),
}
CLEANING = {
    "merge_labels": "treat labels that a person would call the same as one",
    "drop_duplicates": "keep one of several rows with the same text and label",
    "drop_conflicts": "leave out texts that stand under more than one label",
    "drop_small_classes": "leave out classes with fewer than three distinct texts",
    "drop_overlaps": "leave out of earlier parts the texts that a given later part has too",
}
SEVERAL_LABELS = ("first", "combination", "rows")
PART_FILES = {"validation_file": "to validate on", "test_file": "to test on"}
SPELLED = {"tab": "\t", "space": " "}


def add_data_options(command: argparse.ArgumentParser, rows_default: str = "") -> None:
    """Add the options that every command with a file of texts takes."""
    command.add_argument("--text", action="extend", nargs="+", metavar="COL", help="text columns, joined in this order (default: guessed)")
    command.add_argument("--label", metavar="COL", help="the label column (default: guessed)")
    command.add_argument("--guess", action="store_true", help="take the guess of the columns also where it is unsure")
    reading = command.add_argument_group("how the file is read (default: detected)")
    for name, (metavar, words) in READING.items():
        reading.add_argument(option_of(name), type=int if name == "skip_rows" else str, metavar=metavar, help=words)
    explained = "whether the first row of the table holds the column names"
    reading.add_argument("--header", action=argparse.BooleanOptionalAction, default=None, help=explained)
    cleaning = command.add_argument_group("what is cleaned")
    for name, words in CLEANING.items():
        cleaning.add_argument(option_of(name), action="store_true", help=words)
    explained = "what becomes of a cell with several labels: the first, their combination as a class, or one row for each"
    cleaning.add_argument("--several-labels", choices=SEVERAL_LABELS, default="", help=explained)
    parts = command.add_argument_group("given parts (default: drawn)")
    parts.add_argument(
        "--split-column",
        metavar="COL",
        default=None,
        help="the column that says the part of each row (default: one that is called so, with values such as train and test); '' for none",
    )
    for name, words in PART_FILES.items():
        parts.add_argument(option_of(name), type=Path, metavar="FILE", help=f"the file whose rows are the ones {words}")
    parts.add_argument("--rows", type=int, metavar="N", help=f"take a stratified sample of this many rows{rows_default}")


def option_of(name: str) -> str:
    """Return how a field is written on the command line: ``--drop-duplicates``."""
    return f"--{name.replace('_', '-')}"


def choose_data(options: argparse.Namespace) -> DataChoice:
    """Return the file and its columns, guessed where nothing was said.

    Raises ``UnsureError`` where a guess would be a gamble, and ``DataError`` where the file or a column does not exist.
    """
    if options.data == SAMPLE:
        return choice_of_sample(options)
    dataset = stored(Path(options.data))
    table = read_stored(dataset, reading_of(options))
    return complete_choice(options, dataset, table, checked_guess(options, table))


def choice_of_sample(options: argparse.Namespace) -> DataChoice:
    """Return the bundled sample with what was said about cleaning. Raises ``DataError`` on columns that it does not have."""
    choice = sample_choice()
    for option, given, column in (("--text", options.text, list(choice.text)), ("--label", options.label, choice.label)):
        if given and given != column:
            names = f"{', '.join(choice.text)} (text) and {choice.label} (label)"
            raise DataError(f"The sample has the columns {names}, but {option} names {given}. Leave {option} out.")
    if reading_of(options) != ReadingOptions():
        raise DataError("The sample is read as it is. Leave out the options that say how a file is read.")
    return _with_common_options(choice, options)


def reading_of(options: argparse.Namespace) -> ReadingOptions:
    """Return what was said about how the file is read."""
    values = {name: getattr(options, name) for name in [*READING, "header"]}
    for name in ("delimiter", "quote", "escape"):
        values[name] = _character(values[name])
    return ReadingOptions(**values)


def _character(written: str | None) -> str | None:
    r"""Return the character that an option names: by itself, by a word, or as Python writes it (``\t``, ``\x01``)."""
    if written and written.startswith("\\") and len(written) > 1:
        with contextlib.suppress(UnicodeDecodeError):
            return written.encode().decode("unicode_escape")
    return SPELLED.get(written, written) if written else written


def stored(path: Path) -> Dataset:
    """Put a file, or a folder of files, into the store. Raises ``DataError`` where there is none."""
    if path.is_dir():
        return dataset_store().add_folder(path)
    if not path.is_file():
        raise DataError(
            f"There is no file {path}. Expected a table of texts with labels, a folder of such, or the word “{SAMPLE}”. Check the path."
        )
    return dataset_store().add(path.name, path)


def given_columns(options: argparse.Namespace, table: Table) -> None:
    """Raise ``DataError`` where a named column does not exist."""
    columns = list(table.frame.columns)
    named = [*(options.text or []), *([options.label] if options.label else []), *([options.split_column] if options.split_column else [])]
    if unknown := [name for name in named if name not in columns]:
        raise DataError(
            f"No column is called {', '.join(map(str, unknown))}. Found the columns {', '.join(map(str, columns))}. "
            "Name them with --text, --label and --split-column."
        )


def guess_with(options: argparse.Namespace, table: Table) -> ColumnGuess:
    """Return the guess of the columns, the named ones in their place."""
    given_columns(options, table)
    if options.text and options.label:
        return ColumnGuess(tuple(options.text), options.label, True, "Both were named.")
    return guess_columns(table, label=options.label, text=tuple(options.text or ()))


def checked_guess(options: argparse.Namespace, table: Table) -> ColumnGuess:
    """Return the guess where it is sure or was asked for. Raises ``UnsureError`` with the candidates and the line to type."""
    guess = guess_with(options, table)
    complete = bool(guess.text) and guess.label is not None
    if complete and (guess.sure or options.guess):
        return guess
    could = [
        f"The {what} could be {', '.join(f'“{name}”' for name in names[:5])}."
        for what, names in (("text", guess.text_candidates), ("label", guess.label_candidates))
        if names
    ]
    text, label = guess.text or ("COLUMN",), guess.label or "COLUMN"
    file = [str(options.data)] if options.command in ("check", "train") else ["--data", str(options.data)]
    line = shlex.join(["python", "-m", "engine", options.command, *file, "--text", *text, "--label", label])
    otherwise = ", or take the guess with --guess" if complete else ""
    raise UnsureError(
        " ".join(
            [
                f"Which columns of {Path(options.data).name} hold the text and the label is not sure.",
                guess.reason,
                *could,
                f"Name them, for example: {line}{otherwise}.",
            ]
        )
    )


def complete_choice(options: argparse.Namespace, dataset: Dataset, table: Table, guess: ColumnGuess) -> DataChoice:
    """Return the choice that the options and the guess make together; what the guess leaves open stays empty."""
    published = likely_split_column(table, besides=(*guess.text, guess.label or "")) if options.split_column is None else None
    choice = DataChoice(dataset.identifier, dataset.name, guess.text, guess.label or "", reading=table.options)
    choice = _with_common_options(choice, options)
    return replace(choice, split_column=published) if published else choice


def _with_common_options(choice: DataChoice, options: argparse.Namespace) -> DataChoice:
    return replace(
        choice,
        rows=options.rows,
        several_labels=options.several_labels,
        split_column=options.split_column or "",
        validation_file=_part_file(options.validation_file),
        test_file=_part_file(options.test_file),
        merge_labels=options.merge_labels,
        drop_duplicates=options.drop_duplicates,
        drop_conflicts=options.drop_conflicts,
        drop_small_classes=options.drop_small_classes,
        drop_overlaps=options.drop_overlaps,
    )


def _part_file(path: Path | None) -> PartFile | None:
    if path is None:
        return None
    dataset = stored(path)
    return PartFile(dataset.identifier, dataset.name, read_stored(dataset).options)
