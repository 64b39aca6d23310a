"""Training in TensorFlow: Keras's ``compile`` and ``fit``.

What must be shared with PyTorch is handed in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from engine.shared.batches import Plan, evaluation_batch, evaluation_plan
from engine.shared.early_stopping import Progress
from engine.shared.recipe import Recipe

Inputs = tuple[tf.Tensor, ...]

UNDECAYED = ["bias", "beta", "gamma"]
"""What weight decay leaves alone, by name: in PyTorch all that is a vector."""


def as_tensors(
    inputs: tuple[np.ndarray, ...], labels: np.ndarray, device: str
) -> tuple[Inputs, tf.Tensor]:
    """What the classifier takes, each array of shape (rows, …), and labels, shape (rows,)."""
    with tf.device(device):
        return tuple(_in_place(values) for values in inputs), tf.constant(labels)


def _in_place(values: np.ndarray) -> tf.Tensor:
    """The array as a tensor: on a CPU in NumPy's memory, which may be a mapped file, as in PyTorch.

    TensorFlow computes there only if the memory begins at a multiple of 64 bytes; else it copies.
    """
    if values.ctypes.data % 64 or not (values.size and values.flags.carray):
        return tf.constant(values)
    return tf.identity(tf.experimental.dlpack.from_dlpack(values.__dlpack__()))


class MatchedAdam(keras.optimizers.Adam):
    """Adam as in its paper and in PyTorch: epsilon is added after the bias correction.

    Keras adds it before. Clips as PyTorch does, too: by the length of all gradients together.

    Source: D. Kingma and J. Ba, Adam: a method for stochastic optimization, 2015, algorithm 1.
    """

    def apply(self, gradients: list[tf.Tensor], variables: list[keras.Variable]) -> None:
        # Once a step, not once a variable. In float64, as PyTorch has these powers: of 1 - 0.999
        # float32 would keep five digits.
        step = tf.cast(self.iterations + 1, tf.float64)
        bias_1 = 1 - tf.pow(tf.constant(self.beta_1, tf.float64), step)
        bias_2 = 1 - tf.pow(tf.constant(self.beta_2, tf.float64), step)
        # The velocity's correction is taken out of the fraction: then two numbers are corrected
        # instead of a matrix as large as the variable. The paper names the same saving.
        correction = tf.sqrt(bias_2)
        self.step_size = tf.cast(self.learning_rate, tf.float64) * correction / bias_1
        self.step_epsilon = self.epsilon * correction
        super().apply(gradients, variables)

    def update_step(
        self, gradient: tf.Tensor, variable: keras.Variable, learning_rate: tf.Tensor
    ) -> None:
        gradient = tf.convert_to_tensor(gradient)  # that of word vectors has only the rows in use
        momentum = self._momentums[self._get_variable_index(variable)]
        velocity = self._velocities[self._get_variable_index(variable)]
        self.assign_add(momentum, (gradient - momentum) * (1 - self.beta_1))
        self.assign_add(velocity, (tf.square(gradient) - velocity) * (1 - self.beta_2))
        step_size = tf.cast(self.step_size, variable.dtype)  # holds the learning rate
        epsilon = tf.cast(self.step_epsilon, variable.dtype)
        self.assign_sub(variable, step_size * momentum / (tf.sqrt(velocity) + epsilon))

    def _clip_gradients(self, gradients: list[tf.Tensor]) -> list[tf.Tensor]:
        if not self.global_clipnorm:
            return gradients
        gradients = [tf.convert_to_tensor(gradient) for gradient in gradients]
        scale = tf.minimum(self.global_clipnorm / (tf.linalg.global_norm(gradients) + 1e-6), 1.0)
        return [gradient * scale for gradient in gradients]


class SharedSchedule(keras.optimizers.schedules.LearningRateSchedule):
    """The learning rate of each step, looked up in a table that both frameworks share."""

    def __init__(self, recipe: Recipe) -> None:
        steps = max(recipe.decay_steps, recipe.warmup_steps)
        shares = [recipe.rate_share(step) for step in range(steps + 1)]
        self.rates = tf.constant(recipe.learning_rate * np.array(shares), keras.config.floatx())

    def __call__(self, step: tf.Tensor) -> tf.Tensor:
        return tf.gather(self.rates, tf.minimum(tf.cast(step, tf.int32), len(self.rates) - 1))


def make_optimizer(model: keras.Model, recipe: Recipe) -> keras.optimizers.Optimizer:
    """Adam, or AdamW where weights are to decay, with the constants that both frameworks share."""
    changes = recipe.warmup_steps or recipe.decay_steps
    constants: dict[str, float | SharedSchedule] = {
        "learning_rate": SharedSchedule(recipe) if changes else recipe.learning_rate
    }
    if recipe.clip_norm:  # Keras's usual option clips the gradient of each variable by itself
        clipping = "clipnorm" if "clipping" in recipe.own else "global_clipnorm"
        constants[clipping] = recipe.clip_norm
    if "epsilon" in recipe.own:
        adam, adam_with_decay = keras.optimizers.Adam, keras.optimizers.AdamW
    else:
        adam = adam_with_decay = MatchedAdam
        constants |= {"beta_1": recipe.beta_1, "beta_2": recipe.beta_2, "epsilon": recipe.epsilon}
    if "weight_decay" in recipe.own:
        return adam_with_decay(**({"weight_decay": 0.004} | constants))  # the default of its AdamW
    if not recipe.weight_decay:
        return adam(**constants)
    optimizer = adam_with_decay(weight_decay=recipe.weight_decay, **constants)
    optimizer.exclude_from_weight_decay(var_names=UNDECAYED)
    return optimizer


def _as_fit_takes_them(inputs: Inputs) -> Any:
    """One tensor by itself, several as a tuple."""
    return inputs if len(inputs) > 1 else inputs[0]


class SharedBatches(keras.callbacks.Callback):
    """A data set whose batches follow the plan that NumPy draws for each epoch, as in PyTorch.

    Where rows are tokens, each batch is as wide as its longest text.
    """

    def __init__(
        self, inputs: Inputs, labels: tf.Tensor, plan: Callable[[int], Plan], batch_size: int
    ) -> None:
        super().__init__()
        self.plan, first = plan, plan(0)
        with tf.device("CPU"):
            self.order = tf.Variable(first.order, trainable=False)
            self.widths = tf.Variable(first.widths, trainable=False)
        has_widths = bool(first.widths.any())

        def batch(number: tf.Tensor) -> tuple[Any, tf.Tensor]:
            rows = self.order[number * batch_size : (number + 1) * batch_size]
            chosen = tuple(tf.gather(values, rows) for values in inputs)  # each (batch, …)
            if has_widths:
                chosen = tuple(values[..., : self.widths[number]] for values in chosen)
            return _as_fit_takes_them(chosen), tf.gather(labels, rows)  # and (batch,)

        options = tf.data.Options()  # rewriting these two steps gains nothing and copies all rows
        options.experimental_optimization.apply_default_optimizations = False
        numbers = tf.data.Dataset.range(len(first.widths)).with_options(options)
        self.dataset = numbers.map(batch).prefetch(tf.data.AUTOTUNE)

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        plan = self.plan(epoch)
        self.order.assign(plan.order)
        self.widths.assign(plan.widths)


def make_batches(
    inputs: Inputs, labels: tf.Tensor, plan: Callable[[int], Plan], recipe: Recipe
) -> dict[str, Any]:
    """What ``fit`` is given as training data.

    ``plan`` says for each epoch which rows make up which batch, the same ones in both frameworks.
    """
    if "shuffling" in recipe.own:
        x = _as_fit_takes_them(inputs)
        return {"x": x, "y": labels, "batch_size": recipe.batch_size, "callbacks": []}
    batches = SharedBatches(inputs, labels, plan, recipe.batch_size)
    return {"x": batches.dataset, "shuffle": False, "callbacks": [batches]}


def make_loss(model: keras.Model, recipe: Recipe) -> keras.losses.Loss:
    """Cross-entropy of logits, or of probabilities where the last layer gives those.

    Class weights go to ``fit``, which multiplies each text's loss by the weight of its class.
    """
    return keras.losses.SparseCategoricalCrossentropy(from_logits=_gives_logits(model))


def _gives_logits(model: keras.Model) -> bool:
    """Whether the softmax is left to the loss."""
    activation = getattr(model.layers[-1], "activation", keras.activations.linear)
    return activation is keras.activations.linear


class KeepBest(keras.callbacks.Callback):
    """After each epoch, have the best weights kept and stop when patience has run out.

    Then tell the engine's own callback.
    """

    def __init__(
        self, progress: Progress, keep_best: Callable[[keras.Model], None], callback: Any
    ) -> None:
        super().__init__()
        self.progress, self.keep_best, self.callback = progress, keep_best, callback

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        self.callback.on_train_begin()

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self.callback.on_epoch_begin(epoch)

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        self.callback.on_train_batch_end(batch, logs)
        self.model.stop_training = self.callback.stop_training

    def on_test_begin(self, logs: dict[str, float] | None = None) -> None:
        self.callback.on_test_begin()

    def on_test_end(self, logs: dict[str, float] | None = None) -> None:
        self.callback.on_test_end()

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        assert logs is not None  # Keras always hands them over at this point
        if self.progress.improved(epoch, logs["val_loss"]):
            self.keep_best(self.model)
        self.callback.on_epoch_end(epoch, logs)
        self.model.stop_training = self.callback.stop_training or self.progress.exhausted

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        self.callback.on_train_end()


def train(
    model: keras.Model,
    optimizer: keras.optimizers.Optimizer,
    batches: dict[str, Any],
    validation: tuple[Inputs, tf.Tensor, np.ndarray | None],
    recipe: Recipe,
    epochs: int,
    progress: Progress,
    keep_best: Callable[[keras.Model], None],
    callback: Any,
) -> None:
    """Minimise the cross-entropy until the epochs, the patience or the user say stop.

    ``keep_best`` is called whenever the validation loss is the lowest so far.
    """
    as_shipped = "execution" in recipe.own  # one step a call; XLA if Keras sees a GPU
    steps_per_call = 1 if as_shipped else recipe.steps_per_call
    if isinstance(batches["x"], tf.data.Dataset):
        steps_per_call = min(steps_per_call, len(batches["x"]))
    # A step that creates variables is traced a second time, now without them; so they come first.
    optimizer.build(model.trainable_variables)
    model.compile(
        optimizer=optimizer,
        loss=make_loss(model, recipe),
        metrics=[keras.metrics.SparseCategoricalAccuracy("accuracy")],
        steps_per_execution=steps_per_call,
        jit_compile=True if recipe.compiled else "auto" if as_shipped else False,
    )
    weights = recipe.class_weights
    model.fit(
        **batches | {"callbacks": [*batches["callbacks"], KeepBest(progress, keep_best, callback)]},
        validation_data=_evaluation_batches(*validation, recipe.compiled),
        class_weight=dict(enumerate(weights)) if weights else None,
        epochs=epochs,
        initial_epoch=progress.next_epoch,
        verbose=0,
    )


def _evaluation_batches(
    inputs: Inputs, labels: tf.Tensor, lengths: np.ndarray | None, compiled: bool = False
) -> tf.data.Dataset:
    """Every row once, texts of like length together."""
    batch_size = evaluation_batch(lengths)
    plan = evaluation_plan(len(labels), lengths, batch_size, compiled)
    return SharedBatches(inputs, labels, lambda epoch: plan, batch_size).dataset


def evaluate(
    model: keras.Model, inputs: Inputs, labels: tf.Tensor, lengths: np.ndarray | None
) -> tuple[float, float]:
    """Mean cross-entropy and accuracy over all rows."""
    loss, accuracy = model.evaluate(_evaluation_batches(inputs, labels, lengths), verbose=0)
    return loss, accuracy
