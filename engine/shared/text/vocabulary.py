"""Which words the training texts have: a word tokenizer and TF-IDF, made from those texts alone and kept as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

from engine.errors import DataError, RunError
from engine.shared.text.tokens import TEXTS_AT_ONCE

PADDING, UNKNOWN = 0, 1
"""Tokens that stand for no word and for a word that is not known. No text can hold them by their names, for brackets are split off."""

FEWEST_WORDS = 2
"""The fewest words that a vocabulary has: with a single one every text looks the same."""

OFTEN_ENOUGH = 2
"""How often a word must occur to get a vector of its own. From the others it is learned what an unknown word means; otherwise that vector
would stay as it was drawn, for noise in every new text."""


class Terms:
    """TF-IDF: what share each known word has in a text, rare words counting more. scikit-learn computes it.

    Source: K. Spärck Jones, A statistical interpretation of term specificity, 1972.
    """

    def __init__(self, terms: Sequence[str], rarity: Sequence[float]) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer  # here, for workers do not need it while they train

        self.terms, self.rarity = list(terms), [float(value) for value in rarity]
        self._vectorizer = TfidfVectorizer(vocabulary=self.terms)
        self._vectorizer.idf_ = np.array(self.rarity)

    @classmethod
    def fit(cls, texts: Sequence[str], size: int) -> Terms:
        """Return the ``size`` most frequent words, ties in alphabetical order. Raises ``DataError`` when there are fewer than two."""
        from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer

        counter = CountVectorizer()
        try:
            counts = counter.fit_transform(texts)
        except ValueError as error:
            if "empty vocabulary" not in str(error):
                raise
            raise _too_few_words(texts, [], "words of two letters or digits and more") from error
        words = counter.get_feature_names_out()  # in the order of the alphabet
        totals = np.asarray(counts.sum(axis=0)).ravel()
        kept = np.sort(np.argsort(-totals, kind="stable")[:size])
        if len(kept) < FEWEST_WORDS:
            raise _too_few_words(texts, words[kept].tolist(), "words of two letters or digits and more")
        return cls(words[kept].tolist(), TfidfTransformer().fit(counts[:, kept]).idf_.tolist())

    @property
    def size(self) -> int:
        """How many terms are known."""
        return len(self.terms)

    def rows(self, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Return each text's known terms, int32, and their shares, float32; both (texts, most terms of a text), filled up with zeros."""
        if not len(texts):  # which scikit-learn refuses
            return np.zeros((0, 1), np.int32), np.zeros((0, 1), np.float32)
        table = self._vectorizer.transform(texts)
        table.sort_indices()
        counts = np.diff(table.indptr)
        inside = np.arange(max(1, counts.max())) < counts[:, None]  # row by row, as the table's values lie
        terms, shares = np.zeros(inside.shape, np.int32), np.zeros(inside.shape, np.float32)
        terms[inside], shares[inside] = table.indices, table.data
        return terms, shares

    def vectors(self, texts: Sequence[str]) -> np.ndarray:
        """Return the same as :meth:`rows`, written out: one share for every known term, float32, shape (texts, size)."""
        return dense_rows(*self.rows(texts), self.size)

    def to_json(self) -> str:
        """Return the terms and how rare each one is; numbers come back exactly."""
        return json.dumps({"terms": self.terms, "rarity": self.rarity})

    @classmethod
    def from_json(cls, text: str) -> Terms:
        """Read what :meth:`to_json` has written. Raises ``RunError`` when the file is damaged."""
        try:
            values = json.loads(text)
            return cls([str(term) for term in values["terms"]], values["rarity"])
        except (ValueError, KeyError, TypeError) as error:
            raise _damaged(error) from error


def dense_rows(terms: np.ndarray, shares: np.ndarray, size: int) -> np.ndarray:
    """Return what :meth:`Terms.rows` gives as one vector a text, float32, (texts, size): a number for each known term, most of them 0."""
    vectors = np.zeros((len(terms), size), np.float32)
    np.add.at(vectors, (np.arange(len(terms))[:, None], terms), shares)
    return vectors


def train_words(texts: Sequence[str], size: int) -> Tokenizer:
    """Return a tokenizer that knows the ``size`` most frequent words and punctuation marks, ties in the order of their characters.

    Small and large letters, and the ways in which Unicode can write the same, make no difference; a Chinese character is a word. The most
    frequent word has number 2. Words that occur once stay unknown. Raises ``DataError`` when fewer than two are left.
    """
    tokenizer = _word_tokenizer({})
    trainer = trainers.WordLevelTrainer(vocab_size=size, min_frequency=OFTEN_ENOUGH, show_progress=False, special_tokens=[])
    tokenizer.train_from_iterator(texts, trainer)
    numbers = tokenizer.get_vocab(with_added_tokens=False)
    words = sorted(numbers, key=lambda word: numbers[word])
    if len(words) < FEWEST_WORDS:
        raise _too_few_words(texts, words, "words or punctuation marks that occur twice")
    return _word_tokenizer({word: UNKNOWN + 1 + number for number, word in enumerate(words)})


def load_words(text: str) -> Tokenizer:
    """Return a tokenizer as its ``to_str()`` wrote it. Raises ``RunError`` when the file is damaged."""
    try:
        return Tokenizer.from_str(text)
    except Exception as error:  # the Rust side raises a bare Exception for every kind of damage
        raise _damaged(error) from error


def _word_tokenizer(words: dict[str, int]) -> Tokenizer:
    tokenizer = Tokenizer(models.WordLevel({"[PAD]": PADDING, "[UNK]": UNKNOWN} | words, unk_token="[UNK]"))
    one_form = normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=True, strip_accents=False, lowercase=True)
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), one_form])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Whitespace(), pre_tokenizers.Punctuation()])
    return tokenizer


def known_words(vocabulary: Terms | Tokenizer, texts: Sequence[str]) -> np.ndarray:
    """Return how many different terms (``Terms``) or how many words (a tokenizer) of each text are known, shape (texts,)."""
    if isinstance(vocabulary, Terms):
        return (vocabulary.rows(texts)[1] > 0).sum(axis=1)
    starts = range(0, len(texts), TEXTS_AT_ONCE)
    batches = (vocabulary.encode_batch_fast(list(texts[start : start + TEXTS_AT_ONCE])) for start in starts)
    return np.array([sum(number > UNKNOWN for number in encoding.ids) for batch in batches for encoding in batch], int)


def texts_without_known_words(vocabulary: Terms | Tokenizer, texts: Sequence[str]) -> int:
    """Return how many texts look like an empty one to a classifier."""
    return int((known_words(vocabulary, texts) == 0).sum())


def _too_few_words(texts: Sequence[str], words: Sequence[str], kind: str) -> DataError:
    found = f"only “{words[0]}”" if words else "none"
    return DataError(
        f"The {len(texts):,} training texts have too few words to tell them apart. Expected at least {FEWEST_WORDS} different {kind}, "
        f"found {found}. Check that the right column was chosen as the text, or choose a classifier that brings its own vocabulary."
    )


def _damaged(error: Exception) -> RunError:
    return RunError(f"The vocabulary of this run is damaged ({error}). Resume the run to make it again, or start it anew.")
