"""What protects a worker from an encoder's files and from a GPU that is not there, so that the wings' own code can be read without it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from textwrap import shorten

from engine import FRAMEWORK_NAMES
from engine.errors import EncoderError
from engine.shared.encoders.checks import check_weights, obstacle_for_keras_hub
from engine.shared.encoders.tensors import read_config


@contextmanager
def guard_encoder(framework: str, folder: Path, device: str | None = None) -> Iterator[None]:
    """Check a checkpoint before it is loaded, and tell in a sentence why loading has failed.

    Raises ``EncoderError`` when there is no such device, when the files are damaged, or when the framework cannot rebuild the model.
    """
    name = FRAMEWORK_NAMES[framework]
    if device == "gpu" and import_module(f"engine.frameworks.{framework}.devices").visible_gpu() is None:
        raise EncoderError(f"{name} sees no GPU. Expected a CUDA or Apple device. Choose the CPU, or install a {name} built for the GPU.")
    try:
        config = read_config(folder)
        check_weights(folder, folder.name, config)  # transformers would fill a gap with random numbers
    except Exception as error:
        raise _not_loaded(name, folder, error) from error
    if framework == "tensorflow" and (obstacle := obstacle_for_keras_hub(folder.name, config)):
        raise EncoderError(obstacle)
    try:
        yield
    except Exception as error:  # a damaged file shows as one of many types: OSError, RuntimeError, SafetensorError, KeyError …
        raise _not_loaded(name, folder, error) from error


def _not_loaded(name: str, folder: Path, error: Exception) -> EncoderError:
    reason = (str(error) or type(error).__name__).splitlines()[0]
    return EncoderError(
        f"{name} cannot load the encoder in {folder} ({shorten(reason, 160)}). Expected a complete config.json and model.safetensors that "
        "belong together. Download the model again."
    )
