"""Long texts in PyTorch: the mean of a classifier's answers to the windows of a text."""

from __future__ import annotations

import torch
from torch import nn


class MeanOverWindows(nn.Module):
    """Gives each window to the classifier and averages its logits.

    The last layer is linear, so this is the same as averaging what goes into it.
    """

    def __init__(self, classifier: nn.Module, padding: int) -> None:
        super().__init__()
        self.classifier, self.padding = classifier, padding

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        real = (tokens != self.padding).any(dim=2)  # (batch, windows)
        real[:, 0] = True  # a text without any token keeps its first, empty window
        logits = self.classifier(tokens[real])  # (real windows, num_classes)
        text = real.nonzero()[:, 0]  # (real windows,): whose window it is
        sums = logits.new_zeros(len(tokens), logits.shape[1]).index_add(0, text, logits)
        return sums / real.sum(dim=1, keepdim=True)  # (batch, num_classes)


def over_windows(model: nn.Module, padding: int) -> nn.Module:
    """The classifier for inputs of shape (batch, windows, tokens); it shares its weights."""
    return MeanOverWindows(model, padding)
