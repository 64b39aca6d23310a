"""The options of every command; the settings of a run come from the fields of ``Experiment``."""

from __future__ import annotations

import argparse
from dataclasses import MISSING, fields
from pathlib import Path

from engine import FRAMEWORKS
from engine.commands.data_options import add_data_options, choose_data
from engine.runs.experiment import Experiment
from engine.serving.kinds import BUNDLES
from engine.shared.classifiers import CLASSIFIERS
from engine.studies import ablation, audit
from engine.studies.benchmark import request as benchmark_request
from engine.studies.benchmark.statistics import FEWEST, MARGIN
from engine.studies.export.request import EVERY_FORMAT, FORMATS, PRECISIONS
from engine.studies.migration.request import ROUTES
from engine.studies.mistake_catalogue import MISTAKES

DATA_HELP = "a file (CSV, JSON, Parquet, Excel and others), a folder of text files, or 'sample'"
SETTINGS = {item.name: item for item in fields(Experiment) if item.name not in ("data", "frameworks")}
"""The form, this command line and the check of an experiment read help, choices and limits from the same place."""


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands and their options."""
    parser = argparse.ArgumentParser(
        prog="python -m engine", description="Train the same text classifier in PyTorch and TensorFlow, and compare."
    )
    commands = parser.add_subparsers(dest="command", required=True)

    command = commands.add_parser("check", help="read a file, and say what stands in the way of training on it")
    command.add_argument("data", metavar="DATA", help=DATA_HELP)
    add_data_options(command)
    _add_place(command, "print how it was read, its columns, classes and findings on standard output and nothing else")

    command = commands.add_parser("train", help="train on a file and print the comparison")
    command.add_argument("data", metavar="DATA", help=DATA_HELP)
    add_data_options(command)
    for name in SETTINGS:
        _add_setting(command, name)
    command.add_argument("--frameworks", default=",".join(FRAMEWORKS), help="pytorch, tensorflow or both, separated by a comma")
    _add_place(command, "print results.json on standard output and nothing else")

    command = commands.add_parser("audit", help="prove that both frameworks train the same model, step by step in float64")
    _add_classifiers(command)
    command.add_argument("--steps", type=int, default=audit.STEPS, metavar="N", help="optimizer steps to compare (default: %(default)s)")
    _add_study_data(command, audit.ROWS)
    _add_place(command, "print a list of what remains in float64 and float32 on standard output and nothing else")

    command = commands.add_parser("ablate", help="flip one default at a time and show which makes the difference")
    command.add_argument("--classifier", default="embedding-mlp", metavar="NAME", help="which one (default: %(default)s)")
    command.add_argument(
        "--defaults", action="extend", nargs="+", metavar="NAME", help="which to flip (default: all that concern the classifier)"
    )
    command.add_argument("--seeds", type=int, default=ablation.SEEDS, metavar="N", help="trainings of each kind (default: %(default)s)")
    command.add_argument("--epochs", type=int, metavar="N", help="of each training (default: a few, by classifier)")
    _add_setting(command, "device")
    _add_study_data(command, ablation.ROWS)
    _add_place(command, "print the results on standard output and nothing else")

    command = commands.add_parser("museum", help="make classic mistakes in both frameworks and show whether, when and how they are caught")
    command.add_argument(
        "--only", action="extend", nargs="+", metavar="NAME", help=f"which mistakes (default: all of {', '.join(MISTAKES)})"
    )
    _add_place(command, "print a list of what became of each mistake on standard output and nothing else")

    command = commands.add_parser("benchmark", help="measure speed and memory of both frameworks in turns, with a verdict on each claim")
    _add_classifiers(command)
    command.add_argument("--quick", action="store_true", help="matched mode at the recommended batch size only")
    command.add_argument(
        "--modes",
        action="extend",
        nargs="+",
        choices=tuple(benchmark_request.BENCHMARK_MODES),
        help="of a thorough benchmark (default: all)",
    )
    command.add_argument(
        "--repeats", type=int, default=FEWEST, metavar="N", help=f"with different seeds, {FEWEST} at least (default: {FEWEST})"
    )
    command.add_argument("--margin", type=float, default=MARGIN, metavar="SHARE", help="what still counts as equal (default: %(default)s)")
    _add_setting(command, "device")
    command.add_argument(
        "--against-itself", action="store_true", help="each framework against itself: a check that must find no difference"
    )
    command.add_argument(
        "--again", action="store_true", help="measure anew what was measured before, and count the verdicts that are the same"
    )
    _add_study_data(command, benchmark_request.ROWS)
    _add_place(command, "print a list of rows on standard output and nothing else")

    command = commands.add_parser("migrate", help="carry a run's trained model into the other framework, and prove that it is the same")
    command.add_argument("run", help="the run's name, as `runs` prints it")
    command.add_argument("--from", dest="source", choices=FRAMEWORKS, required=True, help="whose trained model")
    command.add_argument("--to", dest="target", choices=FRAMEWORKS, required=True, help="which framework it is brought into")
    command.add_argument("--route", choices=list(ROUTES), default=next(iter(ROUTES)), help="by which way (default: %(default)s)")
    _add_place(command, "print the differences, agreement and accuracies on standard output and nothing else")

    command = commands.add_parser("export", help="write a run's trained model as a file that needs nothing of Parity, and check that file")
    command.add_argument("run", help="the run's name, as `runs` prints it")
    command.add_argument("--framework", choices=FRAMEWORKS, required=True, help="whose trained model")
    names = [*dict.fromkeys(name for formats in FORMATS.values() for name in formats), EVERY_FORMAT, *BUNDLES]
    explained = (
        "what kind of file; each framework has its own, both have onnx, all is every one that the framework offers in this precision, and "
        "the last four are bundles for serving, as a zip"
    )
    command.add_argument("--format", choices=names, required=True, help=explained)
    explained = "of the weights in the file; onnx, executorch and litert offer int8 (default: float32)"
    command.add_argument("--precision", choices=PRECISIONS, default=PRECISIONS[0], help=explained)
    _add_place(command, "print the manifest (of all formats: a list of them) on standard output and nothing else")

    command = commands.add_parser("predict", help="classify texts with both models of a run")
    command.add_argument("run", help="the run's name, as `runs` prints it")
    command.add_argument("text", nargs="+")
    _add_place(command)

    command = commands.add_parser("runs", help="list the runs, newest first, and what is kept for later ones")
    command.add_argument("--clear-vectors", action="store_true", help="remove the kept vectors of texts; the next runs compute them again")
    _add_place(command)

    command = commands.add_parser("report", help="write a run or a benchmark as one HTML file, a run with --card also as a model card")
    command.add_argument("run", help="the run's name, as `runs` prints it, or the benchmark's; it need not have finished")
    command.add_argument("--to", type=Path, default=Path(), metavar="FOLDER", help="where to write (default: here)")
    command.add_argument("--card", action="store_true", help="also write a model card, in Markdown")
    _add_place(command, "print the paths of the files on standard output and nothing else")

    command = commands.add_parser("env", help="print versions and hardware, for a report of a problem")
    command.add_argument("--json", action="store_true")
    return parser


def _add_setting(command: argparse.ArgumentParser, name: str) -> None:
    """One option; where it is not given, the classifier's recommendation holds."""
    item = SETTINGS[name]
    option, words, choices = f"--{name.replace('_', '-')}", item.metadata["help"].replace("%", "%%"), item.metadata["choices"]
    if isinstance(item.default, bool):
        command.add_argument(option, action="store_true", default=None, help=words)
    elif choices is not None:
        command.add_argument(option, choices=list(choices), help=words)
    else:
        kind = str if item.default is MISSING else type(item.default)
        command.add_argument(option, type=kind, metavar={int: "N", float: "X"}.get(kind, "TEXT"), help=words)


def _add_classifiers(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--classifier", action="extend", nargs="+", metavar="NAME", help=f"which ones (default: all of {', '.join(CLASSIFIERS)})"
    )


def _add_study_data(command: argparse.ArgumentParser, rows: int) -> None:
    command.add_argument("--data", default="sample", metavar="DATA", help="a file as for `train`, or 'sample' (the default)")
    add_data_options(command, f" (default: {rows:,})")
    _add_setting(command, "encoder")


def _add_place(command: argparse.ArgumentParser, json_help: str | None = None) -> None:
    command.add_argument("--runs-dir", type=Path, metavar="DIRECTORY", help="where runs are kept (default: PARITY_RUNS, else runs/)")
    command.add_argument("--json", action="store_true", help=json_help)


def make_experiment(options: argparse.Namespace) -> Experiment:
    """Return what the options of ``train`` ask for: what is not given is as the classifier recommends."""
    settings = {name: value for name in SETTINGS if (value := getattr(options, name)) is not None}
    classifier = settings.pop("classifier", SETTINGS["classifier"].default)
    frameworks = tuple(name.strip() for name in options.frameworks.split(",") if name.strip())
    return Experiment.recommended(choose_data(options), classifier, frameworks=frameworks, **settings)
