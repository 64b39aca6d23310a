"""Code of the engine that goes into bundles, cut out of its own source files."""

from __future__ import annotations

from engine.runs.source_code import ENGINE, with_imports
from engine.source.scripts import import_lines, joined
from engine.source.source_tree import SourceTree

TEXT_INPUTS = "engine/shared/text/inputs.py"

HEAD = '''"""Texts to what the model takes, and its logits to labels.

Cut from Parity's source: these are the lines that made the inputs of the training.
"""

from __future__ import annotations
'''


def text_inputs_module() -> str:
    """``text_inputs.py`` of a bundle: ``TextInputs`` and everything that it needs, as one module without imports from the engine."""
    tree = SourceTree(with_imports([ENGINE.parent / TEXT_INPUTS]))
    pieces = tree.closure([tree.definition(TEXT_INPUTS, "TextInputs")])
    standard, others = import_lines(tree.imports(pieces))
    return "\n".join([HEAD, *standard, "", *others, "", "", joined(pieces), ""])
