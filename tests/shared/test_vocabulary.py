"""Words and TF-IDF from the training texts alone: the same each time, kept without pickles, and refused where there is nothing to learn."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

from engine.errors import DataError, RunError
from engine.shared.text.tokens import token_rows
from engine.shared.text.vocabulary import Terms, known_words, load_words, texts_without_known_words, train_words

TEXTS = [
    "The cat sat on the mat.",
    "The dog sat on the cat!",
    "A dog, a cat and a mat.",
    "Nothing else sat there.",
]


# --- Words ---------------------------------------------------------------------------------------------------------------------------


def words_in_order(texts: list[str], size: int = 100) -> list[str]:
    numbers = train_words(texts, size).get_vocab()
    assert sorted(numbers.values()) == list(range(len(numbers)))
    return sorted(numbers, key=lambda word: numbers[word])


def test_the_most_frequent_word_comes_first_and_ties_follow_their_characters() -> None:
    expected = ["[PAD]", "[UNK]", "the", ".", "a", "cat", "sat", "dog", "mat", "on"]
    assert words_in_order(TEXTS) == expected
    assert words_in_order(TEXTS[::-1]) == expected, "the order of the texts must not matter"
    assert words_in_order(TEXTS, 3) == expected[:5], "padding and the unknown word are not counted"


def test_ties_are_broken_the_same_way_each_time() -> None:
    generator = np.random.default_rng(0)
    texts = [" ".join(f"word{number}" for number in generator.integers(0, 3000, 20)) for _ in range(2000)]
    first = words_in_order(texts, 1500)
    assert first == words_in_order(texts, 1500) and len(first) == 1502


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It's 3.5, isn't it?!", ["it", "'", "s", "3", ".", "5", ",", "isn", "'", "t", "it", "?", "!"]),
        ("ÉCOLE E\u0301cole ｅ́cole", ["école"] * 3),  # one form of what Unicode can write in several
        ("snake_case\tand\nlines", ["snake", "_", "case", "and", "lines"]),
        ("日本語 text😀😀", ["日", "本", "語", "text", "😀😀"]),
        ("हिन्दी भाषा", ["हिन्दी", "भाषा"]),
        (" \u200b\x00 ", []),
        ("", []),
    ],
)
def test_texts_are_split_into_words_and_punctuation(text: str, expected: list[str]) -> None:
    tokenizer = train_words([text + " known known words words"] * 2, 100)
    assert tokenizer.encode(text).tokens == expected


def test_words_that_occur_once_and_new_ones_are_unknown() -> None:
    tokenizer = train_words(TEXTS, 100)
    assert tokenizer.encode("The nothing unicorn").ids == [2, 1, 1]


def test_a_text_cannot_name_the_padding() -> None:
    """Else it would end where it says so."""
    tokenizer = train_words([*TEXTS, "[PAD] [UNK] [PAD] [UNK]"], 100)
    assert 0 not in tokenizer.encode("the [PAD] cat [UNK]").ids
    assert tokenizer.encode("[PAD]").tokens == ["[", "pad", "]"]


def test_a_saved_tokenizer_does_the_same() -> None:
    tokenizer = train_words(TEXTS, 100)
    again = load_words(tokenizer.to_str())
    texts = [*TEXTS, "", "unknown words ONLY", "É [PAD] 日本"]
    assert [e.ids for e in again.encode_batch(texts)] == [e.ids for e in tokenizer.encode_batch(texts)]
    assert again.to_str() == tokenizer.to_str()


def test_rows_of_words_and_of_none() -> None:
    rows = token_rows(train_words(TEXTS, 100), ["the cat", "", "the the the the"], 3, windows=False, padding=0)
    assert rows.ids.tolist() == [[2, 5, 0], [0, 0, 0], [2, 2, 2]]
    assert rows.lengths.tolist() == [2, 1, 3] and rows.truncated == 1


# --- TF-IDF --------------------------------------------------------------------------------------------------------------------------


def dense(terms: Terms, texts: list[str]) -> np.ndarray:
    numbers, shares = terms.rows(texts)
    assert numbers.dtype == np.int32 and shares.dtype == np.float32 and numbers.shape == shares.shape
    vectors = np.zeros((len(texts), terms.size), np.float32)
    for row in range(len(texts)):
        np.add.at(vectors[row], numbers[row], shares[row])
    return vectors


def test_terms_are_scikit_learns() -> None:
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer().fit(TEXTS)
    terms = Terms.fit(TEXTS, 1000)
    assert terms.terms == vectorizer.get_feature_names_out().tolist() and terms.size == 10
    new = [*TEXTS, "the unicorn sat", "Unicorns!", ""]
    assert np.array_equal(dense(terms, new), vectorizer.transform(new).toarray().astype(np.float32))


def test_the_most_frequent_terms_are_kept_and_ties_follow_the_alphabet() -> None:
    assert Terms.fit(TEXTS, 4).terms == ["cat", "dog", "sat", "the"]
    assert Terms.fit(TEXTS, 5).terms == Terms.fit(TEXTS[::-1], 5).terms == ["cat", "dog", "mat", "sat", "the"]
    assert np.allclose(np.linalg.norm(dense(Terms.fit(TEXTS, 4), TEXTS), axis=1), 1)


def test_rows_are_filled_up_with_a_share_of_nothing() -> None:
    terms = Terms.fit(TEXTS, 1000)
    numbers, shares = terms.rows(["cat dog mat", "unicorns", "cat"])
    assert numbers.shape == (3, 3)
    assert (shares > 0).sum(axis=1).tolist() == [3, 0, 1]
    assert not numbers[shares == 0].any()
    assert terms.rows(["unicorns"])[0].shape == (1, 1) and terms.rows([])[0].shape == (0, 1)


def test_terms_come_back_from_json_exactly() -> None:
    terms = Terms.fit(TEXTS, 1000)
    again = Terms.from_json(terms.to_json())
    assert again.size == terms.size
    for one, other in zip(terms.rows(TEXTS), again.rows(TEXTS), strict=True):
        assert np.array_equal(one, other)
    assert json.loads(terms.to_json())["terms"] == terms.terms


def test_letters_without_a_small_form_are_no_trouble() -> None:
    texts = ["𝔸𝔹ℂ İstanbul ok", "𝔸𝔹ℂ ok fine"]
    terms = Terms.fit(texts, 100)
    assert np.array_equal(dense(Terms.from_json(terms.to_json()), texts), dense(terms, texts))


# --- Both ----------------------------------------------------------------------------------------------------------------------------


def test_texts_without_known_words_are_counted() -> None:
    texts = ["the cat", "unicorns graze", "", "cat cat unicorn"]
    for vocabulary, known in ((train_words(TEXTS, 100), [2, 0, 0, 2]), (Terms.fit(TEXTS, 100), [2, 0, 0, 1])):
        assert known_words(vocabulary, texts).tolist() == known
        assert texts_without_known_words(vocabulary, texts) == 2
        assert texts_without_known_words(vocabulary, []) == 0


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        (["word", "Word", "WORD word"], "only “word”"),
        (["", " ", "\u200b\x00"], "found none"),
        (["every", "text", "holds", "another"], "found none"),
        (["again and", "again but", "once"], "only “again”"),
        ([], "found none"),
    ],
)
def test_too_few_words_are_refused_in_a_sentence(texts: list[str], found: str) -> None:
    with pytest.raises(DataError) as error:
        train_words(texts, 100)
    assert f"The {len(texts)} training texts have too few words to tell them apart" in str(error.value)
    assert "Expected at least 2 different words or punctuation marks that occur twice" in str(error.value)
    assert found in str(error.value) and "Check that the right column was chosen" in str(error.value)


@pytest.mark.parametrize(
    ("texts", "found"),
    [(["?!", "...", "!"], "found none"), (["a", "I", ""], "found none"), (["one one", "One!"], "only “one”"), ([], "none")],
)
def test_too_few_terms_are_refused_in_a_sentence(texts: list[str], found: str) -> None:
    with pytest.raises(DataError) as error:
        Terms.fit(texts, 100)
    assert "Expected at least 2 different words of two letters or digits and more" in str(error.value)
    assert found in str(error.value) and "Check that the right column was chosen" in str(error.value)


@pytest.mark.parametrize("text", ["", "torn", "[]", '{"terms": ["a", "b"]}', '{"terms": ["a", "b"], "rarity": [1]}', '{"version": "1.0"}'])
def test_a_damaged_vocabulary_is_said(text: str) -> None:
    for load in (load_words, Terms.from_json):
        with pytest.raises(RunError, match="The vocabulary of this run is damaged"):
            load(text)


def test_workers_do_not_load_scikit_learn_with_the_module() -> None:
    program = "import sys, engine.shared.text.vocabulary; assert 'sklearn' not in sys.modules and 'scipy' not in sys.modules"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr
