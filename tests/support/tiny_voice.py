"""A model of the shape of a Piper voice, of a few hundred bytes: two frames a phoneme, four samples a frame.

Written byte by byte, as protobuf and onnx.proto3 have it; the package onnx is not needed to run Parley.
"""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

RATE = 8000
HOP = 4
FRAMES = 2
SOUNDS = "_^$ ,.?!;:'abcdefghijklmnopqrstuvwxyzæðŋɐɑɔəɚɛɜɡɪɹɾʃʊʌʒˈˌːθᵻʔ"
INT64, FLOAT = 7, 1


def number(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def integer(field: int, value: int) -> bytes:
    return number(field << 3) + number(value)


def message(field: int, *content: bytes | str) -> bytes:
    whole = b"".join(part.encode() if isinstance(part, str) else part for part in content)
    return number(field << 3 | 2) + number(len(whole)) + whole


def node(operator: str, name: str, inputs: Sequence[str], output: str, **attributes: int | list[int]) -> bytes:
    content = [message(1, one) for one in inputs] + [message(2, output), message(3, name), message(4, operator)]
    for key, value in attributes.items():
        if isinstance(value, int):
            content.append(message(5, message(1, key), integer(3, value), integer(20, 2)))
        else:
            content.append(message(5, message(1, key), *(integer(8, one) for one in value), integer(20, 7)))
    return message(1, *content)


def tensor(name: str, kind: int, shape: Sequence[int], data: bytes) -> bytes:
    return message(5, *(integer(1, size) for size in shape), integer(2, kind), message(8, name), message(9, data))


def value(field: int, name: str, kind: int, *shape: str | int) -> bytes:
    sizes = [message(1, message(2, size) if isinstance(size, str) else integer(1, size)) for size in shape]
    return message(field, message(1, name), message(2, message(1, integer(1, kind), message(2, *sizes))))


def model(*, speakers: int = 1, named: bool = True) -> bytes:
    """Return the file of a model; without names of its operations it cannot be cut."""
    n = (lambda text: text) if named else (lambda _: "")
    nodes = [
        node("Cast", n("/Cast"), ["input"], "x", to=FLOAT),
        node("Unsqueeze", n("/Unsqueeze"), ["x", "axis"], "y"),
        node("Slice", n("/Slice"), ["scales", "one", "two"], "slowness"),
        node("Mul", n("/Mul"), ["y", "zero"], "none"),
        node("Mul", n("/Mul_1"), ["slowness", "frames"], "length"),
        node("Add", n("/Add"), ["none", "length"], "lengths"),
        node("Ceil", n("/Ceil"), ["lengths"], "w"),
        node("Cast", n("/Cast_1"), ["input_lengths"], "count", to=FLOAT),
        node("Mul", n("/Mul_2"), ["count", "zero"], "nothing"),
        node("Mul", n("/Mul_3"), ["w", "nothing"], "silence"),
        node("Add", n("/Add_1"), ["y", "silence"], "all"),
        node("Concat", n("/Concat"), ["all", "all"], "z", axis=2),
        node("ConvTranspose", n("/dec/ups"), ["z", "weight"], "up", strides=[HOP]),
    ]
    fed = [value(11, "input", INT64, 1, "n"), value(11, "input_lengths", INT64, 1), value(11, "scales", FLOAT, 3)]
    if speakers > 1:
        fed.append(value(11, "sid", INT64, 1))
        nodes += [
            node("Cast", n("/emb"), ["sid"], "who", to=FLOAT),
            node("Unsqueeze", n("/emb_1"), ["who", "axes"], "g"),
            node("Mul", n("/dec/cond"), ["g", "tiny"], "bias"),
            node("Add", n("/dec/Add"), ["up", "bias"], "loud"),
        ]
    nodes.append(node("Tanh", n("/dec/Tanh"), ["loud" if speakers > 1 else "up"], "output"))
    weights = [
        tensor("axis", INT64, [1], struct.pack("<q", 1)),
        tensor("axes", INT64, [2], struct.pack("<2q", 1, 2)),
        tensor("one", INT64, [1], struct.pack("<q", 1)),
        tensor("two", INT64, [1], struct.pack("<q", 2)),
        tensor("zero", FLOAT, [1], struct.pack("<f", 0)),
        tensor("tiny", FLOAT, [1], struct.pack("<f", 0.1)),
        tensor("frames", FLOAT, [1], struct.pack("<f", FRAMES)),
        tensor("weight", FLOAT, [1, 1, HOP], struct.pack(f"<{HOP}f", *(0.01 * (-1) ** k for k in range(HOP)))),
    ]
    graph = message(7, *nodes, message(2, "tiny"), *weights, *fed, value(12, "output", FLOAT, "b", "c", "s"))
    return integer(1, 8) + graph + message(8, integer(2, 15))


def config(**changes: Any) -> dict[str, Any]:
    """Return what such a voice says of itself."""
    return {
        "audio": {"sample_rate": RATE},
        "espeak": {"voice": "en-us"},
        "inference": {"noise_scale": 0.5, "length_scale": 1, "noise_w": 0.5},
        "phoneme_id_map": {sound: [n + 1] for n, sound in enumerate(SOUNDS)},
        "num_speakers": 1,
        "phoneme_type": "espeak",
        **changes,
    }


def write(folder: Path, name: str = "xx_XX-tiny-low", *, speakers: int = 1, named: bool = True, **changes: Any) -> Path:
    """Write a voice into a folder; return the path of its model."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.onnx"
    path.write_bytes(model(speakers=speakers, named=named))
    described = config(num_speakers=speakers, **changes)
    path.with_name(f"{path.name}.json").write_text(json.dumps(described))
    return path


def kokoro(folder: Path, name: str = "af_tiny") -> tuple[Path, Path, Path]:
    """Write what Kokoro is made of into a folder, a hundred samples a phoneme; return model, vocabulary and voice."""
    nodes = [
        node("Cast", "", ["tokens"], "x", to=FLOAT),
        node("Unsqueeze", "", ["x", "axis"], "y"),
        node("Slice", "", ["style", "zero", "one", "one"], "s"),
        node("Unsqueeze", "", ["s", "axis"], "shift"),
        node("Add", "", ["y", "shift"], "z"),
        node("ConvTranspose", "", ["z", "weight"], "up", strides=[100]),
        node("Tanh", "", ["up"], "audio"),
    ]
    weights = [
        tensor("axis", INT64, [1], struct.pack("<q", 1)),
        tensor("zero", INT64, [1], struct.pack("<q", 0)),
        tensor("one", INT64, [1], struct.pack("<q", 1)),
        tensor("weight", FLOAT, [1, 1, 100], struct.pack("<100f", *(0.01 * (-1) ** k for k in range(100)))),
    ]
    fed = [value(11, "tokens", INT64, 1, "n"), value(11, "style", FLOAT, 1, 256), value(11, "speed", FLOAT, 1)]
    graph = message(7, *nodes, message(2, "tiny"), *weights, *fed, value(12, "audio", FLOAT, "b", "c", "s"))
    paths = folder / "kokoro.onnx", folder / "vocab.json", folder / f"{name}.bin"
    paths[0].write_bytes(integer(1, 8) + graph + message(8, integer(2, 15)))
    paths[1].write_text(json.dumps({"vocab": {sound: n + 1 for n, sound in enumerate(SOUNDS + "AIOWYQTʤʧᵊ")}}))
    paths[2].write_bytes(bytes(4 * 510 * 256))
    return paths
