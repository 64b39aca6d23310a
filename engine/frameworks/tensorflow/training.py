"""Training in TensorFlow: Keras's ``compile`` and ``fit``.

What must be shared with PyTorch is handed in.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from engine.neutral.batches import epoch_order
from engine.neutral.early_stopping import Progress

EPSILON = 1e-7
"""Adam's epsilon in matched mode; it is Keras's own default."""

STEPS_PER_EXECUTION = 25
"""Steps that one call of the compiled graph makes in matched mode.

``fit`` defaults to 1 and then spends most of its time between steps.
"""


def as_tensors(
    features: np.ndarray, labels: np.ndarray, device: str
) -> tuple[tf.Tensor, tf.Tensor]:
    """Features, shape (rows, input_size), and labels, shape (rows,), as tensors."""
    with tf.device(device):
        return tf.constant(features), tf.constant(labels)


class MatchedAdam(keras.optimizers.Adam):
    """Adam as in its paper and in PyTorch: epsilon is added after the bias correction.

    Keras adds it before.

    Source: D. Kingma and J. Ba, Adam: a method for stochastic optimization, 2015, algorithm 1.
    """

    def update_step(
        self, gradient: tf.Tensor, variable: keras.Variable, learning_rate: tf.Tensor
    ) -> None:
        step = tf.cast(self.iterations + 1, variable.dtype)
        momentum = self._momentums[self._get_variable_index(variable)]
        velocity = self._velocities[self._get_variable_index(variable)]
        self.assign_add(momentum, (gradient - momentum) * (1 - self.beta_1))
        self.assign_add(velocity, (tf.square(gradient) - velocity) * (1 - self.beta_2))
        step_size = tf.cast(learning_rate, variable.dtype) / (
            1 - tf.pow(tf.cast(self.beta_1, variable.dtype), step)
        )
        velocity_correction = tf.sqrt(1 - tf.pow(tf.cast(self.beta_2, variable.dtype), step))
        self.assign_sub(
            variable,
            step_size * momentum / (tf.sqrt(velocity) / velocity_correction + self.epsilon),
        )


def make_optimizer(
    model: keras.Model, mode: str, learning_rate: float
) -> keras.optimizers.Optimizer:
    """Adam, with the epsilon that both frameworks share in matched mode.

    They then share its place in the equation too.
    """
    if mode == "defaults":
        return keras.optimizers.Adam(learning_rate)
    return MatchedAdam(learning_rate, beta_1=0.9, beta_2=0.999, epsilon=EPSILON)


class SharedBatches(keras.callbacks.Callback):
    """A data set whose batches follow the order that NumPy draws for each epoch, as in PyTorch."""

    def __init__(self, features: tf.Tensor, labels: tf.Tensor, batch_size: int, seed: int) -> None:
        super().__init__()
        self.seed, self.rows = seed, len(labels)
        with tf.device("CPU"):
            self.order = tf.Variable(np.arange(self.rows), trainable=False)

        def batch(number: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            rows_of_batch = self.order[number * batch_size : (number + 1) * batch_size]
            return tf.gather(features, rows_of_batch), tf.gather(
                labels, rows_of_batch
            )  # (batch, input_size), (batch,)

        self.dataset = (
            tf.data.Dataset.range(math.ceil(self.rows / batch_size))
            .map(batch)
            .prefetch(tf.data.AUTOTUNE)
        )

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.order.assign(epoch_order(self.rows, self.seed, epoch))


def make_batches(
    features: tf.Tensor, labels: tf.Tensor, mode: str, batch_size: int, seed: int
) -> dict[str, Any]:
    """What ``fit`` is given as training data."""
    if mode == "defaults":
        return {"x": features, "y": labels, "batch_size": batch_size, "callbacks": []}
    batches = SharedBatches(features, labels, batch_size, seed)
    return {"x": batches.dataset, "shuffle": False, "callbacks": [batches]}


class KeepBest(keras.callbacks.Callback):
    """After each epoch, note the best weights and stop when patience has run out.

    Then tell the engine's own callback.
    """

    def __init__(
        self,
        progress: Progress,
        to_neutral: Callable[[keras.Model], dict[str, np.ndarray]],
        callback: Any,
    ) -> None:
        super().__init__()
        self.progress, self.to_neutral, self.callback = progress, to_neutral, callback

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self.callback.on_train_begin()

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.callback.on_epoch_begin(epoch)

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self.callback.on_train_batch_end(batch, logs)
        self.model.stop_training = self.callback.stop_training

    def on_test_begin(self, logs: dict[str, Any] | None = None) -> None:
        self.callback.on_test_begin()

    def on_test_end(self, logs: dict[str, Any] | None = None) -> None:
        self.callback.on_test_end()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        assert logs is not None  # Keras always hands them over at this point
        if self.progress.improved(epoch, logs["val_loss"]):
            self.progress.best_weights = self.to_neutral(self.model)
        self.callback.on_epoch_end(epoch, logs)
        self.model.stop_training = self.callback.stop_training or self.progress.exhausted

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        self.callback.on_train_end()


def train(
    model: keras.Model,
    optimizer: keras.optimizers.Optimizer,
    batches: dict[str, Any],
    validation: tuple[tf.Tensor, tf.Tensor],
    validation_batch_size: int,
    epochs: int,
    progress: Progress,
    to_neutral: Callable[[keras.Model], dict[str, np.ndarray]],
    callback: Any,
) -> None:
    """Minimise the cross-entropy until the epochs, the patience or the user say stop.

    Notes the best weights in ``progress``.
    """
    answers_with_logits = model.get_layer("output").activation is keras.activations.linear
    model.compile(
        optimizer=optimizer,
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=answers_with_logits),
        metrics=["accuracy"],
        steps_per_execution=min(STEPS_PER_EXECUTION, len(batches["x"]))
        if answers_with_logits
        else 1,
    )
    model.fit(
        **batches
        | {"callbacks": [*batches["callbacks"], KeepBest(progress, to_neutral, callback)]},
        validation_data=validation,
        validation_batch_size=validation_batch_size,
        epochs=epochs,
        initial_epoch=progress.next_epoch,
        verbose=0,
    )


def evaluate(
    model: keras.Model, features: tf.Tensor, labels: tf.Tensor, batch_size: int
) -> tuple[float, float]:
    """Mean cross-entropy and accuracy over all rows."""
    loss, accuracy = model.evaluate(features, labels, batch_size=batch_size, verbose=0)
    return loss, accuracy
