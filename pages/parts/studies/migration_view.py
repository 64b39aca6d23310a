"""What a migration found: the proof in figures, what travelled weight by weight, the code of a route, and what the old snippet does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas
import streamlit as st

from engine import FRAMEWORK_NAMES, FRAMEWORKS
from engine.display.charts import difference_strip, loss_curves
from engine.display.curve_charts import difference_sentence
from engine.display.formatting import MISSING, count, number, percent, plain, unbroken
from engine.errors import ParityError
from engine.results.curves import COLUMNS
from engine.studies.migration import words
from engine.studies.migration.code import route_code
from engine.studies.migration.foreign_file import IN_PYTHON, look_into
from engine.studies.migration.onnx_tf import FIRST_IMPORT, GUIDE_SNIPPET
from engine.studies.migration.results import MigrationResults, OldSnippets, SnippetOutcome
from engine.studies.study import Study
from pages.parts.widgets.code_columns import column_heading, show_piece
from pages.parts.widgets.drawing import fact_list, plain_table, show

FEW_WEIGHTS = 14
"""A longer table of weights is folded away."""


def proof(results: MigrationResults) -> None:
    """Show how far the two are apart, beside what the route is held to, and what the third party says."""
    judged = results.judge
    sides = results.by_framework("source", "target")
    fact_list(
        [
            (
                "Largest difference of a logit",
                number(results.max_logit_difference),
                f"Over all test texts, in float32; held to {words.bar_words(results)}.",
            ),
            ("Mean difference", number(results.mean_logit_difference), "Of all logits of all test texts."),
            ("Same label", percent(results.label_agreement), f"Of {count(results.rows, 'test text')}."),
            *(
                (
                    f"ONNX Runtime against {FRAMEWORK_NAMES[framework]}",
                    number(judged[side].max_logit_difference),
                    f"The largest difference from a third opinion, over the graph of {FRAMEWORK_NAMES.get(results.graph, MISSING)}; "
                    f"the same label on {percent(judged[side].label_agreement)}.",
                )
                for framework, side in ((name, sides[name]) for name in FRAMEWORKS)
            ),
        ]
    )


def further_training(results: MigrationResults) -> None:
    """Show the losses of both, trained on with the same batches, and the strip of their difference."""
    st.subheader("Trained on", anchor="trained-on")
    st.write(unbroken(plain(words.trained_on_sentence(results))))
    losses = results.by_framework(*(results.trained_on.losses[side] for side in ("source", "target")))
    rows = [
        (framework, "training", float(step), float(step), 0.0, 1.0, loss)
        for framework in FRAMEWORKS
        for step, loss in enumerate(losses[framework], start=1)
    ]
    points = pandas.DataFrame(rows, columns=COLUMNS)
    sentence = difference_sentence(points)
    show(replace(loss_curves(points, "step"), alt=sentence, caption="The training loss of each further step."), "migration_losses")
    st.caption(plain(sentence))
    show(difference_strip(points, "step"), "migration_difference")


def what_travelled(results: MigrationResults) -> None:
    """Show weight by weight or node by node, whatever the route took."""
    st.subheader("What travelled", anchor="what-travelled")
    if results.route == "onnx":
        st.write(plain(words.operator_sentence(results)))
        rows = words.layer_rows(results)
        with _folded(len(rows), "layer"):
            plain_table(["Node of the graph", f"Layer of {FRAMEWORK_NAMES[results.target]}", "Weights"], rows)
        return
    if results.route == "checkpoint":
        arrived = results.arrived
        st.write(
            f"A folder of the family {plain(arrived.family or '')}, {count(len(arrived.files or ()), 'file')}: "
            f"{plain(', '.join(arrived.files or ()))}."
        )
        return
    if note := words.NOTES.get(results.classifier):
        st.write(plain(note))
    weights = words.weight_rows(results)
    with _folded(len(weights), "weight"):
        plain_table(["Neutral name", *FRAMEWORK_NAMES.values()], weights)
    if others := words.others_sentence(results):
        st.caption(plain(others))


def _folded(amount: int, one: str) -> Any:
    return st.container() if amount <= FEW_WEIGHTS else st.expander(f"All {count(amount, one)}", icon=":material/table_rows:")


def code(route: str, classifier: str, study: Study | None) -> None:
    """Show the functions of the route, PyTorch's beside TensorFlow's, then what belongs to neither."""
    pieces = route_code(route, classifier, study)
    for framework, column in zip(FRAMEWORKS, st.columns(2, gap="medium"), strict=True):
        with column:
            column_heading(framework, count(sum(piece.lines for piece in pieces.wings[framework]), "line"))
    for pair in zip(*(pieces.wings[framework] for framework in FRAMEWORKS), strict=True):
        for piece, column in zip(pair, st.columns(2, gap="medium"), strict=True):
            with column:
                show_piece(piece, wrap=True)
    lines = count(sum(piece.lines for piece in pieces.shared), "line")
    with st.expander(f"{lines} that belong to neither", icon=":material/join_inner:"):
        for piece in pieces.shared:
            show_piece(piece, wrap=True)


def foreign_file(target: str) -> None:
    """Whether an ONNX file that somebody else made could be rebuilt as well, and how."""
    upload = st.file_uploader("ONNX file", type=["onnx"], key="foreign_onnx", help="It is read as data: nothing in it is run or kept.")
    if upload is None:
        return
    try:
        file = look_into(upload.name, upload.getvalue())
    except ParityError as error:
        st.error(plain(error), icon=":material/error:")
        return
    st.write(plain(file.sentence))
    st.caption(plain(", ".join(f"{amount:,} {name}" for name, amount in file.operators.items())))
    st.code(IN_PYTHON.format(framework=target, name="model.onnx"), language="python")


def old_snippets(snippets: OldSnippets | None) -> None:
    """Show the way over onnx-tf: the program that guides print, and what it says today."""
    st.write(
        "Guides lead from ONNX to TensorFlow with onnx-tf. Their program is run once with the versions that are installed, in a process "
        "and an empty folder of its own, and this is what it says."
    )
    if not snippets:
        st.code(GUIDE_SNIPPET, language="python")
        st.caption("It is run with the first migration.")
        return
    versions = snippets.versions
    _outcome(snippets.guide)
    if versions.get("onnx-tf") is None:
        st.write(
            "onnx-tf is not installed here, for it cannot live beside current packages: its last release asks for tensorflow-addons, which "
            "is archived. With it installed the program would get no further than the first line of onnx-tf that uses onnx "
            f"({plain(versions.get('onnx') or 'not installed')} here). That line can be tried without it:"
        )
    else:
        st.write(f"onnx-tf {plain(versions['onnx-tf'] or '')} is installed. The first thing it asks onnx for:")
    _outcome(replace(snippets.first_import, program=FIRST_IMPORT))


def _outcome(result: SnippetOutcome) -> None:
    st.code(result.program, language="python")
    if result.returncode == 0:
        st.write("It ran to its end.")
        return
    st.code(result.error, language=None, wrap_lines=True)
    if result.traceback:
        with st.expander("Traceback"):
            st.code(result.traceback, language=None, wrap_lines=True)
