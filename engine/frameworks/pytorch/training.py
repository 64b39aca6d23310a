"""Training in PyTorch: an explicit loop that reads in the order in which it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import nullcontext
from typing import Any

import numpy as np
import torch
from torch import (
    _dynamo,  # noqa: F401 - Adam imports it at its first use: here it counts as loading
    nn,
)
from torch.nn import functional
from torch.nn.utils import clip_grad_norm_
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader, TensorDataset

from engine.shared.batches import Plan, evaluation_batch, evaluation_plan
from engine.shared.early_stopping import Progress
from engine.shared.recipe import Recipe

Inputs = tuple[torch.Tensor, ...]
Batch = tuple[Inputs, torch.Tensor]


def as_tensors(
    inputs: tuple[np.ndarray, ...], labels: np.ndarray, device: str
) -> tuple[Inputs, torch.Tensor]:
    """What the classifier takes, each array of shape (rows, …), and labels, shape (rows,)."""
    tensors = tuple(torch.from_numpy(values).to(device) for values in inputs)
    return tensors, torch.from_numpy(labels).to(device)


def make_optimizer(model: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """Adam, or AdamW where weights are to decay, with the constants that both frameworks share."""
    constants: dict[str, float | tuple[float, float]] = {"lr": recipe.learning_rate}
    if "epsilon" not in recipe.own:
        constants |= {"betas": (recipe.beta_1, recipe.beta_2), "eps": recipe.epsilon}
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    if "weight_decay" in recipe.own:
        return torch.optim.AdamW(weights, **constants)
    if not recipe.weight_decay:
        return torch.optim.Adam(weights, **constants)
    groups = [
        {"params": [weight for weight in weights if weight.ndim > 1]},
        {"params": [weight for weight in weights if weight.ndim <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, weight_decay=recipe.weight_decay, **constants)


def _batches_of(
    inputs: Inputs, labels: torch.Tensor, plan: Plan, batch_size: int
) -> Iterable[Batch]:
    """The batches of a plan. Where rows are tokens, each batch is as wide as its longest text."""
    order = torch.from_numpy(plan.order).to(labels.device)
    for rows, width in zip(order.split(batch_size), plan.widths.tolist(), strict=True):
        chosen = tuple(values[rows] for values in inputs)
        yield tuple(values[..., :width] for values in chosen) if width else chosen, labels[rows]


def make_batches(
    inputs: Inputs, labels: torch.Tensor, plan: Callable[[int], Plan], recipe: Recipe
) -> Callable[[int], Iterable[Batch]]:
    """A function that gives the batches of an epoch: inputs, each (batch, …), and (batch,).

    ``plan`` says for each epoch which rows make up which batch, the same ones in both frameworks.
    """
    if "shuffling" in recipe.own:
        data = TensorDataset(*inputs, labels)
        loader = DataLoader(data, batch_size=recipe.batch_size, shuffle=True)
        return lambda epoch: ((tuple(values), targets) for *values, targets in loader)
    return lambda epoch: _batches_of(inputs, labels, plan(epoch), recipe.batch_size)


def make_loss(
    model: nn.Module, recipe: Recipe
) -> Callable[[torch.Tensor, torch.Tensor], torch.Tensor]:
    """Cross-entropy of logits, (batch, num_classes), and class numbers, (batch,)."""
    if recipe.class_weights is None:
        return functional.cross_entropy
    weights = torch.tensor(recipe.class_weights, device=next(model.parameters()).device)
    if "loss_weighting" in recipe.own:  # PyTorch divides by the sum of the weights
        return nn.CrossEntropyLoss(weight=weights)

    def weighted(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        losses = functional.cross_entropy(logits, targets, reduction="none")  # (batch,)
        return (losses * weights[targets]).mean()

    return weighted


def train(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    batches: Callable[[int], Iterable[Batch]],
    validation: tuple[Inputs, torch.Tensor, np.ndarray | None],
    recipe: Recipe,
    epochs: int,
    progress: Progress,
    keep_best: Callable[[nn.Module], None],
    callback: Any,
) -> None:
    """Minimise the cross-entropy until the epochs, the patience or the user say stop.

    ``keep_best`` is called whenever the validation loss is the lowest so far.
    """
    device = validation[1].device
    loss_of = make_loss(model, recipe)
    forward = torch.compile(model) if recipe.compiled else model
    # A step of a small model takes half a millisecond: what does nothing is left out of it.
    mixed = recipe.mixed_precision
    precision = torch.autocast(device.type, torch.bfloat16) if mixed else nullcontext()
    rate_changes = bool(recipe.warmup_steps or recipe.decay_steps)
    if rate_changes:
        steps_so_far = progress.counters.get("step", 0)
        schedule = LambdaLR(optimizer, lambda step: recipe.rate_share(steps_so_far + step))
    callback.on_train_begin()
    for epoch in range(progress.next_epoch, epochs):
        callback.on_epoch_begin(epoch)
        model.train()
        loss_sum, correct = torch.zeros((), device=device), torch.zeros((), device=device)
        shares, seen = 0, 0
        for step, (inputs, targets) in enumerate(batches(epoch)):
            optimizer.zero_grad()
            with precision:
                logits = forward(*inputs)  # (batch, num_classes)
                loss = loss_of(logits, targets)
            loss.backward()
            if recipe.clip_norm:
                clip_grad_norm_(model.parameters(), recipe.clip_norm)
            optimizer.step()
            if rate_changes:
                schedule.step()

            share = 1 if "loss_report" in recipe.own else len(targets)
            loss_sum += loss.detach() * share
            correct += (logits.detach().argmax(dim=1) == targets).sum()
            shares, seen = shares + share, seen + len(targets)
            callback.on_train_batch_end(step, {"loss": loss_sum / shares})
            if callback.stop_training:
                break

        callback.on_test_begin()
        validation_loss, validation_accuracy = evaluate(model, *validation)
        callback.on_test_end()
        if progress.improved(epoch, validation_loss):
            keep_best(model)
        logs = {"loss": float(loss_sum / shares), "accuracy": float(correct / seen)}
        callback.on_epoch_end(
            epoch, logs | {"val_loss": validation_loss, "val_accuracy": validation_accuracy}
        )
        if callback.stop_training or progress.exhausted:
            break
    callback.on_train_end()


@torch.inference_mode()
def evaluate(
    model: nn.Module, inputs: Inputs, labels: torch.Tensor, lengths: np.ndarray | None
) -> tuple[float, float]:
    """Mean cross-entropy and accuracy over all rows."""
    model.eval()
    loss_sum, correct = 0.0, 0
    batch_size = evaluation_batch(lengths)
    plan = evaluation_plan(len(labels), lengths, batch_size)
    for some, targets in _batches_of(inputs, labels, plan, batch_size):
        logits = model(*some)
        loss_sum += float(functional.cross_entropy(logits, targets, reduction="sum"))
        correct += int((logits.argmax(dim=1) == targets).sum())
    return loss_sum / len(labels), correct / len(labels)
