"""Every operator of the table, and small models that others could have made, give in both wings what ONNX Runtime answers.

Each wing answers in its own process, on the files that the test has written.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from engine.runs.records.reading import to_json
from engine.shared.onnx.operators import OPERATORS
from tests.wing_process import InWing

WINGS = ("pytorch", "tensorflow")
BAR = 1e-5

GENERATOR = np.random.default_rng(3)
ROWS = GENERATOR.normal(size=(2, 3, 4)).astype(np.float32)
POSITIVE = np.abs(ROWS) + np.float32(0.5)
IMAGE = GENERATOR.normal(size=(2, 3, 7)).astype(np.float32)
TRUTH = ROWS > 0
WHOLE = GENERATOR.integers(-5, 6, (2, 3, 4))
TOKENS = GENERATOR.integers(0, 5, (2, 6))


def ints(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


@dataclass(frozen=True)
class Case:
    """One node with what goes in: arrays for the inputs of the model, and constants that stand in the file."""

    operator: str
    given: tuple[np.ndarray, ...]
    constants: tuple[np.ndarray | None, ...] = ()
    attributes: dict[str, Any] = field(default_factory=dict)
    opset: int = 18
    outputs: int = 1
    shown: int = 0
    """Which of several outputs is compared."""
    constants_first: bool = False

    def model(self) -> onnx.ModelProto:
        names = [f"x{number}" for number in range(len(self.given))]
        fixed = {f"c{number}": values for number, values in enumerate(self.constants) if values is not None}
        between = [f"c{number}" if values is not None else "" for number, values in enumerate(self.constants)]
        results = [f"y{number}" for number in range(self.outputs)]
        order = [*between, *names] if self.constants_first else [*names, *between]
        node = helper.make_node(self.operator, order, results, name="one", **self.attributes)
        kinds = {"f": TensorProto.FLOAT, "i": TensorProto.INT64, "b": TensorProto.BOOL}
        inputs = [
            helper.make_tensor_value_info(name, kinds[values.dtype.kind], ["batch", *values.shape[1:]])
            for name, values in zip(names, self.given, strict=True)
        ]
        untyped = onnx.ValueInfoProto(name=results[self.shown])
        initializers = [numpy_helper.from_array(values, name) for name, values in fixed.items()]
        graph = helper.make_graph([node], "one", inputs, [untyped], initializers)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)], ir_version=8)
        inferred = onnx.shape_inference.infer_shapes(model).graph.value_info
        model.graph.output[0].CopyFrom(
            next((value for value in inferred if value.name == results[self.shown] and value.type.tensor_type.HasField("shape")), None)
            or self._output(results[self.shown])
        )
        return model

    def _output(self, name: str) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["first", "second"])


def lstm(direction: str, layout: int = 0, lengths: np.ndarray | None = None, **more: Any) -> Case:
    directions = 2 if direction == "bidirectional" else 1
    shape = (2, 6, 3) if layout else (6, 2, 3)
    weights = (
        GENERATOR.normal(size=(directions, 16, 3)),
        GENERATOR.normal(size=(directions, 16, 4)),
        GENERATOR.normal(size=(directions, 32)),
    )
    constants = (*(values.astype(np.float32) for values in weights), lengths)
    attributes = {"direction": direction, "hidden_size": 4} | ({"layout": 1} if layout else {})
    x = GENERATOR.normal(size=shape).astype(np.float32)
    return Case("LSTM", (x,), constants, attributes, outputs=3, **more)


FILTERS = (GENERATOR.normal(size=(5, 3, 3)).astype(np.float32), GENERATOR.normal(size=5).astype(np.float32))
SQUARES = (GENERATOR.normal(size=(5, 3, 2, 3)).astype(np.float32), GENERATOR.normal(size=5).astype(np.float32))
PICTURE = GENERATOR.normal(size=(2, 3, 5, 6)).astype(np.float32)
MATRIX = GENERATOR.normal(size=(4, 5)).astype(np.float32)
VECTOR = GENERATOR.normal(size=5).astype(np.float32)
TABLE = GENERATOR.normal(size=(5, 3)).astype(np.float32)
SCALE = (np.ones(4, np.float32) * 2, np.arange(4, dtype=np.float32))

PLAIN = (
    "Abs",
    "Ceil",
    "Erf",
    "Exp",
    "Floor",
    "Identity",
    "Neg",
    "Relu",
    "Sigmoid",
    "Sign",
    "Softplus",
    "Tanh",
    "IsNaN",
    "Elu",
    "LeakyRelu",
)
REDUCED = ("ReduceL2", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum", "ReduceSumSquare")

CASES: dict[str, Case] = {
    **{name: Case(name, (ROWS,)) for name in PLAIN},
    **{name: Case(name, (POSITIVE,)) for name in ("Log", "Reciprocal", "Sqrt")},
    **{name: Case(name, (ROWS, ROWS[:, :1, ::-1].copy())) for name in ("Add", "Div", "Max", "Min", "Mul", "Sub", "Sum")},
    **{
        name: Case(name, (WHOLE, WHOLE.T.reshape(2, 3, 4).copy())) for name in ("Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual")
    },
    **{name: Case(name, (TRUTH, TRUTH[:, :, ::-1].copy())) for name in ("And", "Or", "Xor")},
    **{name: Case(name, (ROWS,), (ints(1),), {"keepdims": 0}) for name in REDUCED},
    "Not": Case("Not", (TRUTH,)),
    "Where": Case("Where", (TRUTH, ROWS, POSITIVE)),
    "Pow": Case("Pow", (POSITIVE,), (np.array(2.5, np.float32),)),
    "Div, whole numbers": Case("Div", (WHOLE,), (ints(2),)),
    "Mod": Case("Mod", (WHOLE,), (ints(3),)),
    "Mod, as in C": Case("Mod", (ROWS,), (np.array(0.7, np.float32),), {"fmod": 1}),
    "Cast": Case("Cast", (ROWS,), (), {"to": TensorProto.INT64}),
    "CastLike": Case("CastLike", (ROWS, WHOLE)),
    "Clip": Case("Clip", (ROWS,), (np.array(-0.5, np.float32), np.array(0.8, np.float32))),
    "Clip, from below": Case("Clip", (ROWS,), (np.array(-0.5, np.float32),)),
    "Clip, once": Case("Clip", (ROWS,), (), {"min": -0.5, "max": 0.8}, opset=9),
    "Dropout": Case("Dropout", (ROWS,)),
    "Gelu": Case("Gelu", (ROWS,), opset=20),
    "Gelu, tanh": Case("Gelu", (ROWS,), (), {"approximate": "tanh"}, opset=20),
    "Softmax": Case("Softmax", (ROWS,), (), {"axis": 1}),
    "Softmax, once": Case("Softmax", (ROWS,), (), {"axis": 1}, opset=11),
    "LogSoftmax": Case("LogSoftmax", (ROWS,)),
    "LogSoftmax, once": Case("LogSoftmax", (ROWS,), opset=11),
    "ReduceMean, once": Case("ReduceMean", (ROWS,), (), {"axes": [-1]}, opset=11),
    "ReduceSum, of all": Case("ReduceSum", (ROWS,), (), {"keepdims": 0}),
    "ReduceSum, of none": Case("ReduceSum", (ROWS,), (), {"noop_with_empty_axes": 1}),
    "ArgMax": Case("ArgMax", (ROWS,), (), {"axis": 2, "keepdims": 0}),
    "Conv": Case("Conv", (IMAGE,), FILTERS),
    "Conv, padded, with steps": Case("Conv", (IMAGE,), FILTERS, {"pads": [2, 1], "strides": [2]}),
    "Conv, with gaps": Case("Conv", (IMAGE,), FILTERS, {"pads": [2, 1], "dilations": [2]}),
    "Conv, same": Case("Conv", (IMAGE,), FILTERS, {"auto_pad": "SAME_LOWER"}),
    "Conv, two axes": Case("Conv", (PICTURE,), SQUARES, {"pads": [1, 0, 0, 2]}),
    "CumSum": Case("CumSum", (ROWS,), (np.array(1, np.int64),), {"exclusive": 1, "reverse": 1}),
    "Einsum": Case("Einsum", (ROWS,), (MATRIX,), {"equation": "b i j, j k -> b i k"}),
    "Gemm": Case("Gemm", (ROWS[0],), (MATRIX, VECTOR)),
    "Gemm, turned": Case("Gemm", (ROWS[0],), (MATRIX.T.copy(), VECTOR), {"transB": 1}),
    "Gemm, no layer": Case("Gemm", (ROWS[0],), (MATRIX, VECTOR), {"alpha": 0.5, "beta": 2.0}),
    "GlobalAveragePool": Case("GlobalAveragePool", (IMAGE,)),
    "GlobalMaxPool": Case("GlobalMaxPool", (IMAGE,)),
    "LSTM": lstm("forward"),
    "LSTM, backwards": lstm("reverse"),
    "LSTM, both ways": lstm("bidirectional"),
    "LSTM, lengths": lstm("bidirectional", lengths=np.array([4, 6], np.int32)),
    "LSTM, backwards, lengths": lstm("reverse", lengths=np.array([6, 3], np.int32)),
    "LSTM, last state": lstm("bidirectional", lengths=np.array([4, 6], np.int32), shown=1),
    "LSTM, last cell": lstm("reverse", shown=2),
    "LayerNormalization": Case("LayerNormalization", (ROWS,), SCALE, {"epsilon": 1e-3}),
    "LayerNormalization, no shift": Case("LayerNormalization", (ROWS,), SCALE[:1]),
    "MatMul": Case("MatMul", (ROWS,), (MATRIX,)),
    "MatMul, of two": Case("MatMul", (ROWS, ROWS.transpose(0, 2, 1).copy())),
    "Concat": Case("Concat", (ROWS, POSITIVE), (), {"axis": -1}),
    "ConstantOfShape": Case("ConstantOfShape", (ints(3, 2),), (), {"value": numpy_helper.from_array(np.array([2.5], np.float32))}),
    "Expand": Case("Expand", (ROWS[:, :1],), (ints(2, 3, 1),)),
    "Flatten": Case("Flatten", (ROWS,), (), {"axis": 2}),
    "Gather": Case("Gather", (ROWS,), (ints(2, -1, 0),), {"axis": 1}),
    "Gather, a table": Case("Gather", (TOKENS - 2,), (TABLE,), constants_first=True),
    "GatherElements": Case("GatherElements", (ROWS,), (np.array([[[0, 1], [2, -1], [3, 3]]] * 2),), {"axis": 2}),
    "GatherND": Case("GatherND", (ROWS,), (np.array([[[1], [0]], [[2], [2]]]),), {"batch_dims": 1}),
    "NonZero": Case("NonZero", (WHOLE,)),
    "OneHot": Case("OneHot", (TOKENS,), (np.array(5), np.array([0, 2], np.float32)), {"axis": 1}),
    "Pad": Case("Pad", (ROWS,), (ints(0, 1, 2, 0, 0, 1), np.array(1.5, np.float32))),
    "Pad, reflected": Case("Pad", (IMAGE,), (ints(0, 0, 2, 0, 0, 3),), {"mode": "reflect"}),
    "Pad, edge": Case("Pad", (IMAGE,), (ints(0, 0, 2, 0, 0, 3),), {"mode": "edge"}),
    "Pad, once": Case("Pad", (ROWS,), (), {"pads": [0, 1, 2, 0, 0, 1], "value": 1.5}, opset=9),
    "Reshape": Case("Reshape", (ROWS,), (ints(0, -1),)),
    "ReverseSequence": Case("ReverseSequence", (ROWS,), (ints(2, 3),), {"batch_axis": 0, "time_axis": 1}),
    "ScatterND": Case("ScatterND", (ROWS,), (np.array([[0, 1], [1, 2]]), np.ones((2, 4), np.float32))),
    "ScatterND, added": Case("ScatterND", (ROWS,), (np.array([[0, 1], [0, 1]]), np.ones((2, 4), np.float32)), {"reduction": "add"}),
    "ScatterElements": Case("ScatterElements", (ROWS,), (np.array([[[0, -1]], [[2, 1]]]), np.ones((2, 1, 2), np.float32)), {"axis": 2}),
    "ScatterElements, added": Case(
        "ScatterElements", (ROWS,), (np.array([[[0, 0]], [[2, 2]]]), np.ones((2, 1, 2), np.float32)), {"axis": 1, "reduction": "add"}
    ),
    "Shape": Case("Shape", (ROWS,), (), {"start": 1}),
    "Size": Case("Size", (ROWS,)),
    "Slice": Case("Slice", (ROWS,), (ints(1, -1), ints(2**62, -(2**62)), ints(1, 2), ints(1, -2))),
    "Slice, once": Case("Slice", (ROWS,), (), {"starts": [1], "ends": [1000], "axes": [1]}, opset=9),
    "Split": Case("Split", (ROWS,), (), {"axis": 2, "num_outputs": 3}, outputs=3, shown=1),
    "Split, sizes": Case("Split", (ROWS,), (ints(1, 3),), {"axis": 2}, outputs=2, shown=1),
    "Split, once": Case("Split", (ROWS,), (), {"axis": 2, "split": [1, 3]}, opset=11, outputs=2, shown=1),
    "Squeeze": Case("Squeeze", (ROWS[:, :1],), (ints(1),)),
    "Tile": Case("Tile", (ROWS,), (ints(1, 2, 1),)),
    "Transpose": Case("Transpose", (ROWS,), (), {"perm": [1, 0, 2]}),
    "Trilu": Case("Trilu", (ROWS,), (np.array(1, np.int64),), {"upper": 0}),
    "Unsqueeze": Case("Unsqueeze", (ROWS,), (ints(1, -1),)),
}


def looping(opset: int) -> onnx.ModelProto:
    """Multiplies a state with a matrix as often as there are columns, and keeps a list of all states."""
    body = helper.make_graph(
        [
            helper.make_node("MatMul", ["state", "matrix"], ["product"]),
            helper.make_node("Add", ["product", "x"], ["sum"]),
            helper.make_node("Tanh", ["sum"], ["next"]),
            helper.make_node("Identity", ["next"], ["kept"]),
            helper.make_node("Identity", ["go"], ["on"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("step", TensorProto.INT64, []),
            helper.make_tensor_value_info("go", TensorProto.BOOL, []),
            helper.make_tensor_value_info("state", TensorProto.FLOAT, ["batch", 4]),
        ],
        [
            helper.make_tensor_value_info("on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("next", TensorProto.FLOAT, ["batch", 4]),
            helper.make_tensor_value_info("kept", TensorProto.FLOAT, ["batch", 4]),
        ],
    )
    nodes = [
        helper.make_node("Shape", ["x"], ["sizes"]),
        helper.make_node("Gather", ["sizes", "one"], ["steps"]),
        helper.make_node("Loop", ["steps", "", "x"], ["last", "all"], body=body),
        helper.make_node("ReduceSum", ["all", "axes"], ["sums"], keepdims=0)
        if opset >= 13
        else helper.make_node("ReduceSum", ["all"], ["sums"], keepdims=0, axes=[0]),
        helper.make_node("Add", ["last", "sums"], ["y"]),
    ]
    constants = {"matrix": MATRIX[:, :4] / 3, "one": np.array(1, np.int64)} | ({"axes": ints(0)} if opset >= 13 else {})
    given = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 4])
    found = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 4])
    initializers = [numpy_helper.from_array(values, name) for name, values in constants.items()]
    graph = helper.make_graph(nodes, "loop", [given], [found], initializers)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def counting() -> onnx.ModelProto:
    """Counts from 1 in steps of 3 up to the number of numbers that there are."""
    nodes = [helper.make_node("Size", ["x"], ["size"]), helper.make_node("Range", ["one", "size", "three"], ["y"])]
    constants = {"one": np.array(1, np.int64), "three": np.array(3, np.int64)}
    given = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 3, 4])
    found = helper.make_tensor_value_info("y", TensorProto.INT64, ["count"])
    initializers = [numpy_helper.from_array(values, name) for name, values in constants.items()]
    graph = helper.make_graph(nodes, "count", [given], [found], initializers)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)


def text_model(opset: int) -> onnx.ModelProto:
    """A small text classifier as somebody else could have exported it: vectors, a convolution, the largest answer, a dense layer."""
    axes = {"axes": [2]} if opset < 18 else {}
    nodes = [
        helper.make_node("Gather", ["table", "tokens"], ["vectors"]),
        helper.make_node("Transpose", ["vectors"], ["turned"], perm=[0, 2, 1]),
        helper.make_node("Conv", ["turned", "filters", "shift"], ["answers"], pads=[1, 1]),
        helper.make_node("Relu", ["answers"], ["rectified"]),
        helper.make_node("ReduceMax", ["rectified", *([] if axes else ["two"])], ["largest"], keepdims=0, **axes),
        helper.make_node("Gemm", ["largest", "matrix", "bias"], ["logits"], transB=1),
    ]
    constants = {"table": TABLE, "filters": FILTERS[0], "shift": FILTERS[1], "matrix": MATRIX, "bias": VECTOR[:4]}
    constants |= {} if axes else {"two": ints(2)}
    given = helper.make_tensor_value_info("tokens", TensorProto.INT64, ["batch", "length"])
    found = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 4])
    initializers = [numpy_helper.from_array(values, name) for name, values in constants.items()]
    graph = helper.make_graph(nodes, "text", [given], [found], initializers)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


MODELS = {f"text, operator set {opset}": (text_model(opset), (TOKENS,)) for opset in (9, 11, 13, 18, 21)}
MODELS["Range"] = (counting(), (ROWS,))
MODELS |= {f"loop, operator set {opset}": (looping(opset), (ROWS[0],)) for opset in (11, 13, 18)}


def answer_everything(wing: str, folder: Path) -> None:
    """What the process of one wing does: an answer for each file, and what it can be trained on."""
    from importlib import import_module

    from engine.shared.onnx.reading import read_graph
    from engine.shared.onnx.simplify import simplified

    names = ("onnx.model", "onnx.layers", "onnx.operators", "export", "training")
    onnx_model, onnx_layers, onnx_operators, export, training = (import_module(f"engine.frameworks.{wing}.{name}") for name in names)
    found: dict[str, Any] = {"operators": sorted({*onnx_operators.OPERATORS, *onnx_layers.LAYERS, "Loop"}), "errors": {}}
    for file in sorted(folder.glob("*.onnx")):
        given = np.load(file.with_suffix(".npz"))
        try:
            model = onnx_model.import_graph(simplified(read_graph(file)))
            tensors, _ = training.as_tensors(tuple(given[name] for name in given.files), np.zeros(1, np.int64), "cpu")
            answer = model(*tensors) if wing == "pytorch" else model(tensors if len(tensors) > 1 else tensors[0])
            answer = answer.detach() if hasattr(answer, "detach") else answer
            np.save(folder / f"{file.stem}.{wing}.npy", np.asarray(answer))
            weights = {name: list(values.shape) for name, values in export.named_weights(model).items()}
            found[file.stem] = {"weights": weights, "layers": to_json(onnx_model.own_layers(model))}
        except Exception as error:
            found["errors"][file.stem] = f"{type(error).__name__}: {error}"
    (folder / f"{wing}.json").write_text(json.dumps(found), encoding="utf-8")


@dataclass(frozen=True)
class Answers:
    """What every wing and ONNX Runtime said."""

    folder: Path
    expected: dict[str, np.ndarray]
    facts: dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory, in_wing: InWing) -> Answers:
    folder = tmp_path_factory.mktemp("operators")
    expected = {}
    everything = {name: (case.model(), case.given) for name, case in CASES.items()} | MODELS
    for number, (name, (model, given)) in enumerate(everything.items()):
        (folder / f"{number}.onnx").write_bytes(model.SerializeToString())
        names = [value.name for value in model.graph.input]
        np.savez(folder / f"{number}.npz", **dict(zip(names, given, strict=True)))
        session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
        expected[name] = session.run(None, dict(zip(names, given, strict=True)))[0]
    facts = {}
    for wing in WINGS:
        in_wing(wing, answer_everything, wing, folder)
        facts[wing] = json.loads((folder / f"{wing}.json").read_text(encoding="utf-8"))
    return Answers(folder, expected, facts)


@pytest.mark.parametrize("wing", WINGS)
def test_each_wing_has_the_operators_of_the_table_and_no_others(answers: Answers, wing: str) -> None:
    assert answers.facts[wing]["operators"] == sorted(OPERATORS)


def test_every_operator_is_tried() -> None:
    in_models = {node.op_type for model, _ in MODELS.values() for node in model.graph.node}
    assert {case.operator for case in CASES.values()} | in_models == set(OPERATORS)


@pytest.mark.parametrize("wing", WINGS)
@pytest.mark.parametrize("name", [*CASES, *MODELS])
def test_the_answer_is_that_of_onnx_runtime(answers: Answers, name: str, wing: str) -> None:
    number = str(list([*CASES, *MODELS]).index(name))
    assert number not in answers.facts[wing]["errors"], answers.facts[wing]["errors"][number]
    found, expected = np.load(answers.folder / f"{number}.{wing}.npy"), answers.expected[name]
    assert found.shape == expected.shape
    np.testing.assert_allclose(found.astype(np.float64), expected.astype(np.float64), atol=BAR, rtol=BAR)


@pytest.mark.parametrize("wing", WINGS)
def test_weights_become_layers_that_can_be_trained(answers: Answers, wing: str) -> None:
    number = str(list([*CASES, *MODELS]).index("text, operator set 18"))
    facts = answers.facts[wing][number]
    layers = {"pytorch": ["Embedding", "Conv1d", "Linear"], "tensorflow": ["Embedding", "Conv1D", "Dense"]}[wing]
    assert [row["layer"] for row in facts["layers"]] == layers
    assert [row["operator"] for row in facts["layers"]] == ["Gather", "Conv", "Gemm"]
    sizes = sorted(int(np.prod(shape)) for shape in facts["weights"].values())
    assert sizes == sorted(values.size for values in (TABLE, *FILTERS, MATRIX, VECTOR[:4]))


@pytest.mark.parametrize("wing", WINGS)
def test_the_body_of_a_loop_has_layers_too(answers: Answers, wing: str) -> None:
    number = str(list([*CASES, *MODELS]).index("loop, operator set 18"))
    assert [row["operator"] for row in answers.facts[wing][number]["layers"]] == ["MatMul"]
