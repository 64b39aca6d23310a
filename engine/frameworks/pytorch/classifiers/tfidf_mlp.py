"""Weighted word counts in PyTorch: one number a known term, then the dense layers of the guide.

Source: K. Spärck Jones, A statistical interpretation of term specificity, 1972.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from engine.shared.architecture import Architecture


class TfidfMLP(nn.Module):
    """Two dense layers on TF-IDF vectors, which arrive as the few terms that a text does have."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.hidden = nn.Linear(architecture.input_size, architecture.hidden_units)
        self.output = nn.Linear(architecture.hidden_units, architecture.num_classes)

    def forward(self, terms: torch.Tensor, shares: torch.Tensor) -> torch.Tensor:
        # terms and shares: (batch, longest). Padding adds a share of 0 to term 0: nothing.
        shares = shares.to(self.hidden.weight.dtype)
        vectors = shares.new_zeros(len(terms), self.hidden.in_features)
        vectors.scatter_add_(1, terms.long(), shares)  # (batch, input_size)
        hidden = torch.relu(self.hidden(vectors))  # (batch, hidden_units)
        return self.output(hidden)  # (batch, num_classes)


def build(architecture: Architecture, own: frozenset[str] = frozenset()) -> nn.Module:
    """The untrained model.

    PyTorch's cross-entropy always takes logits, so ``own`` changes nothing here.
    """
    return TfidfMLP(architecture)


def load_neutral(model: nn.Module, weights: dict[str, np.ndarray]) -> None:
    """Copy weights in neutral layout into the model.

    ``nn.Linear`` keeps its matrix as (outputs, inputs), hence the transpose.
    """
    with torch.no_grad():
        for name in ("hidden", "output"):
            layer = model.get_submodule(name)
            layer.weight.copy_(torch.from_numpy(weights[f"{name}.weight"].T))
            layer.bias.copy_(torch.from_numpy(weights[f"{name}.bias"]))


def to_neutral(model: nn.Module) -> dict[str, np.ndarray]:
    """Copies of the model's weights in neutral layout: matrices as (inputs, outputs)."""
    weights = {}
    for name in ("hidden", "output"):
        layer = model.get_submodule(name)
        weights[f"{name}.weight"] = layer.weight.detach().cpu().numpy().T.copy()
        weights[f"{name}.bias"] = layer.bias.detach().cpu().numpy().copy()
    return weights
