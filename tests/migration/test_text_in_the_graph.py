"""Why the SavedModel for TensorFlow Serving takes token numbers and no text: TensorFlow's tokenizers are not the one of the training.

When this fails because nothing differs any more, a signature that takes text has become possible.
"""

from __future__ import annotations

import csv
import json
import subprocess
import sys

from engine.neutral.checkpoint import bundled_checkpoint
from engine.neutral.tokens import load_tokenizer
from tests.migration.conftest import PROJECT

IN_THE_GRAPH = """
import json, sys
import tensorflow as tf
import tensorflow_text
words = open(sys.argv[1], encoding="utf-8").read().splitlines()
tokenizer = tensorflow_text.FastBertTokenizer(words, token_out_type=tf.int32, lower_case_nfd_strip_accents=True)
print(json.dumps(tokenizer.tokenize(tf.constant(json.load(sys.stdin))).to_list()))
"""

AWKWARD = ["größer 🙂", "[SEP] said", "½ and more"]


def test_tensorflows_tokenizer_differs_from_the_one_of_the_training() -> None:
    with open(PROJECT / "assets" / "support_messages.csv", encoding="utf-8", newline="") as file:
        sample = [row["message"] for row in csv.DictReader(file)]
    folder = bundled_checkpoint().folder
    program = [sys.executable, "-c", IN_THE_GRAPH, str(folder / "vocab.txt")]
    answer = subprocess.run(program, input=json.dumps(sample + AWKWARD), capture_output=True, text=True, timeout=120)
    assert answer.returncode == 0, answer.stderr[-2000:]
    in_the_graph = json.loads(answer.stdout.splitlines()[-1])
    trained_with = [encoding.ids[1:-1] for encoding in load_tokenizer(folder, 512).encode_batch(sample + AWKWARD)]
    same = [one == other for one, other in zip(in_the_graph, trained_with, strict=True)]
    assert same == [True] * len(sample) + [False] * len(AWKWARD)
