"""Moonshine base as it ships, made into what runs fast and small: the same int8 weights, multiplied as int8.

The models of the wheel moonshine-cpp 0.1.4 hold their weights as int8, each with a scale and an offset, and make
float32 of all of them in every run: 0.4 s a phrase and 650 MB. Here the products are done in int8
(`DynamicQuantizeLinear`, `MatMulInteger`: ONNX opset 11), which onnxruntime fuses. The weights stay as they are to the
bit, so nothing is lost but the rounding of the activations. Moreover the decoder comes without its two branches, which
would be optimised, and held, one by one: what the first step alone does, the keys and values of the encoder's states,
is done by the encoder here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import onnxruntime

from device.model_files import onnx_graph

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

STATES: Final = "encoder_hidden_states"
"""The decoder's input that the encoder gives."""
_BRANCH: Final = "use_cache_branch"


class UnexpectedGraphError(Exception):
    """A model is not put together as the one that is known; the message says where."""


def convert(folder: Path, target: Path) -> None:
    """Make `encoder.onnx` and `decoder.onnx` in `target` of `encoder_model.ort` and `decoder_model_merged.ort`.

    Both folders are there already. The encoder gives `last_hidden_state` and the `present.N.encoder.…`, the decoder
    takes `input_ids` and all `past_key_values.…`, and gives `logits` and the `present.N.decoder.…`.

    Raises:
        UnexpectedGraphError: The models are others than those that are known.
        OSError: What is made cannot be written.

    """
    encoder = _as_onnx(folder / "encoder_model.ort", target / "plain.part")
    decoder = _as_onnx(folder / "decoder_model_merged.ort", target / "plain.part")
    branches = {a.name: a.g for n in decoder.graph.node if n.op_type == "If" for a in n.attribute}
    if set(branches) != {"then_branch", "else_branch"}:
        raise UnexpectedGraphError("the decoder has no two branches")
    _inline(decoder.graph, branches["then_branch"])
    _add_cross_attention(encoder.graph, decoder.graph, branches["else_branch"])
    for model, name in ((encoder, "encoder.onnx"), (decoder, "decoder.onnx")):
        quantise(model.graph)
        drop_unused(model.graph)
        (target / name).write_bytes(model.SerializeToString(deterministic=True))


def _as_onnx(path: Path, scratch: Path) -> Any:
    """Return a model in onnxruntime's own format as an ONNX model, not optimised."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.optimized_model_filepath = str(scratch)
    options.add_session_config_entry("session.save_model_format", "ONNX")
    options.log_severity_level = 3
    try:
        onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        return onnx_graph.read(scratch)
    finally:
        scratch.unlink(missing_ok=True)


def _inline(graph: Any, branch: Any) -> None:
    """Have the decoder always do what it does with keys and values of earlier steps, of which there may be none."""
    rest = [node for node in graph.node if node.op_type != "If"]
    given = {one.name for one in branch.initializer}  # stand-ins of the encoder's, which do not change
    outputs = [one for one in graph.output if one.name not in given]
    inputs = [one for one in graph.input if one.name not in (_BRANCH, STATES)]
    nodes = [*rest, *branch.node]
    _set(graph.node, nodes)
    _set(graph.output, outputs)
    _set(graph.input, inputs)
    _set(graph.value_info, [])


def _add_cross_attention(encoder: Any, decoder: Any, first: Any) -> None:
    """Have the encoder give the keys and values of its states, as the decoder's first step makes them."""
    maker = {name: node for node in first.node for name in node.output}
    shapes = {one.name: [d.dim_value for d in one.type.tensor_type.shape.dim] for one in decoder.input}
    weights = {one.name: one for one in decoder.initializer}
    makers = {name: node for node in decoder.node for name in node.output}
    for past, shape in shapes.items():
        if ".encoder." not in past:
            continue
        name, (_, heads, _, width) = past.replace("past_key_values", "present"), shape
        product = maker[maker[maker[name].input[0]].input[0]]  # MatMul, Reshape to heads, Transpose
        if product.op_type != "MatMul" or product.input[0] != STATES:
            raise UnexpectedGraphError(f"{name} is no product of the encoder's states")
        for chained in _chain(makers, product.input[1]):
            encoder.node.append(chained)
            encoder.initializer.extend(weights[i] for i in chained.input if i in weights)
        encoder.initializer.append(onnx_graph.tensor(f"{name}:heads", np.array([0, 0, heads, width])))
        encoder.node.extend(
            (
                onnx_graph.node("MatMul", [encoder.output[0].name, product.input[1]], [f"{name}:flat"]),
                onnx_graph.node("Reshape", [f"{name}:flat", f"{name}:heads"], [f"{name}:split"]),
                onnx_graph.node("Transpose", [f"{name}:split"], [name], perm=[0, 2, 1, 3]),
            )
        )
        encoder.output.append(onnx_graph.output(name, ("batch_size", heads, "states", width)))


def _chain(makers: dict[str, Any], weight: str) -> list[Any]:
    """Return the nodes that make float32 of a weight: Cast, Mul by the scale, Add of the offset."""
    add = makers.get(weight)
    mul = makers.get(add.input[0]) if add and add.op_type == "Add" else None
    cast = makers.get(mul.input[0]) if mul and mul.op_type == "Mul" else None
    return [cast, mul, add] if cast and cast.op_type == "Cast" else []


def quantise(graph: Any) -> None:
    """Multiply as int8 what is multiplied by an int8 weight, and look words up before they become float32."""
    tensors = {one.name: onnx_graph.values(one) for one in graph.initializer if one.raw_data}
    makers = {name: node for node in graph.node for name in node.output}
    quantised: dict[str, tuple[str, str, str]] = {}  # what the activations are called in int8, by their name
    nodes: list[Any] = []
    for node in graph.node:
        weight = {"MatMul": 1, "Gather": 0}.get(node.op_type)
        turned = makers.get(node.input[weight]) if weight else None  # what words are looked up in tells them, turned
        turned = turned if turned and turned.op_type == "Transpose" else None
        chain = _chain(makers, turned.input[0] if turned else node.input[weight]) if weight is not None else []
        if not chain or chain[0].input[0] not in tensors:
            nodes.append(node)
            continue
        cast, mul, add = chain
        name, scale, offset = cast.input[0], mul.input[1], add.input[1]
        if node.op_type == "Gather":
            nodes += _looked_up(node, name, scale, offset)
            continue
        if turned:
            graph.initializer.append(onnx_graph.tensor(f"{name}:turned", tensors[name].T))
            name = f"{name}:turned"
        graph.initializer.append(_zero_point(name, tensors[scale], tensors[offset]))
        nodes += _product(node, name, scale, quantised)
    if not quantised:
        raise UnexpectedGraphError("no weight is int8 with a scale and an offset")
    _set(graph.node, nodes)


def _zero_point(name: str, scale: NDArray[Any], offset: NDArray[Any]) -> Any:
    """Return which int8 value means 0: (q - zero) * scale is q * scale + offset."""
    zero = -float(offset.item()) / float(scale.item())
    if abs(zero - round(zero)) > 1e-3 or not -128 <= round(zero) <= 127:
        raise UnexpectedGraphError(f"{name} has an offset of {zero} steps, which is no int8 value")
    return onnx_graph.tensor(f"{name}:zero", np.array(round(zero), np.int8))


def _looked_up(node: Any, name: str, scale: str, offset: str) -> list[Any]:
    (out,) = node.output
    return [
        onnx_graph.node("Gather", [name, node.input[1]], [f"{out}:row"], axis=0),
        onnx_graph.node("Cast", [f"{out}:row"], [f"{out}:float"], to=onnx_graph.FLOAT),
        onnx_graph.node("Mul", [f"{out}:float", scale], [f"{out}:scaled"]),
        onnx_graph.node("Add", [f"{out}:scaled", offset], [out]),
    ]


def _product(node: Any, name: str, scale: str, quantised: dict[str, tuple[str, str, str]]) -> list[Any]:
    """Return the nodes of a product in int8; what it multiplies is made int8 once, however often it is multiplied."""
    nodes: list[Any] = []
    left, (out,) = node.input[0], node.output
    if left not in quantised:
        quantised[left] = (f"{left}:int8", f"{left}:scale", f"{left}:zero")
        nodes.append(onnx_graph.node("DynamicQuantizeLinear", [left], list(quantised[left])))
    value, its_scale, its_zero = quantised[left]
    return [
        *nodes,
        onnx_graph.node("MatMulInteger", [value, name, its_zero, f"{name}:zero"], [f"{out}:int32"]),
        onnx_graph.node("Cast", [f"{out}:int32"], [f"{out}:float"], to=onnx_graph.FLOAT),
        onnx_graph.node("Mul", [its_scale, scale], [f"{out}:step"]),
        onnx_graph.node("Mul", [f"{out}:float", f"{out}:step"], [out]),
    ]


def drop_unused(graph: Any) -> None:
    """Leave out the nodes whose results nobody takes, and the weights that nobody takes either."""
    wanted = {one.name for one in graph.output}
    kept: list[Any] = []
    for node in reversed(_sorted(graph)):
        if wanted.intersection(node.output):
            kept.append(node)
            wanted.update(node.input)
    _set(graph.node, kept[::-1])
    unique = {one.name: one for one in graph.initializer if one.name in wanted}
    _set(graph.initializer, [unique[name] for name in sorted(unique)])


def _sorted(graph: Any) -> list[Any]:
    """Return the nodes in an order in which each comes after those that make what it takes."""
    there = {one.name for one in (*graph.initializer, *graph.input)} | {""}
    waiting, done = list(graph.node), []
    while waiting:
        later = []
        for node in waiting:
            if there.issuperset(node.input):
                done.append(node)
                there.update(node.output)
            else:
                later.append(node)
        if len(later) == len(waiting):
            raise UnexpectedGraphError(f"nobody makes what {later[0].name} takes")
        waiting = later
    return done


def _set(field: Any, messages: list[Any]) -> None:
    """Put these into a repeated field in place of what it holds, of which they may be part."""
    copies = [type(one).FromString(one.SerializeToString()) for one in messages]
    del field[:]
    field.extend(copies)
