"""Texts to vectors with a pre-trained BERT-family encoder, in TensorFlow and KerasHub.

KerasHub computes with the backend that ``KERAS_BACKEND`` names when Keras is first imported: it
must be ``tensorflow``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

import keras
import keras_hub
import numpy as np
import tensorflow as tf
from keras import ops
from tokenizers import Tokenizer

from engine.frameworks.tensorflow.checkpoint_names import load_tensors
from engine.frameworks.tensorflow.checkpoint_repairs import as_keras_hub_expects, as_the_config_says
from engine.shared.encoders.tensors import read_config
from engine.shared.text.token_batches import token_batches


def load_encoder(
    folder: Path,
    device: str | None = "cpu",
    trainable: bool = False,
    own: frozenset[str] = frozenset(),
    precision: str = "float32",
) -> keras_hub.models.Backbone:
    """The encoder of a checkpoint folder, on ``cpu`` or ``gpu``, or where models are built anyway.

    Frozen and in ``precision``, float32 or bfloat16, or ``trainable`` and in Keras's own. ``own``
    names what is left as KerasHub ships it: ``dropout``, ``gelu``. Reads safetensors only and runs
    no code from the folder.
    """
    config = read_config(folder)
    settings = as_keras_hub_expects(config)
    if "dropout" not in own:
        settings["dropout"] = 0.0
    with (
        tf.device({"cpu": "/CPU:0", "gpu": "/GPU:0", None: None}[device]),
        TemporaryDirectory() as described,
    ):
        # KerasHub reads the settings from a file; this one holds those that were checked, alone.
        (Path(described) / "config.json").write_text(json.dumps(config), encoding="utf-8")
        model = keras_hub.models.Backbone.from_preset(
            described,
            load_weights=False,
            dtype=keras.config.dtype_policy() if trainable else precision,
            **settings,
        )
        model.checkpoint_config = config
        load_tensors(model, folder)
        as_the_config_says(model, config, own)
    model.trainable = trainable
    if hasattr(model, "pooled_dense"):
        model.pooled_dense.trainable = False  # its output is not used
    return model


@lru_cache(maxsize=4)
def _forward_pass(model: keras_hub.models.Backbone) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    """The model as one graph.

    The open shape (texts, tokens) lets TensorFlow trace it once instead of once a length.
    """
    open_shape = tf.TensorSpec((None, None), tf.int32)

    @tf.function(input_signature=[open_shape, open_shape])
    def forward_pass(token_ids: tf.Tensor, attention_mask: tf.Tensor) -> tf.Tensor:
        with tf.device(model.weights[0].value.device):
            given = {
                "token_ids": token_ids,
                "padding_mask": attention_mask,
                "segment_ids": tf.zeros_like(token_ids),
            }
            output = model({name: given[name] for name in model.input}, training=False)
            return output["sequence_output"] if isinstance(output, dict) else output

    return forward_pass


def pool(token_vectors: tf.Tensor, attention_mask: tf.Tensor, pooling: str) -> tf.Tensor:
    """One vector a text, (texts, hidden_size), from (texts, tokens, hidden_size).

    ``attention_mask`` is 1 where a token is real. ``pooling`` is ``mean`` over the real tokens, or
    ``cls``: the first token's vector.
    """
    if pooling == "cls":
        return token_vectors[:, 0]
    is_token = ops.cast(attention_mask, token_vectors.dtype)[:, :, None]  # (texts, tokens, 1)
    return ops.sum(token_vectors * is_token, axis=1) / ops.sum(is_token, axis=1)


def embed(
    model: keras_hub.models.Backbone,
    token_ids: tf.Tensor,
    attention_mask: tf.Tensor,
    pooling: str,
    normalize: bool,
) -> tf.Tensor:
    """One vector a text, (texts, hidden_size) in float32, from a padded batch of (texts, tokens).

    ``normalize`` scales each vector to length 1.
    """
    token_vectors = _forward_pass(model)(token_ids, attention_mask)  # (texts, tokens, hidden_size)
    # A mean in bfloat16 would lose more than the encoder.
    vectors = pool(tf.cast(token_vectors, tf.float32), attention_mask, pooling)
    return tf.math.l2_normalize(vectors, axis=1) if normalize else vectors


def _embed_tokens(
    model: keras_hub.models.Backbone, token_ids: list[list[int]], pooling: str, normalize: bool
) -> np.ndarray:
    lengths = tf.constant([len(tokens) for tokens in token_ids])  # (texts,)
    padded = keras.utils.pad_sequences(token_ids, padding="post")  # (texts, tokens)
    attention_mask = tf.sequence_mask(lengths, dtype=tf.int32)  # (texts, tokens)
    vectors = embed(
        model, tf.constant(padded), attention_mask, pooling, normalize
    )  # (texts, hidden_size)
    return vectors.numpy()


def encode(
    model: keras_hub.models.Backbone,
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
    vectors = np.empty((len(texts), model.hidden_dim), dtype=np.float32)
    for batch in token_batches(tokenizer, texts, token_budget, windows):
        of_windows = _embed_tokens(model, batch.token_ids, pooling, normalize)
        positions, of_texts = batch.finished_texts(of_windows, normalize)
        vectors[positions] = of_texts
        if on_batch is not None and len(positions):
            on_batch(positions, of_texts)
    return vectors
