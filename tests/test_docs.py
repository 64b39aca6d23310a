"""The documents say what is: every page, setting, classifier, command and file in them exists, and everything that exists is in them."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from contextlib import redirect_stdout
from functools import cache
from pathlib import Path

import pytest
import yaml

from engine import __version__
from engine.__main__ import main
from engine.commands.parser import make_parser
from engine.runs.experiment import MODES
from engine.shared.classifiers import CLASSIFIERS
from scripts.architecture_tables import document as architecture_page
from scripts.classifier_pages import page as classifier_page
from scripts.results_table import page as results_page
from scripts.settings_table import page as settings_page

PROJECT = Path(__file__).parents[1]
DOCUMENTS = sorted([*PROJECT.glob("*.md"), *PROJECT.glob("docs/**/*.md"), *PROJECT.glob("assets/*.md")])
README = (PROJECT / "README.md").read_text(encoding="utf-8")
ARCHITECTURE = (PROJECT / "docs" / "architecture.md").read_text(encoding="utf-8")


def names(paths: list[Path]) -> list[str]:
    return [path.relative_to(PROJECT).as_posix() for path in paths]


@cache
def help_of(*command: str) -> str:
    """What ``python -m engine … --help`` prints."""
    printed = io.StringIO()
    with redirect_stdout(printed), pytest.raises(SystemExit) as left:
        make_parser().parse_args([*command, "--help"])
    assert left.value.code == 0
    return printed.getvalue()


def test_every_page_is_in_the_readme() -> None:
    titles = re.findall(r'st\.Page\(\s*"pages/\w+\.py",\s*title="([^"]+)"', (PROJECT / "dashboard.py").read_text(encoding="utf-8"))
    assert len(titles) >= 6
    missing = [title for title in titles if f"| **{title}** |" not in README]
    assert not missing, f"Add a line to the README's table of pages for {', '.join(missing)}"


def test_every_environment_variable_is_in_the_readme() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in PROJECT.glob("engine/**/*.py"))
    missing = sorted(name for name in set(re.findall(r"\bPARITY_[A-Z]+\b", sources)) if f"`{name}`" not in README)
    assert not missing, f"Say in the README what {', '.join(missing)} does"


def test_every_classifier_and_mode_is_in_the_readme() -> None:
    missing = [name for name in CLASSIFIERS if f"`{name}`" not in README] + [name for name in MODES if f"**{name}**" not in README]
    assert not missing, f"Say in the README what {', '.join(missing)} is"


def test_every_setting_is_in_the_docs_as_the_code_describes_it() -> None:
    written = (PROJECT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert written == settings_page(), "Run `python -m scripts.settings_table > docs/settings.md`"
    silent = re.findall(r"^\| `(\w+)` \| [^|]* \|\s*\|$", written, flags=re.MULTILINE)
    assert not silent, f"Give these settings a docstring or a help text: {', '.join(silent)}"


def test_every_field_of_a_result_is_in_the_docs_as_the_code_describes_it() -> None:
    written = (PROJECT / "docs" / "results.md").read_text(encoding="utf-8")
    assert written == results_page(), "Run `python -m scripts.results_table > docs/results.md`"
    silent = re.findall(r"^\| `(\w+)` \| [^|]* \| [^|]* \|\s*\|$", written, flags=re.MULTILINE)
    assert not silent, f"Give these fields a docstring: {', '.join(silent)}"


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_every_classifier_has_its_page_with_the_code_that_runs(name: str) -> None:
    file = PROJECT / "docs" / "classifiers" / f"{name}.md"
    assert file.exists() and file.read_text(encoding="utf-8") == classifier_page(name), "Run `python -m scripts.classifier_pages`"


def test_every_module_is_in_the_architecture_as_it_describes_itself() -> None:
    assert architecture_page() == ARCHITECTURE, "Run `python -m scripts.architecture_tables`"
    silent = re.findall(r"^\| \S+ \|.*\| *\|$", ARCHITECTURE, flags=re.MULTILINE)
    assert not silent, f"Give these a first sentence: {', '.join(silent)}"


def test_the_files_that_the_architecture_names_exist() -> None:
    """Each is the end of a real path, as ``runs/folder.py`` is of ``engine/runs/folder.py``."""
    folders = ("engine", "pages", "scripts", "tests")
    files = [
        f"/{name}" for name in names([PROJECT / "dashboard.py", *(path for top in folders for path in PROJECT.glob(f"{top}/**/*.py"))])
    ]
    named = sorted(set(re.findall(r"[\w/]+\.py\b", ARCHITECTURE)))
    gone = [name for name in named if not any(file.endswith(f"/{name}") for file in files)]
    assert not gone, f"docs/architecture.md names files that are not there: {', '.join(gone)}"


def test_the_files_and_modules_that_the_documents_name_exist() -> None:
    """By their path from the project's root or by their dotted name; the CHANGELOG also tells of what has gone."""
    gone = []
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8") if document.name != "CHANGELOG.md" else ""
        paths = re.findall(r"(?<![\w/<.-])(?:engine|pages|tests|scripts|benchmarks|docs|assets)/[\w/.-]*\w", text)
        for module in re.findall(r"(?<![\w/.])(?:engine|pages|tests|scripts|benchmarks)(?:\.\w+)+", text):
            parent, _, _ = module.rpartition(".")  # of a function
            places = [f"{name.replace('.', '/')}{end}" for name in (module, parent) for end in ("", ".py")]
            paths += [next((place for place in places if (PROJECT / place).exists()), module)]
        gone += [f"{document.name}: {path}" for path in paths if not (PROJECT / path).exists()]
    assert not gone, f"These are not there: {', '.join(sorted(set(gone)))}"


@pytest.mark.parametrize("path", DOCUMENTS, ids=names(DOCUMENTS))
def test_make_targets_in_the_documents_exist(path: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    used = set(re.findall(r"(?:^|`)make ([a-z][a-z-]*)", path.read_text(encoding="utf-8"), flags=re.MULTILINE))
    assert used <= targets, f"There is no make {', '.join(sorted(used - targets))}"


@pytest.mark.parametrize("path", DOCUMENTS, ids=names(DOCUMENTS))
def test_links_and_pictures_in_the_documents_exist(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text) + re.findall(r'(?:src|srcset)="([^"]+)"', text)
    missing = [target for target in targets if "://" not in target and not (path.parent / target).exists()]
    assert not missing, f"{path.name} points to {', '.join(missing)}"


@pytest.mark.parametrize("path", DOCUMENTS, ids=names(DOCUMENTS))
def test_no_figure_is_left_to_fill_in(path: Path) -> None:
    assert not re.findall(r"<<.*?>>", path.read_text(encoding="utf-8"), flags=re.DOTALL)


def test_commands_in_the_readme_exist_with_all_their_options() -> None:
    block = re.search(r"```\n(python -m engine check.*?)\nDATA OPTIONS\n(.*?)```", README, flags=re.DOTALL)
    assert block
    usages = re.split(r"^python -m engine ", block.group(1).replace("[DATA OPTIONS]", block.group(2)), flags=re.MULTILINE)[1:]
    for usage in usages:
        command = usage.split()[0]
        documented = set(re.findall(r"--[a-z-]+", usage))
        real = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", help_of(command))) - {"--help"}
        assert documented == real, f"python -m engine {command}: the README and --help differ in {', '.join(sorted(documented ^ real))}"


def test_every_command_is_in_the_readme() -> None:
    found = re.search(r"\{([a-z,-]+)\}", help_of())
    assert found, "python -m engine --help lists no commands in braces"
    missing = [command for command in found.group(1).split(",") if f"python -m engine {command}" not in README]
    assert not missing, f"The README does not show {', '.join(missing)}"


def test_the_version_is_the_newest_of_the_changelog_and_shown_for_a_bug_report(capsys: pytest.CaptureFixture[str]) -> None:
    newest = re.findall(r"^## (\S+)", (PROJECT / "CHANGELOG.md").read_text(encoding="utf-8"), flags=re.MULTILINE)[0]
    assert newest == __version__
    assert main(["env"]) == 0 and re.search(rf"^parity +{re.escape(__version__)}$", capsys.readouterr().out, flags=re.MULTILINE)
    assert main(["env", "--json"]) == 0 and json.loads(capsys.readouterr().out)["parity"] == __version__


def test_both_ways_to_start_name_real_files() -> None:
    for command in ("make run", "pip install -r requirements.txt", "streamlit run dashboard.py", "pip install -r requirements-gpu.txt"):
        assert command in README
    for name in ("requirements.txt", "requirements-gpu.txt", "requirements-dev.txt", "dashboard.py", ".ci/run", "LICENSE"):
        assert (PROJECT / name).is_file(), name


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-gpu.txt", "requirements-dev.txt", "requirements-export.txt"])
def test_every_requirement_is_pinned_exactly(name: str) -> None:
    lines = [line.split("#")[0].strip() for line in (PROJECT / name).read_text(encoding="utf-8").splitlines()]
    loose = [line for line in lines if line and not line.startswith("-r ") and not re.match(r"[\w.\[\]-]+==[\w.]+(;.*)?$", line)]
    assert not loose, f"Pin with == in {name}: {', '.join(loose)}"


def test_the_checks_before_a_commit_are_the_pinned_tools() -> None:
    """Each hook runs in ``.venv``, with a tool of ``requirements-dev.txt``, so that no second version of it and no network is needed."""
    pinned = set(re.findall(r"^([\w-]+)==", (PROJECT / "requirements-dev.txt").read_text(encoding="utf-8"), flags=re.MULTILINE))
    configuration = yaml.safe_load((PROJECT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    hooks = [hook for source in configuration["repos"] for hook in source["hooks"]]
    assert {"ruff", "ruff-format", "check-added-large-files", "check-merge-conflict"} <= {hook["id"] for hook in hooks}
    for hook in hooks:
        tool = re.match(r"\.venv/bin/python -m (\w+)", hook["entry"])
        assert hook["language"] == "system" and tool and tool.group(1) in pinned, hook["id"]


@pytest.mark.parametrize(
    ("command", "unbuffered"), [("env", ""), ("env", "1"), ("runs", "1"), ("runs --json", ""), ("check sample", "1"), ("--help", "1")]
)
def test_a_reader_that_has_seen_enough_gets_no_traceback(command: str, unbuffered: str) -> None:
    """As in ``python -m engine runs | head -1``, which leaves at once."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        answer = subprocess.run(
            [sys.executable, "-m", "engine", *command.split()], cwd=PROJECT, stdout=writing, stderr=subprocess.PIPE, text=True, timeout=60,
            env=os.environ | {"PYTHONUNBUFFERED": unbuffered},
        )  # fmt: skip
    finally:
        os.close(writing)
    assert answer.returncode == 0 and not answer.stderr
