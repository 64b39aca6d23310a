"""Texts in another language than the encoder's are told: in the check report, before training, and of a pasted text."""

from dataclasses import replace

import pandas
import pytest

from benchmarks.reading.language_texts import TEXTS
from engine.data.choice import DataChoice
from engine.encodings.foreign import MANY, MULTILINGUAL, Pieces, is_foreign, language_of
from engine.reading.options import ReadingOptions
from engine.reading.table import Table
from engine.runs.experiment import Experiment
from engine.runs.planning.data_check import check_data
from engine.runs.records.results import Results, RunFacts
from engine.shared.encoders.checkpoint import bundled_checkpoint
from engine.shared.text.foreign import foreign_texts, trained_on, way_out
from pages.parts.classify.answer_view import foreign_sentence

ENGLISH = [
    "My parcel never arrived and nobody answers the phone, can you help me?",
    "I was charged twice for order 8841-XK, please refund the second payment.",
    "App v2.3.1 crashes on a Pixel 7 when I open Settings > Account",
    "u promised 2 call me bk 2day but dint, pls sort it asap thx",
    "card not working",
    "What does palindromic mean?",
    "ERR_CONNECTION_TIMED_OUT at https://example.com/api/v1/items?id=17",
    "Reset",
    "",
]


def lines_of(language):
    return [line for text in TEXTS[language] for line in text.split("\n")]


@pytest.fixture(scope="module")
def bundled():
    return bundled_checkpoint()


@pytest.mark.parametrize("language", TEXTS)
def test_twenty_languages_are_foreign_to_the_bundled_encoder(bundled, language):
    for texts in (lines_of(language), list(TEXTS[language])):
        found = foreign_texts(bundled, texts)
        assert found.share >= 4 * MANY and found.looked_at == len(texts)
        assert found.language in (language, None)


def test_english_is_not_foreign_however_it_is_written(bundled):
    assert foreign_texts(bundled, ENGLISH * 3).foreign == ()
    assert foreign_texts(bundled, []).share == 0


def test_only_a_part_of_many_texts_is_looked_at(bundled):
    found = foreign_texts(bundled, ENGLISH * 300 + lines_of("Polish") * 300)
    texts = ENGLISH * 300 + lines_of("Polish") * 300
    assert found.looked_at <= 2000 and 0.4 < found.share < 0.7
    assert all(texts[position] in lines_of("Polish") for position in found.foreign)


def test_a_vocabulary_for_many_languages_is_measured_by_what_it_lacks():
    text = lines_of("Turkish")[0]
    assert is_foreign(text, Pieces(letters=30, unknown=0), english=False)
    assert not is_foreign(text, Pieces(30, 0, many_languages=True), english=False)
    assert is_foreign(text, Pieces(20, 10, many_languages=True), english=False)
    assert not is_foreign(text, Pieces(8, 0), english=False)


def test_frequent_words_of_another_language_tell_it_from_english_alone():
    """An English vocabulary has many French words, and an encoder for French is not meant."""
    text, pieces = "le montant de la facture est faux et la page ne marche pas", Pieces(13, 0)
    assert is_foreign(text, pieces, english=True) and not is_foreign(text, pieces, english=False)
    assert not is_foreign("Los Angeles was the first of the cities on the list", pieces, english=True)


@pytest.mark.parametrize(("texts", "language"), [(["xyzzy plugh frotz", "qwerty uiop"], None), ([], None), ([""], None)])
def test_a_language_is_named_only_where_it_is_clear(texts, language):
    assert language_of(texts) == language


def report_of(texts):
    frame = pandas.DataFrame({"text": texts, "label": ["a", "b"] * (len(texts) // 2)}, dtype="str")
    return check_data(DataChoice("0" * 16, "x.csv", ("text",), "label"), Table(frame, ReadingOptions(kind="csv")))


def test_the_check_report_says_how_many_texts_it_is_about():
    texts = (lines_of("German") + ["I want my money back, and I want it now!"] * 3)[:14]
    finding = next(finding for finding in report_of(texts).findings if finding.code == "foreign_language")
    assert f"{finding.count} of 14 texts" in finding.sentence and "trained on English" in finding.sentence
    assert "German" in finding.sentence and MULTILINGUAL in finding.action and finding.level == "worth knowing"
    assert len(finding.rows) == finding.count and all(row < 11 for row in finding.rows)


def test_english_texts_get_no_such_line():
    texts = [f"{text} number {number}" for number in range(4) for text in ENGLISH[:3]]
    assert "foreign_language" not in {finding.code for finding in report_of(texts).findings}


def test_no_more_is_said_of_another_encoder_than_is_known(bundled):
    assert MULTILINGUAL in way_out(bundled) and "English" in trained_on(bundled)
    other = replace(bundled, name="my/encoder")
    assert "English" not in trained_on(other) and MULTILINGUAL not in way_out(other)


@pytest.mark.parametrize(("classifier", "said"), [("embedding-mlp", True), ("transformer", True), ("tfidf-mlp", False)])
def test_a_pasted_text_gets_a_word(classifier, said):
    experiment = Experiment.recommended(DataChoice("0" * 16, "x.csv", ("text",), "label"), classifier)
    results = Results(run=RunFacts(experiment=experiment))
    assert bool(foreign_sentence([TEXTS["Polish"][0]], results)) == said
    assert foreign_sentence([ENGLISH[0]], results) == "" == foreign_sentence(["nie"], results)
