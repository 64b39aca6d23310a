"""Why the SavedModel for TensorFlow Serving takes numbers and no text: TensorFlow's graph does not read every text as the training did.

For each of the three ways in which a classifier reads texts the nearest thing is built of TensorFlow's operations. All agree on the
sample and differ elsewhere, without a sign that they do. When this fails because nothing differs any more, a signature that takes text
has become possible.
"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from sklearn.feature_extraction.text import CountVectorizer

from engine.shared.encoders.checkpoint import bundled_checkpoint
from engine.shared.text.tokens import load_tokenizer
from engine.shared.text.vocabulary import train_words

PROJECT = Path(__file__).parents[2]

IN_THE_GRAPH = r"""
import json, sys
import tensorflow as tf
import tensorflow_text

def pieces(texts):
    words = open(sys.argv[1], encoding="utf-8").read().splitlines()
    return tensorflow_text.FastBertTokenizer(words, token_out_type=tf.string, lower_case_nfd_strip_accents=True).tokenize(texts)

def words(texts):
    texts = tf.strings.lower(tensorflow_text.normalize_utf8(texts, "NFKC"), encoding="utf-8")
    texts = tf.strings.regex_replace(tf.strings.regex_replace(texts, r"\s", " "), r"[\pC\x{FFFD}]", "")
    texts = tf.strings.regex_replace(texts, r"(\p{Han}|[[:punct:]]|\pP)", r" \1 ")
    return tf.strings.split(tf.strings.regex_replace(texts, r"([\pL\pM\p{Nd}]+)", r" \1 "))

def terms(texts):
    texts = tf.strings.regex_replace(tf.strings.lower(texts, encoding="utf-8"), r"[^\pL\pN_]+", " ")
    found = tf.strings.split(texts)
    return tf.ragged.boolean_mask(found, tf.strings.length(found, unit="UTF8_CHAR") > 1)

given = tf.constant(json.load(sys.stdin))
print(json.dumps([[[token.decode() for token in text] for text in way(given).to_list()] for way in (pieces, words, terms)]))
"""

AWKWARD = {
    "pieces": ["größer 🙂", "[SEP] said", "½ and more"],
    "words": ["ΟΔΟΣ"],
    "terms": ["\U0001e4d0\U0001e4d1"],
}
"""By the way of reading: texts of which TensorFlow makes something else."""


def in_the_graph(texts: Sequence[str]) -> dict[str, list[list[str]]]:
    """By the way of reading, the tokens that TensorFlow finds in each text."""
    program = [sys.executable, "-c", IN_THE_GRAPH, str(bundled_checkpoint().folder / "vocab.txt")]
    answer = subprocess.run(program, input=json.dumps(texts), capture_output=True, text=True, timeout=120)
    assert answer.returncode == 0, answer.stderr[-2000:]
    return dict(zip(AWKWARD, json.loads(answer.stdout.splitlines()[-1]), strict=True))


def in_training(texts: Sequence[str]) -> dict[str, list[list[str]]]:
    """The same, as the engine finds them: with the encoder's tokenizer, the word tokenizer, and scikit-learn."""
    tokenizer = load_tokenizer(bundled_checkpoint().folder, 512)
    words = train_words(["some words some words"], 10)
    split = [[word for word, _ in words.pre_tokenizer.pre_tokenize_str(words.normalizer.normalize_str(text))] for text in texts]
    analyze = CountVectorizer().build_analyzer()
    return {
        "pieces": [encoding.tokens[1:-1] for encoding in tokenizer.encode_batch(list(texts))],
        "words": split,
        "terms": [analyze(text) for text in texts],
    }


@pytest.fixture(scope="module")
def sample() -> list[str]:
    with open(PROJECT / "assets" / "support_messages.csv", encoding="utf-8", newline="") as file:
        return [row["message"] for row in csv.DictReader(file)]


@pytest.mark.thorough
def test_tensorflow_reads_the_sample_alike_and_other_texts_not(sample: list[str]) -> None:
    awkward = [text for texts in AWKWARD.values() for text in texts]
    ours, theirs = in_training(sample + awkward), in_the_graph(sample + awkward)
    for way, texts in AWKWARD.items():
        assert ours[way][: len(sample)] == theirs[way][: len(sample)], f"{way}: the nearest thing would do for the sample"
        for text in texts:
            place = len(sample) + awkward.index(text)
            assert ours[way][place] != theirs[way][place], f"{way}: “{text}” is read alike"
