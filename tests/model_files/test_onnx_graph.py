"""ONNX models that are put together and read back by onnxruntime."""

import numpy as np
import onnxruntime
import pytest
from google.protobuf.message import DecodeError

from device.model_files import onnx_graph


def test_a_graph_that_is_put_together_runs(tmp_path):
    path = tmp_path / "made.onnx"
    options = onnxruntime.SessionOptions()
    path.write_bytes(b"")
    model = onnx_graph.read(path)  # an empty message is a model without anything
    model.ir_version = 10
    model.opset_import.add(domain="", version=14)
    model.graph.name = "g"
    model.graph.initializer.extend(
        (
            onnx_graph.tensor("table", np.arange(6, dtype=np.int8).reshape(2, 3)),
            onnx_graph.tensor("which", np.array([1])),
        )
    )
    model.graph.node.extend(
        (
            onnx_graph.node("Gather", ["table", "which"], ["row"], axis=0),
            onnx_graph.node("Cast", ["row"], ["float"], to=onnx_graph.FLOAT),
            onnx_graph.node("Transpose", ["float"], ["turned"], perm=[1, 0]),
        )
    )
    model.graph.output.append(onnx_graph.output("turned", (3, "one")))
    path.write_bytes(model.SerializeToString())
    (found,) = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"]).run(None, {})
    assert found.tolist() == [[3], [4], [5]]
    assert onnx_graph.values(onnx_graph.read(path).graph.initializer[0]).tolist() == [[0, 1, 2], [3, 4, 5]]


def test_what_is_no_model_is_refused(tmp_path):
    (tmp_path / "text").write_text("no model")
    with pytest.raises(DecodeError):
        onnx_graph.read(tmp_path / "text")
    with pytest.raises(OSError, match="missing"):
        onnx_graph.read(tmp_path / "missing")
