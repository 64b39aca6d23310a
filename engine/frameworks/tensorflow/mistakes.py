"""Classic mistakes in TensorFlow, each of which the museum really makes.

Every public function below ``answer`` trains a small classifier on ``data`` and gives back its
logits for the held-out texts, (texts, num_classes). With ``mistaken`` the marked line is wrong, or
forgotten; without, the very same function is right.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from engine.shared.mistake_data import BATCH_SIZE, EPOCHS, HIDDEN_UNITS, LEARNING_RATE, MistakeData


def make_model(data: MistakeData) -> keras.Sequential:
    """Vectors, (batch, terms), to rectified units, to one logit a class, (batch, num_classes)."""
    return keras.Sequential(
        [
            keras.Input((data.vectors.shape[1],)),
            keras.layers.Dense(HIDDEN_UNITS, activation="relu"),
            keras.layers.Dense(data.num_classes),
        ]
    )


def make_bag_of_words(data: MistakeData) -> keras.Sequential:
    """Numbers of words, (batch, longest), to the mean of their vectors, to one logit a class."""
    return keras.Sequential(
        [
            keras.layers.Embedding(data.num_words, HIDDEN_UNITS, mask_zero=True),
            keras.layers.GlobalAveragePooling1D(),
            keras.layers.Dense(data.num_classes),
        ]
    )


class Report(keras.callbacks.Callback):
    """Hands on the loss of each step; Keras tells the mean of the epoch so far."""

    def __init__(self, callback: Any) -> None:
        super().__init__()
        self.callback, self.total = callback, 0.0

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        assert logs is not None  # Keras always hands them over at this point
        before, self.total = self.total if batch else 0.0, logs["loss"] * (batch + 1)
        self.callback.on_train_batch_end(batch, {"loss": self.total - before})


def fit(
    model: keras.Model,
    inputs: np.ndarray,
    labels: np.ndarray,
    callback: Any,
    optimizer: keras.optimizers.Optimizer | None = None,
) -> None:
    """Minimise the cross-entropy of the logits for a few epochs of shuffled texts."""
    model.compile(
        optimizer or keras.optimizers.Adam(LEARNING_RATE),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    callback.on_train_begin()
    report = Report(callback)
    model.fit(inputs, labels, BATCH_SIZE, EPOCHS, verbose=0, callbacks=[report])
    callback.on_train_end()


def answer(model: keras.Model, inputs: np.ndarray) -> np.ndarray:
    """The logits of some texts, (texts, num_classes)."""
    return model(inputs, training=False).numpy()


def labels_out_of_range(data: MistakeData, callback: Any, mistaken: bool) -> np.ndarray:
    """Five classes, numbered from 1 to 5."""
    labels = data.labels
    if mistaken:
        labels = labels + 1  # mistake: numbers begin at 0, so the last class has no logit
    model = make_model(data)
    fit(model, data.vectors, labels, callback)
    return answer(model, data.held_out)


def wrong_shape(data: MistakeData, callback: Any, mistaken: bool) -> np.ndarray:
    """A head that was made for a wider body."""
    terms = keras.Input((data.vectors.shape[1],))
    body = keras.Sequential([terms, keras.layers.Dense(HIDDEN_UNITS, activation="relu")])
    width = HIDDEN_UNITS
    if mistaken:
        width = 2 * HIDDEN_UNITS  # mistake: the body gives half as many numbers
    head = keras.Sequential([keras.Input((width,)), keras.layers.Dense(data.num_classes)])
    model = keras.Sequential([body, head])
    fit(model, data.vectors, data.labels, callback)
    return answer(model, data.held_out)


def wrong_dtype(data: MistakeData, callback: Any, mistaken: bool) -> np.ndarray:
    """Vectors in float64, weights in float32."""
    vectors = data.vectors
    if mistaken:
        vectors = vectors.astype(np.float64)  # mistake: NumPy's usual precision, not the model's
    model = make_model(data)
    fit(model, vectors, data.labels, callback)
    return answer(model, data.held_out)


def softmax_before_loss(data: MistakeData, callback: Any, mistaken: bool) -> np.ndarray:
    """Probabilities for a loss that expects logits."""
    model = make_model(data)
    if mistaken:
        model.add(keras.layers.Softmax())  # mistake: from_logits applies the softmax as well
    fit(model, data.vectors, data.labels, callback)
    return answer(model, data.held_out)


def forgotten_zero_grad(data: MistakeData, callback: Any, mistaken: bool) -> np.ndarray:
    """Gradients that are added up from the first step to the last."""
    model = make_model(data)
    optimizer = keras.optimizers.SGD(0.5, momentum=0.9)
    loss_of = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    dataset = tf.data.Dataset.from_tensor_slices((data.vectors, data.labels))
    batches = dataset.shuffle(len(data.labels)).batch(BATCH_SIZE)
    weights = model.trainable_variables
    sums = [tf.zeros_like(weight) for weight in weights]
    callback.on_train_begin()
    for _ in range(EPOCHS):
        for step, (vectors, labels) in enumerate(batches):
            if not mistaken:
                sums = [tf.zeros_like(weight) for weight in weights]  # mistake: forgotten line
            with tf.GradientTape() as tape:
                loss = loss_of(labels, model(vectors, training=True))
            gradients = tape.gradient(loss, weights)
            sums = [total + gradient for total, gradient in zip(sums, gradients, strict=True)]
            optimizer.apply_gradients(zip(sums, weights, strict=True))
            callback.on_train_batch_end(step, {"loss": float(loss)})
    callback.on_train_end()
    return answer(model, data.held_out)


def forgotten_evaluation_mode(data: MistakeData, callback: Any, mistaken: bool) -> np.ndarray:
    """Dropout that goes on while the model answers."""
    terms = keras.Input((data.vectors.shape[1],))
    model = keras.Sequential([terms, keras.layers.Dropout(0.5), *make_model(data).layers])
    fit(model, data.vectors, data.labels, callback)
    training = False
    if mistaken:
        training = True  # mistake: the model answers as if it was still in training
    return model(data.held_out, training=training).numpy()


def frozen_head(data: MistakeData, callback: Any, mistaken: bool) -> np.ndarray:
    """A body that is to be kept as it is, and a new head that is to learn."""
    terms = keras.Input((data.vectors.shape[1],))
    body = keras.Sequential([terms, keras.layers.Dense(4 * HIDDEN_UNITS, activation="relu")])
    model = keras.Sequential([body, keras.layers.Dense(data.num_classes)])
    if mistaken:
        model.trainable = False  # mistake: freezes the whole model, not only its body
    else:
        body.trainable = False
    fit(model, data.vectors, data.labels, callback, keras.optimizers.Adam(0.1))
    return answer(model, data.held_out)


def learning_rate_too_high(data: MistakeData, callback: Any, mistaken: bool) -> np.ndarray:
    """Steps so long that the weights grow beyond every number."""
    rate = 1.0
    if mistaken:
        rate = 1000.0  # mistake: a thousand times too high
    model = make_bag_of_words(data)
    optimizer = keras.optimizers.SGD(rate, momentum=0.9)
    fit(model, data.words, data.labels, callback, optimizer)
    return answer(model, data.held_out_words)


def labels_shuffled(data: MistakeData, callback: Any, mistaken: bool) -> np.ndarray:
    """Texts that are put in another order, without their labels."""
    order = np.random.default_rng(seed=0).permutation(len(data.labels))
    vectors, labels = data.vectors[order], data.labels[order]
    if mistaken:
        labels = data.labels  # mistake: the labels have kept the old order
    model = make_model(data)
    fit(model, vectors, labels, callback)
    return answer(model, data.held_out)


def other_tokenizer(data: MistakeData, callback: Any, mistaken: bool) -> np.ndarray:
    """Words that are numbered as another model knows them."""
    model = make_bag_of_words(data)
    fit(model, data.words, data.labels, callback)
    words = data.held_out_words
    if mistaken:
        words = data.foreign_words  # mistake: made by the tokenizer of another model
    return answer(model, words)


class Squeeze(keras.layers.Layer):
    """Leaves out every axis of length 1."""

    def call(self, logits: tf.Tensor) -> tf.Tensor:
        return keras.ops.squeeze(logits)


def batch_axis_lost(data: MistakeData, callback: Any, mistaken: bool) -> np.ndarray:
    """A last batch of a single text, whose batch axis is squeezed away."""
    texts = 3 * BATCH_SIZE + 1
    model = make_model(data)
    if mistaken:
        model.add(Squeeze())  # mistake: of one text the batch axis is left out, too
    fit(model, data.vectors[:texts], data.labels[:texts], callback)
    return answer(model, data.held_out)
