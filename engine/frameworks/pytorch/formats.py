"""A trained classifier as a file that needs nothing of Parity, written by PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from engine.errors import MigrationError
from engine.frameworks.pytorch.whole_model import whole_model

MOBILE_PACKAGE = "executorch"
"""What writes and runs a model for phones; it is not needed otherwise."""

Answer = Callable[[np.ndarray], np.ndarray]
"""A function from a batch of what the model takes to logits, (batch, num_classes)."""


def save_native(core: nn.Module, example: np.ndarray, name: str, path: Path) -> None:
    """Write the weights under PyTorch's own names, as safetensors; the class is not part of it."""
    save_file({key: values.contiguous() for key, values in core.state_dict().items()}, path)


def load_native(core: nn.Module | None, path: Path, name: str) -> Answer:
    """What :func:`save_native` wrote, in the classifier ``core``."""
    assert core is not None
    core.load_state_dict(load_file(path))
    # The class itself takes the few terms that a text has, two inputs; the file's is a whole row.
    return _answer(whole_model(core) if name == "shares" else core.eval())


def save_graph(core: nn.Module, example: np.ndarray, name: str, path: Path) -> None:
    """Write the classifier as a graph of ``torch.export`` whose axes stay open."""
    axes = [torch.export.Dim.DYNAMIC] * 2  # as far as the model's own limits allow
    is_tokens = example.dtype.kind == "i"
    shapes = (dict(enumerate(axes if is_tokens else axes[:1])),)
    given = (torch.from_numpy(example),)
    program = torch.export.export(whole_model(core), given, dynamic_shapes=shapes)
    torch.export.save(program, path)


def load_graph(core: nn.Module | None, path: Path, name: str) -> Answer:
    """What :func:`save_graph` wrote; it needs no class of ours."""
    return _answer(torch.export.load(path).module())


def save_mobile(
    core: nn.Module, example: np.ndarray, name: str, path: Path, int8: bool = False
) -> None:
    """Write the classifier for ExecuTorch, for XNNPACK on CPUs; its shape is that of ``example``.

    With ``int8`` the weights of dense layers are kept in eight bits, and what they take is
    rounded as it comes. Raises ``MigrationError`` where ExecuTorch is not installed.
    """
    try:
        from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
        from executorch.exir import to_edge_transform_and_lower
    except ImportError as error:
        raise MigrationError(_not_installed(error)) from error
    given = (torch.from_numpy(example),)
    program = torch.export.export(whole_model(core), given)
    if int8:
        program = torch.export.export(_in_int8(program.module(), given), given)
    lowered = to_edge_transform_and_lower(program, partitioner=[XnnpackPartitioner()])
    path.write_bytes(lowered.to_executorch().buffer)


def _in_int8(graph: nn.Module, given: tuple[torch.Tensor, ...]) -> nn.Module:
    """The graph with XNNPACK's dynamic rounding: a scale for each column of a weight."""
    from executorch.backends.xnnpack.quantizer.xnnpack_quantizer import (
        XNNPACKQuantizer,
        get_symmetric_quantization_config,
    )
    from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_pt2e

    class DenseLayersOnly(XNNPACKQuantizer):
        def transform_for_annotation(self, model: torch.fx.GraphModule) -> torch.fx.GraphModule:
            return model  # it would make floats of all numbers that are added: positions, too

    scheme = get_symmetric_quantization_config(is_per_channel=True, is_dynamic=True)
    prepared = prepare_pt2e(graph, DenseLayersOnly().set_global(scheme))
    prepared(*given)
    return convert_pt2e(prepared)


def load_mobile(core: nn.Module | None, path: Path, name: str) -> Answer:
    """What :func:`save_mobile` wrote, by ExecuTorch's own runtime.

    Raises ``MigrationError`` where ExecuTorch is not installed.
    """
    try:
        from executorch.runtime import Runtime
    except ImportError as error:
        raise MigrationError(_not_installed(error)) from error
    program = Runtime.get().load_program(path)
    method = program.load_method("forward")
    assert method is not None
    return lambda batch: method.execute([torch.from_numpy(batch)])[0].numpy().copy()


def _answer(model: nn.Module) -> Answer:
    def answer(batch: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return np.asarray(model(torch.from_numpy(batch)).numpy())

    return answer


def _not_installed(error: ImportError) -> str:
    return (
        f"The package {MOBILE_PACKAGE} is not installed or not complete ({error}). It writes and "
        f"runs models for phones. Install it: pip install {MOBILE_PACKAGE}"
    )


def save_onnx(core: nn.Module, example: np.ndarray, name: str, path: Path) -> int:
    """Write the classifier as an ONNX graph from the input ``name`` to logits; its operator set.

    ``example`` is one batch of what it takes: its axes stay open, but for the last of numbers.
    """
    is_tokens = example.dtype.kind == "i"
    names = ("batch", "windows", "tokens") if example.ndim == 3 else ("batch", "tokens")
    axes = dict(enumerate(names if is_tokens else names[:1]))
    device = next(core.parameters()).device
    program = torch.onnx.export(
        whole_model(core, onnx=True),
        (torch.from_numpy(example).to(device),),
        input_names=[name],
        output_names=["logits"],
        dynamic_shapes=(axes,),
        dynamo=True,
        verbose=False,
    )
    program.save(path, external_data=False)
    return int(program.model.opset_imports[""])
