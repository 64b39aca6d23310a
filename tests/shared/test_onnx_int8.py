"""An ONNX file in int8: a quarter of the size, answers of ONNX Runtime that differ a little."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from engine.shared.onnx.quantize import keep_weights_in_int8
from engine.shared.onnx.session import open_session


def write_text_cnn(file: Path) -> None:
    """Word vectors, one convolution, the strongest answer, a dense layer: the operators of the classifiers that differ most."""
    random = np.random.default_rng(7)
    shapes = {"table": (2000, 64), "filters": (32, 64, 3), "dense": (4, 32), "bias": (4,)}
    weights = [numpy_helper.from_array(random.normal(size=shape).astype(np.float32), name) for name, shape in shapes.items()]
    nodes = [
        helper.make_node("Gather", ["table", "tokens"], ["vectors"], name="gather"),
        helper.make_node("Transpose", ["vectors"], ["turned"], name="transpose", perm=[0, 2, 1]),
        helper.make_node("Conv", ["turned", "filters"], ["found"], name="conv"),
        helper.make_node("ReduceMax", ["found"], ["strongest"], name="max", axes=[2], keepdims=0),
        helper.make_node("Gemm", ["strongest", "dense", "bias"], ["logits"], name="dense_layer", transB=1),
    ]
    given = helper.make_tensor_value_info("tokens", TensorProto.INT64, ["batch", "tokens"])
    answer = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 4])
    graph = helper.make_graph(nodes, "text_cnn", [given], [answer], weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), str(file))


def test_weights_take_a_quarter_and_answers_change_little(tmp_path: Path) -> None:
    file = tmp_path / "model.onnx"
    write_text_cnn(file)
    tokens = np.random.default_rng(8).integers(0, 2000, (5, 9))
    size, before = file.stat().st_size, open_session(file, 1)(tokens)
    keep_weights_in_int8(file)
    after = open_session(file, 1)(tokens)
    assert [path.name for path in tmp_path.iterdir()] == ["model.onnx"], "no file in float32 is left beside it"
    assert file.stat().st_size < 0.3 * size
    assert 0 < np.abs(after - before).max() < 0.05 * np.abs(before).max()
    large = [tensor for tensor in onnx.load(file).graph.initializer if np.prod(tensor.dims) > 100]
    assert len(large) == 3 and {tensor.data_type for tensor in large} <= {TensorProto.INT8, TensorProto.UINT8}
