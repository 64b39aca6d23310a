"""Texts to vectors with a pre-trained BERT-family encoder, in PyTorch and transformers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import nn
from torch.nn.functional import normalize as unit_length
from torch.nn.utils.rnn import pad_sequence
from transformers import AutoConfig, AutoModel, PreTrainedModel

from engine.shared.encoders.tensors import read_config
from engine.shared.text.token_batches import token_batches


def load_encoder(
    folder: Path,
    device: str | None = "cpu",
    trainable: bool = False,
    own: frozenset[str] = frozenset(),
    precision: str = "float32",
) -> PreTrainedModel:
    """The encoder of a checkpoint folder, on ``cpu`` or ``gpu``, or where models are built anyway.

    Frozen and in ``precision``, float32 or bfloat16, or ``trainable`` and in PyTorch's default.
    ``own`` names what is left as transformers ships it: ``dropout``. Reads safetensors only and
    runs no code from the folder.
    """
    model = AutoModel.from_pretrained(
        folder,
        config=AutoConfig.for_model(**read_config(folder)),
        dtype=torch.get_default_dtype() if trainable else getattr(torch, precision),
        attn_implementation="sdpa",
        use_safetensors=True,
        local_files_only=True,
        trust_remote_code=False,
    )
    model.pooler = None  # its output is not used
    if "dropout" not in own:
        for layer in model.modules():
            if isinstance(layer, nn.Dropout):
                layer.p = 0.0
    gpu = "cuda" if torch.cuda.is_available() else "mps"
    return model.to(gpu if device == "gpu" else "cpu").eval().requires_grad_(trainable)


def pool(
    token_vectors: torch.Tensor, attention_mask: torch.Tensor | None, pooling: str
) -> torch.Tensor:
    """One vector a text, (texts, hidden_size), from (texts, tokens, hidden_size).

    ``attention_mask`` is 1 where a token is real; there is none where all are. ``pooling`` is
    ``mean`` over the real tokens, or ``cls``: the first token's vector.
    """
    if pooling == "cls":
        return token_vectors[:, 0]
    if attention_mask is None:
        return token_vectors.mean(dim=1)
    is_token = attention_mask.unsqueeze(-1).to(token_vectors.dtype)  # (texts, tokens, 1)
    return (token_vectors * is_token).sum(dim=1) / is_token.sum(dim=1)


def embed(
    model: PreTrainedModel,
    token_ids: torch.Tensor,
    attention_mask: torch.Tensor | None,
    pooling: str,
    normalize: bool,
) -> torch.Tensor:
    """One vector a text, (texts, hidden_size) in float32, from a batch of (texts, tokens).

    ``attention_mask`` is 1 where a token is real; there is none where all are. ``normalize``
    scales each vector to length 1.
    """
    token_vectors = model(
        input_ids=token_ids, attention_mask=attention_mask
    ).last_hidden_state  # (texts, tokens, hidden_size)
    if token_vectors.dtype == torch.bfloat16:
        token_vectors = token_vectors.float()  # a mean in bfloat16 would lose more than the encoder
    vectors = pool(token_vectors, attention_mask, pooling)
    return unit_length(vectors, dim=1) if normalize else vectors


@torch.inference_mode()
def _embed_tokens(
    model: PreTrainedModel, token_ids: list[list[int]], pooling: str, normalize: bool
) -> np.ndarray:
    lengths = torch.tensor([len(tokens) for tokens in token_ids])  # (texts,)
    padded = pad_sequence(
        [torch.tensor(tokens) for tokens in token_ids], batch_first=True
    )  # (texts, tokens)
    attention_mask = None
    if lengths.min() < padded.shape[1]:  # nothing padded, nothing to mask: attention is faster
        attention_mask = (torch.arange(padded.shape[1]) < lengths.unsqueeze(1)).long()
        attention_mask = attention_mask.to(model.device)
    vectors = embed(
        model, padded.to(model.device), attention_mask, pooling, normalize
    )  # (texts, hidden_size)
    return vectors.cpu().numpy()


def encode(
    model: PreTrainedModel,
    tokenizer: Tokenizer,
    texts: Sequence[str],
    pooling: str,
    normalize: bool,
    token_budget: int = 1024,
    on_batch: Callable[[np.ndarray, np.ndarray], None] | None = None,
    windows: bool = False,
) -> np.ndarray:
    """The vectors of many texts, (texts, hidden_size) in float32, in the order of ``texts``.

    Texts of like length share a batch of at most ``token_budget`` tokens. ``on_batch(positions,
    vectors)`` hears of texts as soon as they are done and may raise to stop. With ``windows`` a
    text that is longer than the tokenizer's limit has the mean of its windows' vectors, else that
    of its beginning.
    """
    vectors = np.empty((len(texts), model.config.hidden_size), dtype=np.float32)
    for batch in token_batches(tokenizer, texts, token_budget, windows):
        of_windows = _embed_tokens(model, batch.token_ids, pooling, normalize)
        positions, of_texts = batch.finished_texts(of_windows, normalize)
        vectors[positions] = of_texts
        if on_batch is not None and len(positions):
            on_batch(positions, of_texts)
    return vectors
