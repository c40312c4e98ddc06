"""ONNX model files as graphs to be rewired, without the `onnx` package, which takes 100 MB to say what a field is.

The messages are those of onnx.proto (ONNX 1.23, IR version 10), as far as Parley touches them; protobuf keeps the
fields that are not declared here as they are. protobuf comes with onnxruntime.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_FIELDS: Final = {
    "Model": (("graph", 7, "Graph"), ("*opset_import", 8, "OperatorSet"), ("ir_version", 1, "int64")),
    "OperatorSet": (("domain", 1, "string"), ("version", 2, "int64")),
    "Graph": (
        ("*node", 1, "Node"),
        ("name", 2, "string"),
        ("*initializer", 5, "Tensor"),
        ("*input", 11, "ValueInfo"),
        ("*output", 12, "ValueInfo"),
        ("*value_info", 13, "ValueInfo"),
    ),
    "Node": (
        ("*input", 1, "string"),
        ("*output", 2, "string"),
        ("name", 3, "string"),
        ("op_type", 4, "string"),
        ("*attribute", 5, "Attribute"),
        ("domain", 7, "string"),
    ),
    "Attribute": (
        ("name", 1, "string"),
        ("i", 3, "int64"),
        ("g", 6, "Graph"),
        ("*ints", 8, "int64"),
        ("type", 20, "int32"),
    ),
    "Tensor": (("*dims", 1, "int64"), ("data_type", 2, "int32"), ("name", 8, "string"), ("raw_data", 9, "bytes")),
    "ValueInfo": (("name", 1, "string"), ("type", 2, "Type")),
    "Type": (("tensor_type", 1, "TensorType"),),
    "TensorType": (("elem_type", 1, "int32"), ("shape", 2, "Shape")),
    "Shape": (("*dim", 1, "Dimension"),),
    "Dimension": (("dim_value", 1, "int64"), ("dim_param", 2, "string")),
}
"""Name (`*`: repeated), number and type of the fields of each message."""
FLOAT: Final = 1
"""onnx.proto's number of a float32 tensor."""
_TYPES: Final[dict[int, Any]] = {FLOAT: np.float32, 2: np.uint8, 3: np.int8, 6: np.int32, 7: np.int64}
_INT, _INTS = 2, 7
"""onnx.proto's numbers of attributes."""


def _messages() -> dict[str, Any]:
    field = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="parley_onnx.proto", package="parley_onnx", syntax="proto3")
    for name, fields in _FIELDS.items():
        message = file.message_type.add(name=name)
        for label, number, kind in fields:
            one = message.field.add(name=label.removeprefix("*"), number=number)
            one.label = field.LABEL_REPEATED if label.startswith("*") else field.LABEL_OPTIONAL
            if kind in _FIELDS:
                one.type, one.type_name = field.TYPE_MESSAGE, f".parley_onnx.{kind}"
            else:
                one.type = getattr(field, f"TYPE_{kind.upper()}")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"parley_onnx.{name}")) for name in _FIELDS
    }


_CLASSES: Final = _messages()


def read(path: Path) -> Any:
    """Return the model in a file, a ModelProto; raise OSError, or protobuf's `DecodeError` for what is none."""
    return _CLASSES["Model"].FromString(path.read_bytes())


def tensor(name: str, values: NDArray[Any]) -> Any:
    """Return a TensorProto of `values`, of one of the types of `_TYPES`."""
    number = next(number for number, kind in _TYPES.items() if values.dtype == kind)
    return _CLASSES["Tensor"](name=name, dims=values.shape, data_type=number, raw_data=values.tobytes())


def values(one: Any) -> NDArray[Any]:
    """Return what is in a TensorProto that keeps it as bytes, as onnxruntime writes them."""
    found: NDArray[Any] = np.frombuffer(one.raw_data, _TYPES[one.data_type]).reshape(tuple(one.dims))
    return found


def node(kind: str, inputs: list[str], outputs: list[str], **attributes: int | list[int]) -> Any:
    """Return a NodeProto of ONNX's own operator `kind`, named after its first output."""
    made = _CLASSES["Node"](op_type=kind, input=inputs, output=outputs, name=f"{outputs[0]}:{kind}")
    for name, value in attributes.items():
        if isinstance(value, int):
            made.attribute.add(name=name, i=value, type=_INT)
        else:
            made.attribute.add(name=name, ints=value, type=_INTS)
    return made


def output(name: str, shape: tuple[str | int, ...]) -> Any:
    """Return the ValueInfoProto of a float32 output; a dimension is its length or a name."""
    made = _CLASSES["ValueInfo"](name=name)
    made.type.tensor_type.elem_type = FLOAT
    for length in shape:
        if isinstance(length, int):
            made.type.tensor_type.shape.dim.add(dim_value=length)
        else:
            made.type.tensor_type.shape.dim.add(dim_param=length)
    return made
