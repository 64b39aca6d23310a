"""Packages that only some exports need: what is missing, in a sentence with the command that adds it."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from functools import lru_cache

REQUIREMENTS = "requirements-export.txt"
COMMAND = f"pip install -r {REQUIREMENTS}"

MODULES = {"executorch": "executorch", "torchserve": "ts", "torch-model-archiver": "model_archiver", "fastapi": "fastapi"}
"""What each package of ``requirements-export.txt`` is called when it is imported."""

JAVA = 17
"""The oldest version in which TorchServe runs."""


def missing(*packages: str) -> str:
    """Return why something that needs these packages cannot be done here and what to do about it; empty where all are there."""
    absent = [name for name in packages if importlib.util.find_spec(MODULES[name]) is None]
    if not absent:
        return ""
    verb, it = ("is", "it") if len(absent) == 1 else ("are", "them")
    return f"{' and '.join(absent)} {verb} not installed. Add {it} with `{COMMAND}`, then try again."


@lru_cache(maxsize=1)
def missing_java() -> str:
    """Return why TorchServe's server, which is written in Java, cannot run here; empty where it can."""
    version_words = "none"
    if java := shutil.which("java"):
        answer = subprocess.run([java, "-version"], capture_output=True, text=True)
        version = re.search(r'version "(\d+)', answer.stderr)
        if version and int(version.group(1)) >= JAVA:
            return ""
        version_words = f"version {version.group(1)}" if version else "one that does not say its version"
    return f"TorchServe needs Java {JAVA} or later, found {version_words}. On Debian and Ubuntu: `apt-get install openjdk-17-jre-headless`."
