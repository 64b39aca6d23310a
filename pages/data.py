"""Data: choose a file, see how it was read, confirm two columns, read the check report, take a sample, split, and go on to Train."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import NoReturn

import streamlit as st

from engine.data.choice import DataChoice
from engine.data.process.reader import SPARE
from engine.data.store import sample_choice
from engine.display import charts
from engine.display.formatting import count, percent, plain, shorten
from engine.errors import ParityError
from engine.reading.columns.part_names import PARTS
from engine.reading.options import ReadingOptions
from engine.runs.planning.data_check import TOKEN_LIMIT
from pages.parts.data.check_report import FLAGS, answer_sentence, show_report
from pages.parts.data.column_choice import choose_columns
from pages.parts.data.data_results import MEASURED_TEXTS, check, chosen, dataset_store, forget, read, split
from pages.parts.data.dataset_choice import SAMPLE, choose_dataset
from pages.parts.data.given_parts import given_parts, show_given_parts
from pages.parts.data.reading_options import override_reading, reading_sentence, show_rows
from pages.parts.widgets.drawing import show
from pages.parts.widgets.entry import through_dashboard

through_dashboard()
SPARE.keep()  # a preview is asked at every click

MANY_ROWS = 20_000


def not_yet(reason: str) -> NoReturn:
    """The button that cannot be pressed, with the reason (escaped) below it; nothing comes after it."""
    st.button("Use this data", type="primary", disabled=True)
    st.caption(f"Not yet. {reason}")
    st.stop()


# 1. Choose ------------------------------------------------------------------------------------------------------------------------------

st.title("Data")
answer = st.container()
store = dataset_store()
dataset = choose_dataset(store)
if dataset is None:
    answer.write("Both frameworks learn from the same texts. Bring your own, or look around with the sample first.")
    st.markdown(
        "What happens here, in about a minute: the file is read and shown, two boxes ask for **the text** and **the label**, "
        "a report lists everything wrong or noteworthy with a remedy beside it, and the rows are split for training and testing. "
        "Nothing is trained before you say so."
    )
    st.stop()

# 2. How it was read ---------------------------------------------------------------------------------------------------------------------

confirmed = store.load_choice(dataset.identifier)
reading_key = f"reading of {dataset.identifier}"
chosen_options: ReadingOptions = st.session_state.get(reading_key) or (confirmed.reading if confirmed else ReadingOptions())

st.subheader(plain(shorten(dataset.name, 60)))
try:
    table, guess = read(dataset.identifier, chosen_options)
except ParityError as error:
    answer.write("The file could not be read as it is. Choose below how to read it.")
    st.error(plain(shorten(error, 800)), icon=":material/error:")
    override_reading(dataset, chosen_options, None, reading_key)
    st.stop()

names = list(table.frame.columns)
st.markdown(f"{count(len(table.frame), 'row')}, {count(len(names), 'column')}. {reading_sentence(table.options)}")
if table.notes:
    st.caption(" ".join(plain(note) for note in table.notes))
show_rows(table.frame.head(5), alt=f"The first 5 of {count(len(table.frame), 'row')}.")
with st.expander("Read it differently", icon=":material/tune:"):
    override_reading(dataset, chosen_options, table.options, reading_key)
    if chosen_options != ReadingOptions() and st.button("Detect everything again", type="tertiary", icon=":material/undo:"):
        st.session_state[reading_key] = ReadingOptions()
        for option in fields(ReadingOptions):
            st.session_state.pop(f"{option.name} of {dataset.identifier}", None)
        st.rerun()

if table.frame.empty:
    answer.write("There is nothing to train on in this file yet.")
    content = "a header and nothing below it" if table.options.header else "no rows"
    st.error(
        f"The file has {content}. Expected one row for each labelled text. Upload another file, or correct above how it is read.",
        icon=":material/error:",
    )
    st.stop()

# 3. Columns -----------------------------------------------------------------------------------------------------------------------------

if dataset.identifier == SAMPLE and confirmed is None:
    confirmed = sample_choice()
text, label = choose_columns(dataset, table, guess, confirmed)

if not text or label is None:
    answer.write(f"One thing is left to say: which column holds the {'label' if text else 'text'}.")
    not_yet(f"Choose the column that holds the {'label' if text else 'text'}.")
if label in text:
    answer.write("One thing is left to say: which columns hold the text and the label.")
    not_yet(f"“{plain(label)}” is both text and label, so the answer would stand in the question. Choose another column.")

# 4. Check -------------------------------------------------------------------------------------------------------------------------------


flag_keys = {field: f"{field} of {dataset.identifier}" for field in (*FLAGS, "several_labels")}
for field in FLAGS:
    st.session_state.setdefault(flag_keys[field], bool(confirmed and getattr(confirmed, field)))
st.session_state.setdefault(flag_keys["several_labels"], confirmed.several_labels if confirmed else "")
answers = {field: st.session_state[key] for field, key in flag_keys.items()}
choice = DataChoice(dataset.identifier, dataset.name, tuple(text), label, table.options, **answers)
choice = given_parts(choice, confirmed, table, store)
st.subheader("Check")
try:
    whole = chosen(choice, table)
    report = check(choice, whole)
except ParityError as error:
    answer.write("One thing stands in the way; it is said below.")
    st.error(plain(shorten(error, 800)), icon=":material/error:")
    if choice.gives_parts:
        show_given_parts(choice, table, store)
    st.stop()
answer.markdown(answer_sentence(report))
show_report(report, whole, [*text, label], flag_keys.__getitem__)
if report.blocks:
    if choice.gives_parts:
        show_given_parts(choice, table, store)
    not_yet(f"What blocks training: {plain('; '.join(finding.title for finding in report.blocks))}.")

# 5. Sample and split --------------------------------------------------------------------------------------------------------------------

st.subheader("Sample and split")
show_given_parts(choice, table, store)
before = confirmed or choice
shares = {"validation": round(100 * before.validation_share), "test": round(100 * before.test_share)}
numbers = [  # label, field, smallest, largest, value, help
    ("Rows", "rows", 1, None, before.rows, "A stratified sample: every class keeps its share. Leave it empty to take all."),
    ("Validation, %", "validation", 1, 80, shares["validation"], "Texts that training looks at only to decide when to stop."),
    ("Test, %", "test", 1, 80, shares["test"], "Texts that neither model sees before the final comparison."),
    ("Seed", "seed", 0, 2**31 - 1, before.seed, "The same seed draws the same sample and the same split again."),
]
given = {part for place, part in enumerate(PARTS) if whole.parts is not None and (whole.parts == place).any()}
rows, validation, test, seed = (
    box.number_input(
        name,
        low,
        high,
        value,
        1,
        help=words,
        placeholder=f"All {report.usable_rows:,}",
        key=f"{field} of {dataset.identifier}",
        persist_state="session",
        disabled=field in given,
    )
    for box, (name, field, low, high, value, words) in zip(st.columns(4), numbers, strict=True)
)
assert validation is not None and test is not None and seed is not None  # only a box that begins empty can be emptied
choice = replace(choice, rows=rows, validation_share=validation / 100, test_share=test / 100, seed=seed)
try:
    counts, lengths, facts = split(choice, whole)
except ParityError as error:
    not_yet(plain(shorten(error, 500)))

purposes = {"train": "training", "validation": "validation", "test": "testing"}
parts = ", ".join(f"**{int(counts[part].sum()):,}** for {purpose}" for part, purpose in purposes.items())
st.markdown(f"{parts}. {plain(facts.origin)} {facts.promise}")
if rows is None and report.usable_rows > MANY_ROWS:
    st.caption("Reading many texts with a pre-trained encoder takes long on a CPU; a few thousand already show how the two compare.")
balance, length = st.columns(2, gap="large")
with balance:
    st.markdown("##### Class balance")
    show(charts.class_balance(counts), "class-balance")
with length:
    st.markdown("##### Length of the texts")
    show(charts.length_histogram(lengths, "tokens", TOKEN_LIMIT), "lengths")
    cut = sum(tokens > TOKEN_LIMIT for tokens in lengths) / max(1, len(lengths))
    longer = f"{percent(cut)} of the texts are longer; cutting or windows can be chosen when you train" if cut else "no text is longer"
    measured = f" Measured on {MEASURED_TEXTS:,} texts." if len(lengths) == MEASURED_TEXTS else ""
    st.caption(f"The bundled encoder reads {TOKEN_LIMIT} tokens, about {TOKEN_LIMIT * 3 // 4} English words; {longer}.{measured}")
with st.expander(f"Texts of each class and part ({count(len(counts), 'class', 'classes')})", icon=":material/table_rows:"):
    listed = counts.assign(total=counts.sum(axis=1)).rename_axis("class").reset_index().rename(columns=str.capitalize)
    st.dataframe(listed, hide_index=True, alt=f"Texts of {count(len(counts), 'class', 'classes')} in training, validation and test.")

# 6. Use it ------------------------------------------------------------------------------------------------------------------------------

if st.button("Use this data", type="primary", icon=":material/arrow_forward:", icon_position="right"):
    try:
        store.save_choice(choice)
    except ParityError as error:
        st.error(plain(shorten(error, 500)), icon=":material/error:")
        st.stop()
    del table, whole, report
    forget()
    st.switch_page("pages/train.py", query_params={"data": dataset.identifier})
