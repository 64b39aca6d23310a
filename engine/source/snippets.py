"""The functions that ran, stage by stage, PyTorch's beside TensorFlow's: what the Code page shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from engine import FRAMEWORKS
from engine.runs.folder import Run
from engine.runs.source_code import kept_code, present_code
from engine.shared.classifiers import CLASSIFIERS
from engine.shared.weights.initial import WEIGHTS
from engine.source.source_tree import Definition, SourceTree

WING = "engine/frameworks"
CLASSIFIER = "classifiers/{classifier}.py"

LOAD = "load the pre-trained model"
ENCODER = {"vectors": ("load_encoder", "embed", "encode"), "pieces": ("load_encoder", "pool")}
"""What is shown of ``encoder.py``, by what a classifier takes; one that takes words or terms has no pre-trained model to load."""

EXHIBITED: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    LOAD: (("encoder.py", ()),),
    "build": ((CLASSIFIER, ("build", "load_neutral")),),
    "train": (("training.py", ("as_tensors", "make_optimizer", "make_batches", "make_loss", "train")),),
    "evaluate": (("training.py", ("evaluate",)), ("inference.py", ("predict_logits", "predict"))),
    "classify": (("inference.py", ("classify",)),),
    "save": ((CLASSIFIER, ("to_neutral",)), ("export.py", ("save_weights", "load_weights", "save_checkpoint", "load_checkpoint"))),
}
"""The public functions of each stage, by file of a wing. What they need besides is found by reading them."""

STAGES = tuple(EXHIBITED)

DIFFERENCES = {
    LOAD: (
        "transformers reads the published files as they are. KerasHub builds the same model; filling in its weights by name and setting "
        "its activation and layer-norm ε is left to the code that is folded away."
    ),
    "train": (
        "PyTorch writes the loop out. Keras runs the same loop inside fit, so whatever has to happen in between becomes an object "
        "handed in: the shared batches, the best weights, a learning rate that changes, an Adam with ε in PyTorch's place."
    ),
    "evaluate": (
        "PyTorch adds up losses and right answers batch by batch; in Keras one call does it, and fit makes that call itself after each "
        "epoch. The answers to the test texts come from predict."
    ),
    "classify": "The same steps and the same clock. PyTorch moves the arrays to the device; TensorFlow opens a scope on it.",
    "save": (
        "Either framework can load the other's file: same names, same layout, safetensors and no pickle. To go on after an interruption, "
        "PyTorch keeps the optimizer's state by name, Keras by number."
    ),
}
"""What to look for in each stage but ``build``, in a sentence or two."""

BUILDING = {
    "embedding-mlp": (
        "PyTorch declares a class whose forward method computes; Keras lists its layers. They keep each weight matrix the other way round, "
        "so only PyTorch transposes the shared ones."
    ),
    "tfidf-mlp": (
        "A text comes as the few terms that it has, and both spread them out to a vector of all terms: PyTorch in two lines of its forward "
        "method, Keras in a layer of its own. The two dense layers behind it are those of the embedding MLP."
    ),
    "text-cnn": (
        "PyTorch convolves over the last axis, Keras over the middle one, so only PyTorch turns the word vectors and reverses the axes of "
        "its filters. What PyTorch writes in the forward method (padding short batches, leaving padding out, taking the strongest answer) "
        "needs layers of their own in Keras."
    ),
    "bi-lstm": (
        "PyTorch packs the batch, so that padding is never computed; Keras is given a mask and carries the state past it. PyTorch adds two "
        "biases to each gate where Keras has one: the second is held at zero, unless biases are left to the frameworks."
    ),
    "transformer": (
        "Both put one new layer on the encoder and train everything. PyTorch calls the encoder in a forward method; Keras connects it as "
        "one layer among others. The shared weights have the names of the checkpoint's file, which only Keras must translate."
    ),
}
"""The same for ``build``, which each classifier does in its own way."""

OVER_WINDOWS = " This run read long texts in windows: one more piece averages the answers to them."

WITHOUT_COUNTERPART = {
    "_forward_pass": "PyTorch runs the model as it is, without a graph.",
    "_answer": "PyTorch runs the model as it is, without a graph.",
    "EmbeddingMLP": "Keras needs no class for layers in a row.",
    "TfidfMLP": "Keras connects its layers in build.",
    "TextCNN": "Keras connects its layers in build.",
    "BiLSTM": "Keras connects its layers in build.",
    "Transformer": "Keras connects its layers in build.",
    "_join_token_types": "KerasHub's RoBERTa has no token types of its own.",
    "SUFFIXES": "Keras keeps a layer for each direction.",
    "Spread": "In PyTorch these lines stand in the forward method.",
    "WideEnough": "In PyTorch these lines stand in the forward method.",
    "Strongest": "In PyTorch these lines stand in the forward method.",
    "LAYERS": "In PyTorch the layers are attributes of the model.",
    "Batch": "Keras's fit takes a data set, whatever a batch of it looks like.",
    "_batches_of": "In Keras SharedBatches does this.",
    "UNDECAYED": "PyTorch tells them by their shape.",
    "MatchedAdam": "PyTorch's own Adam computes this.",
    "SharedSchedule": "PyTorch's LambdaLR takes the rule itself.",
    "SharedBatches": "In PyTorch _batches_of does this.",
    "_as_fit_takes_them": "A PyTorch model is called with each input as an argument.",
    "_gives_logits": "PyTorch's cross-entropy always takes logits.",
    "KeepBest": "In PyTorch these lines stand in the loop, in train.",
    "_evaluation_batches": "In PyTorch _batches_of does this.",
}
"""Why one framework needs a piece that the other does without."""

HELPER = "A part of the functions around it, which the other side writes another way."
"""The same for pieces that only their own file uses and that need no better reason."""


@dataclass(frozen=True)
class Row:
    """One piece, or one and its counterpart: the definition of the same name in the twin file."""

    name: str
    pieces: dict[str, Definition]
    """The pieces by framework; one of the two may be missing."""
    reason: str = ""
    """Why the other framework has no such piece."""


@dataclass(frozen=True)
class Stage:
    """One step on the way from a text to a saved model."""

    name: str
    difference: str
    rows: tuple[Row, ...]
    repairs: dict[str, tuple[Definition, ...]]
    """Pieces from a file that has no twin at all, by framework."""

    def lines(self, framework: str) -> int:
        """Lines of code of the framework in this stage, repairs included."""
        pieces = [row.pieces[framework] for row in self.rows if framework in row.pieces]
        return sum(piece.lines for piece in pieces) + self.mended(framework)

    def mended(self, framework: str) -> int:
        """Lines of its repairs alone."""
        return sum(piece.lines for piece in self.repairs.get(framework, ()))


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


def load_snippets(run: Run) -> Exhibit:
    """Return the code that ran. For a run that kept none, or whose copy is damaged, the present code with a sentence that says so."""
    experiment, files = run.read_experiment(), kept_code(run)
    windows = experiment.long_texts == "windows"
    if files is not None:
        try:
            return _kept_snippets(frozenset(files.items()), experiment.classifier, windows)
        except ValueError:
            note = "This run's copy of its code is damaged. Here stands the engine's present code, which may have changed since."
    else:
        note = "This run kept no copy of its code. Here stands the engine's present code, which may differ from what ran."
    return _kept_snippets(frozenset(present_code().items()), experiment.classifier, windows, note)


def present_snippets(classifier: str = "embedding-mlp", windows: bool = False) -> Exhibit:
    """Return the engine's present code, for when there is no run."""
    return _kept_snippets(frozenset(present_code().items()), classifier, windows)


@lru_cache(maxsize=16)
def _kept_snippets(files: frozenset[tuple[str, str]], classifier: str, windows: bool, note: str = "") -> Exhibit:
    """Cut and align once for all who read the same files: it takes a third of a second."""
    return cut_snippets(dict(sorted(files)), classifier, windows, note)


def cut_snippets(files: dict[str, str], classifier: str, windows: bool = False, note: str = "", tree: SourceTree | None = None) -> Exhibit:
    """Cut and align. Raises ``ValueError`` when the files lack a function of a stage. ``tree``: the files, parsed already."""
    tree = tree or SourceTree(files)
    exhibited = _exhibited(classifier, windows)
    roots = {name: {wing: _roots(tree, wing, exhibited[name], classifier) for wing in FRAMEWORKS} for name in exhibited}
    shown = [root for by_wing in roots.values() for wing_roots in by_wing.values() for root in wing_roots]
    stages: list[Stage] = []
    shared: list[Definition] = []
    for name in exhibited:
        columns: dict[str, list[Definition]] = {}
        repairs: dict[str, tuple[Definition, ...]] = {}
        for wing in FRAMEWORKS:
            # A piece stands just above the first function that needs it; a function that is shown by itself is pulled in by none.
            pieces: list[Definition] = []
            for root in roots[name][wing]:
                pieces += tree.closure([root], without=[*(other for other in shown if other != root), *pieces, *shared])
            shared += [piece for piece in pieces if not piece.file.startswith(WING)]
            own = [piece for piece in pieces if piece.file.startswith(WING)]
            alone = tuple(
                sorted((piece for piece in own if not _twin_exists(files, piece.file)), key=lambda piece: (piece.file, piece.first_line))
            )
            columns[wing] = [piece for piece in own if piece not in alone]
            repairs |= {wing: alone} if alone else {}
            shown += own
        stages.append(Stage(name, _difference(name, classifier, windows), tuple(aligned(columns)), repairs))
    shared += tree.closure(list(_made_once(tree, classifier)), without=shared)
    return Exhibit(tuple(stages), tuple(shared), note)


def _exhibited(classifier: str, windows: bool) -> dict[str, tuple[tuple[str, tuple[str, ...]], ...]]:
    """The stages that this classifier goes through."""
    member = CLASSIFIERS[classifier]
    stages = EXHIBITED | {LOAD: (("encoder.py", ENCODER.get(member.takes, ())),)}
    if windows and member.sequences:
        stages |= {"build": (*EXHIBITED["build"], ("windows.py", ("over_windows",)))}
    return {name: files for name, files in stages.items() if name != LOAD or member.pretrained}


def _difference(stage: str, classifier: str, windows: bool) -> str:
    """What to look for in a stage."""
    if stage != "build":
        return DIFFERENCES[stage]
    return BUILDING[classifier] + (OVER_WINDOWS if windows and CLASSIFIERS[classifier].sequences else "")


PREPARING = {
    "vectors": (("engine/shared/text/tokens.py", "load_tokenizer"),),
    "terms": (("engine/shared/text/vocabulary.py", "Terms"),),
    "words": (("engine/shared/text/vocabulary.py", "train_words"), ("engine/shared/text/tokens.py", "token_rows")),
    "pieces": (("engine/shared/text/tokens.py", "load_tokenizer"), ("engine/shared/text/tokens.py", "token_rows")),
}
"""What turns the texts into what a classifier takes."""

MADE_ONCE = (
    ("engine/shared/weights/initial.py", "initial_weights"),
    ("engine/shared/batches.py", "training_plan"),
    ("engine/shared/class_weights.py", "class_weights"),
)
"""Used by neither wing directly: the run hands their results in."""


def _made_once(tree: SourceTree, classifier: str) -> Iterator[Definition]:
    """What both frameworks share besides what their functions name. A run of an earlier version kept less; it is shown as it is."""
    drawn = ("engine/shared/weights/initial.py", WEIGHTS[classifier].__name__)
    for file, name in (*PREPARING[CLASSIFIERS[classifier].takes], drawn, *MADE_ONCE):
        if name in tree.names(file):
            yield tree.definition(file, name)


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
            reason = HELPER if piece.name.startswith("_") else ""  # a run of another version may have had pieces that are not known here
            rows.append(Row(piece.name, {alone: piece}, WITHOUT_COUNTERPART.get(piece.name, reason)))
            continue
        piece = waiting[left].pop(0)
        counterpart = next(other for other in waiting[right] if other.name == piece.name)
        waiting[right].remove(counterpart)
        rows.append(Row(piece.name, {left: piece, right: counterpart}))
    return rows


def _roots(tree: SourceTree, wing: str, files: Sequence[tuple[str, tuple[str, ...]]], classifier: str) -> list[Definition]:
    roots = []
    for file, names in files:
        path = f"{WING}/{wing}/{file.format(classifier=classifier.replace('-', '_'))}"
        roots += [tree.definition(path, name) for name in names]
    return roots


def _twin_exists(files: Mapping[str, str], file: str) -> bool:
    left, right = FRAMEWORKS
    return file.replace(f"/{left}/", f"/{right}/") in files and file.replace(f"/{right}/", f"/{left}/") in files
