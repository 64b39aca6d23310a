"""Both models' answers to the same texts: in full for one text, as a table with the chosen row in full for several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas
import streamlit as st

from engine import FRAMEWORK_NAMES
from engine.display.formatting import count, milliseconds, percent, plain, shorten
from engine.results.tables import answers_table, safe_csv
from engine.runs.planning.data_facts import find_encoder
from engine.runs.processes.answering import Answers
from engine.runs.records.results import Results
from engine.shared.text.foreign import foreign_texts, trained_on
from pages.parts.classify.probability_bars import probability_bars
from pages.parts.widgets.drawing import twin_heading, twin_row

ENCODING = {
    "vectors": "From the text to its vector: tokenizer and pre-trained model.",
    "terms": "From the text to its weighted terms: counting words.",
    "words": "From the text to the numbers of its words.",
    "pieces": "From the text to the numbers of its tokens.",
}
CLASSIFYING = {
    "vectors": "From the vector to the class probabilities: the trained layers.",
    "pieces": "From the tokens to the class probabilities: the fine-tuned encoder and the last layer.",
}


@dataclass(frozen=True)
class HowRead:
    """How the classifier of a run reads a text, as far as words depend on it."""

    takes: str = "vectors"
    """What the classifier takes, as in ``engine.shared.classifiers.Classifier``."""
    windows: bool = False
    """Whether long texts are read in windows instead of being cut."""

    @property
    def unit(self) -> str:
        """What texts are counted in."""
        return {"terms": "term", "words": "word"}.get(self.takes, "token")


def how_read(results: Results) -> HowRead:
    """Return how the classifier of a run reads a text."""
    member = results.run.family_member
    return HowRead(member.takes if member else "vectors", results.run.windows)


def reading_help(results: Results, read: HowRead) -> str:
    """Return how much of a text the models read."""
    experiment = results.run.experiment
    limit = results.data.max_tokens or (experiment.max_tokens if experiment else 256)
    if read.takes == "terms":
        return "The models count the terms of a text that they know from the training texts; their order plays no part."
    amount = count(limit, read.unit) + ("" if read.unit == "word" else f", about {round(limit * 0.75):,} words of English")
    if read.windows:
        return f"The models read a text in windows of {amount}, and average over them."
    return f"The models read the beginning of a text: {amount}."


def show_answers(texts: Sequence[str], classes: Sequence[str], answers: Mapping[str, Answers], read: HowRead) -> None:
    """Show the answers; ``answers`` maps a framework to what it answered."""
    if len(texts) == 1:
        _one(0, texts, classes, answers, read)
    else:
        _several(texts, classes, answers, read)
    st.markdown("##### Time to answer")
    together = "" if len(texts) == 1 else f"All {len(texts):,} texts together"
    for name, field, explanation in (
        ("Encoding", "encode_ms", ENCODING[read.takes]),
        ("Classifying", "classify_ms", CLASSIFYING.get(read.takes, "From there to the class probabilities: the trained layers.")),
    ):
        times = {framework: getattr(own, field) for framework, own in answers.items()}
        twin_row(name, times.get("pytorch"), times.get("tensorflow"), format=milliseconds, sentence=together, help=explanation)

    for framework, own in answers.items():
        if own.restarted:
            st.caption(f"The process of {FRAMEWORK_NAMES[framework]} had ended and was started again; the answers are complete.")


def answer_sentence(classes: Sequence[str], probabilities: Mapping[str, Sequence[float]]) -> str:
    """Write ``Both answer **billing**, PyTorch with 97.2 %, TensorFlow with 97.2 %.``, with the class names escaped."""
    best = {framework: max(range(len(classes)), key=own.__getitem__) for framework, own in probabilities.items()}
    words = {framework: plain(shorten(classes[index], 60)) for framework, index in best.items()}
    sure = {framework: percent(float(probabilities[framework][index])) for framework, index in best.items()}
    sides = [f"{FRAMEWORK_NAMES[framework]} answers **{words[framework]}** ({sure[framework]})" for framework in probabilities]
    if len(sides) == 2 and len(set(best.values())) == 1:
        both = " and ".join(f"{FRAMEWORK_NAMES[framework]} with {sure[framework]}" for framework in probabilities)
        return f"Both answer **{words['pytorch']}**, {both}."
    return f"{'They disagree: ' if len(sides) == 2 else ''}{', '.join(sides)}."


def unknown_sentence(in_vocabulary: Sequence[int], read: HowRead) -> str:
    """Say something of texts without anything that the models know; empty where each has something, or where it was not counted."""
    without = sum(not amount for amount in in_vocabulary)
    if not without:
        return ""
    if len(in_vocabulary) == 1:
        return f"This text holds no {read.unit} that the models know: the answer is a guess, the same for every such text."
    holding = "holds" if without == 1 else "hold"
    return f"{count(without, 'text')} {holding} no {read.unit} that the models know: the answer is a guess, the same for each."


def foreign_sentence(texts: Sequence[str], results: Results) -> str:
    """Say something of texts that the run's encoder hardly has words for; empty where there are none, or no encoder is on this machine."""
    experiment = results.run.experiment
    if experiment is None or not experiment.family_member.pretrained:
        return ""
    checkpoint = find_encoder(experiment.encoder).checkpoint
    if checkpoint is None:
        return ""
    foreign = foreign_texts(checkpoint, texts)
    if not foreign.foreign:
        return ""
    return f"{foreign.sentence(trained_on(checkpoint))} Trust the answer only as far as the models were tested on such texts."


def cut_sentence(tokens: int, max_tokens: int, read: HowRead) -> str:
    """Say something of a text of which the models do not read everything; empty for any other."""
    if read.takes == "terms" or tokens <= max_tokens:
        return ""
    counted = f"This text has {count(tokens, read.unit)}. "
    if read.windows:
        return f"{counted}The models read it in windows of {max_tokens:,} and average their answers."
    return f"{counted}The models read only the first {max_tokens:,}; the rest has no influence on the answer."


def cut_texts_sentence(tokens: Sequence[int], max_tokens: int, read: HowRead) -> str:
    """Say the same of several texts."""
    longer = 0 if read.takes == "terms" else sum(amount > max_tokens for amount in tokens)
    if not longer:
        return ""
    fate = "read in windows" if read.windows else "only the beginning was read"
    return f"{count(longer, 'text')} longer than {count(max_tokens, read.unit)}: {fate}."


def _one(position: int, texts: Sequence[str], classes: Sequence[str], answers: Mapping[str, Answers], read: HowRead) -> None:
    probabilities = {framework: own.probabilities[position] for framework, own in answers.items()}
    st.markdown(f"#### {answer_sentence(classes, probabilities)}")
    own = next(iter(answers.values()))
    in_vocabulary = own.tokens if read.takes == "terms" else own.tokens_in_vocabulary
    for sentence in (
        cut_sentence(own.tokens[position], own.max_tokens, read),
        unknown_sentence(in_vocabulary[position : position + 1], read),
    ):
        if sentence:
            st.caption(plain(sentence))
    twin_heading()
    probability_bars(classes, probabilities)


def _several(texts: Sequence[str], classes: Sequence[str], answers: Mapping[str, Answers], read: HowRead) -> None:
    table = answers_table(texts, classes, {framework: own.probabilities for framework, own in answers.items()})
    if "agree" in table:
        same = int((table["agree"] == "yes").sum())
        every = "all" if same == len(texts) else f"{same:,} of"
        st.markdown(f"#### Both models give the same answer to {every} {count(len(texts), 'text')}.")
    else:
        st.markdown(f"#### {count(len(texts), 'text')} classified.")
    own = next(iter(answers.values()))
    in_vocabulary = own.tokens if read.takes == "terms" else own.tokens_in_vocabulary
    for sentence in (cut_texts_sentence(own.tokens, own.max_tokens, read), unknown_sentence(in_vocabulary, read)):
        if sentence:
            st.caption(plain(sentence))
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
    _one(rows[0], texts, classes, answers, read)


def short_table(table: pandas.DataFrame) -> pandas.DataFrame:
    """Return the table without the probability of every class; shares as percentages, for ``column_formats``."""
    columns = [f"{name} {what}" for what in ("answer", "probability") for name in FRAMEWORK_NAMES.values()]
    short = table[[column for column in ("text", *columns, "agree") if column in table]]
    return short.assign(**{column: 100 * short[column] for column in columns if column in short and column.endswith(" probability")})


def column_formats(table: pandas.DataFrame) -> dict[str, Any]:
    """Return the formats of ``short_table``'s columns; the text gets most of the room."""
    formats = {column: st.column_config.NumberColumn(format="%.1f %%") for column in table if column.endswith(" probability")}
    return formats | {"text": st.column_config.TextColumn("text", width="medium")}
