"""The functions that ran, stage by stage, PyTorch's beside TensorFlow's: what the Code page shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine import FRAMEWORKS
from engine.evidence.source_tree import Definition, SourceTree
from engine.running.folder import Run
from engine.running.source_code import kept_code, present_code, save_code

WING = "engine/frameworks"
CLASSIFIER = "classifiers/{classifier}.py"

EXHIBITED: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "load the pre-trained model": (("encoder.py", ("load_encoder", "embed", "encode")),),
    "build": ((CLASSIFIER, ("build", "load_neutral")),),
    "train": (("training.py", ("as_tensors", "make_optimizer", "make_batches", "train")),),
    "evaluate": (("training.py", ("evaluate",)), ("inference.py", ("predict_logits", "predict"))),
    "classify": (("inference.py", ("classify",)),),
    "save": (
        (CLASSIFIER, ("to_neutral",)),
        ("export.py", ("save_weights", "load_weights", "save_checkpoint", "load_checkpoint")),
    ),
}
"""The public functions of each stage, by file of a wing. What they need besides is found by reading them."""

STAGES = tuple(EXHIBITED)

DIFFERENCES = {
    "load the pre-trained model": (
        "transformers reads the published files as they are and runs batch by batch; KerasHub first needs names, activation and "
        "layer-norm ε put right, and TensorFlow then traces one graph that serves every length."
    ),
    "build": (
        "PyTorch declares a class whose forward method computes; Keras lists its layers. They keep each weight matrix the other way round, "
        "so only PyTorch transposes the shared ones."
    ),
    "train": (
        "PyTorch writes the loop out. Keras runs the same loop inside fit, so whatever has to happen in between becomes an object "
        "handed in: the shared batches, the best weights, an Adam with ε in PyTorch's place."
    ),
    "evaluate": (
        "PyTorch adds up losses and right answers batch by batch; in Keras one call does it, and fit makes that call itself after each "
        "epoch. The answers to the test texts come from predict."
    ),
    "classify": "The same steps and the same clock. PyTorch moves the vectors to the device; TensorFlow opens a scope on it.",
    "save": (
        "Either framework can load the other's file: same names, same layout, safetensors and no pickle. To go on after an interruption, "
        "PyTorch keeps the optimizer's state by name, Keras by number."
    ),
}
"""What to look for in each stage, in a sentence or two."""

WITHOUT_COUNTERPART = {
    "_forward_pass": "PyTorch runs the model as it is, without a graph.",
    "EmbeddingMLP": "Keras needs no class for layers in a row.",
    "STEPS_PER_EXECUTION": "A loop that is written out has no such setting.",
    "MatchedAdam": "PyTorch's own Adam computes this.",
    "SharedBatches": "In PyTorch the generator in make_batches does this.",
    "KeepBest": "In PyTorch these lines stand in the loop, in train.",
}
"""Why one framework needs a piece that the other does without."""


@dataclass(frozen=True)
class Row:
    """One piece, or one and its counterpart: the definition of the same name in the twin file."""

    name: str
    pieces: dict[str, Definition]
    """By framework; one of the two may be missing."""
    reason: str = ""
    """Why the other framework has no such piece."""


@dataclass(frozen=True)
class Stage:
    """One step on the way from a text to a saved model."""

    name: str
    difference: str
    rows: tuple[Row, ...]
    repairs: dict[str, tuple[Definition, ...]]
    """By framework: pieces from a file that has no twin at all."""

    def lines(self, framework: str) -> int:
        """Lines of code of the framework in this stage, repairs included."""
        pieces = [row.pieces[framework] for row in self.rows if framework in row.pieces]
        return sum(piece.lines for piece in [*pieces, *self.repairs.get(framework, ())])


@dataclass(frozen=True)
class Exhibit:
    """All that the Code page shows."""

    stages: tuple[Stage, ...]
    shared: tuple[Definition, ...]
    """Made once, for both frameworks, with NumPy and the tokenizer."""
    note: str
    """A sentence when this is not the code that the run kept; otherwise empty."""

    def lines(self, framework: str) -> int:
        """Lines of code of the framework in all stages."""
        return sum(stage.lines(framework) for stage in self.stages)


def save_snippets(run: Run) -> None:
    """Keep the engine's present code in the run's folder."""
    save_code(run)


def load_snippets(run: Run) -> Exhibit:
    """The code that ran. For a run that kept none, or whose copy is damaged, the present code with a sentence that says so."""
    classifier, files = run.experiment.classifier, kept_code(run)
    if files is not None:
        try:
            return cut_snippets(files, classifier)
        except ValueError:
            note = "This run's copy of its code is damaged. Here stands the engine's present code, which may have changed since."
    else:
        note = "This run kept no copy of its code. Here stands the engine's present code, which may differ from what ran."
    return cut_snippets(present_code(), classifier, note)


def present_snippets(classifier: str = "embedding-mlp") -> Exhibit:
    """The engine's present code, for when there is no run."""
    return cut_snippets(present_code(), classifier)


def cut_snippets(files: dict[str, str], classifier: str, note: str = "") -> Exhibit:
    """Cut and align. Raises ``ValueError`` when the files lack a function of a stage."""
    tree = SourceTree(files)
    roots = {name: {wing: _roots(tree, wing, name, classifier) for wing in FRAMEWORKS} for name in STAGES}
    shown = [root for by_wing in roots.values() for wing_roots in by_wing.values() for root in wing_roots]
    stages: list[Stage] = []
    shared: list[Definition] = []
    for name in STAGES:
        columns: dict[str, list[Definition]] = {}
        repairs: dict[str, tuple[Definition, ...]] = {}
        for wing in FRAMEWORKS:
            # A piece stands just above the first function that needs it; a function that is shown by itself is pulled in by none.
            pieces: list[Definition] = []
            for root in roots[name][wing]:
                pieces += tree.closure([root], without=[*(other for other in shown if other != root), *pieces, *shared])
            shared += [piece for piece in pieces if not piece.file.startswith(WING)]
            own = [piece for piece in pieces if piece.file.startswith(WING)]
            alone = tuple(sorted((piece for piece in own if not _twin_exists(files, piece.file)), key=lambda piece: piece.first_line))
            columns[wing] = [piece for piece in own if piece not in alone]
            repairs |= {wing: alone} if alone else {}
            shown += own
        stages.append(Stage(name, DIFFERENCES[name], tuple(aligned(columns)), repairs))
    shared += tree.closure([tree.definition(*piece) for piece in MADE_ONCE], without=shared)
    return Exhibit(tuple(stages), tuple(shared), note)


MADE_ONCE = (("engine/neutral/weights.py", "initial_weights"), ("engine/neutral/tokens.py", "load_tokenizer"))
"""Used by neither wing directly: the run hands their results in."""


def aligned(columns: Mapping[str, Sequence[Definition]]) -> list[Row]:
    """Both columns in their order, with equal names on one row."""
    left, right = FRAMEWORKS
    waiting = {wing: list(columns[wing]) for wing in FRAMEWORKS}
    common = {piece.name for piece in waiting[left]} & {piece.name for piece in waiting[right]}
    rows = []
    while waiting[left] or waiting[right]:
        alone = next((wing for wing in FRAMEWORKS if waiting[wing] and waiting[wing][0].name not in common), None)
        if alone is not None:
            piece = waiting[alone].pop(0)
            rows.append(Row(piece.name, {alone: piece}, WITHOUT_COUNTERPART.get(piece.name, "")))
            continue
        piece = waiting[left].pop(0)
        counterpart = next(other for other in waiting[right] if other.name == piece.name)
        waiting[right].remove(counterpart)
        rows.append(Row(piece.name, {left: piece, right: counterpart}))
    return rows


def _roots(tree: SourceTree, wing: str, stage: str, classifier: str) -> list[Definition]:
    roots = []
    for file, names in EXHIBITED[stage]:
        path = f"{WING}/{wing}/{file.format(classifier=classifier.replace('-', '_'))}"
        roots += [tree.definition(path, name) for name in names]
    return roots


def _twin_exists(files: Mapping[str, str], file: str) -> bool:
    left, right = FRAMEWORKS
    return file.replace(f"/{left}/", f"/{right}/") in files and file.replace(f"/{right}/", f"/{left}/") in files
