"""A trained classifier as a file that needs nothing of Parity, written by PyTorch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import nn

from engine.frameworks.pytorch.whole_model import whole_model


def save_onnx(core: nn.Module, example: np.ndarray, name: str, path: Path) -> int:
    """Write the classifier as an ONNX graph from the input ``name`` to logits; its operator set.

    ``example`` is one batch of what it takes: its axes stay open, but for the last of numbers.
    """
    is_tokens = example.dtype.kind == "i"
    axes = {0: "batch"} | ({1: "tokens"} if is_tokens else {})
    device = next(core.parameters()).device
    program = torch.onnx.export(
        whole_model(core),
        (torch.from_numpy(example).to(device),),
        input_names=[name],
        output_names=["logits"],
        dynamic_shapes=(axes,),
        dynamo=True,
        verbose=False,
    )
    program.save(path, external_data=False)
    return int(program.model.opset_imports[""])
