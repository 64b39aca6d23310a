"""The engine of Parity: everything but the pages, in rooms that data flow through. See ``docs/architecture.md``."""

FRAMEWORK_NAMES = {"pytorch": "PyTorch", "tensorflow": "TensorFlow"}
"""Folder of the wing → name for people, in the order in which they are shown everywhere: PyTorch left, TensorFlow right."""

FRAMEWORKS = tuple(FRAMEWORK_NAMES)
