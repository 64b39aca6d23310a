"""Threads, GPU and clocks in TensorFlow."""

from __future__ import annotations

import keras
import tensorflow as tf


def set_threads(threads: int) -> None:
    """Compute each operation with this many threads, as in the other wing."""
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)


def visible_gpu() -> str | None:
    """The name of the GPU that TensorFlow can use, or ``None``."""
    gpus = tf.config.list_physical_devices("GPU")
    return (
        tf.config.experimental.get_device_details(gpus[0]).get("device_name", "GPU")
        if gpus
        else None
    )


def use_device(device: str, own: frozenset[str] = frozenset()) -> str:
    """Prepare ``cpu`` or ``gpu`` and return TensorFlow's name for it.

    ``own`` names what is left to the framework's defaults.
    """
    gpus = tf.config.list_physical_devices("GPU")
    if device == "cpu":
        tf.config.set_visible_devices([], "GPU")
        return "cpu"
    for gpu in gpus:
        tf.config.experimental.set_memory_growth(gpu, True)  # else it takes the whole card at once
    if "tf32" not in own:
        tf.config.experimental.enable_tensor_float_32_execution(
            False
        )  # on by default, off in PyTorch
    return "gpu"


def use_precision(precision: str) -> None:
    """``float32``, ``float64``, or ``mixed``: layers compute in bfloat16, weights stay float32."""
    keras.config.set_floatx("float64" if precision == "float64" else "float32")
    keras.config.set_dtype_policy(
        "mixed_bfloat16" if precision == "mixed" else keras.config.floatx()
    )


def synchronize(device: str) -> None:
    """Wait until the GPU has finished, so that a clock read next tells the truth."""
    if device == "gpu":
        tf.test.experimental.sync_devices()


def gpu_memory_mib(device: str) -> float | None:
    """The most GPU memory that tensors have taken so far."""
    return (
        tf.config.experimental.get_memory_info("GPU:0")["peak"] / 2**20 if device == "gpu" else None
    )


def set_seed(seed: int) -> None:
    """Seed the framework's own random numbers, which decide in the mode of framework defaults."""
    keras.utils.set_random_seed(seed)
