"""How many families of models the installed libraries implement for each framework, counted in the lists of their files."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from importlib import metadata

LIBRARIES = {
    "pytorch": ("transformers", re.compile(r"^transformers/models/(\w+)/modeling_(?!tf_|flax_)\w+\.py$")),
    "tensorflow": ("keras-hub", re.compile(r"^keras_hub/src/models/(\w+)/\w+_backbone\.py$")),
}
"""The library that offers each framework's pre-trained models, and the files that implement one. A folder is a family."""


@lru_cache(maxsize=1)
def model_families() -> dict[str, int]:
    """Return how many there are by framework; a library that is not installed is left out. Nothing is imported."""
    families = {}
    for framework, (package, _) in LIBRARIES.items():
        try:
            files = metadata.files(package) or ()
        except metadata.PackageNotFoundError:
            continue
        families[framework] = count_families(framework, (file.as_posix() for file in files))
    return families


def count_families(framework: str, files: Iterable[str]) -> int:
    """Return the number of distinct folders that hold an implementation."""
    pattern = LIBRARIES[framework][1]
    return len({match[1] for file in files if (match := pattern.match(file))})


@lru_cache(maxsize=2)
def library_version(framework: str) -> str:
    """Return ``transformers 5.23.0``; without a number where it is not installed."""
    package = LIBRARIES[framework][0]
    try:
        return f"{package} {metadata.version(package)}"
    except metadata.PackageNotFoundError:
        return package
