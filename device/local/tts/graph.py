"""A model of the ONNX format cut in two where it stands, without the package onnx.

ONNX is protobuf (onnx.proto3 of ONNX 1.16, from which the numbers of the fields are). A part of a model is made of the
very bytes of the whole, without what it does not need, so that its weights are never looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_GRAPH: Final = 7
"""Field of `ModelProto`."""
_NODE, _NAME, _INITIALIZER, _INPUT, _OUTPUT = 1, 2, 5, 11, 12
"""Fields of `GraphProto`."""
_NODE_INPUT, _NODE_OUTPUT, _NODE_NAME, _OPERATOR = 1, 2, 3, 4
"""Fields of `NodeProto`."""
_TENSOR_NAME, _VALUE_NAME, _TYPE, _TENSOR_TYPE, _ELEMENT = 8, 1, 2, 1, 1
"""Fields of `TensorProto`, `ValueInfoProto`, `TypeProto` and its `Tensor`."""
_FLOAT: Final = 1
"""`TensorProto.DataType.FLOAT`."""
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
"""Wire types of protobuf."""


class GraphError(ValueError):
    """The bytes are no ONNX model."""


class Node(Struct, frozen=True):
    """One operation."""

    name: str
    operator: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    data: memoryview
    """Its field in the graph, tag and all."""


class Graph:
    """The operations of a model, `data` being the content of its file. Raises `GraphError`."""

    def __init__(self, data: bytes | memoryview) -> None:
        self.nodes: list[Node] = []
        self.outputs: list[str] = []
        self._inputs: list[tuple[str, memoryview]] = []
        self._weights: dict[str, memoryview] = {}
        self._around = b""
        graph = None
        for number, whole, content in _fields(memoryview(data)):
            if number == _GRAPH:
                graph = content
            else:
                self._around += bytes(whole)
        if graph is None:
            raise GraphError("there is no graph in it")
        for number, whole, content in _fields(graph):
            match number:
                case n if n == _NODE:
                    self.nodes.append(_node(whole, content))
                case n if n == _INITIALIZER:
                    self._weights[_text(content, _TENSOR_NAME)] = whole
                case n if n == _INPUT:
                    self._inputs.append((_text(content, _VALUE_NAME), whole))
                case n if n == _OUTPUT:
                    self.outputs.append(_text(content, _VALUE_NAME))
                case _:
                    pass

    @property
    def inputs(self) -> list[str]:
        """The names of what the model is fed."""
        return [name for name, _ in self._inputs]

    def constant(self) -> set[str]:
        """Return the names of the values that do not depend on what the model is fed."""
        known = {*self._weights, ""}
        for node in self.nodes:
            # Random numbers of a constant shape have an input, too, which is one that was fed.
            if all(name in known for name in node.inputs) and not node.operator.startswith("Random"):
                known.update(node.outputs)
        return known

    def part(self, outputs: Iterable[str], given: Iterable[str] = ()) -> list[bytes | memoryview]:
        """Return the model that computes the values `outputs`, those `given` being fed as float tensors.

        It is in pieces, which are a file one after the other: some are the weights where they lie in `data`.
        """
        outputs, given = list(outputs), list(given)
        wanted, nodes = set(outputs), []
        for node in reversed(self.nodes):  # a model's operations are in the order in which they can be done
            made = wanted.intersection(node.outputs)
            if made and not made.issubset(given):
                nodes.append(node)
                wanted.update(node.inputs)
        fed: list[bytes | memoryview] = [data for name, data in self._inputs if name in wanted]
        fed += [_message(_INPUT, _message(_VALUE_NAME, name.encode()) + _float_type()) for name in given]
        body: list[bytes | memoryview] = [
            *(node.data for node in reversed(nodes)),
            *(data for name, data in self._weights.items() if name in wanted),
            _message(_NAME, b"part"),
            *fed,
            *(_message(_OUTPUT, _message(_VALUE_NAME, name.encode())) for name in outputs),
        ]
        return [self._around, _head(_GRAPH, sum(map(len, body))), *body]


def crossing(graph: Graph, belongs: Callable[[Node], bool]) -> list[str]:
    """Return the values that the nodes which belong to a part are fed by the others, in the order of their use."""
    constant = graph.constant()
    before = {name for node in graph.nodes if not belongs(node) for name in node.outputs} | {*graph.inputs}
    used = [name for node in graph.nodes if belongs(node) for name in node.inputs]
    return list(dict.fromkeys(name for name in used if name in before and name not in constant))


def _node(whole: memoryview, content: memoryview) -> Node:
    inputs, outputs, name, operator = [], [], "", ""
    for number, _, value in _fields(content):
        if number == _NODE_INPUT:
            inputs.append(_decode(value))
        elif number == _NODE_OUTPUT:
            outputs.append(_decode(value))
        elif number == _NODE_NAME:
            name = _decode(value)
        elif number == _OPERATOR:
            operator = _decode(value)
    return Node(name, operator, tuple(inputs), tuple(outputs), whole)


def _text(content: memoryview, field: int) -> str:
    return next((_decode(value) for number, _, value in _fields(content) if number == field), "")


def _decode(value: memoryview) -> str:
    try:
        return str(value, "utf-8")
    except UnicodeDecodeError as error:
        raise GraphError(f"a name in it is not text: {error}") from error


def _fields(data: memoryview) -> Iterator[tuple[int, memoryview, memoryview]]:
    """Yield (number, all of it, its content) of each field of a message; the content of a number is empty."""
    place, end = 0, len(data)
    while place < end:
        start = place
        tag, place = _varint(data, place)
        wire_type, content = tag & 7, data[:0]
        if wire_type == _VARINT:
            _, place = _varint(data, place)
        elif wire_type == _BYTES:
            length, place = _varint(data, place)
            content = data[place : place + length]
            place += length
        elif wire_type in {_FIXED64, _FIXED32}:
            place += 8 if wire_type == _FIXED64 else 4
        else:
            raise GraphError(f"it has a field of the unknown kind {wire_type}")
        if place > end:
            raise GraphError("it is truncated")
        yield tag >> 3, data[start:place], content


def _varint(data: memoryview, place: int) -> tuple[int, int]:
    """Return a number of seven bits a byte, and where it ends."""
    value = shift = 0
    while place < len(data) and shift < 64:
        byte = data[place]
        value |= (byte & 0x7F) << shift
        place += 1
        shift += 7
        if byte < 0x80:
            return value, place
    raise GraphError("it is truncated")


def _message(field: int, content: bytes) -> bytes:
    """Return a field that holds bytes."""
    return _head(field, len(content)) + content


def _head(field: int, length: int) -> bytes:
    return _number(field << 3 | _BYTES) + _number(length)


def _number(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _float_type() -> bytes:
    """Return the type of a float tensor of any shape."""
    return _message(_TYPE, _message(_TENSOR_TYPE, _number(_ELEMENT << 3 | _VARINT) + _number(_FLOAT)))
