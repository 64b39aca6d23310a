"""A recurrent network in PyTorch that reads a text forwards and backwards.

Sources: S. Hochreiter and J. Schmidhuber, Long short-term memory, 1997; A. Graves and
J. Schmidhuber, Framewise phoneme classification with bidirectional LSTM, 2005.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

from engine.shared.architecture import Architecture

SUFFIXES = {"forward": "l0", "backward": "l0_reverse"}
"""How ``nn.LSTM`` calls the weights of each direction."""


class BiLSTM(nn.Module):
    """Word vectors, an LSTM in each direction, a dense layer on the last state of both."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        size, units = architecture.embedding_size, architecture.hidden_units
        self.embedding = nn.Embedding(architecture.input_size, size)
        self.lstm = nn.LSTM(size, units, batch_first=True, bidirectional=True)
        self.output = nn.Linear(2 * units, architecture.num_classes)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        vectors = self.embedding(tokens)  # (batch, tokens, embedding_size)
        lengths = (tokens != 0).sum(dim=1).cpu().clamp(min=1)  # an empty text is one padding
        packed = pack_padded_sequence(vectors, lengths, batch_first=True, enforce_sorted=False)
        _, (states, _) = self.lstm(packed)  # (2, batch, units): where each direction has ended
        return self.output(torch.cat([states[0], states[1]], dim=1))  # (batch, num_classes)


def build(architecture: Architecture, own: frozenset[str] = frozenset()) -> nn.Module:
    """The untrained model.

    PyTorch adds two biases, of the input and of the state, where one would do. With ``own`` bias
    both are trained; else the second stays 0, so that there is one, as in Keras.
    """
    model = BiLSTM(architecture)
    if "bias" not in own:
        for suffix in SUFFIXES.values():
            nn.init.zeros_(model.lstm.get_parameter(f"bias_hh_{suffix}")).requires_grad_(False)
    return model


def load_neutral(model: nn.Module, weights: dict[str, np.ndarray]) -> None:
    """Copy weights in neutral layout into the model; of PyTorch's two biases the second is 0."""
    with torch.no_grad():
        for name, view in _neutral_views(model).items():
            view.copy_(torch.from_numpy(weights[name]))
        for suffix in SUFFIXES.values():
            model.lstm.get_parameter(f"bias_hh_{suffix}").zero_()


def to_neutral(model: nn.Module) -> dict[str, np.ndarray]:
    """Copies of the model's weights in neutral layout; of PyTorch's two biases the sum."""
    views = _neutral_views(model)
    for direction, suffix in SUFFIXES.items():
        second = model.lstm.get_parameter(f"bias_hh_{suffix}")
        views[f"{direction}.bias"] = views[f"{direction}.bias"] + second
    return {name: view.detach().cpu().numpy().copy() for name, view in views.items()}


def _neutral_views(model: nn.Module) -> dict[str, torch.Tensor]:
    """The model's own weights, matrices turned to (inputs, outputs).

    The gates stand in the neutral order: input, forget, cell, output.
    """
    views = {"embedding.weight": model.embedding.weight}
    for direction, suffix in SUFFIXES.items():
        views[f"{direction}.input_weight"] = model.lstm.get_parameter(f"weight_ih_{suffix}").T
        views[f"{direction}.recurrent_weight"] = model.lstm.get_parameter(f"weight_hh_{suffix}").T
        views[f"{direction}.bias"] = model.lstm.get_parameter(f"bias_ih_{suffix}")
    return views | {"output.weight": model.output.weight.T, "output.bias": model.output.bias}
