"""What the usual snippet for a way from ONNX to TensorFlow does today: it is run, in a process and a folder of its own.

onnx-tf, which it needs, is not installed beside current packages. So what its last release does first is tried as well: it asks onnx for
a module that onnx has removed.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

from engine.files import read_json, write_atomically
from engine.runs.folder import home
from engine.runs.paths import HomePaths
from engine.runs.records.reading import from_json, to_json
from engine.studies.migration.results import OldSnippets, SnippetOutcome
from engine.workers.jobs.mistakes import shortened_paths

GUIDE_SNIPPET = """import onnx
import onnx_tf
import onnx_tf.backend

onnx_model = onnx.load("model.onnx")
tf_model = onnx_tf.backend.prepare(onnx_model)
tf_model.export_graph("model")
"""
"""The snippet of the guides, with the import of the submodule that they forget and the line that would write the result."""

FIRST_IMPORT = """# onnx_tf/common/data_type.py of onnx-tf 1.10.0, its last release, which the import of onnx_tf runs
from onnx import mapping
"""
"""What stands at the beginning of every use of onnx-tf."""

SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class RememberedSnippets:
    """What both programs did, and all that this depends on besides the versions that ``snippets`` has."""

    python: str = ""
    """The version of Python."""
    snippets: OldSnippets = field(default_factory=OldSnippets)
    """What became of them."""


def old_snippets(model: Path | None) -> OldSnippets:
    """Return what both programs do with the installed versions; they are run once for these, and remembered beside the studies."""
    file, python, versions = HomePaths(home()).old_snippets_file, platform.python_version(), installed_versions()
    remembered = from_json(RememberedSnippets, read_json(file)) or RememberedSnippets()
    kept = remembered.snippets
    same_programs = (kept.guide.program, kept.first_import.program) == (GUIDE_SNIPPET, FIRST_IMPORT)
    if same_programs and (remembered.python, kept.versions) == (python, versions):
        return kept
    guide, first_import = run_in_sandbox(GUIDE_SNIPPET, model), run_in_sandbox(FIRST_IMPORT, None)
    snippets = OldSnippets(guide=guide, first_import=first_import, versions=versions)
    if None not in (guide.returncode, first_import.returncode):  # one that took too long may be quicker the next time
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(file, json.dumps(to_json(RememberedSnippets(python=python, snippets=snippets)), indent=1))
    return snippets


def run_in_sandbox(program: str, model: Path | None, seconds: float = SECONDS) -> SnippetOutcome:
    """Run a program of this file in an empty folder that is removed afterwards, with nothing but Python's own way to packages."""
    with tempfile.TemporaryDirectory(prefix="parity-snippet-") as folder:
        (Path(folder) / "snippet.py").write_text(program, encoding="utf-8")
        if model is not None:
            (Path(folder) / "model.onnx").write_bytes(model.read_bytes())
        kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "LANG") if name in os.environ}
        environment = kept | {"HOME": folder, "TMPDIR": folder, "TF_CPP_MIN_LOG_LEVEL": "2", "CUDA_VISIBLE_DEVICES": "-1"}
        try:
            # -I: neither the caller's PYTHON… variables nor the folder itself lend it modules.
            answer = subprocess.run(
                [sys.executable, "-I", "snippet.py"], cwd=folder, env=environment, capture_output=True, text=True, timeout=seconds
            )
        except subprocess.TimeoutExpired:
            return SnippetOutcome(program=program, error=f"It was ended after {seconds:.0f} seconds.")
    words = shortened_paths(answer.stderr.replace(folder + os.sep, "")).strip()
    return SnippetOutcome(
        program=program,
        returncode=answer.returncode,
        error=words.splitlines()[-1] if words and answer.returncode else "",
        traceback=words if answer.returncode else "",
    )


def installed_versions() -> dict[str, str | None]:
    """Return the versions of onnx and onnx-tf; ``None`` where one is not installed."""
    return {name: _version(name) for name in ("onnx", "onnx-tf")}


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
