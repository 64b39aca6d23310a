"""The strengths and weaknesses that articles list for each framework, each with what this product has found for or against it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from engine import FRAMEWORK_NAMES, FRAMEWORKS
from engine.display.formatting import count
from engine.guide.claims import Conclusion
from engine.guide.conclusions import Evidence
from engine.shared.framework_defaults import DIFFERENCES
from engine.source.concepts import CONCEPTS
from engine.studies.mistakes import outcomes_by_mistake

PYTORCH, TENSORFLOW = FRAMEWORKS

Conclusions = Mapping[str, Conclusion]


@dataclass(frozen=True)
class Card:
    """One bullet of such a list."""

    framework: str
    strength: bool
    says: str
    """What is said, in our own words."""
    evidence: Callable[[Conclusions, Evidence], str]
    """What was found for or against it."""
    link: str
    """A claim, whose row stands on the page, or a page of the dashboard."""


def _of(claim: str) -> Callable[[Conclusions, Evidence], str]:
    """Return the words on what is known of a claim, a sentence or two."""

    def words(conclusions: Conclusions, evidence: Evidence) -> str:
        conclusion = conclusions[claim]
        if conclusion.source == "stated":
            return f"Stated elsewhere. {conclusion.figure}"
        return f"{conclusion.verdict}. {conclusion.figure}" if conclusion.verdict else conclusion.figure

    return words


def _training_lines(conclusions: Conclusions, evidence: Evidence) -> str:
    counts = evidence.counts
    train = counts.classifiers["embedding-mlp"].by_stage["train"]
    plain = [counts.plain[name].lines for name in FRAMEWORKS]
    controlled = [train[name].lines for name in FRAMEWORKS]
    return (
        f"Model, training and answers in their shortest form take {plain[0]} lines in PyTorch and {plain[1]} in TensorFlow. With order, "
        f"optimizer and early stopping under control the training alone takes {controlled[0]} and {controlled[1]}."
    )


def _only(framework: str) -> Callable[[Conclusions, Evidence], str]:
    """Return the words on the concepts that one framework's code asks for and the other's does not."""

    def words(conclusions: Conclusions, evidence: Evidence) -> str:
        counts = evidence.counts.everything
        other = next(name for name in FRAMEWORKS if name != framework)
        alone = [CONCEPTS[key].title.lower() for key in CONCEPTS if key in counts[framework].concepts - counts[other].concepts]
        listed = f": {', '.join(alone)}" if alone else ""
        amount, (own, others) = count(len(alone), "concept"), (FRAMEWORK_NAMES[name] for name in (framework, other))
        return f"{amount} in {own}’s code that {others}’s does without{listed}."

    return words


def _defaults(conclusions: Conclusions, evidence: Evidence) -> str:
    return (
        f"{len(DIFFERENCES)} defaults differ between the two, and a default is what no line of code says. This holds for PyTorch as well; "
        "the audit measures which of them changes a result."
    )


def _depth(conclusions: Conclusions, evidence: Evidence) -> str:
    rows = [row for pair in outcomes_by_mistake(evidence.museum).values() for row in pair.values()]
    errors = [(row.framework, row.mistaken.error) for row in rows]
    depths = {name: [error.depth for framework, error in errors if error and framework == name] for name in FRAMEWORKS}
    if not all(depths.values()):
        return conclusions["debugging"].figure
    words = [f"{min(frames)} to {max(frames)} frames in {FRAMEWORK_NAMES[name]}" for name, frames in depths.items()]
    return f"Where a mistake is stopped, the traceback is {' and '.join(words)}. {conclusions['debugging'].verdict}."


def _tensorboard(conclusions: Conclusions, evidence: Evidence) -> str:
    lines = []
    for name in FRAMEWORKS:
        file = f"engine/frameworks/{name}/summaries.py"
        lines.append(sum(evidence.counts.tree.definition(file, piece).lines for piece in evidence.counts.tree.names(file)))
    return (
        f"No difference here: every run writes TensorBoard logs in both, each with its own writer, in {lines[0]} lines for PyTorch and "
        f"{lines[1]} for TensorFlow."
    )


CARDS = (
    Card(PYTORCH, True, "Its code reads like ordinary Python", _only(PYTORCH), "syntax"),
    Card(PYTORCH, True, "Good for research and for trying things out", _of("research"), "research"),
    Card(PYTORCH, True, "Graphs are made as the code runs, so errors are easier to find", _of("debugging"), "debugging"),
    Card(PYTORCH, True, "At home in language models", _of("real-world-use"), "real-world-use"),
    Card(PYTORCH, True, "Common at universities", _of("community"), "community"),
    Card(PYTORCH, False, "More to write for a training", _training_lines, "pages/code.py"),
    Card(PYTORCH, False, "Needs further tools to be put into service", _of("production"), "production"),
    Card(PYTORCH, False, "Fewer tools for telephones", _of("mobile"), "mobile"),
    Card(TENSORFLOW, True, "Keras is easy to begin with", _of("learning-curve"), "learning-curve"),
    Card(TENSORFLOW, True, "Ripe tools for serving and small devices", _of("production"), "production"),
    Card(TENSORFLOW, True, "Much used in industry", _of("real-world-use"), "real-world-use"),
    Card(TENSORFLOW, True, "Better on telephones and at the edge", _of("mobile"), "mobile"),
    Card(TENSORFLOW, True, "TensorBoard draws what happens", _tensorboard, "pages/train.py"),
    Card(TENSORFLOW, False, "Can feel less like Python", _only(TENSORFLOW), "learning-curve"),
    Card(TENSORFLOW, False, "Errors in graphs are harder to find", _depth, "pages/museum.py"),
    Card(TENSORFLOW, False, "Abstraction hides details", _defaults, "pages/audit.py"),
)
"""PyTorch's first, strengths before weaknesses."""
