"""The operators of ONNX that both wings rebuild, with the attributes that they heed; ``onnx/operators.py`` of each wing has the same ones.

They are those that PyTorch's and TensorFlow's exporters make of this product's classifiers, and their nearest relatives. An operator is
added by a line here and an entry in each wing.

Source: https://onnx.ai/onnx/operators, of which this follows the form of operator set 18; ``simplify.py`` brings older ones into it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

OLDEST_OPSET = 9
"""Before it, shapes were written in other ways still."""

REDUCED = ("keepdims", "noop_with_empty_axes")
WINDOW = ("auto_pad", "dilations", "group", "kernel_shape", "pads", "strides")

OPERATORS: dict[str, tuple[str, ...]] = {
    # Element by element.
    **dict.fromkeys(("Abs", "Ceil", "Erf", "Exp", "Floor", "IsNaN", "Log", "Neg", "Reciprocal", "Relu", "Sigmoid", "Sign", "Sqrt"), ()),
    **dict.fromkeys(("Softplus", "Tanh", "Not"), ()),
    **dict.fromkeys(("Add", "Div", "Max", "Min", "Mul", "Pow", "Sub", "Sum"), ()),
    **dict.fromkeys(("And", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Or", "Where", "Xor"), ()),
    "Cast": ("to",),
    "CastLike": (),
    "Clip": (),
    "Dropout": (),
    "Elu": ("alpha",),
    "Gelu": ("approximate",),
    "Identity": (),
    "LeakyRelu": ("alpha",),
    "LogSoftmax": ("axis", "flattened"),
    "Mod": ("fmod",),
    "Softmax": ("axis", "flattened"),
    # Sums, products and layers.
    **dict.fromkeys(("ReduceL2", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum", "ReduceSumSquare"), REDUCED),
    "ArgMax": ("axis", "keepdims"),
    "Conv": WINDOW,
    "CumSum": ("exclusive", "reverse"),
    "Einsum": ("equation",),
    "Gemm": ("alpha", "beta", "transA", "transB"),
    "GlobalAveragePool": (),
    "GlobalMaxPool": (),
    "LSTM": ("direction", "hidden_size", "layout"),
    "LayerNormalization": ("axis", "epsilon"),
    "MatMul": (),
    # Shapes and places.
    "Concat": ("axis",),
    "ConstantOfShape": ("value",),
    "Expand": (),
    "Flatten": ("axis",),
    "Gather": ("axis",),
    "GatherElements": ("axis",),
    "GatherND": ("batch_dims",),
    "NonZero": (),
    "OneHot": ("axis",),
    "Pad": ("mode",),
    "Range": (),
    "Reshape": ("allowzero",),
    "ReverseSequence": ("batch_axis", "time_axis"),
    "ScatterElements": ("axis", "reduction"),
    "ScatterND": ("reduction",),
    "Shape": ("start", "end"),
    "Size": (),
    "Slice": (),
    "Split": ("axis", "num_outputs"),
    "Squeeze": (),
    "Tile": (),
    "Transpose": ("perm",),
    "Trilu": ("upper",),
    "Unsqueeze": (),
    # What repeats a graph of its own.
    "Loop": ("body",),
}

USUAL: dict[str, Mapping[str, Any]] = {
    "Cast": {"saturate": 1, "round_mode": "up"},
    "CastLike": {"saturate": 1, "round_mode": "up"},
    "LSTM": {"input_forget": 0},
    "LayerNormalization": {"stash_type": 1},
    "ArgMax": {"select_last_index": 0},
}
"""Attributes that change nothing while they have this value."""

USUAL_ACTIVATIONS = ("Sigmoid", "Tanh", "Tanh")
"""The activations of an LSTM, for each direction."""

WEIGHT_INPUTS = {"Conv": (1, 2), "Gather": (0,), "Gemm": (1, 2), "LSTM": (1, 2, 3), "LayerNormalization": (1, 2), "MatMul": (1,)}
"""The inputs by which an operator takes what a layer of a framework keeps; with constants in all these places it becomes such a layer."""

LSTM_GATES = (0, 2, 3, 1)
"""The places at which ONNX (input, output, forget, cell) keeps the gates that both frameworks have as input, forget, cell, output."""
