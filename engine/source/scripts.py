"""A run as one file that stands by itself: the functions that ran, the run's own settings and a short main, without the engine."""

from __future__ import annotations

import ast
import csv
import io
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine import FRAMEWORK_NAMES, FRAMEWORKS
from engine.errors import ParityError
from engine.runs.folder import Run
from engine.runs.source_code import cut_code
from engine.shared.syntax import parse
from engine.shared.weights.initial import WEIGHTS
from engine.source.script_main import Parts, main_source
from engine.source.script_settings import DATA_NAME, encoder_of, labels_of, parts_and_settings
from engine.source.snippets import CLASSIFIER, WING
from engine.source.source_tree import Definition, SourceTree

CELL = "# %% "
"""Begins a cell, as editors with notebook cells in plain files know it."""

SHARED = "Made once for both frameworks"
NEUTRAL = (
    ("engine/shared/architecture.py", ("Architecture",)),
    ("engine/shared/recipe.py", ("Recipe",)),
    ("engine/shared/text/vocabulary.py", ("Terms", "train_words", "load_words", "PADDING")),
    ("engine/shared/text/tokens.py", ("load_tokenizer", "token_rows")),
    ("engine/shared/batches.py", ("Plan", "training_plan")),
    ("engine/shared/weights/initial.py", ("initial_weights", *(function.__name__ for function in WEIGHTS.values()))),
    ("engine/shared/early_stopping.py", ("Progress",)),
)
"""What a main may call of the code that both frameworks share, by file."""

CELLS: tuple[tuple[str, tuple[tuple[str, tuple[str, ...]], ...]], ...] = (
    ("Load the pre-trained model", (("encoder.py", ("load_encoder", "encode")),)),
    ("Build", ((CLASSIFIER, ("build", "load_neutral", "to_neutral")), ("windows.py", ("over_windows",)))),
    (
        "Train and evaluate",
        (
            ("devices.py", ("set_threads", "use_device", "use_precision", "set_seed")),
            ("training.py", ("as_tensors", "make_optimizer", "make_batches", "train", "evaluate")),
        ),
    ),
    ("Classify", (("inference.py", ("predict", "classify")),)),
    ("Save", (("export.py", ("save_weights", "load_weights")),)),
)
"""What a main may call of a wing, by the cell in which it stands; what these need joins them, or the cell of what both frameworks share."""

SCRIPT_NAMES = {framework: f"parity_{framework}" for framework in FRAMEWORKS}
"""The scripts' names without their endings. A file called tensorflow.py would be imported in place of TensorFlow."""

COLUMNS = ("text", "label", "split")


@dataclass(frozen=True)
class Purpose:
    """What a script is made for, where that is more than training again in a person's own folder."""

    heading: str
    """What the file does, the first sentence of its docstring."""
    main: Callable[[Parts], str]
    """Its last cell."""
    settings: Callable[[Parts, str], str]
    """The run's settings, changed for the purpose."""
    before_main: Callable[[Parts, str], str]
    """Lines in a cell of their own before the last one, from the settings as they stand in the script; may be empty."""
    title: str = ""
    """The title of that cell."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Source by path, from which ``names`` are cut in addition."""
    names: tuple[tuple[str, str], ...] = ()
    """File and name of each."""


def obstacle_to_scripts(run: Run) -> str | None:
    """Say why there can be no script for this run yet, in a sentence; ``None`` when there can."""
    if not run.data_file.exists():
        return "This run has not read its texts, so there is nothing to train the scripts on. Resume it, or choose a finished run."
    try:
        if run.read_experiment().family_member.pretrained:
            encoder_of(run)
        if run.read_experiment().class_weights != "none":
            labels_of(run)
    except ParityError as error:
        return f"The scripts cannot be made: {error}"
    return None


def data_file(run: Run) -> bytes:
    """``data.csv`` in UTF-8: text, label and split of every row, exactly as they were used. Raises ``RunError`` when the rows are gone."""
    frame = run.read_rows()
    table = io.StringIO(newline="")
    writer = csv.writer(table, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(frame[list(COLUMNS)].itertuples(index=False, name=None))
    return table.getvalue().encode("utf-8")


def standalone_script(run: Run, framework: str, purpose: Purpose | None = None) -> str:
    """Return a Python program that needs ``data.csv``, the framework and a few small packages, and reaches the run's test accuracy again.

    It is cut from the code that the run kept, or else from the engine's present code; with a ``purpose`` it is changed for that. Raises
    ``RunError`` or ``EncoderError`` when the run's folder or its encoder is incomplete.
    """
    chosen = purpose or _again(run, framework)
    return cut_code(run, lambda files: _assemble(SourceTree({**files, **chosen.files}), run, framework, chosen))


def _again(run: Run, framework: str) -> Purpose:
    """To train again in a person's own folder, with as many threads as the run."""
    threads = "set_threads(THREADS)  # before anything is computed, and only once"
    return Purpose(
        f"Trains, evaluates, uses and saves the {FRAMEWORK_NAMES[framework]} classifier of run {run.identifier}, as Parity did.\n\n"
        f"Start it in the folder where {DATA_NAME} of the same run lies. It needs Python 3.11 or later and:",
        main_source,
        lambda _, settings: settings,
        lambda _, settings: threads if "\nTHREADS = " in settings else "",
        "Use as many threads as the run",
    )


def notebook(script: str) -> str:
    """Return the script as a Jupyter notebook (nbformat 4.5): one cell for each ``# %%``, their sources joined by two blank lines."""
    sources = re.split(rf"\n\n\n(?={CELL})", script.removesuffix("\n"))
    cells: list[dict[str, object]] = [
        {
            "cell_type": "code",
            "id": f"cell-{number}",
            "execution_count": None,
            "metadata": {},
            "outputs": [],
            "source": source.splitlines(keepends=True),
        }
        for number, source in enumerate(sources, start=1)
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}, indent=1, ensure_ascii=False) + "\n"


def _assemble(tree: SourceTree, run: Run, framework: str, purpose: Purpose) -> str:
    """The cells one after the other: imports, settings, what both share, the stages, the main."""
    parts, settings = parts_and_settings(run, framework)
    settings = purpose.settings(parts, settings)
    main, before_main = purpose.main(parts), purpose.before_main(parts, settings)
    given = {node.id for node in ast.walk(parse(settings)) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    used = {node.id for node in ast.walk(parse(f"{settings}\n{before_main}\n{main}")) if isinstance(node, ast.Name)} - given
    file_of_classifier = run.read_experiment().classifier.replace("-", "_")
    # Fine-tuning loads the encoder where the model is built; it stands in its own cell all the same.
    used |= tree.definition(f"{WING}/{framework}/{CLASSIFIER.format(classifier=file_of_classifier)}", "build").uses
    stages: dict[str, list[Definition]] = {}
    wanted = [(file, name) for file, names in NEUTRAL for name in names if name in used]
    shared = tree.closure([tree.definition(file, name) for file, name in (*wanted, *purpose.names)])
    taken = list(shared)
    for title, files in CELLS:
        pieces = tree.closure(_roots(tree, framework, files, file_of_classifier, used), without=taken)
        taken += pieces
        shared += [piece for piece in pieces if not piece.file.startswith(WING)]
        stages[title] = [piece for piece in pieces if piece.file.startswith(WING)]
    names = Counter([*given, *(name for piece in taken for name in piece.names)])
    if doubled := sorted(name for name, times in names.items() if times > 1):
        raise ValueError(f"Two files define {', '.join(doubled)}; in one script they would collide")
    needed = tree.imports(taken) | {statement for name, statement in IMPORTS.items() if name in used}
    cells = [
        CELL + "The run's settings\n" + settings,
        _cell(SHARED, shared),
        *(_cell(title, pieces) for title, pieces in stages.items() if pieces),
        *([f"{CELL}{purpose.title}\n{before_main}"] if before_main else []),
        CELL + "Run\n" + main,
    ]
    return "\n\n\n".join([_head(run, framework, purpose, needed, cells), *cells]) + "\n"


def _roots(tree: SourceTree, framework: str, files: Any, classifier: str, used: set[str]) -> list[Definition]:
    """The functions of these files that the main calls."""
    paths = {f"{WING}/{framework}/{file.format(classifier=classifier)}": names for file, names in files}
    return [tree.definition(path, name) for path, names in paths.items() for name in names if name in used]


def _cell(title: str, pieces: list[Definition]) -> str:
    return f"{CELL}{title}\n{joined(pieces)}"


def joined(pieces: Sequence[Definition]) -> str:
    """Definitions as source, file by file in the order in which a file is first needed."""
    files = list(dict.fromkeys(piece.file for piece in pieces))
    ordered = sorted(pieces, key=lambda piece: (files.index(piece.file), piece.first_line))
    text = ""
    for piece, following in zip(ordered, [*ordered[1:], None], strict=True):
        text += piece.source
        if following is not None:
            constants = {type(parse(some.source).body[0]) for some in (piece, following)} <= {ast.Assign, ast.AnnAssign}
            text += "\n\n" if constants and piece.file == following.file else "\n\n\n"
    return text


IMPORTS = {
    "csv": "import csv",
    "json": "import json",
    "os": "import os",
    "importlib": "import importlib.util",
    "math": "import math",
    "Path": "from pathlib import Path",
    "Any": "from typing import Any",
    "np": "import numpy as np",
    "snapshot_download": "from huggingface_hub import snapshot_download",
}
"""The import of each name that the main or the settings use."""

PACKAGES = {"keras_hub": "keras-hub", "sklearn": "scikit-learn"}
"""What a module is called in the index of packages, where that is another name."""


def _head(run: Run, framework: str, purpose: Purpose, needed: set[str], cells: list[str]) -> str:
    """What the file is, what has to be installed for it, and its imports."""
    name = FRAMEWORK_NAMES[framework]
    standard, others = import_lines(needed | ({"import os"} if framework == "tensorflow" else set()))
    imported = ast.walk(parse("\n".join([*others, *cells])))  # some functions import what they alone need
    modules = {node.module.split(".")[0] for node in imported if isinstance(node, ast.ImportFrom) and node.module}
    modules |= {line.split()[1].split(".")[0] for line in others}
    packages = sorted(PACKAGES.get(module, module) for module in modules - set(sys.stdlib_module_names))
    if framework == "tensorflow":
        standard += ["", 'os.environ["KERAS_BACKEND"] = "tensorflow"  # Keras reads it once, when it is imported']
        standard += ['os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")']
    return "\n".join(
        [
            f"{CELL}{name}: run {run.identifier}",
            f'"""{purpose.heading}',
            f"    pip install {' '.join(packages)}",
            "The functions are those that ran, cut from Parity's source. Only the settings and the last part were written for this file.",
            '"""',
            "",
            "from __future__ import annotations",
            "",
            *standard,
            "",
            *others,
        ]
    )


def import_lines(statements: set[str]) -> tuple[list[str], list[str]]:
    """Sorted import statements, names of one module on one line: the standard library's and the others'."""
    modules = {statement for statement in statements if statement.startswith("import")}
    names: dict[str, list[str]] = {}
    for statement in sorted(statements - modules):
        start, name = statement.split(" import ")
        names.setdefault(start, []).append(name)
    lines = sorted(modules) + [f"{start} import {', '.join(found)}" for start, found in sorted(names.items())]
    standard = [line for line in lines if line.split()[1].split(".")[0] in sys.stdlib_module_names]
    return standard, [line for line in lines if line not in standard]
