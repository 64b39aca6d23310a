"""What the list of differences says of each framework's own shuffling, looked at in the framework itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PYTORCH = """
import json, torch
from torch.utils.data import DataLoader, TensorDataset
torch.manual_seed(0)
loader = DataLoader(TensorDataset(torch.arange(40)), batch_size=40, shuffle=True)
print(json.dumps([next(iter(loader))[0].tolist() for _ in range(3)]))
"""

TENSORFLOW = """
import json, keras, numpy, tensorflow
keras.utils.set_random_seed(0)

class Order(keras.layers.Layer):
    def __init__(self):
        super().__init__()
        self.seen = []
    def call(self, rows):
        tensorflow.py_function(lambda values: self.seen.append(values.numpy().ravel().astype(int).tolist()), [rows], [])
        return rows

order = Order()
model = keras.Sequential([keras.Input((1,)), order, keras.layers.Dense(1)])
model.compile("sgd", "mse", jit_compile=False)
rows = numpy.arange(40, dtype="float32")[:, None]
model.fit(rows, rows * 0, batch_size=40, epochs=3, verbose=0)
print(json.dumps(order.seen))
"""


@pytest.mark.parametrize(("script", "orders"), [(PYTORCH, 3), (TENSORFLOW, 1)], ids=["pytorch", "tensorflow"])
def test_how_many_orders_three_epochs_have_with_a_seed(script: str, orders: int) -> None:
    environment = os.environ | {"KERAS_BACKEND": "tensorflow", "CUDA_VISIBLE_DEVICES": "-1"}
    answer = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=environment, cwd=Path(__file__).parents[2], timeout=120
    )
    assert answer.returncode == 0, answer.stderr[-2000:]
    epochs = json.loads(answer.stdout.strip().splitlines()[-1])
    assert len(epochs) == 3 and all(sorted(order) == list(range(40)) for order in epochs)
    assert epochs[0] != list(range(40)), "they are shuffled"
    assert len({tuple(order) for order in epochs}) == orders
