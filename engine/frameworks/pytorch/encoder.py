"""Texts to vectors with a pre-trained BERT-family encoder, in PyTorch and transformers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from textwrap import shorten

import numpy as np
import torch
from tokenizers import Tokenizer
from torch.nn.functional import normalize as unit_length
from torch.nn.utils.rnn import pad_sequence
from transformers import AutoModel, PreTrainedModel

from engine.errors import EncoderError


def load_encoder(folder: Path, device: str = "cpu") -> PreTrainedModel:
    """The frozen encoder of a checkpoint folder, in float32, on ``cpu`` or ``gpu``.

    Reads safetensors only and runs no code from the folder. Raises ``EncoderError`` when there
    is no such device or the files are damaged.
    """
    if device == "cpu":
        place = torch.device("cpu")
    elif torch.cuda.is_available():
        place = torch.device("cuda")
    elif torch.backends.mps.is_available():
        place = torch.device("mps")
    else:
        raise EncoderError(
            "PyTorch sees no GPU. Expected a CUDA or Apple device. "
            "Choose the CPU, or install a PyTorch built for the GPU."
        )
    try:
        model, report = AutoModel.from_pretrained(
            folder,
            dtype=torch.float32,
            attn_implementation="sdpa",
            use_safetensors=True,
            local_files_only=True,
            trust_remote_code=False,
            ignore_mismatched_sizes=True,  # they are refused below, by name
            output_loading_info=True,
        )
    except Exception as error:
        # A damaged file shows as one of many types:
        # OSError, RuntimeError, SafetensorError, KeyError …
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise EncoderError(
            f"PyTorch cannot load the encoder in {folder} ({shorten(reason, 160)}). "
            "Expected a complete config.json and model.safetensors that belong together. "
            "Download the model again."
        ) from error
    # transformers fills a gap with random numbers.
    # The pooler alone may be missing: its output is not used here.
    gaps = sorted(name for name in report["missing_keys"] if not name.startswith("pooler."))
    gaps += sorted(name for name, *_ in report["mismatched_keys"])
    if gaps:
        raise EncoderError(
            f"PyTorch cannot load the encoder in {folder}: {len(gaps)} of its tensors are missing "
            f"or of another shape, for example {gaps[0]}. "
            "Expected a complete config.json and model.safetensors that belong together. "
            "Download the model again."
        )
    return model.to(place).eval().requires_grad_(False)


def embed(
    model: PreTrainedModel,
    token_ids: torch.Tensor,
    attention_mask: torch.Tensor,
    pooling: str,
    normalize: bool,
) -> torch.Tensor:
    """One vector a text, (texts, hidden_size), from a padded batch of (texts, tokens).

    ``attention_mask`` is 1 where a token is real. ``pooling`` is ``mean`` over the real tokens, or
    ``cls``: the first token's vector. ``normalize`` scales each vector to length 1.
    """
    token_vectors = model(
        input_ids=token_ids, attention_mask=attention_mask
    ).last_hidden_state  # (texts, tokens, hidden_size)
    if pooling == "cls":
        vectors = token_vectors[:, 0]
    else:
        is_token = attention_mask.unsqueeze(-1).to(token_vectors.dtype)  # (texts, tokens, 1)
        vectors = (token_vectors * is_token).sum(dim=1) / is_token.sum(dim=1)
    return unit_length(vectors, dim=1) if normalize else vectors


def encode(
    model: PreTrainedModel,
    tokenizer: Tokenizer,
    texts: Sequence[str],
    pooling: str,
    normalize: bool,
    batch_size: int = 32,
    on_batch: Callable[[np.ndarray, np.ndarray], None] | None = None,
) -> np.ndarray:
    """The vectors of many texts, (texts, hidden_size) in float32, in the order of ``texts``.

    Up to ``batch_size`` texts share a batch. ``on_batch(positions, vectors)`` hears of each as
    soon as it is done and may raise to stop.
    """
    vectors = np.empty((len(texts), model.config.hidden_size), dtype=np.float32)
    for start in range(0, len(texts), 4096):  # tokens of so many texts at once fit into any memory
        token_ids = [
            encoding.ids
            for encoding in tokenizer.encode_batch_fast(list(texts[start : start + 4096]))
        ]
        # Texts of like length side by side need little padding;
        # the longest first, so that a lack of memory shows at once.
        longest_first = sorted(
            range(len(token_ids)), key=lambda index: len(token_ids[index]), reverse=True
        )
        for first in range(0, len(longest_first), batch_size):
            chosen = longest_first[first : first + batch_size]
            lengths = torch.tensor([len(token_ids[index]) for index in chosen])  # (texts,)
            padded = pad_sequence(
                [torch.tensor(token_ids[index]) for index in chosen], batch_first=True
            )  # (texts, tokens)
            attention_mask = (
                torch.arange(padded.shape[1]) < lengths.unsqueeze(1)
            ).long()  # (texts, tokens)
            with torch.inference_mode():
                batch = (
                    embed(
                        model,
                        padded.to(model.device),
                        attention_mask.to(model.device),
                        pooling,
                        normalize,
                    )
                    .cpu()
                    .numpy()
                )
            positions = np.array(chosen) + start
            vectors[positions] = batch
            if on_batch is not None:
                on_batch(positions, batch)
    return vectors
