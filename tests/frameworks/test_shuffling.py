"""What the list of differences says of each framework's own shuffling, looked at in the framework itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.wing_process import InWing


def orders_of_pytorch() -> list[list[int]]:
    """In the process of PyTorch: the order of forty rows in each of three epochs."""
    import torch
    from torch.utils.data import DataLoader, TensorDataset

    torch.manual_seed(0)
    loader = DataLoader(TensorDataset(torch.arange(40)), batch_size=40, shuffle=True)
    return [next(iter(loader))[0].tolist() for _ in range(3)]


def orders_of_tensorflow() -> list[list[int]]:
    """In the process of TensorFlow: the order in which ``fit`` hands forty rows to the first layer in each of three epochs."""
    import keras
    import numpy as np
    import tensorflow as tf

    keras.utils.set_random_seed(0)
    orders: list[list[int]] = []

    class Order(keras.layers.Layer):
        def call(self, rows: Any) -> Any:
            tf.py_function(lambda values: orders.append(values.numpy().ravel().astype(int).tolist()), [rows], [])
            return rows

    model = keras.Sequential([keras.Input((1,)), Order(), keras.layers.Dense(1)])
    model.compile("sgd", "mse", jit_compile=False)
    rows = np.arange(40, dtype="float32")[:, None]
    model.fit(rows, rows * 0, batch_size=40, epochs=3, verbose=0)
    return orders


@pytest.mark.parametrize(
    ("wing", "look", "number"), [("pytorch", orders_of_pytorch, 3), ("tensorflow", orders_of_tensorflow, 1)], ids=["pytorch", "tensorflow"]
)
def test_how_many_orders_three_epochs_have_with_a_seed(
    in_wing: InWing, wing: str, look: Callable[[], list[list[int]]], number: int
) -> None:
    epochs = in_wing(wing, look)
    assert len(epochs) == 3 and all(sorted(order) == list(range(40)) for order in epochs)
    assert epochs[0] != list(range(40)), "they are shuffled"
    assert len({tuple(order) for order in epochs}) == number
