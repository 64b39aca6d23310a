"""The rules of the house (docs/architecture.md), held by reading the whole tree with ``ast``: who may know whom, what nobody does."""

from __future__ import annotations

import ast
import graphlib
import itertools
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from engine import ROOMS
from engine.runs.paths import TREE, places
from engine.shared.classifiers import CLASSIFIERS
from engine.shared.weights.initial import WEIGHTS

PROJECT = Path(__file__).parents[1]
LARGEST_FOLDER = 14
LOOSE_DICTIONARY = re.compile(r"dict\[str, Any\]|JsonObject")
"""Also by its other name (``engine.files``), the imports of it included."""
MOST_LOOSE_DICTIONARIES = 39
LARGEST_SHARE = 0.16
"""Of the engine's lines in one room. The two wings are a room each, for neither knows the other."""

PRODUCT = sorted([PROJECT / "dashboard.py", *PROJECT.glob("engine/**/*.py"), *PROJECT.glob("pages/**/*.py")])
EVERYTHING = sorted([*PRODUCT, *(path for folder in ("tests", "benchmarks", "scripts") for path in PROJECT.glob(f"{folder}/**/*.py"))])
FRAMEWORK_PACKAGES = {
    "pytorch": {"torch", "torchvision", "transformers", "sentence_transformers", "accelerate"},
    "tensorflow": {"tensorflow", "tensorflow_text", "keras", "keras_hub", "kagglehub"},
}
SHIPPED = "engine/serving/templates"
"""Code that goes into serving bundles as it stands. It runs where a bundle runs, beside a framework or a web server, never
here: so it may import those, and must not import anything of the house."""

CUT = ("engine/source/templates", "engine/serving/sagemaker_templates")
"""Code from which scripts are cut. It names a wing's functions, so that the tools know them, and is never imported."""

HEAVY = sorted(set().union(*FRAMEWORK_PACKAGES.values()))


def relative(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()


Violation = tuple[int, str, str]
"""A line, what stands there, and the rule that it breaks."""


def hold_for_all(paths: list[Path], violations: Callable[[Path], Iterator[Violation]]) -> None:
    """No file breaks a rule; else all that do are named at once."""
    assert len(paths) > 10, "where have the files gone?"
    wrong = [f"{relative(path)}:{line}: {what}: {why}" for path in paths for line, what, why in violations(path)]
    assert not wrong, "\n" + "\n".join(wrong)


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Line and full dotted name of every import, at any depth; ``from a import b`` counts as ``a.b``."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{relative(path)}:{node.lineno} imports relatively; write the full name, so that the room is visible"
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def room_of(module: str) -> str | None:
    parts = module.split(".")
    return parts[1] if parts[0] == "engine" and len(parts) > 1 and parts[1] in ROOMS else None


def in_folder(path: Path, folder: str) -> bool:
    return PROJECT / folder in path.parents


# --- Who may know whom ---------------------------------------------------------------------------------------------------------------


def test_imports_stay_within_the_house() -> None:
    hold_for_all(PRODUCT, foreign_imports)


def foreign_imports(path: Path) -> Iterator[Violation]:
    """What a file imports that its room does not know."""
    own_room = relative(path).split("/")[1] if in_folder(path, "engine") else None
    wing = next((name for name in FRAMEWORK_PACKAGES if in_folder(path, f"engine/frameworks/{name}")), None)
    for line, module in imports(path):
        package, target = module.split(".")[0], room_of(module)
        if package == "streamlit" and in_folder(path, "engine"):
            yield line, module, "the engine never imports Streamlit"
        if package == "pages" and in_folder(path, "engine"):
            yield line, module, "the engine does not know the pages"
        if in_folder(path, SHIPPED) and package in ("engine", "pages"):
            yield line, module, "what is shipped in a bundle knows nothing of Parity"
        for framework, packages in FRAMEWORK_PACKAGES.items():
            if package in packages and wing != framework and not in_folder(path, SHIPPED):
                yield line, module, f"only engine/frameworks/{framework}/ imports it"
            if wing and wing != framework and module.startswith(f"engine.frameworks.{framework}"):
                yield line, module, "a wing does not know the other"
        if own_room in ROOMS and target and ROOMS.index(target) > ROOMS.index(own_room):
            yield line, module, f"the room {own_room} knows only the rooms above it: {', '.join(ROOMS[: ROOMS.index(own_room)])}"


def test_only_workers_know_the_wings() -> None:
    hold_for_all(
        [path for path in PRODUCT if not any(in_folder(path, folder) for folder in ("engine/frameworks", "engine/workers", *CUT))],
        wings_named,
    )


def wings_named(path: Path) -> Iterator[Violation]:
    """A wing's modules, by import statement and by name, as in ``import_module(f"engine.frameworks.{name}.training")``."""
    for line, module in imports(path):
        if module.startswith("engine.frameworks."):
            yield line, module, "only a worker imports a wing"
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("engine.frameworks."):
            yield node.lineno, node.value, "only a worker imports a wing"


PAGES = sorted(PROJECT.glob("pages/**/*.py"))
PAGES_KNOW = (
    "engine.FRAMEWORK",  # the names of the frameworks, known to all
    "engine.encodings",
    "engine.reading",
    "engine.data",
    "engine.shared",
    "engine.runs",
    "engine.source",
    "engine.display",
    "engine.results",
    "engine.studies",
    "engine.workers.requests",  # the records that workers answer with
    "engine.serving",
    "engine.guide",
    "engine.reports",
    "engine.course",
    "engine.errors",
    "pages.parts",
)
FILE_CALLS = {"open", "read_text", "read_bytes", "read_parquet", "read_csv", "read_json", "read_excel",
              "iterdir", "glob", "rglob", "scandir", "listdir"}  # fmt: skip
RUN_PATHS = {"framework_folder", "data_file", "tensorboard_folder"}


def test_pages_know_the_engine_by_its_rooms_and_open_no_run_files() -> None:
    hold_for_all(PAGES, files_opened)


def files_opened(path: Path) -> Iterator[Violation]:
    """What a page reads past the engine; a temporary copy of an upload may be written."""
    for line, module in imports(path):
        if module.split(".")[0] in ("engine", "pages") and not module.startswith(PAGES_KNOW):
            yield line, module, f"pages import from {', '.join(PAGES_KNOW)} only"
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and last_name(node.func) in FILE_CALLS:
            yield node.lineno, ast.unparse(node.func), "pages open no files; ask engine.runs.folder or engine.data.store"
        if isinstance(node, ast.Attribute) and (node.attr in RUN_PATHS or ast.unparse(node) == "run.path"):
            yield node.lineno, ast.unparse(node), "pages do not know the files of a run; ask engine.runs.folder"


def test_nothing_imports_what_is_shipped() -> None:
    shipped = {path.stem for path in (PROJECT / SHIPPED).glob("**/*.py")} | {"text_inputs"}
    wrong = []
    for path in EVERYTHING:
        if not in_folder(path, SHIPPED):
            wrong += [f"{relative(path)}:{line} imports {module}" for line, module in imports(path)
                      if module.split(".")[0] in shipped or f"{SHIPPED.replace('/', '.')}." in module]  # fmt: skip
    assert not wrong, "\n".join(wrong)


PLACES = [place.name for holders in TREE.values() for place in places(*holders)]
NAMES = sorted({part for name in PLACES for part in name.split("/") if part[:1] not in ("", "<")})
OWN_NAMES = {
    "engine/serving/": {"model.safetensors", "vocabulary.json", "request.json"},  # members of a bundle
    "engine/studies/export/request.py": {"model.safetensors"},  # an export in that format
    "pages/parts/compare/downloads.py": {"results.json"},  # as it is called where it is downloaded
    "engine/workers/jobs/export.py": {"vocabulary.json"},  # lies beside an exported model, whose readers know no runs
}
"""What has the name of a file of a run, and is none."""


def names_in(node: ast.AST) -> Iterator[str]:
    """What a node writes as the name of a file: a text with an ending, or whatever stands behind the slash of a path."""
    texts = [node.right] if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) else [node]
    for text in texts:
        if isinstance(text, ast.JoinedStr):
            yield "".join(part.value if isinstance(part, ast.Constant) else "<>" for part in text.values)
        elif isinstance(text, ast.Constant) and isinstance(text.value, str) and (text is not node or "." in text.value):
            yield text.value


def is_of_a_run(name: str) -> bool:
    """Whether some part of a path is called like a place of the tree; ``<>`` and ``*`` stand for what fills a gap."""
    patterns = (re.sub(r"<[^>]+>", "(<>|[*])", re.escape(place)) for place in NAMES)
    return any(re.fullmatch(pattern, part) for pattern in patterns for part in name.split("/"))


def test_only_the_paths_module_names_the_files_of_a_run() -> None:
    """The rooms before the runs' know no run; what they and templates call the same is something else."""

    def violations(path: Path) -> Iterator[Violation]:
        own = {name for place, names in OWN_NAMES.items() if relative(path).startswith(place) for name in names}
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.expr):
                named = [name for name in names_in(node) if name not in own and is_of_a_run(name)]
                yield from ((node.lineno, name, "only engine/runs/paths.py names the files of a run") for name in named)

    others = [path for path in PRODUCT if relative(path) != "engine/runs/paths.py" and not in_folder(path, SHIPPED)]
    before = ROOMS[: ROOMS.index("runs")]
    hold_for_all([path for path in others if room_of(relative(path).replace("/", ".")) not in before], violations)


def test_what_names_a_file_of_a_run_is_seen() -> None:
    code = 'run.path / "stop", folder / f"input_{number}.npy", glob("input_*.npy"), "pytorch/outcome.json", "stop", "texts", f"{x}.json"'
    seen = {name for node in ast.walk(ast.parse(code)) for name in names_in(node) if is_of_a_run(name)}
    assert seen == {"stop", "input_<>.npy", "input_*.npy", "pytorch/outcome.json"}
    assert {"experiment.json", "input_<number>.npy", "prepared", "manifest.json", "progress.json"} <= set(NAMES)


def test_light_modules_load_no_framework() -> None:
    """Everything the dashboard or the coordinator may import, together in one fresh process."""
    left_out = ("engine.frameworks", "engine.workers", "engine.__main__", *(folder.replace("/", ".") for folder in (SHIPPED, *CUT)))
    modules = [relative(path).removesuffix(".py").replace("/", ".").removesuffix(".__init__") for path in PROJECT.glob("engine/**/*.py")]
    modules += [relative(path).removesuffix(".py").replace("/", ".") for path in PROJECT.glob("pages/parts/**/*.py")]
    light = sorted(name for name in modules if not name.startswith(left_out))
    program = f"""
import importlib, json, sys
culprits = {{}}
for name in {light}:
    importlib.import_module(name)
    for package in {HEAVY}:
        if package in sys.modules:
            culprits.setdefault(package, name)
print(json.dumps(culprits))
"""
    answer = subprocess.run([sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr[-2000:]
    culprits = json.loads(answer.stdout.splitlines()[-1])
    assert not culprits, "\n".join(f"importing {module} loads {package}" for package, module in culprits.items())


# --- Two mirrored wings --------------------------------------------------------------------------------------------------------------

WINGS = tuple(PROJECT / "engine" / "frameworks" / name for name in FRAMEWORK_PACKAGES)
ALONE = {"checkpoint_names.py", "checkpoint_repairs.py"}
"""Files without a twin. They know where KerasHub and a checkpoint differ; transformers has nothing to mend."""

WING_FILES = sorted({path.relative_to(wing).as_posix() for wing in WINGS for path in wing.glob("**/*.py")} - ALONE)


def test_the_wings_have_the_same_files() -> None:
    missing = [
        f"{relative(wing / name)} is missing; its twin exists" for name in WING_FILES for wing in WINGS if not (wing / name).exists()
    ]
    assert not missing, "\n".join(missing)


@pytest.mark.parametrize("name", WING_FILES)
def test_the_wings_have_the_same_public_functions(name: str) -> None:
    """In the same order, with the same parameters and defaults. Annotations may differ: each wing has its own tensors."""
    if not all((wing / name).exists() for wing in WINGS):
        pytest.fail(f"{name} exists in one wing only")
    pytorch, tensorflow = (public_signatures(wing / name) for wing in WINGS)
    assert pytorch == tensorflow, f"The public functions of {name} differ"


@pytest.mark.parametrize("classifier", CLASSIFIERS)
def test_every_classifier_is_complete(classifier: str) -> None:
    """A new classifier is told what it still lacks."""
    missing = [] if classifier in WEIGHTS else [f"WEIGHTS in engine/shared/weights/initial.py has no line for {classifier}"]
    if not (PROJECT / "docs" / "classifiers" / f"{classifier}.md").exists():
        missing.append(f"docs/classifiers/{classifier}.md is missing; run `python -m scripts.classifier_pages`")
    for wing in WINGS:
        file = wing / "classifiers" / f"{classifier.replace('-', '_')}.py"
        if not file.exists():
            missing.append(f"{relative(file)} is missing")
            continue
        found = {signature.split("(")[0] for signature in public_signatures(file)}
        wanted = ("build", "load_neutral", "to_neutral")
        missing += [f"{relative(file)} has no function {name}" for name in wanted if name not in found]
        lines = len(file.read_text(encoding="utf-8").splitlines())
        if lines >= 80:
            missing.append(f"{relative(file)} has {lines} lines; a lesson has fewer than 80")
    assert not missing, "\n".join(missing)


def public_signatures(path: Path) -> list[str]:
    """``name(parameter, parameter=default)`` of the module's public functions, annotations left out."""
    signatures = []
    for node in ast.parse(path.read_text(encoding="utf-8")).body:  # parsed afresh, for it is changed
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            for parameter in ast.walk(node.args):
                if isinstance(parameter, ast.arg):
                    parameter.annotation = None
            signatures.append(f"{node.name}({ast.unparse(node.args)})")
    return signatures


# --- What nobody does ----------------------------------------------------------------------------------------------------------------

PICKLING = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
FORBIDDEN_CALLS = {"eval", "exec", "__import__", "torch.load", "torch.save", "torch.hub.load", "os.system", "os.popen"}
FORBIDDEN_METHODS = {"read_pickle", "to_pickle", "enable_unsafe_deserialization"}
FORBIDDEN_OPTIONS = {"unsafe_allow_html": True, "unsafe_allow_javascript": True, "trust_remote_code": True, "allow_pickle": True,
                     "shell": True, "safe_mode": False, "weights_only": False}  # fmt: skip


def test_nothing_that_a_file_or_a_visitor_supplies_can_run() -> None:
    hold_for_all(PRODUCT, ways_to_run_foreign_code)


def ways_to_run_foreign_code(path: Path) -> Iterator[Violation]:
    """Imports, calls and options by which a file or a visitor could bring code along."""
    for line, module in imports(path):
        if module.split(".")[0] in PICKLING:
            yield line, module, "no pickle is ever loaded"
    for call in calls(path):
        if ast.unparse(call.func) in FORBIDDEN_CALLS or last_name(call.func) in FORBIDDEN_METHODS:
            yield call.lineno, f"{ast.unparse(call.func)}(…)", "could run what somebody else wrote"
        for option in call.keywords:
            harmless = isinstance(option.value, ast.Constant) and option.value.value is not FORBIDDEN_OPTIONS.get(option.arg or "")
            if option.arg in FORBIDDEN_OPTIONS and not harmless:
                yield call.lineno, f"{option.arg}={ast.unparse(option.value)}", "could run what somebody else wrote"


def test_nothing_is_swallowed() -> None:
    """No bare ``except:`` and no ``except Exception: pass``."""
    wrong = []
    for path in PRODUCT:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ExceptHandler):
                broad = node.type is None or ast.unparse(node.type) in ("Exception", "BaseException")
                if node.type is None or (broad and all(isinstance(line, ast.Pass) for line in node.body)):
                    wrong.append(f"{relative(path)}:{node.lineno}")
    assert not wrong, f"Errors are swallowed in {', '.join(wrong)}"


def test_no_module_outgrows_its_reader() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in EVERYTHING}
    limits = {path: 60 if path.name == "dashboard.py" else 500 for path in lengths}
    wrong = [f"{relative(path)} has {lines} lines; at most {limits[path]}" for path, lines in lengths.items() if lines > limits[path]]
    assert not wrong, "\n".join(wrong)


def test_no_folder_is_a_list_that_nobody_reads() -> None:
    folders: dict[str, int] = {}
    for path in EVERYTHING:
        if path.name != "__init__.py" and path.parent != PROJECT and not in_folder(path, "tests"):
            folders[relative(path.parent)] = folders.get(relative(path.parent), 0) + 1
    wrong = [
        f"{folder} holds {modules} modules; which package hides in it?" for folder, modules in folders.items() if modules > LARGEST_FOLDER
    ]
    assert not wrong, "\n".join(wrong)


def test_no_room_is_half_the_house() -> None:
    lines: dict[str, int] = {}
    for path in PROJECT.glob("engine/**/*.py"):
        parts = path.relative_to(PROJECT / "engine").parts
        room = "/".join(parts[: 2 if parts[0] == "frameworks" else 1]) if len(parts) > 1 else ""
        lines[room] = lines.get(room, 0) + len(path.read_text(encoding="utf-8").splitlines())
    whole = sum(lines.values())
    wrong = [
        f"engine/{room}/ holds {count / whole:.1%} of the engine's lines" for room, count in lines.items() if count > LARGEST_SHARE * whole
    ]
    assert not wrong, "\n".join(wrong)


def test_public_docstrings_stand_alone() -> None:
    """In an editor's hover nobody sees the line above: “Of the test texts” says nothing, “The accuracy on the test texts” does."""
    hold_for_all(PRODUCT, docstrings_that_lean_on_a_name)


def docstrings_that_lean_on_a_name(path: Path) -> Iterator[Violation]:
    """Those of public functions, classes and values that begin in the middle of a sentence."""
    for node in ast.walk(tree(path)):
        for before, inner in itertools.pairwise([None, *getattr(node, "body", [])] if isinstance(node, (ast.Module, ast.ClassDef)) else []):
            if isinstance(inner, (ast.FunctionDef, ast.ClassDef)) and not inner.name.startswith("_"):
                text, middles = ast.get_docstring(inner), MIDDLES | MIDDLES_OF_FUNCTIONS
            elif isinstance(before, (ast.Assign, ast.AnnAssign)) and isinstance(inner, ast.Expr) and isinstance(inner.value, ast.Constant):
                text, middles = str(inner.value.value), MIDDLES
            else:
                continue
            if text and text.split()[0].rstrip(",:;") in middles:
                yield inner.lineno, text.splitlines()[0][:60], "begin with what it is (“The …”) or does (“Return …”)"


MIDDLES = {"Of", "Whose", "In", "By", "As", "From", "With", "Without"}
MIDDLES_OF_FUNCTIONS = {"Where", "Which", "So"}


def test_data_crosses_rooms_as_records() -> None:
    """What is left is JSON as it stands in a file of somebody else, options of a library, or the way between a record and its file."""
    modules = PROJECT.glob("engine/**/*.py")
    loose = {relative(path): len(LOOSE_DICTIONARY.findall(path.read_text(encoding="utf-8"))) for path in modules}
    most = "\n".join(f"{amount} in {name}" for name, amount in sorted(loose.items(), key=lambda item: -item[1])[:8])
    assert sum(loose.values()) <= MOST_LOOSE_DICTIONARIES, f"{sum(loose.values())} loose dictionaries in the engine:\n{most}"


def test_no_imports_go_in_a_circle() -> None:
    modules = {relative(path).removesuffix(".py").removesuffix("/__init__").replace("/", "."): path for path in PRODUCT}
    known = {
        name: {target for _, full in imports(path) for target in (full, full.rpartition(".")[0]) if target in modules and target != name}
        for name, path in modules.items()
    }
    sorter = graphlib.TopologicalSorter(known)
    sorter.prepare()  # raises CycleError, which names the circle


def test_modules_have_telling_names_and_a_first_line() -> None:
    wrong = []
    for path in EVERYTHING:
        if path.stem in ("utils", "helpers", "common", "misc"):
            wrong.append(f"{relative(path)}: name what it holds, not that it helps")
        if (tree(path).body or in_folder(path, "engine")) and not ast.get_docstring(tree(path)):
            wrong.append(f"{relative(path)} has no docstring: say in a sentence what it owns")
    assert not wrong, "\n".join(wrong)


def test_no_test_is_imported_by_another() -> None:
    """What several tests use has a module of its own, beside the folders of tests."""
    wrong = [f"{relative(path)}:{line} imports {module}" for path in EVERYTHING for line, module in imports(path)
             if module.startswith("tests.") and any(part.startswith("test_") for part in module.split(".")[1:-1])]  # fmt: skip
    assert not wrong, "\n".join(wrong)


def test_the_dashboard_is_private_and_quiet() -> None:
    settings = tomllib.loads((PROJECT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert settings["server"]["address"] == "127.0.0.1"
    assert settings["server"]["showEmailPrompt"] is False, "Without it the first start on a new machine waits for an e-mail address"
    assert settings["browser"]["gatherUsageStats"] is False
    assert settings["client"]["toolbarMode"] == "minimal"


# --- Reading the tree ----------------------------------------------------------------------------------------------------------------


def calls(path: Path) -> list[ast.Call]:
    return [node for node in ast.walk(tree(path)) if isinstance(node, ast.Call)]


def last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
