"""What was counted in the code: totals as twin rows, stages and concepts as tables, and the counted lines themselves, highlighted."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

import streamlit as st

from engine import FRAMEWORK_NAMES, FRAMEWORKS
from engine.display.formatting import count, plain
from engine.display.palette import HUES
from engine.shared.classifiers import CLASSIFIERS
from engine.source.concepts import CONCEPTS
from engine.source.highlighting import highlighted_lines
from engine.source.snippets import STAGES
from engine.source.source_tree import Definition, SourceTree
from engine.source.syntax_counts import NOT_MEASURED, Counts, SyntaxCounts, marks_of
from pages.parts.widgets.code_columns import QUIET, column_heading
from pages.parts.widgets.drawing import plain_table, twin_heading, twin_row

LEAST, CONTROLLED = "least code", "five classifiers under control"
HIGHLIGHTS = {"lines": "Lines of code", "names": "Names of the framework", "concepts": "Concepts"}
TINT = "background:rgba(122,127,135,0.14)"
LINE = "display:grid;grid-template-columns:2.25rem minmax(0,1fr);column-gap:0.5rem;white-space:pre-wrap;overflow-wrap:anywhere"
FRAME = "font-family:var(--font-monospace, monospace);font-size:0.75rem;line-height:1.5;padding:0.25rem 0 0.75rem"


def show_knowledge(counts: SyntaxCounts) -> None:
    """Show how many names and concepts there are to know, and which."""
    twin_heading()
    for scope, counted in ((LEAST, counts.plain), (CONTROLLED, counts.everything)):
        names, concepts = ([len(getattr(counted[side], what)) for side in FRAMEWORKS] for what in ("names", "concepts"))
        twin_row("Names", names[0], names[1], sentence=f"distinct names of the framework, in the {scope}", help=NAMES_HELP)
        twin_row("Concepts", concepts[0], concepts[1], sentence=f"that a reader must know, in the {scope}")
    with st.expander("Which concepts, and where"):
        concept_table(counts)
    show_limits(counts)


def show_lengths(counts: SyntaxCounts) -> None:
    """Show how much there is to write, stage by stage, and the code itself."""
    twin_heading()
    for scope, counted in ((LEAST, counts.plain), (CONTROLLED, counts.everything)):
        lines, statements = ([getattr(counted[side], what) for side in FRAMEWORKS] for what in ("lines", "statements"))
        twin_row("Lines", lines[0], lines[1], sentence=f"of code, in the {scope}")
        twin_row("Statements", statements[0], statements[1], sentence=f"of the syntax tree, in the {scope}")
    names = list(CLASSIFIERS)
    classifier = st.segmented_control(
        "Classifier", names, format_func=lambda name: CLASSIFIERS[name].title, default=names[0], required=True, key="counted_classifier"
    )
    classifier = str(classifier or names[0])
    stage_table(counts, classifier)
    show_limits(counts)
    with st.expander("The counted code, highlighted", icon=":material/ink_highlighter:"):
        show_highlighted(counts, classifier)


NAMES_HELP = (
    "Chains that begin at an import of the framework, and its methods that are called on values. What Python’s own types and NumPy’s "
    "arrays know as well is left out, and so are type annotations."
)


def stage_table(counts: SyntaxCounts, classifier: str) -> None:
    """Show each stage of one classifier: PyTorch’s count, then TensorFlow’s."""
    counted = counts.classifiers[classifier]
    rows = [(name.capitalize(), *_pairs(sides)) for name, sides in counted.by_stage.items()]
    rows.append(("All stages\nnames and concepts counted once", *_pairs({side: counted.total(side) for side in FRAMEWORKS})))
    if any(counted.mended[side].lines for side in FRAMEWORKS):
        rows.append(("To read published encoders right\nnot in the sums", *_pairs(counted.mended)))
    rows.append(("Least code", *_pairs(counts.plain)))
    plain_table(["PyTorch | TensorFlow", "Lines", "Statements", "Names", "Concepts"], rows, figures=[1, 2, 3, 4])


def _pairs(sides: Mapping[str, Counts]) -> list[str]:
    left, right = (sides[side] for side in FRAMEWORKS)
    return [
        f"{first:,} | {second:,}"
        for first, second in (
            (left.lines, right.lines),
            (left.statements, right.statements),
            (len(left.names), len(right.names)),
            (len(left.concepts), len(right.concepts)),
        )
    ]


def concept_table(counts: SyntaxCounts) -> None:
    """Show every concept that is met, and in which stages of which framework."""
    where: dict[str, dict[str, dict[str, None]]] = {key: {side: {} for side in FRAMEWORKS} for key in CONCEPTS}
    for counted in counts.classifiers.values():
        for stage, sides in counted.by_stage.items():
            for side in FRAMEWORKS:
                for key in sides[side].concepts:
                    where[key][side][stage] = None
    rows = [
        (f"{concept.title}\n{concept.meaning}", *(_stages(where[key][side], key in counts.plain[side].concepts) for side in FRAMEWORKS))
        for key, concept in CONCEPTS.items()
        if any(where[key].values())
    ]
    plain_table(["Concept", *FRAMEWORK_NAMES.values()], rows)
    st.caption(
        "The list is a choice, the same for both; another author would draw some lines elsewhere. “Least code” marks what even the "
        "shortest training needs."
    )


def _stages(stages: Mapping[str, None], in_least_code: bool) -> str:
    words = ", ".join(name for name in STAGES if name in stages)
    return f"{words}\nleast code" if words and in_least_code else words


def show_limits(counts: SyntaxCounts) -> None:
    """Show whose code was counted, and what the counts do not say."""
    st.caption(f"{plain(counts.note)} Not measured: {plain(NOT_MEASURED[:1].lower() + NOT_MEASURED[1:])}")


def show_highlighted(counts: SyntaxCounts, classifier: str) -> None:
    """Show a stage in two columns, with the lines that were counted."""
    stages = {stage.name: stage for stage in counts.classifiers[classifier].stages}
    what, where = st.columns(2)
    with what:
        kind = st.segmented_control(
            "Highlight", list(HIGHLIGHTS), format_func=HIGHLIGHTS.__getitem__, default="concepts", required=True, key="counted_kind"
        )
    with where:
        name = st.selectbox("Stage", [LEAST, *stages], format_func=str.capitalize, key="counted_stage")
    kind = str(kind or "concepts")
    for column, framework in zip(st.columns(2, gap="medium"), FRAMEWORKS, strict=True):
        if name == LEAST or name not in stages:
            pieces = list(counts.plain_pieces[framework])
        else:
            pieces = [row.pieces[framework] for row in stages[name].rows if framework in row.pieces]
        with column:
            column_heading(framework, count(sum(piece.lines for piece in pieces), "line"))
            for piece in pieces:
                st.html(highlighted_piece(piece, counts.tree, kind))


def highlighted_piece(piece: Definition, tree: SourceTree, kind: str) -> str:
    """Return a piece of source as HTML: counted lines are tinted, with the names or concepts that were counted on them behind the line."""
    marks = marks_of(piece, tree)
    words = {"names": marks.names, "concepts": marks.concepts}.get(kind, {})
    framework = "pytorch" if "/pytorch/" in piece.file else "tensorflow"
    rows = []
    for number, line in enumerate(highlighted_lines(piece.source), start=1):
        counted = number in marks.lines if kind == "lines" else number in words
        edge = f"border-left:3px solid {HUES[framework] if counted else 'transparent'};padding-left:0.4rem"
        titles = [CONCEPTS[key].title if kind == "concepts" else key for key in words.get(number, ())]
        told = f'<span style="opacity:0.75;font-style:italic">  ← {escape(", ".join(titles))}</span>' if titles else ""
        place = f'<span style="opacity:0.6;text-align:right">{piece.first_line + number - 1}</span>'
        rows.append(f'<div style="{LINE};{edge}{";" + TINT if counted else ""}">{place}<span>{line}{told}</span></div>')
    file = piece.file.removeprefix("engine/frameworks/")
    return f'<div style="{QUIET}">{escape(file)}, {escape(piece.name)}</div><div style="{FRAME}">{"".join(rows)}</div>'
