"""The engine of Parity: everything but the pages, in rooms that data flow through. See ``docs/architecture.md``."""

__version__ = "0.5.0"
"""The version of the product, and the only place in which it is written. What changed in it: ``CHANGELOG.md``."""

FRAMEWORK_NAMES = {"pytorch": "PyTorch", "tensorflow": "TensorFlow"}
"""Folder of the wing → name for people, in the order in which they are shown everywhere: PyTorch left, TensorFlow right."""

FRAMEWORKS = tuple(FRAMEWORK_NAMES)

ROOMS = ("encodings", "reading", "data", "shared", "frameworks", "runs", "workers", "source", "display", "results", "studies", "serving",
         "guide", "reports", "course", "commands")  # fmt: skip
"""The folders of the engine in the order in which data flows: a room knows only the rooms before it."""
