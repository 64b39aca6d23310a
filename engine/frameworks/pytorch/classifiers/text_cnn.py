"""A convolution over words in PyTorch: which phrases of three to five words occur anywhere?

Source: Y. Kim, Convolutional neural networks for sentence classification, 2014 (CNN-rand).
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from engine.shared.architecture import Architecture
from engine.shared.weights.initial import CNN_WIDTHS


class TextCNN(nn.Module):
    """Word vectors, filters over a few words each, the strongest answer of each filter."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        size, filters = architecture.embedding_size, architecture.filters
        self.embedding = nn.Embedding(architecture.input_size, size)
        self.convolutions = nn.ModuleList(nn.Conv1d(size, filters, width) for width in CNN_WIDTHS)
        self.output = nn.Linear(len(CNN_WIDTHS) * filters, architecture.num_classes)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        missing = max(0, max(CNN_WIDTHS) - tokens.shape[1])
        tokens = functional.pad(tokens, (0, missing))  # (batch, tokens): the widest filter fits
        lengths = (tokens != 0).sum(dim=1, keepdim=True)  # (batch, 1)
        vectors = self.embedding(tokens).transpose(1, 2)  # (batch, embedding_size, tokens)
        strongest = []
        for width, convolution in zip(CNN_WIDTHS, self.convolutions, strict=True):
            answers = torch.relu(convolution(vectors))  # (batch, filters, windows)
            # Only windows within the text count; a text shorter than the filter keeps its first.
            starts = torch.arange(answers.shape[2], device=tokens.device)
            inside = starts <= (lengths - width).clamp(min=0)  # (batch, windows)
            strongest.append((answers * inside[:, None]).amax(dim=2))  # (batch, filters)
        return self.output(torch.cat(strongest, dim=1))  # (batch, num_classes)


def build(architecture: Architecture, own: frozenset[str] = frozenset()) -> nn.Module:
    """The untrained model.

    PyTorch's cross-entropy always takes logits, so ``own`` changes nothing here.
    """
    return TextCNN(architecture)


def load_neutral(model: nn.Module, weights: dict[str, np.ndarray]) -> None:
    """Copy weights in neutral layout into the model."""
    with torch.no_grad():
        for name, view in _neutral_views(model).items():
            view.copy_(torch.from_numpy(weights[name]))


def to_neutral(model: nn.Module) -> dict[str, np.ndarray]:
    """Copies of the model's weights in neutral layout: filters as (width, inputs, filters)."""
    return {
        name: view.detach().cpu().numpy().copy() for name, view in _neutral_views(model).items()
    }


def _neutral_views(model: nn.Module) -> dict[str, torch.Tensor]:
    """The model's own weights; filters are (filters, inputs, width) here, the axes reversed."""
    views = {"embedding.weight": model.embedding.weight}
    for width, convolution in zip(CNN_WIDTHS, model.convolutions, strict=True):
        views[f"convolution_{width}.weight"] = convolution.weight.permute(2, 1, 0)
        views[f"convolution_{width}.bias"] = convolution.bias
    return views | {"output.weight": model.output.weight.T, "output.bias": model.output.bias}
