"""A run as a model card: one Markdown file for both frameworks' models, in the sections that the Hugging Face hub expects.

Source of the sections: M. Mitchell et al., Model cards for model reporting, 2019, and the hub's annotated template. It states what the
run's folder says and nothing else; what only people can know is listed at the end for them to add. Words from files are shown as code,
so that none of them is markup.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas

from engine import FRAMEWORK_NAMES, FRAMEWORKS, __version__
from engine.display.formatting import MISSING, code_block, code_span, count, date, percent, plain
from engine.reading.columns.part_names import PARTS
from engine.results.command import repeating_command
from engine.results.fairness import machine_facts, parity_facts, side_facts
from engine.results.sentences import (
    FORMATS,
    answer,
    baseline_sentence,
    interval_sentence,
    kept_weights_sentences,
    progress_sentence,
    reading_sentences,
    state_sentence,
    times_sentence,
    unfinished_sentence,
)
from engine.results.settings import chosen_data, chosen_settings
from engine.results.snapshot import Snapshot, take_snapshot
from engine.results.tables import headline, number_of_test_texts, per_class_table
from engine.runs.experiment import MODES
from engine.runs.folder import Run
from engine.shared.encoders.checkpoint import BUNDLED, BUNDLED_NAME

CARD_MARK = "# Made by Parity"
"""How a file says that it may be replaced by a newer card: a comment at the top of its metadata."""

FEW_TEXTS = 10
"""A class with fewer test texts has scores that say little."""

MOST_CLASSES = 100
PARTS_IN_WORDS = dict(zip(PARTS, ("training", "validation", "testing"), strict=True))
HUB_NAME = re.compile(r"[\w.-]+(/[\w.-]+)?")

UNKNOWN_HERE = (
    "who made this model, and whom to ask",
    "the licence of the texts and of the model",
    "the language or languages of the texts, and who wrote them",
    "for whom the model is meant, and what a wrong answer costs them",
    "whether it treats groups of people differently: nothing of that was measured",
)
"""What no run can tell."""


def model_card(run: Run) -> str:
    """Return the Markdown of a run's model card. Raises ``RunError`` when there is nothing to report yet."""
    snapshot = take_snapshot(run)
    parts = [_metadata(snapshot), *_top(snapshot)]
    for title, section in SECTIONS.items():
        if lines := [line for line in section(snapshot) if line]:
            parts += [f"## {title}", *lines]
    return "\n\n".join(parts) + "\n"


def _metadata(snapshot: Snapshot) -> str:
    """Write what the hub reads, and only what the run tells."""
    lines = [f"{CARD_MARK}, model card of run {snapshot.run.identifier}", "pipeline_tag: text-classification"]
    lines += ["tags:", "- text-classification", *(f"- {framework}" for framework in snapshot.frameworks)]
    if snapshot.finished:
        lines += ["metrics:", "- accuracy", "- f1"]
    encoder = _hub_encoder(snapshot)
    lines += [f"base_model: {json.dumps(encoder)}"] if encoder else []
    return "\n".join(["---", *lines, "---"])


def _top(snapshot: Snapshot) -> Iterator[str]:
    """Say what the model is and what it reaches."""
    results, member = snapshot.results, snapshot.results.run.family_member
    yield f"# {member.title if member else 'Text classifier'} trained on {code_span(results.data.name or MISSING)}"
    if warning := (state_sentence if snapshot.finished else unfinished_sentence)(snapshot.status):
        yield f"> {plain(warning)}"
    yield answer(results) if snapshot.finished else progress_sentence(results)


def _details(snapshot: Snapshot) -> Iterator[str]:
    results, member = snapshot.results, snapshot.results.run.family_member
    run, classes = results.run, results.data.classes
    facts = []
    if member is not None:
        facts += [f"**What it is.** {member.summary}. Source: {member.source}."]
    if run.encoder and member is not None:
        name = BUNDLED_NAME if run.encoder == BUNDLED else run.encoder
        use = "frozen: it only turns texts into vectors" if member.takes == "vectors" else "trained along"
        facts.append(f"**Pre-trained encoder.** {code_span(name)}, {use}.")
    facts.append(
        "**Two models.** The same classifier, trained by PyTorch and by TensorFlow on the same texts. Their weights are safetensors under "
        "the same names and layouts, so either framework can load the other's."
    )
    if run.mode in MODES:
        facts.append(f"**Mode.** {run.mode}: {MODES[run.mode][0].lower()}{MODES[run.mode][1:]}.")
    if classes:
        shown = ", ".join(map(code_span, classes[:MOST_CLASSES]))
        facts.append(f"**Classes.** {len(classes):,}: {shown}{' and others' if len(classes) > MOST_CLASSES else ''}.")
    begun = date(snapshot.status.created, zone=True)
    facts.append(f"**Run.** {snapshot.run.identifier}, begun {begun}; this card was written by Parity {__version__}.")
    yield _list(facts)
    yield _measures(snapshot, ("size",))


def _use(snapshot: Snapshot) -> Iterator[str]:
    classes = snapshot.results.data.classes
    among = f"one of {len(classes):,} classes" if classes else "a class"
    yield f"Putting a text into {among}, with a probability for each, where texts are like those that it was trained on."
    yield _list(
        [
            "It always answers with one of its classes, also to a text that belongs to none of them.",
            "Nothing was measured on texts of another kind than those in the file, or in another language.",
            "Its probabilities were not calibrated: 90 % does not promise to be right nine times in ten.",
        ]
    )


def _data(snapshot: Snapshot) -> Iterator[str]:
    data = snapshot.results.data
    if split := data.split:
        sizes = ", ".join(
            f"{size:,} for {words}" for size, words in zip(split.values(), ("training", "validation", "testing"), strict=False)
        )
        yield f"{count(data.rows or sum(split.values()), 'text')}: {sizes}. {plain(data.split_source.origin)} {data.split_source.promise}"
    if snapshot.experiment is not None:
        yield _table(
            ("choice", "value"), [(name, code_span(value, in_table=True)) for name, value in chosen_data(snapshot.experiment.data)]
        )
    yield from reading_sentences(snapshot.results)


def _training(snapshot: Snapshot) -> Iterator[str]:
    if snapshot.experiment is not None:
        used = [item for item in chosen_settings(snapshot.experiment) if not item.advice.startswith("not used")]
        yield _table(("setting", "value", ""), [(f"`{item.name}`", code_span(item.value, in_table=True), item.advice) for item in used])
    yield _list(kept_weights_sentences(snapshot.results))
    yield _measures(snapshot, ("speed", "memory"))
    yield _twins([(name, _code(left), _code(right)) for name, left, right in side_facts(snapshot.results)])
    if snapshot.results.environment:
        facts = [(name, ", ".join(filter(None, [value, more]))) for name, value, more in machine_facts(snapshot.results.environment)]
        yield _list([f"**{name}.** {code_span(words)}" for name, words in facts if words])
        yield times_sentence(snapshot.results)


def _evaluation(snapshot: Snapshot) -> Iterator[str]:
    results = snapshot.results
    if not snapshot.finished:
        yield "This run has no results, so nothing was evaluated."
        return
    seen = results.data.split_source.overlaps.get("train and test", 0)
    which = f"of which {seen:,} (equal ones counted once) training has too" if seen else "which neither model saw in training"
    yield f"On {count(number_of_test_texts(results) or 0, 'test text')}, {which}."
    yield _measures(snapshot, ("quality", "latency"))
    yield from (interval_sentence(results), baseline_sentence(results))
    if len(snapshot.frameworks) == 2:
        yield _table(("how equal the two are", "", ""), [tuple(fact) for fact in parity_facts(results)])
    scores = per_class_table(results)
    if len(scores.columns) > 2:
        yield _table(list(scores.columns), [[_cell(value) for value in row] for row in scores.itertuples(index=False, name=None)])


def _limitations(snapshot: Snapshot) -> Iterator[str]:
    results, limits = snapshot.results, []
    if snapshot.finished:
        limits.append("One run is one seed and one split: another would move the scores.")
    scores = per_class_table(results)
    columns = [column for column in scores.columns if column.endswith(" F1")]
    means = scores[columns].astype(float).mean(axis=1)
    if means.notna().any():
        weakest = scores.loc[means.idxmin(), "class"]
        limits.append(f"The weakest class is {code_span(weakest)}, with an F1 of {means.min():.3f}.")
        small = int((pandas.to_numeric(scores["test texts"]) < FEW_TEXTS).sum())
        if small:
            limits.append(f"{small:,} of {len(scores):,} classes have fewer than {FEW_TEXTS} test texts; their scores say little.")
    limits += reading_sentences(results)
    data = results.data
    if data.majority_accuracy is not None and data.majority_class:
        share = percent(data.majority_accuracy)
        limits.append(f"The most frequent class in training, {code_span(data.majority_class)}, makes up {share} of the test texts.")
    limits += [plain(note) for note in snapshot.status.notes or results.run.notes]
    yield _list(limits)


def _running(snapshot: Snapshot) -> Iterator[str]:
    yield "With Parity and the folder of the run:"
    yield code_block(f'python -m engine predict {snapshot.run.identifier} "A text to classify"')
    if snapshot.experiment is not None:
        yield "To train it again:"
        yield code_block(repeating_command(snapshot.experiment))
    yield "Parity's Code page gives the run as a script for either framework, which needs neither Parity nor the other framework."


def _unknown(_: Snapshot) -> Iterator[str]:
    yield "A run cannot know it; add it before you pass the model on:"
    yield _list(UNKNOWN_HERE)


SECTIONS = {
    "Model details": _details,
    "Intended use": _use,
    "Data": _data,
    "Training": _training,
    "Evaluation": _evaluation,
    "Limitations": _limitations,
    "How to run it": _running,
    "What this card does not say": _unknown,
}
"""The sections in the order of the hub's template."""


def _measures(snapshot: Snapshot, groups: Sequence[str]) -> str:
    """Write the figures of these groups, PyTorch first; empty where none was measured."""
    sides = []
    for item in (item for item in headline(snapshot.results) if item.group in groups):
        left, right = (FORMATS[item.unit](value) if value is not None else MISSING for value in (item.pytorch, item.tensorflow))
        sides.append((item.name, left, right))
    return _twins(sides)


def _twins(rows: Sequence[tuple[str, str, str]]) -> str:
    filled = [row for row in rows if any(row[1:])]
    return _table(("", *(FRAMEWORK_NAMES[framework] for framework in FRAMEWORKS)), filled) if filled else ""


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [list(headings), ["---"] * len(headings), *rows]
    return "\n".join("| " + " | ".join(cell or MISSING if number > 1 else cell for cell in row) + " |" for number, row in enumerate(lines))


def _list(items: Sequence[str]) -> str:
    return "\n".join(f"- {item}" for item in items)


def _cell(value: object) -> str:
    if value is None or value != value:
        return MISSING
    return f"{value:.3f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else _code(str(value))


def _code(words: str) -> str:
    """Write words as code in a cell of a table; an empty one stays empty."""
    return code_span(words, in_table=True) if words else ""


def _hub_encoder(snapshot: Snapshot) -> str | None:
    """Return the hub's name of the encoder; ``None`` for a local folder and for classifiers without one."""
    encoder = snapshot.results.run.encoder or ""
    if encoder == BUNDLED:
        return BUNDLED_NAME
    return encoder if HUB_NAME.fullmatch(encoder) and not Path(encoder).is_dir() else None
