"""A pre-trained encoder, fine-tuned end to end, in PyTorch and transformers."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn
from transformers import PreTrainedModel

from engine.frameworks.pytorch.encoder import load_encoder, pool
from engine.shared.architecture import Architecture


class Transformer(nn.Module):
    """The encoder of a checkpoint and a new last layer, which learn together."""

    def __init__(self, encoder: PreTrainedModel, architecture: Architecture) -> None:
        super().__init__()
        self.encoder = encoder
        self.output = nn.Linear(encoder.config.hidden_size, architecture.num_classes)
        self.pooling, self.padding = architecture.pooling, architecture.padding
        # RoBERTa counts positions from the padding token's number on, the other families from 0.
        self.first_position = self.padding + 1 if "roberta" in encoder.config.model_type else 0

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        is_token = tokens != self.padding  # (batch, tokens)
        is_token[:, 0] = True  # attention needs a token even where a text has none
        positions = torch.arange(tokens.shape[1], device=tokens.device) + self.first_position
        token_vectors = self.encoder(
            input_ids=tokens, attention_mask=is_token, position_ids=positions[None]
        ).last_hidden_state  # (batch, tokens, hidden_size)
        vectors = pool(token_vectors, is_token, self.pooling)  # (batch, hidden_size)
        return self.output(vectors)  # (batch, num_classes): logits


def build(architecture: Architecture, own: frozenset[str] = frozenset()) -> nn.Module:
    """The model before training: the encoder as its checkpoint holds it, the last layer new.

    ``own`` names what is left to the framework: ``dropout`` as transformers ships it.
    """
    assert architecture.encoder is not None
    encoder = load_encoder(architecture.encoder, None, trainable=True, own=own)
    _join_token_types(encoder)
    return Transformer(encoder, architecture)


def load_neutral(model: nn.Module, weights: dict[str, np.ndarray]) -> None:
    """Copy the given weights into the model; others stay as they are.

    The encoder's have the names and layouts of its checkpoint, which are PyTorch's own.
    """
    for name, tensor in model.state_dict().items():
        if name in weights:
            values = torch.from_numpy(weights[name])
            tensor.copy_(values.T if name == "output.weight" else values)
    _join_token_types(model.encoder)


def to_neutral(model: nn.Module) -> dict[str, np.ndarray]:
    """Copies of the model's weights: the last layer's matrix as (inputs, outputs)."""
    weights = {name: tensor.cpu().numpy().copy() for name, tensor in model.state_dict().items()}
    weights["output.weight"] = weights["output.weight"].T.copy()
    return weights


@torch.no_grad()
def _join_token_types(encoder: PreTrainedModel) -> None:
    """Add RoBERTa's only token-type vector to each position's, as KerasHub does.

    The sum is the same, but trained apart both would move for the same error.
    """
    if "roberta" in encoder.config.model_type:
        token_types = encoder.embeddings.token_type_embeddings.weight.requires_grad_(False)
        positions = encoder.embeddings.position_embeddings.weight
        positions += token_types[0]
        positions[: encoder.config.pad_token_id + 1] = 0.0  # no text reaches these
        token_types.zero_()
