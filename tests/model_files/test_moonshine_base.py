"""The rewiring of Moonshine base, on small graphs of the same make."""

from types import SimpleNamespace

import numpy as np
import onnxruntime
import pytest

from device.model_files import moonshine_base, onnx_graph
from device.model_files.moonshine_base import UnexpectedGraphError


def weight(name, values, scale, offset):
    """An int8 weight as the wheel has it: the tensors, and the nodes that make float32 of it."""
    tensors = (
        onnx_graph.tensor(name, values),
        onnx_graph.tensor(f"{name}_s", np.array([scale], np.float32)),
        onnx_graph.tensor(f"{name}_o", np.array([offset], np.float32)),
    )
    nodes = (
        onnx_graph.node("Cast", [name], [f"{name}_c"], to=onnx_graph.FLOAT),
        onnx_graph.node("Mul", [f"{name}_c", f"{name}_s"], [f"{name}_m"]),
        onnx_graph.node("Add", [f"{name}_m", f"{name}_o"], [f"{name}_f"]),
    )
    return tensors, nodes


@pytest.fixture
def model(tmp_path):
    """A table of words, and the product of a word with a weight and with the table, turned."""
    rng = np.random.default_rng(1)
    (tmp_path / "empty").write_bytes(b"")
    made = onnx_graph.read(tmp_path / "empty")
    made.ir_version = 10
    made.opset_import.add(domain="", version=14)
    made.graph.name = "g"
    table, looked = weight("table", rng.integers(-128, 127, (8, 6)).astype(np.int8), 0.02, -0.04)
    square, multiplied = weight("square", rng.integers(-128, 127, (6, 6)).astype(np.int8), 0.01, 0.05)
    made.graph.initializer.extend((*table, *square))
    made.graph.node.extend(
        (
            *looked,
            *multiplied,
            onnx_graph.node("Gather", ["table_f", "ids"], ["words"], axis=0),
            onnx_graph.node("MatMul", ["words", "square_f"], ["product"]),
            onnx_graph.node("Transpose", ["table_f"], ["turned"], perm=[1, 0]),
            onnx_graph.node("MatMul", ["product", "turned"], ["logits"]),
        )
    )
    ids = made.graph.input.add(name="ids")
    ids.type.tensor_type.elem_type = 7
    ids.type.tensor_type.shape.dim.add(dim_param="n")
    made.graph.output.append(onnx_graph.output("logits", ("n", 8)))
    return made


def run(model, path):
    path.write_bytes(model.SerializeToString())
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return session.run(None, {"ids": np.array([3, 0, 7])})[0]


def test_products_in_int8_are_nearly_those_in_float(model, tmp_path):
    before = run(model, tmp_path / "before.onnx")
    moonshine_base.quantise(model.graph)
    moonshine_base.drop_unused(model.graph)
    after = run(model, tmp_path / "after.onnx")
    assert np.abs(after - before).max() < 0.03 * np.abs(before).max()
    kinds = [node.op_type for node in model.graph.node]
    assert kinds.count("MatMulInteger") == 2
    assert "MatMul" not in kinds
    # No weight is left in float32, nor twice but for the table, which is turned.
    assert sorted(one.name for one in model.graph.initializer if len(one.dims) == 2) == [
        "square",
        "table",
        "table:turned",
    ]


def test_an_offset_between_two_steps_is_refused(model):
    next(one for one in model.graph.initializer if one.name == "square_o").raw_data = np.float32(0.055).tobytes()
    with pytest.raises(UnexpectedGraphError, match="square has an offset of"):
        moonshine_base.quantise(model.graph)


def test_a_model_of_another_make_is_refused(model, tmp_path, monkeypatch):
    monkeypatch.setattr(moonshine_base, "_as_onnx", lambda *_: SimpleNamespace(graph=model.graph))
    with pytest.raises(UnexpectedGraphError, match="no two branches"):
        moonshine_base.convert(tmp_path, tmp_path)
    del model.graph.node[:3]
    with pytest.raises(UnexpectedGraphError, match="nobody makes"):
        moonshine_base.drop_unused(model.graph)
