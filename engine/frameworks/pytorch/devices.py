"""Threads, GPU and clocks in PyTorch."""

from __future__ import annotations

import torch


def set_threads(threads: int) -> None:
    """Compute each operation with this many threads, as in the other wing."""
    torch.set_num_threads(threads)
    torch.set_num_interop_threads(threads)


def visible_gpu() -> str | None:
    """The name of the GPU that PyTorch can use, or ``None``."""
    if torch.cuda.is_available():
        return torch.cuda.get_device_name(0)
    return "Apple GPU (Metal)" if torch.backends.mps.is_available() else None


def use_device(device: str, own: frozenset[str] = frozenset()) -> str:
    """Prepare ``cpu`` or ``gpu`` and return PyTorch's name for it.

    ``own`` names what is left to the framework's defaults.
    """
    if device == "cpu":
        return "cpu"
    if "tf32" not in own:
        torch.backends.cuda.matmul.allow_tf32 = (
            False  # off by default as well; said here because TensorFlow's default differs
        )
    return "cuda" if torch.cuda.is_available() else "mps"


def use_precision(precision: str) -> None:
    """``float32``, ``float64``, or ``mixed``, which PyTorch switches on around the forward pass."""
    torch.set_default_dtype(torch.float64 if precision == "float64" else torch.float32)


def synchronize(device: str) -> None:
    """Wait until the GPU has finished, so that a clock read next tells the truth."""
    if device == "cuda":
        torch.cuda.synchronize()
    elif device == "mps":
        torch.mps.synchronize()


def gpu_memory_mib(device: str) -> float | None:
    """The most GPU memory that tensors have taken so far."""
    return torch.cuda.max_memory_allocated() / 2**20 if device == "cuda" else None


def set_seed(seed: int) -> None:
    """Seed the framework's own random numbers, which decide in the mode of framework defaults."""
    torch.manual_seed(seed)
