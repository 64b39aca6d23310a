"""What protects a worker from an encoder's files and from a GPU that is not there, so that the wings' own code can be read without it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from textwrap import shorten

from engine import FRAMEWORK_NAMES
from engine.errors import EncoderError
from engine.shared.encoders.checks import check_weights
from engine.shared.encoders.tensors import Config


@contextmanager
def guard_encoder(framework: str, folder: Path, device: str | None = None) -> Iterator[None]:
    """Check a checkpoint before it is loaded, and tell in a sentence why loading has failed.

    Raises ``EncoderError`` when there is no such device, when the files are damaged, or when the framework cannot rebuild the model.
    """
    name = FRAMEWORK_NAMES[framework]
    if device == "gpu" and import_module(f"engine.frameworks.{framework}.devices").visible_gpu() is None:
        raise EncoderError(f"{name} sees no GPU. Expected a CUDA or Apple device. Choose the CPU, or install a {name} built for the GPU.")
    try:
        config = json.loads((folder / "config.json").read_bytes())
        check_weights(folder, folder.name, config)  # transformers would fill a gap with random numbers
    except Exception as error:
        raise _not_loaded(name, folder, error) from error
    if framework == "tensorflow":
        check_for_keras_hub(folder, config)
    try:
        yield
    except Exception as error:  # a damaged file shows as one of many types: OSError, RuntimeError, SafetensorError, KeyError …
        raise _not_loaded(name, folder, error) from error


def check_for_keras_hub(folder: Path, config: Config) -> None:
    """Raise ``EncoderError`` where KerasHub would build another model than the config describes, or run what the folder says."""
    if "registered_name" in config:
        raise EncoderError(
            f"The config.json in {folder} describes a saved Keras object. Expected that of a transformers model of the BERT family."
        )
    # KerasHub cuts two rows off the positions, which is right when padding is token 1, as in all published models.
    family = config["model_type"]
    if family in ("roberta", "xlm-roberta") and config.get("pad_token_id", 1) != 1:
        raise EncoderError(
            f"The encoder in {folder} pads with token {config['pad_token_id']}. Expected 1: KerasHub counts the positions of a {family} "
            "model from there. Choose another model, or train with PyTorch alone."
        )
    repairs = import_module("engine.frameworks.tensorflow.checkpoint_repairs")
    if (activation := repairs.activation_name(config)) not in repairs.ACTIVATIONS:
        raise EncoderError(
            f"The encoder in {folder} uses the activation “{activation}”, which Keras does not have in this form. "
            f"Expected one of {', '.join(repairs.ACTIVATIONS)}. Choose another model."
        )


def _not_loaded(name: str, folder: Path, error: Exception) -> EncoderError:
    reason = (str(error) or type(error).__name__).splitlines()[0]
    return EncoderError(
        f"{name} cannot load the encoder in {folder} ({shorten(reason, 160)}). Expected a complete config.json and model.safetensors that "
        "belong together. Download the model again."
    )
