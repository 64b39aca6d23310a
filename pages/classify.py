"""Classify: both trained models answer for texts that you type, paste or upload."""

from types import SimpleNamespace

import streamlit as st

from engine import FRAMEWORK_NAMES
from engine.display.formatting import count, duration, plain, shorten, when
from engine.errors import DataError, RunError
from engine.results.sentences import what_trained
from engine.results.tables import finished_frameworks
from engine.runs.records.results import Results
from pages.parts.classify.answer_view import foreign_sentence, how_read, reading_help, show_answers
from pages.parts.classify.text_file import MAX_ROWS, TYPES, answer_file, choose_texts, show_file
from pages.parts.classify.warm_models import answer_with_both
from pages.parts.widgets.entry import through_dashboard
from pages.parts.widgets.run_choice import choose_run

through_dashboard()

# A string below a name would be shown on the page, so pages explain their names in comments: pasted at once; a file takes more.
MAX_TEXTS = 500

run = choose_run("let the two models answer for your own texts")
results = run.read_results() or Results()
status = run.read_status()
classes = results.data.classes
frameworks = finished_frameworks(results)
names = " and ".join(FRAMEWORK_NAMES[framework] for framework in frameworks)
read = how_read(results)

st.title("Classify")
if not frameworks or not classes:
    st.write("Neither framework finished a model in this run. Choose another run, or start one.")
    st.page_link("pages/train.py", label="Train", icon=":material/monitoring:")
    st.stop()
st.write(
    f"Paste a text; {'both models answer' if len(frameworks) == 2 else f'the {names} model answers'} with the probability of each of the "
    f"{len(classes):,} classes."
)
trained = f"{plain(results.data.name)} · {plain(what_trained(results))}"
st.caption(f"The models come from run {run.identifier} · {trained} · {when(status.created)}")
st.page_link("pages/compare.py", label="How good they are", icon=":material/compare_arrows:", query_params={"run": run.identifier})
if len(frameworks) == 1:
    st.warning(f"Only {names} has a model in this run; the other did not finish or did not take part.", icon=":material/info:")

typed_tab, file_tab = st.tabs(["A text", "A file"], key="classify_tabs")

with typed_tab:
    with st.form("classify_form", border=False):
        typed = st.text_area(
            "Text",
            height=160,
            key="classify_text",
            placeholder="I was charged twice for the same order, and nobody answers the phone.",
            help=reading_help(results, read),
            persist_state="session",
        )
        by_line = st.toggle("Each line is its own text", key="classify_by_line", persist_state="session")
        submitted = st.form_submit_button("Classify", type="primary", icon=":material/label:")

    if submitted:
        st.session_state.pop("classified", None)
        texts = [line.strip() for line in typed.splitlines() if line.strip()] if by_line else [typed.strip()]
        if not any(texts):
            st.warning("There is no text to classify: the box is empty or holds only spaces. Type or paste one first.")
        elif len(texts) > MAX_TEXTS:
            st.warning(
                f"These are {len(texts):,} texts; at most {MAX_TEXTS:,} can be pasted at once. Put them into a file and use “A file”."
            )
        else:
            # The box goes away with the answer; what it said then is of no more use.
            place = st.empty()
            with place, st.status("Asking both models" if len(frameworks) == 2 else f"Asking {names}") as box:
                try:
                    answers = answer_with_both(run.identifier, frameworks, texts, lambda words: box.update(label=words))
                    st.session_state["classified"] = {"run": run.identifier, "texts": texts, "answers": answers}
                except RunError as error:
                    failure = str(error)
                else:
                    failure = ""
            place.empty()
            if failure:
                st.error(plain(shorten(failure, 600)))

    classified = st.session_state.get("classified")
    if classified and classified["run"] == run.identifier:
        if foreign := foreign_sentence(classified["texts"], results):
            st.warning(plain(foreign), icon=":material/translate:")
        show_answers(classified["texts"], classes, classified["answers"], read)

with file_tab:
    st.write(f"Upload texts without labels, at most {MAX_ROWS:,} rows, and download them with both answers and all probabilities.")
    upload = st.file_uploader(
        "File of texts", type=TYPES, key="classify_file", help="A .txt file holds one text a line; the others are tables."
    )
    if upload is not None:
        try:
            chosen = choose_texts(upload)
        except DataError as error:
            st.error(plain(shorten(error, 600)))
            st.stop()
        amount = int(chosen.filled.sum()) if chosen is not None else 0
        if chosen is not None and st.button(
            f"Classify {count(amount, 'text')}", type="primary", icon=":material/label:", key="classify_rows"
        ):
            bar = st.progress(0.0, text="Starting the models")
            shown = SimpleNamespace(share=0.0, words="")

            def say(words: str) -> None:
                shown.words = words
                bar.progress(shown.share, text=words)

            def progress(share: float, seconds_left: float | None) -> None:
                shown.share = share
                bar.progress(share, text=f"{shown.words}{f', {duration(seconds_left)} left' if seconds_left else ''}")

            try:
                table = answer_file(chosen, run.identifier, frameworks, classes, say, progress)
                st.session_state["classified_file"] = (run.identifier, upload.file_id, chosen.column, table)
            except RunError as error:
                st.error(plain(shorten(error, 600)))
            bar.empty()

        kept = st.session_state.get("classified_file")
        if kept is not None and chosen is not None and kept[:3] == (run.identifier, upload.file_id, chosen.column):
            show_file(chosen, kept[3], upload.name)
