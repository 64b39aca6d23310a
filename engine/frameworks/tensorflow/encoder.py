"""Texts to vectors with a pre-trained BERT-family encoder, in TensorFlow and KerasHub.

KerasHub computes with the backend that ``KERAS_BACKEND`` names when Keras is first imported: it
must be ``tensorflow``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from textwrap import shorten

import keras
import keras_hub
import numpy as np
import tensorflow as tf
from tokenizers import Tokenizer

from engine.errors import EncoderError
from engine.frameworks.tensorflow.checkpoint_repairs import as_keras_hub_expects, as_the_config_says


def load_encoder(folder: Path, device: str = "cpu") -> keras_hub.models.Backbone:
    """The frozen encoder of a checkpoint folder, in float32, on ``cpu`` or ``gpu``.

    Reads safetensors only and runs no code from the folder. Raises ``EncoderError`` when there
    is no such device or the files are damaged.
    """
    if device == "cpu":
        place = "/CPU:0"
    elif tf.config.list_physical_devices("GPU"):
        place = "/GPU:0"
    else:
        raise EncoderError(
            "TensorFlow sees no GPU. Expected a CUDA or Apple device. "
            "Choose the CPU, or install a TensorFlow built for the GPU."
        )
    try:
        with tf.device(place), as_keras_hub_expects(folder) as (readable_folder, settings):
            model = keras_hub.models.Backbone.from_preset(
                readable_folder, dtype="float32", **settings
            )
            as_the_config_says(model, folder)
    except EncoderError:
        raise
    except Exception as error:
        # A damaged file shows as one of many types:
        # OSError, ValueError, SafetensorError, KeyError …
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise EncoderError(
            f"TensorFlow cannot load the encoder in {folder} ({shorten(reason, 160)}). "
            "Expected a complete config.json and model.safetensors that belong together. "
            "Download the model again."
        ) from error
    model.trainable = False
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


def embed(
    model: keras_hub.models.Backbone,
    token_ids: tf.Tensor,
    attention_mask: tf.Tensor,
    pooling: str,
    normalize: bool,
) -> tf.Tensor:
    """One vector a text, (texts, hidden_size), from a padded batch of (texts, tokens).

    ``attention_mask`` is 1 where a token is real. ``pooling`` is ``mean`` over the real tokens, or
    ``cls``: the first token's vector. ``normalize`` scales each vector to length 1.
    """
    token_vectors = _forward_pass(model)(token_ids, attention_mask)  # (texts, tokens, hidden_size)
    if pooling == "cls":
        vectors = token_vectors[:, 0]
    else:
        is_token = tf.cast(attention_mask, token_vectors.dtype)[
            :, :, tf.newaxis
        ]  # (texts, tokens, 1)
        vectors = tf.reduce_sum(token_vectors * is_token, axis=1) / tf.reduce_sum(is_token, axis=1)
    return tf.math.l2_normalize(vectors, axis=1) if normalize else vectors


def encode(
    model: keras_hub.models.Backbone,
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
    vectors = np.empty((len(texts), model.hidden_dim), dtype=np.float32)
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
            lengths = tf.constant([len(token_ids[index]) for index in chosen])  # (texts,)
            padded = keras.utils.pad_sequences(
                [token_ids[index] for index in chosen], padding="post"
            )  # (texts, tokens)
            attention_mask = tf.sequence_mask(lengths, dtype=tf.int32)  # (texts, tokens)
            batch = embed(model, tf.constant(padded), attention_mask, pooling, normalize).numpy()
            positions = np.array(chosen) + start
            vectors[positions] = batch
            if on_batch is not None:
                on_batch(positions, batch)
    return vectors
