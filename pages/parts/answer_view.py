"""Both models' answers to the same texts: in full for one text, as a table with the chosen row in full for several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas
import streamlit as st

from engine import FRAMEWORK_NAMES
from engine.evidence.tables import answers_table, safe_csv
from pages.parts.probability_bars import probability_bars
from pages.parts.twin_row import twin_heading, twin_row
from pages.parts.warm_models import Answers
from pages.parts.wording import count, milliseconds, percent, plain, shorten


def show_answers(texts: Sequence[str], classes: Sequence[str], answers: Mapping[str, Answers]) -> None:
    """``answers`` maps a framework to what it answered."""
    if len(texts) == 1:
        _one(0, texts, classes, answers)
    else:
        _several(texts, classes, answers)
    st.markdown("##### Time to answer")
    together = "" if len(texts) == 1 else f"All {len(texts):,} texts together"
    for name, field, explanation in (
        ("Encoding", "encode_ms", "From the text to its vector: tokenizer and pre-trained model."),
        ("Classifying", "classify_ms", "From the vector to the class probabilities: the trained layers."),
    ):
        times = {framework: getattr(own, field) for framework, own in answers.items()}
        twin_row(name, times.get("pytorch"), times.get("tensorflow"), format=milliseconds, sentence=together, help=explanation)

    for framework, own in answers.items():
        if own.restarted:
            st.caption(f"The process of {FRAMEWORK_NAMES[framework]} had ended and was started again; the answers are complete.")


def answer_sentence(classes: Sequence[str], probabilities: Mapping[str, Sequence[float]]) -> str:
    """``Both answer **billing**, PyTorch with 97.2 %, TensorFlow with 97.2 %.``, with the class names escaped."""
    best = {framework: max(range(len(classes)), key=own.__getitem__) for framework, own in probabilities.items()}
    words = {framework: plain(shorten(classes[index], 60)) for framework, index in best.items()}
    sure = {framework: percent(float(probabilities[framework][index])) for framework, index in best.items()}
    sides = [f"{FRAMEWORK_NAMES[framework]} answers **{words[framework]}** ({sure[framework]})" for framework in probabilities]
    if len(sides) == 2 and len(set(best.values())) == 1:
        both = " and ".join(f"{FRAMEWORK_NAMES[framework]} with {sure[framework]}" for framework in probabilities)
        return f"Both answer **{words['pytorch']}**, {both}."
    return f"{'They disagree: ' if len(sides) == 2 else ''}{', '.join(sides)}."


def cut_sentence(tokens: int, max_tokens: int) -> str:
    """What to say of a text that has more tokens than the encoder reads; empty for any other."""
    if tokens <= max_tokens:
        return ""
    return f"This text has {tokens:,} tokens. The models read only the first {max_tokens:,}; the rest has no influence on the answer."


def _one(position: int, texts: Sequence[str], classes: Sequence[str], answers: Mapping[str, Answers]) -> None:
    probabilities = {framework: own.probabilities[position] for framework, own in answers.items()}
    st.markdown(f"#### {answer_sentence(classes, probabilities)}")
    own = next(iter(answers.values()))
    if cut := cut_sentence(own.tokens[position], own.max_tokens):
        st.caption(plain(cut))
    twin_heading()
    probability_bars(classes, probabilities)


def _several(texts: Sequence[str], classes: Sequence[str], answers: Mapping[str, Answers]) -> None:
    table = answers_table(texts, classes, {framework: own.probabilities for framework, own in answers.items()})
    if "agree" in table:
        same = int((table["agree"] == "yes").sum())
        every = "all" if same == len(texts) else f"{same:,} of"
        st.markdown(f"#### Both models give the same answer to {every} {count(len(texts), 'text')}.")
    else:
        st.markdown(f"#### {count(len(texts), 'text')} classified.")
    own = next(iter(answers.values()))
    if cut := sum(tokens > own.max_tokens for tokens in own.tokens):
        st.caption(f"{count(cut, 'text')} longer than {own.max_tokens:,} tokens: only the beginning was read.")
    chosen = st.dataframe(
        short_table(table),
        hide_index=True,
        column_config=column_formats(table),
        on_select="rerun",
        selection_mode="single-row-required",
        selection_default={"selection": {"rows": [0]}},
        key="classified_table",
        alt=f"The answers to {count(len(texts), 'text')}, PyTorch left, TensorFlow right.",
    )
    st.download_button(
        "Download with all probabilities",
        lambda: safe_csv(table),
        file_name="answers.csv",
        mime="text/csv",
        icon=":material/download:",
        on_click="ignore",
    )
    rows = [row for row in chosen.selection.rows if row < len(texts)] or [0]
    st.markdown("##### The selected text")
    st.text(shorten(texts[rows[0]], 600))
    _one(rows[0], texts, classes, answers)


def short_table(table: pandas.DataFrame) -> pandas.DataFrame:
    """Without the probability of every class, which are for the download and the bars; shares as percentages, for ``column_formats``."""
    columns = [f"{name} {what}" for what in ("answer", "probability") for name in FRAMEWORK_NAMES.values()]
    short = table[[column for column in ("text", *columns, "agree") if column in table]]
    return short.assign(**{column: 100 * short[column] for column in columns if column in short and column.endswith(" probability")})


def column_formats(table: pandas.DataFrame) -> dict[str, Any]:
    """Of ``short_table``; the text gets most of the room."""
    formats = {column: st.column_config.NumberColumn(format="%.1f %%") for column in table if column.endswith(" probability")}
    return formats | {"text": st.column_config.TextColumn("text", width="medium")}
