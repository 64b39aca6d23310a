"""Classic mistakes in PyTorch, each of which the museum really makes.

Every public function below ``answer`` trains a small classifier on ``data`` and gives back its
logits for the held-out texts, (texts, num_classes). With ``mistaken`` the marked line is wrong, or
forgotten; without, the very same function is right.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from engine.shared.mistake_data import BATCH_SIZE, EPOCHS, HIDDEN_UNITS, LEARNING_RATE, MistakeData


def make_model(data: MistakeData) -> nn.Sequential:
    """Vectors, (batch, terms), to rectified units, to one logit a class, (batch, num_classes)."""
    terms = data.vectors.shape[1]
    return nn.Sequential(
        nn.Linear(terms, HIDDEN_UNITS), nn.ReLU(), nn.Linear(HIDDEN_UNITS, data.num_classes)
    )


def make_bag_of_words(data: MistakeData) -> nn.Sequential:
    """Numbers of words, (batch, longest), to the mean of their vectors, to one logit a class."""
    return nn.Sequential(
        nn.EmbeddingBag(data.num_words, HIDDEN_UNITS, mode="mean", padding_idx=0),
        nn.Linear(HIDDEN_UNITS, data.num_classes),
    )


def fit(
    model: nn.Module,
    inputs: np.ndarray,
    labels: np.ndarray,
    callback: Any,
    optimizer: torch.optim.Optimizer | None = None,
) -> None:
    """Minimise the cross-entropy of the logits for a few epochs of shuffled texts."""
    optimizer = optimizer or torch.optim.Adam(model.parameters(), LEARNING_RATE)
    rows_in, targets = torch.from_numpy(inputs), torch.from_numpy(labels)
    callback.on_train_begin()
    for _ in range(EPOCHS):
        model.train()
        for step, rows in enumerate(torch.randperm(len(targets)).split(BATCH_SIZE)):
            optimizer.zero_grad()
            loss = functional.cross_entropy(model(rows_in[rows]), targets[rows])
            loss.backward()
            optimizer.step()
            callback.on_train_batch_end(step, {"loss": loss.item()})
    callback.on_train_end()


@torch.inference_mode()
def answer(model: nn.Module, inputs: np.ndarray) -> np.ndarray:
    """The logits of some texts, (texts, num_classes)."""
    model.eval()
    return model(torch.from_numpy(inputs)).numpy()


def labels_out_of_range(data: MistakeData, callback: Any, mistaken: bool) -> np.ndarray:
    """Five classes, numbered from 1 to 5."""
    labels = data.labels
    if mistaken:
        labels = labels + 1  # mistake: numbers begin at 0, so the last class has no logit
    model = make_model(data)
    fit(model, data.vectors, labels, callback)
    return answer(model, data.held_out)


def wrong_shape(data: MistakeData, callback: Any, mistaken: bool) -> np.ndarray:
    """A head that was made for a wider body."""
    body = nn.Sequential(nn.Linear(data.vectors.shape[1], HIDDEN_UNITS), nn.ReLU())
    width = HIDDEN_UNITS
    if mistaken:
        width = 2 * HIDDEN_UNITS  # mistake: the body gives half as many numbers
    model = nn.Sequential(body, nn.Linear(width, data.num_classes))
    fit(model, data.vectors, data.labels, callback)
    return answer(model, data.held_out)


def wrong_dtype(data: MistakeData, callback: Any, mistaken: bool) -> np.ndarray:
    """Vectors in float64, weights in float32."""
    vectors = data.vectors
    if mistaken:
        vectors = vectors.astype(np.float64)  # mistake: NumPy's usual precision, not the model's
    model = make_model(data)
    fit(model, vectors, data.labels, callback)
    return answer(model, data.held_out)


def softmax_before_loss(data: MistakeData, callback: Any, mistaken: bool) -> np.ndarray:
    """Probabilities for a loss that expects logits."""
    model = make_model(data)
    if mistaken:
        model.append(nn.Softmax(dim=1))  # mistake: cross_entropy applies the softmax as well
    fit(model, data.vectors, data.labels, callback)
    return answer(model, data.held_out)


def forgotten_zero_grad(data: MistakeData, callback: Any, mistaken: bool) -> np.ndarray:
    """Gradients that are added up from the first step to the last."""
    model = make_model(data)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5, momentum=0.9)
    vectors, labels = torch.from_numpy(data.vectors), torch.from_numpy(data.labels)
    callback.on_train_begin()
    for _ in range(EPOCHS):
        for step, rows in enumerate(torch.randperm(len(labels)).split(BATCH_SIZE)):
            if not mistaken:
                optimizer.zero_grad()  # mistake: forgotten line
            loss = functional.cross_entropy(model(vectors[rows]), labels[rows])
            loss.backward()
            optimizer.step()
            callback.on_train_batch_end(step, {"loss": loss.item()})
    callback.on_train_end()
    return answer(model, data.held_out)


def forgotten_evaluation_mode(data: MistakeData, callback: Any, mistaken: bool) -> np.ndarray:
    """Dropout that goes on while the model answers."""
    model = make_model(data)
    model.insert(0, nn.Dropout(0.5))
    fit(model, data.vectors, data.labels, callback)
    if not mistaken:
        model.eval()  # mistake: forgotten line
    with torch.inference_mode():
        return model(torch.from_numpy(data.held_out)).numpy()


def frozen_head(data: MistakeData, callback: Any, mistaken: bool) -> np.ndarray:
    """A body that is to be kept as it is, and a new head that is to learn."""
    body = nn.Sequential(nn.Linear(data.vectors.shape[1], 4 * HIDDEN_UNITS), nn.ReLU())
    model = nn.Sequential(body, nn.Linear(4 * HIDDEN_UNITS, data.num_classes))
    if mistaken:
        model.requires_grad_(False)  # mistake: freezes the whole model, not only its body
    else:
        body.requires_grad_(False)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
    fit(model, data.vectors, data.labels, callback, optimizer)
    return answer(model, data.held_out)


def learning_rate_too_high(data: MistakeData, callback: Any, mistaken: bool) -> np.ndarray:
    """Steps so long that the weights grow beyond every number."""
    rate = 1.0
    if mistaken:
        rate = 1000.0  # mistake: a thousand times too high
    model = make_bag_of_words(data)
    optimizer = torch.optim.SGD(model.parameters(), rate, momentum=0.9)
    fit(model, data.words, data.labels, callback, optimizer)
    return answer(model, data.held_out_words)


def labels_shuffled(data: MistakeData, callback: Any, mistaken: bool) -> np.ndarray:
    """Texts that are put in another order, without their labels."""
    order = np.random.default_rng(seed=0).permutation(len(data.labels))
    vectors, labels = data.vectors[order], data.labels[order]
    if mistaken:
        labels = data.labels  # mistake: the labels have kept the old order
    model = make_model(data)
    fit(model, vectors, labels, callback)
    return answer(model, data.held_out)


def other_tokenizer(data: MistakeData, callback: Any, mistaken: bool) -> np.ndarray:
    """Words that are numbered as another model knows them."""
    model = make_bag_of_words(data)
    fit(model, data.words, data.labels, callback)
    words = data.held_out_words
    if mistaken:
        words = data.foreign_words  # mistake: made by the tokenizer of another model
    return answer(model, words)


class Squeeze(nn.Module):
    """Leaves out every axis of length 1."""

    def forward(self, logits: torch.Tensor) -> torch.Tensor:
        return logits.squeeze()


def batch_axis_lost(data: MistakeData, callback: Any, mistaken: bool) -> np.ndarray:
    """A last batch of a single text, whose batch axis is squeezed away."""
    texts = 3 * BATCH_SIZE + 1
    model = make_model(data)
    if mistaken:
        model.append(Squeeze())  # mistake: of one text the batch axis is left out, too
    fit(model, data.vectors[:texts], data.labels[:texts], callback)
    return answer(model, data.held_out)
