"""Answers of a trained model in PyTorch."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import nn


@torch.inference_mode()
def predict_logits(model: nn.Module, features: torch.Tensor) -> np.ndarray:
    """What the last layer answers for one batch, shape (rows, num_classes)."""
    return model.eval()(features).cpu().numpy()


@torch.inference_mode()
def predict(model: nn.Module, features: torch.Tensor, batch_size: int = 256) -> np.ndarray:
    """Class probabilities, float32, shape (rows, num_classes)."""
    model.eval()
    return (
        torch.cat([torch.softmax(model(vectors), dim=1) for vectors in features.split(batch_size)])
        .cpu()
        .numpy()
    )


def classify(
    texts: Sequence[str],
    encode: Callable[[Sequence[str]], np.ndarray],
    model: nn.Module,
    device: str,
) -> tuple[np.ndarray, float, float]:
    """Class probabilities of new texts, shape (texts, num_classes), and the time they took.

    The two times are the milliseconds spent on encoding and on classifying.
    """
    started = time.perf_counter()
    vectors = encode(texts)  # (texts, hidden_size)
    encoded = time.perf_counter()
    probabilities = predict(model, torch.from_numpy(vectors).to(device))
    finished = time.perf_counter()
    return probabilities, (encoded - started) * 1000, (finished - encoded) * 1000
