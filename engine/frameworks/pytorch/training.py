"""Training in PyTorch: an explicit loop that reads in the order in which it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from engine.neutral.batches import epoch_order
from engine.neutral.early_stopping import Progress

EPSILON = 1e-7
"""Adam's epsilon in matched mode; PyTorch's own default is 1e-8."""


def as_tensors(
    features: np.ndarray, labels: np.ndarray, device: str
) -> tuple[torch.Tensor, torch.Tensor]:
    """Features, shape (rows, input_size), and labels, shape (rows,), as tensors."""
    return torch.from_numpy(features).to(device), torch.from_numpy(labels).to(device)


def make_optimizer(model: nn.Module, mode: str, learning_rate: float) -> torch.optim.Optimizer:
    """Adam, with the epsilon that both frameworks share in matched mode."""
    if mode == "defaults":
        return torch.optim.Adam(model.parameters(), lr=learning_rate)
    return torch.optim.Adam(model.parameters(), lr=learning_rate, betas=(0.9, 0.999), eps=EPSILON)


def make_batches(
    features: torch.Tensor, labels: torch.Tensor, mode: str, batch_size: int, seed: int
) -> Callable[[int], Iterable[tuple[torch.Tensor, torch.Tensor]]]:
    """A function that gives the batches of an epoch, each (batch, input_size) and (batch,)."""
    if mode == "defaults":
        loader = DataLoader(TensorDataset(features, labels), batch_size=batch_size, shuffle=True)
        return lambda epoch: loader

    def shared_batches(epoch: int) -> Iterable[tuple[torch.Tensor, torch.Tensor]]:
        order = torch.from_numpy(epoch_order(len(labels), seed, epoch)).to(labels.device)
        for rows in order.split(batch_size):
            yield features[rows], labels[rows]

    return shared_batches


def train(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    batches: Callable[[int], Iterable[tuple[torch.Tensor, torch.Tensor]]],
    validation: tuple[torch.Tensor, torch.Tensor],
    validation_batch_size: int,
    epochs: int,
    progress: Progress,
    to_neutral: Callable[[nn.Module], dict[str, np.ndarray]],
    callback: Any,
) -> None:
    """Minimise the cross-entropy until the epochs, the patience or the user say stop.

    Notes the best weights in ``progress``.
    """
    callback.on_train_begin()
    for epoch in range(progress.next_epoch, epochs):
        callback.on_epoch_begin(epoch)
        model.train()
        loss_sum, correct, seen = (
            torch.zeros((), device=validation[0].device),
            torch.zeros((), device=validation[0].device),
            0,
        )
        for step, (vectors, targets) in enumerate(batches(epoch)):
            optimizer.zero_grad()
            logits = model(vectors)  # (batch, num_classes)
            loss = functional.cross_entropy(logits, targets)
            loss.backward()
            optimizer.step()

            seen += len(targets)
            loss_sum += loss.detach() * len(targets)
            correct += (logits.detach().argmax(dim=1) == targets).sum()
            callback.on_train_batch_end(step, {"loss": loss_sum / seen})
            if callback.stop_training:
                break

        callback.on_test_begin()
        validation_loss, validation_accuracy = evaluate(model, *validation, validation_batch_size)
        callback.on_test_end()
        if progress.improved(epoch, validation_loss):
            progress.best_weights = to_neutral(model)
        logs = {"loss": float(loss_sum / seen), "accuracy": float(correct / seen)}
        callback.on_epoch_end(
            epoch, logs | {"val_loss": validation_loss, "val_accuracy": validation_accuracy}
        )
        if callback.stop_training or progress.exhausted:
            break
    callback.on_train_end()


@torch.inference_mode()
def evaluate(
    model: nn.Module, features: torch.Tensor, labels: torch.Tensor, batch_size: int
) -> tuple[float, float]:
    """Mean cross-entropy and accuracy over all rows."""
    model.eval()
    loss_sum, correct = 0.0, 0
    for vectors, targets in zip(features.split(batch_size), labels.split(batch_size), strict=True):
        logits = model(vectors)
        loss_sum += float(functional.cross_entropy(logits, targets, reduction="sum"))
        correct += int((logits.argmax(dim=1) == targets).sum())
    return loss_sum / len(labels), correct / len(labels)
