"""The ONNX reader: what it takes, in old and new operator sets, and in which words it refuses the rest."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from engine.errors import MigrationError
from engine.shared.onnx.graph import Graph, open_axes, operator_counts
from engine.shared.onnx.operators import OPERATORS
from engine.shared.onnx.reading import read_graph
from engine.shared.onnx.simplify import simplified


def dense_model(opset: int = 18, batch: Any = "batch", **changes: Any) -> onnx.ModelProto:
    """A dense layer, 3 → 2, and ``Relu``; ``changes`` replace the operator or add attributes to it."""
    weights = {"w": np.arange(6, dtype=np.float32).reshape(3, 2), "b": np.array([0.5, -1], np.float32)}
    operator, domain = changes.pop("operator", "Relu"), changes.pop("domain", "")
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["product"], name="multiply"),
        helper.make_node("Add", ["product", "b"], ["sum"], name="add"),
        helper.make_node(operator, ["sum"], ["y"], name="last", domain=domain, **changes),
    ]
    given = [helper.make_tensor_value_info("x", TensorProto.FLOAT, [batch, 3])]
    found = [helper.make_tensor_value_info("y", TensorProto.FLOAT, [batch, 2])]
    initializers = [numpy_helper.from_array(values, name) for name, values in weights.items()]
    graph = helper.make_graph(nodes, "dense", given, found, initializers)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def one_node(node: onnx.NodeProto, opset: int, shape: list[Any] | None = None, **constants: np.ndarray) -> onnx.ModelProto:
    given = [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape or ["batch", 1, 4])]
    found = [helper.make_tensor_value_info(node.output[0], TensorProto.FLOAT, ["first", "second"])]
    initializers = [numpy_helper.from_array(values, name) for name, values in constants.items()]
    graph = helper.make_graph([node], "one", given, found, initializers)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "model.onnx"


def written(file: Path, model: onnx.ModelProto) -> Path:
    file.write_bytes(model.SerializeToString())
    return file


def refused(file: Path) -> str:
    with pytest.raises(MigrationError) as caught:
        simplified(read_graph(file))
    return str(caught.value)


# --- What is taken ---


def test_a_product_and_a_sum_become_one_dense_layer(file: Path) -> None:
    graph = read_graph(written(file, dense_model()))
    assert [node.operator for node in graph.nodes] == ["MatMul", "Add", "Relu"]
    assert graph.inputs[0].shape == ("batch", 3) and graph.inputs[0].dtype == "float32" and graph.opset == 18
    simple = simplified(graph)
    assert operator_counts(simple) == {"Gemm": 1, "Relu": 1}
    assert simple.nodes[0].inputs == ("x", "w", "b") and set(simple.constants) == {"w", "b"}


@pytest.mark.parametrize(("opset", "as_input"), [(9, False), (11, False), (13, True), (21, True)])
def test_axes_are_inputs_whatever_the_operator_set_says(file: Path, opset: int, as_input: bool) -> None:
    if as_input:
        model = one_node(helper.make_node("Squeeze", ["x", "axes"], ["y"]), opset, axes=np.array([1], np.int64))
    else:
        model = one_node(helper.make_node("Squeeze", ["x"], ["y"], axes=[1]), opset)
    (node,) = (graph := read_graph(written(file, model))).nodes
    assert node.attributes == {} and graph.constants[node.inputs[1]].tolist() == [1]


@pytest.mark.parametrize(("opset", "axis", "flattened"), [(9, 1, True), (12, 1, True), (13, -1, False)])
def test_softmax_once_took_all_axes_behind_one(file: Path, opset: int, axis: int, flattened: bool) -> None:
    graph = read_graph(written(file, one_node(helper.make_node("Softmax", ["x"], ["y"]), opset)))
    assert graph.nodes[0].attributes == {"axis": axis, "flattened": flattened}


def test_constants_are_computed_once(file: Path) -> None:
    model = dense_model()
    turn = helper.make_node("Transpose", ["turned"], ["w"], perm=[1, 0])
    model.graph.node.insert(0, turn)
    model.graph.initializer[0].CopyFrom(numpy_helper.from_array(np.arange(6, dtype=np.float32).reshape(2, 3), "turned"))
    graph = simplified(read_graph(written(file, model)))
    assert operator_counts(graph) == {"Gemm": 1, "Relu": 1}
    assert graph.constants["w"].tolist() == [[0, 3], [1, 4], [2, 5]] and "turned" not in graph.constants


def test_a_function_of_the_file_is_written_out(file: Path) -> None:
    model = dense_model(operator="Twice", domain="own")
    body = [helper.make_node("Add", ["a", "a"], ["twice"]), helper.make_node("Relu", ["twice"], ["b"])]
    model.functions.append(helper.make_function("own", "Twice", ["a"], ["b"], body, [helper.make_opsetid("", 18)]))
    model.opset_import.append(helper.make_opsetid("own", 1))
    assert operator_counts(read_graph(written(file, model))) == {"Add": 2, "MatMul": 1, "Relu": 1}


# --- What is refused ---


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04 a zip file, perhaps", np.random.default_rng(0).bytes(4000), b"{}"], ids=["empty", "zip", "noise", "json"]
)
def test_what_is_no_onnx_file_is_refused(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    words = refused(file)
    assert "model.onnx" in words and "not an ONNX model" in words and "Export the model again" in words


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_a_truncated_file_is_refused(file: Path, share: float) -> None:
    whole = dense_model().SerializeToString()
    file.write_bytes(whole[: int(len(whole) * share)])
    assert "Expected" in refused(file)


def test_a_file_that_computes_with_what_nobody_gives_is_refused(file: Path) -> None:
    model = dense_model()
    model.graph.node[0].input[0] = "nobody"
    assert "does not hold together" in refused(written(file, model))


def test_a_missing_file_is_told_in_a_sentence(file: Path) -> None:
    assert "cannot be read" in refused(file)


def test_a_file_of_three_gigabytes_is_refused_before_it_is_opened(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.touch()
    os.truncate(file, 3 * 10**9)  # takes no room on the disk
    monkeypatch.setattr(Path, "read_bytes", lambda path: pytest.fail("it was read"))
    words = refused(file)
    assert "3 GB" in words and "not opened" in words


def test_an_unknown_operator_is_refused_by_name_and_node(file: Path) -> None:
    words = refused(written(file, dense_model(operator="Hardmax")))
    assert "node 3 (“last”)" in words and "Hardmax" in words and "ONNX Runtime" in words and "onnx/operators.py" in words


def test_an_operator_of_another_domain_is_refused_by_name(file: Path) -> None:
    model = dense_model(operator="FusedMatMul", domain="com.microsoft")
    model.opset_import.append(helper.make_opsetid("com.microsoft", 1))
    assert "com.microsoft.FusedMatMul" in refused(written(file, model))


def test_an_attribute_that_is_not_heeded_is_refused(file: Path) -> None:
    node = helper.make_node("LSTM", ["x", "w", "r"], ["y"], hidden_size=2, clip=3.0)
    model = one_node(node, 14, ["time", "batch", 3], w=np.zeros((1, 8, 3), np.float32), r=np.zeros((1, 8, 2), np.float32))
    words = refused(written(file, model))
    assert "clip" in words and "LSTM" in words and "not heeded" in words


@pytest.mark.parametrize("opset", [7, 8, 99])
def test_an_operator_set_outside_the_range_is_refused(file: Path, opset: int) -> None:
    words = refused(written(file, dense_model(opset)))
    assert f"operator set {opset}" in words and "opset_version" in words


def test_strings_are_refused(file: Path) -> None:
    model = dense_model()
    model.graph.input[0].type.tensor_type.elem_type = TensorProto.STRING
    assert "numbers of type 8" in refused(written(file, model))


# --- Weights in other files ---


def external(file: Path, location: str, content: bytes | None = None, **facts: int) -> Path:
    """The dense model with its matrix in another file, which is written beside it if there is content."""
    model = dense_model()
    tensor = model.graph.initializer[0]
    raw = tensor.raw_data
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in {"location": location, **facts}.items():
        entry = tensor.external_data.add()
        entry.key, entry.value = key, str(value)
    if content is not None:
        (file.parent / location).write_bytes(content or raw)
    return written(file, model)


def test_weights_beside_the_file_are_read(file: Path) -> None:
    graph = read_graph(external(file, "weights.bin", b""))
    assert graph.constants["w"].tolist() == [[0, 1], [2, 3], [4, 5]]


@pytest.mark.parametrize("location", ["../secret", "/etc/passwd", "C:\\secret", "deeper/../../secret", "..\\secret", ""])
def test_weights_outside_the_folder_are_refused(file: Path, location: str) -> None:
    (file.parent.parent / "secret").write_bytes(bytes(24))  # which would fit
    words = refused(external(file, location))
    assert "not beside it" in words and "Export the model in one file" in words


def test_a_link_out_of_the_folder_is_refused(file: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    secret = tmp_path_factory.mktemp("elsewhere") / "secret"
    secret.write_bytes(bytes(24))
    (file.parent / "weights.bin").symlink_to(secret)
    assert "not beside it" in refused(external(file, "weights.bin"))


@pytest.mark.parametrize("facts", [{"offset": 8}, {"offset": -4}, {"length": 23}, {"offset": 2**60}])
def test_weights_that_do_not_fit_are_refused(file: Path, facts: dict[str, int]) -> None:
    words = refused(external(file, "weights.bin", bytes(24), **facts))
    assert "does not fit" in words and "do not belong together" in words


def test_a_missing_part_is_told_in_a_sentence(file: Path) -> None:
    words = refused(external(file, "weights.bin"))
    assert "“weights.bin” beside it" in words and "one folder" in words


# --- Open axes ---


def graph_of(file: Path, batch: Any) -> Graph:
    return read_graph(written(file, dense_model(batch=batch)))


def test_an_open_axis_is_found_open(file: Path) -> None:
    open_axes(graph_of(file, "batch"), "x", (0,))
    open_axes(graph_of(file, None), "x", (0,))


def test_a_fixed_axis_is_refused_where_it_must_be_open(file: Path) -> None:
    with pytest.raises(MigrationError, match=r"fixes axis 0 of its input “x”: it is 16.*dynamic_shapes"):
        open_axes(graph_of(file, 16), "x", (0,))
    with pytest.raises(MigrationError, match="it is missing"):
        open_axes(graph_of(file, "batch"), "x", (0, 2))
    with pytest.raises(MigrationError, match="no input “tokens”"):
        open_axes(graph_of(file, "batch"), "tokens", (0,))


def test_the_table_knows_only_operators_and_attributes_of_onnx() -> None:
    schemas = {schema.name: schema for schema in onnx.defs.get_all_schemas_with_history() if schema.domain == ""}
    for operator, attributes in OPERATORS.items():
        known = {
            name
            for schema in onnx.defs.get_all_schemas_with_history()
            if (schema.name, schema.domain) == (operator, "")
            for name in schema.attributes
        }
        assert operator in schemas and set(attributes) - {"flattened"} <= known, operator
