"""The paragraphs of docs/classifiers/: how each classifier works, and the accuracy that was measured with it."""

from __future__ import annotations

HOW = {
    "embedding-mlp": """\
A pre-trained sentence encoder turns each text into one vector; it is frozen, so this is done once and kept for the next run. A
dense layer of rectified units and a last layer with one number for each class are all that is trained: some 200,000 weights, a
few seconds.

It is the classifier to begin with: with little data, the knowledge is in the encoder. What the encoder does not represent
(spelling, rare product names, another language) cannot be learned back by two layers.

Long texts are cut after `max_tokens`, or read in windows whose vectors are averaged (`long_texts`).""",
    "tfidf-mlp": """\
Each text becomes a row of numbers, one for each of the most frequent terms of the *training* texts: how often the term occurs in
the text, weighed down when it occurs in many texts, the whole row scaled to length 1 (scikit-learn's `TfidfVectorizer`). Two
dense layers read it.

It needs no pre-trained model and no order of words, starts in seconds, and is the baseline that anything larger has to beat. Rows
are nearly empty, so they are kept as pairs of term and share, memory-mapped, and filled up to full rows inside the model, batch
by batch.""",
    "text-cnn": """\
Each word of the training texts gets a vector that is learned from nothing. Filters slide over 3, 4 and 5 neighbouring words; of
each filter only the strongest answer anywhere in the text counts, and a last layer reads those 300 numbers.

Padding cannot win the maximum: answers at places that no real word begins are set to zero, which a rectified filter never falls
below. A text that is shorter than the widest filter is padded to five words. There is no dropout, for its random masks could not
be the same in both frameworks; the paper's model uses it, so expect a little less than the paper's accuracy. Validation loss
decides which epoch's weights are kept.""",
    "bi-lstm": """\
Each word gets a learned vector; one LSTM reads them forwards, one backwards, and a last layer reads the last state of both.
Padding is never read: PyTorch packs the batch, Keras masks it, so that the same text gives the same answer in a batch of any
width.

PyTorch keeps two bias vectors for each gate and Keras one. Both of PyTorch's would be trained, which doubles the step; in matched
mode the second one is frozen at zero. The bias of the forget gate begins at 1.

The recommended step of 0.0003 and the cut at 64 words are there so that two trainings can be compared at all. Gradients that
have come through fifty words are long and uneven: with a step of 0.001, two trainings in the same framework whose first weights
differ by 10⁻⁷ answer a tenth of the texts of AG News differently after two epochs; with these values they answer all alike, and
so do the two frameworks. The price is accuracy: 0.001 reached 83 % there.""",
    "transformer": """\
The pre-trained encoder itself is trained, with a new last layer on the mean of its token vectors (or on the first token's, where
the checkpoint says so). Both frameworks begin with the same checkpoint: the bundled MiniLM, or any BERT, DistilBERT, RoBERTa,
XLM-RoBERTa or ALBERT from the hub or a folder. AdamW decays matrices only, the learning rate warms up and falls to zero on a
straight line, gradients are clipped together, texts of like length share a batch, the same ones in both frameworks. Dropout is
off in matched mode.

It is the strongest of the family and the slowest by far. On a GPU, and on a processor that computes bfloat16, it can train in mixed
precision. Where there are many classes a larger learning rate pays: on the 77 intents of Banking77, official test part, PyTorch
reached 92.4 % with the recommended 0.00005 and 93.2 % with 0.0001.""",
}
"""How it works, what it is good for and what it cannot do."""

MEASURED_WITH = (
    "Test accuracy of a matched run with the recommended settings, seed 0, as `python benchmarks/accuracy.py` prints it; two CPU cores. "
    "Other seeds differ by about a point where the test part is small."
)

AG_NEWS, TREC = "AG News, 7,600 texts, 4 topics", "TREC, 6 kinds of questions, official test part"

ACCURACY: dict[str, dict[str, tuple[str, str]]] = {
    "embedding-mlp": {AG_NEWS: ("88.2 %", "88.2 %"), "Banking77, 10,003 texts, 77 intents": ("92.2 %", "92.1 %")},
    "tfidf-mlp": {AG_NEWS: ("86.7 %", "86.7 %"), TREC: ("85.8 %", "85.8 %")},
    "text-cnn": {AG_NEWS: ("85.8 %", "85.6 %"), TREC: ("90.0 %", "90.8 %")},
    "bi-lstm": {AG_NEWS: ("79.4 %", "79.4 %"), TREC: ("84.8 %", "84.8 %")},
    "transformer": {TREC: ("96.6 %", "96.6 %"), f"{AG_NEWS}, one epoch only": ("89.7 %", "89.7 %")},
}
"""Data → accuracy in PyTorch and TensorFlow."""
