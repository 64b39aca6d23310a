"""Code: the functions that trained a run, PyTorch's beside TensorFlow's, stage by stage; then scripts that need no engine."""

from collections.abc import Sequence
from functools import partial
from html import escape

import streamlit as st

from engine import FRAMEWORK_NAMES, FRAMEWORKS
from engine.display.formatting import count, percent, plain, shorten
from engine.runs.folder import Run, readable_experiment
from engine.runs.index import run_rows
from engine.runs.records.results import Results
from engine.shared.classifiers import CLASSIFIERS
from engine.source.script_settings import DATA_NAME
from engine.source.scripts import SCRIPT_NAMES, data_file, notebook, obstacle_to_scripts, standalone_script
from engine.source.snippets import Row, Stage, load_snippets, present_snippets
from engine.source.source_tree import Definition
from pages.parts.train.difference_list import STAGE_IN_ADDRESS
from pages.parts.widgets.code_columns import QUIET, column_headings, show_piece
from pages.parts.widgets.entry import through_dashboard
from pages.parts.widgets.run_choice import choose_run, run_caption

through_dashboard()


def choose_classifier() -> str:
    """Choose whose code is shown where there is no run to say so; the address keeps it (``?classifier=``)."""
    address = st.query_params.get("classifier", "")
    names = list(CLASSIFIERS)

    def follow() -> None:
        st.query_params["classifier"] = st.session_state["code_classifier"]

    chosen = st.segmented_control(
        "Classifier",
        names,
        format_func=lambda name: CLASSIFIERS[name].title,
        default=address if address in names else names[0],
        required=True,
        key="code_classifier",
        on_change=follow,
    )
    return str(chosen or names[0])


# An address that names a run is answered for that run or not at all, one that names a classifier with the present code, as is every other
# one before the first run.
of_a_run = "run" in st.query_params or ("classifier" not in st.query_params and bool(run_rows(1)))
run = choose_run("read the code that it ran", results_needed=False) if of_a_run else None
experiment = readable_experiment(run) if run else None
if run and experiment is None:
    st.title("Code")
    st.error(
        "The description of this run is damaged, so it is not known what it trained. Choose another run.", icon=":material/broken_image:"
    )
    st.page_link("pages/home.py", label="All runs are listed on the Home page", icon=":material/home:")
    st.stop()

classifier = experiment.classifier if experiment else choose_classifier()
exhibit = load_snippets(run) if run else present_snippets(classifier)
mended = {framework: sum(stage.mended(framework) for stage in exhibit.stages) for framework in FRAMEWORKS}
own = {framework: exhibit.lines(framework) - mended[framework] for framework in FRAMEWORKS}

st.title("Code")
st.markdown(
    f"#### The same classifier in {own['pytorch']:,} lines of PyTorch and {own['tensorflow']:,} lines of TensorFlow"
    + ("" if not run or exhibit.note else ": the functions that ran")
)
if run and experiment:
    st.caption(run_caption(run))
    if exhibit.note:
        st.caption(f":material/history: {exhibit.note}")
    for framework in FRAMEWORKS:
        if framework not in experiment.frameworks:
            st.caption(f"{FRAMEWORK_NAMES[framework]} took no part in this run; its side shows what it would have run.")
    if experiment.mode == "defaults":
        st.caption("This run used each framework's defaults: where a function asks whether a choice is in “own”, the answer was yes.")
else:
    title = plain(CLASSIFIERS[classifier].title)
    st.caption(f"{title}: the engine's present code. Of a run, this page shows the code that ran, and gives scripts to take away.")

for framework in FRAMEWORKS:
    if mended[framework]:
        st.caption(
            f"{FRAMEWORK_NAMES[framework]} needs {count(mended[framework], 'line')} more to read published encoders right; "
            "they are folded away below."
        )

unfolded = st.query_params.get(STAGE_IN_ADDRESS, "build")  # whose code is drawn at once; that of the others when it is unfolded

jumps = [f"[{stage.name.capitalize()}](#{stage.name.replace(' ', '-')})" for stage in exhibit.stages]
with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
    st.markdown(" · ".join([*jumps, "[Take it with you](#take-it-with-you)"]), width="content")
    wrap = st.toggle("Wrap long lines", key="wrap_code", width="content")


def made_once(classifier: str) -> str:
    """Say what turns texts into numbers."""
    return {"terms": "The weighted terms", "words": "The vocabulary"}.get(CLASSIFIERS[classifier].takes, "The tokenizer")


def show_row(row: Row) -> None:
    """Show a piece and its counterpart, starting at the same height; or a piece and why the other side has none."""
    st.markdown(f"###### {plain(row.name)}")  # a heading, so that a link leads here
    for column, framework in zip(st.columns(2, gap="medium"), FRAMEWORKS, strict=True):
        with column:
            if framework in row.pieces:
                show_piece(row.pieces[framework], wrap)
            else:
                st.html(f'<div style="{QUIET};padding-top:0.1rem">No counterpart. {escape(row.reason)}</div>')


@st.fragment
def show_stage(stage: Stage) -> None:
    """Show one sentence on what differs and how much there is to read; the code itself once it is unfolded, for it is slow to draw."""
    anchor = stage.name.replace(" ", "-")
    st.subheader(stage.name.capitalize(), anchor=anchor)
    st.write(stage.difference)
    column_headings({framework: count(stage.lines(framework) - stage.mended(framework), "line") for framework in FRAMEWORKS})
    names = shorten(", ".join(row.name for row in stage.rows), 100)
    pieces = st.expander(plain(names), expanded=anchor == unfolded, key=f"stage_{anchor}", on_change="rerun")
    if pieces.open:
        with pieces:
            for row in stage.rows:
                show_row(row)
    for framework, repairs in stage.repairs.items():
        files = ", ".join(dict.fromkeys(piece.file.rsplit("/", 1)[-1] for piece in repairs))
        title = f"Also needed, in {FRAMEWORK_NAMES[framework]} only: {plain(files)}, {count(stage.mended(framework), 'line')}"
        show_when_unfolded(title, ":material/build:", f"repairs_{framework}_{anchor}", repairs)


def show_when_unfolded(title: str, icon: str, key: str, pieces: Sequence[Definition]) -> None:
    """Show pieces that are needed besides, once somebody unfolds them."""
    folded = st.expander(title, icon=icon, key=key, on_change="rerun")
    if folded.open:
        with folded:
            for piece in pieces:
                show_piece(piece, wrap)


for stage in exhibit.stages:
    show_stage(stage)

st.subheader("Made once, for both", anchor="made-once-for-both")
st.write(
    f"{made_once(classifier)}, the initial weights, the order of the batches and the rule for stopping belong to neither framework: "
    "they are NumPy and plain Python, and both sides are given the same."
)
both_use = f"{count(sum(piece.lines for piece in exhibit.shared), 'line')} that both use"
st.fragment(show_when_unfolded)(both_use, ":material/join_inner:", "shared", exhibit.shared)

st.subheader("Take it with you", anchor="take-it-with-you")
if not run or not experiment:
    st.write(
        "A finished run gives a script and a notebook for each framework, with its settings and data. The sample takes less than half a "
        "minute."
    )
    st.page_link("pages/home.py", label="Try it on the sample", icon=":material/play_arrow:")
    st.stop()
if problem := obstacle_to_scripts(run):
    st.info(plain(problem), icon=":material/info:")
    st.stop()

st.write(
    "These functions with this run's settings in one file for each framework, which needs neither Parity nor the other framework: "
    f"its own, a few small packages named in the file, and the data file. Put {DATA_NAME} beside it. It trains again, prints the test "
    "accuracy and classifies one text."
)


def notebook_of(run: Run, framework: str) -> str:
    """Return the same as a notebook."""
    return notebook(standalone_script(run, framework))


results = run.read_results() or Results()
for column, framework in zip(st.columns(2, gap="medium"), FRAMEWORKS, strict=True):
    with column:
        name = SCRIPT_NAMES[framework]
        if framework not in experiment.frameworks:
            st.html(f'<div style="{QUIET}">{FRAMEWORK_NAMES[framework]} took no part in this run.</div>')
            continue
        expected = results.side(framework).test_accuracy
        st.markdown(
            f"**{FRAMEWORK_NAMES[framework]}**  \n"
            + (
                f"To be reached: {plain(percent(expected))} of the test texts."
                if expected is not None
                else "This run has no test accuracy to compare with."
            )
        )
        with st.container(horizontal=True):
            for label, ending, mime, make in (
                ("Script", "py", "text/x-python", standalone_script),
                ("Notebook", "ipynb", "application/x-ipynb+json", notebook_of),
            ):
                st.download_button(
                    f"{label} (.{ending})",
                    partial(make, run, framework),
                    file_name=f"{name}.{ending}",
                    mime=mime,
                    key=f"{label.lower()}_{framework}_{run.identifier}",
                    icon=":material/download:",
                    on_click="ignore",
                )
st.download_button(
    f"Data ({DATA_NAME})",
    partial(data_file, run),
    file_name=DATA_NAME,
    mime="text/csv",
    key=f"data_{run.identifier}",
    icon=":material/download:",
    on_click="ignore",
)
st.caption(
    "The data file holds text, label and split exactly as they were used. A spreadsheet may run a text that begins like a formula "
    "(=, +, -, @), for none is changed: read the file with the script."
)
