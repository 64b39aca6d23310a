"""Answers of a trained model in PyTorch."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import nn

from engine.shared.batches import evaluation_batch, evaluation_plan


@torch.inference_mode()
def predict_logits(model: nn.Module, inputs: tuple[torch.Tensor, ...]) -> np.ndarray:
    """What the last layer answers for one batch, shape (rows, num_classes)."""
    if model.training:  # ``eval`` visits every layer, which a small batch would feel
        model.eval()
    return model(*inputs).cpu().numpy()


@torch.inference_mode()
def predict(
    model: nn.Module, inputs: tuple[torch.Tensor, ...], lengths: np.ndarray | None = None
) -> np.ndarray:
    """Class probabilities, shape (rows, num_classes), in the order of the rows.

    Where rows are tokens, ``lengths`` says how many; texts of like length share a batch.
    """
    model.eval()
    batch_size = evaluation_batch(lengths)
    plan = evaluation_plan(len(inputs[0]), lengths, batch_size)
    answers = []
    for number, width in enumerate(plan.widths.tolist()):
        rows = torch.from_numpy(plan.order[number * batch_size : (number + 1) * batch_size])
        batch = tuple(values[rows.to(values.device)] for values in inputs)
        logits = model(*(values[..., :width] for values in batch)) if width else model(*batch)
        answers.append(torch.softmax(logits, dim=1))  # (batch, num_classes)
    probabilities = torch.cat(answers).cpu().numpy()
    return probabilities[np.argsort(plan.order)]


def classify(
    texts: Sequence[str],
    encode: Callable[[Sequence[str]], tuple[tuple[np.ndarray, ...], np.ndarray | None]],
    model: nn.Module,
    device: str,
) -> tuple[np.ndarray, float, float]:
    """Class probabilities of new texts, shape (texts, num_classes), and the time they took.

    ``encode`` turns texts into what the classifier takes, and their lengths in tokens. The two
    times are the milliseconds spent on encoding and on classifying.
    """
    started = time.perf_counter()
    arrays, lengths = encode(texts)
    encoded = time.perf_counter()
    inputs = tuple(torch.from_numpy(values).to(device) for values in arrays)
    probabilities = predict(model, inputs, lengths)
    finished = time.perf_counter()
    return probabilities, (encoded - started) * 1000, (finished - encoded) * 1000
