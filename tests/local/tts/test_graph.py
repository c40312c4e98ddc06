import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import tiny_voice

from device.local.tts.graph import Graph, GraphError, crossing


def whole(parts):
    return b"".join(bytes(part) for part in parts)


def decodes(node):
    return node.name.startswith("/dec/")


def test_a_model_is_read():
    graph = Graph(tiny_voice.model(speakers=2))
    assert graph.inputs == ["input", "input_lengths", "scales", "sid"]
    assert graph.outputs == ["output"]
    assert [node.operator for node in graph.nodes[:3]] == ["Cast", "Unsqueeze", "Slice"]
    assert graph.nodes[1].inputs == ("x", "axis")
    assert {"weight", "axis"} <= graph.constant()
    assert not {"z", "w", "output", "input"} & graph.constant()


@pytest.mark.parametrize(("speakers", "fed"), [(1, ["z"]), (2, ["z", "g"])])
def test_what_crosses_the_cut_is_what_changes(speakers, fed):
    assert crossing(Graph(tiny_voice.model(speakers=speakers)), decodes) == fed
    assert crossing(Graph(tiny_voice.model(speakers=speakers, named=False)), decodes) == []


def test_parts_have_what_they_need_and_no_more():
    graph = Graph(tiny_voice.model(speakers=2))
    after = Graph(whole(graph.part(["output"], ["z", "g"])))
    assert [node.name for node in after.nodes] == ["/dec/ups", "/dec/cond", "/dec/Add", "/dec/Tanh"]
    assert (after.inputs, after.outputs) == (["z", "g"], ["output"])
    assert after.constant() - {""} == {"weight", "tiny"}
    before = Graph(whole(graph.part(["w", "z", "g"])))
    assert not any(node.name.startswith("/dec/") for node in before.nodes)
    assert before.inputs == ["input", "input_lengths", "scales", "sid"]
    assert before.outputs == ["w", "z", "g"]


def test_a_part_may_be_all_of_it():
    graph = Graph(tiny_voice.model())
    again = Graph(whole(graph.part(graph.outputs)))
    assert [node.name for node in again.nodes] == [node.name for node in graph.nodes]
    assert again.inputs == graph.inputs


@pytest.mark.parametrize("size", range(1, 800, 37))
def test_what_is_truncated_is_no_model(size):
    data = tiny_voice.model()
    assert size < len(data)
    with pytest.raises(GraphError):
        Graph(data[: len(data) - size])


@given(st.binary(max_size=200))
def test_any_bytes_are_a_model_or_refused(data):
    with contextlib.suppress(GraphError):
        Graph(data)
