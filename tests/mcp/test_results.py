"""What the model is told of a tool's result."""

import json

import msgspec
import pytest

from device.mcp.results import LONGEST, output
from device.tools.registry import ToolError


def text(said):
    return {"type": "text", "text": said}


def result(*parts, **more):
    return {"content": list(parts), **more}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (result(text("It is 20 degrees.")), {"result": "It is 20 degrees."}),
        (result(text("one"), text("two")), {"result": "one\ntwo"}),
        (result(text('{"success": true}')), {"result": {"success": True}}),
        (result(text('{"broken": ')), {"result": '{"broken":'}),
        (result(text("[" * 5000)), {"result": "[" * 5000}),
        (result(text("17")), {"result": "17"}),
        (result(), {"result": ""}),
        ({}, {"result": ""}),
        (result(structuredContent={"a": [1]}), {"result": {"a": [1]}}),
        (result(text("words"), structuredContent={"a": 1}), {"result": "words"}),
        (result({"type": "resource", "resource": {"uri": "x", "text": "inside"}}), {"result": "inside"}),
        (result(3, None, "x", {"type": "text"}, {"type": "text", "text": 5}, text("ok")), {"result": "ok"}),
    ],
)
def test_text_and_data_are_told(given, told):
    found = output(given)
    assert {key: found[key] for key in told} == told
    msgspec.json.encode(found)


def test_what_cannot_be_heard_is_left_out_with_a_word():
    image = {"type": "image", "data": "A" * 99, "mimeType": "image/png"}
    sound = {"type": "audio", "data": "A" * 99, "mimeType": "audio/wav"}
    link = {"type": "resource_link", "uri": "file:///x", "name": "x"}
    found = output(result(text("a cat"), image, image, sound, link, {"type": "strange"}))
    assert found["result"] == "a cat"
    assert found["left_out"].startswith("2 images, 1 sound, 1 link, 1 part: nobody can hear that")
    assert "AAA" not in json.dumps(found)
    assert "result" not in output(result(image))


def test_a_failure_is_told_as_one():
    with pytest.raises(ToolError, match="no such lamp"):
        output(result(text("no such lamp"), isError=True))
    with pytest.raises(ToolError, match="does not say why"):
        output(result(isError=True))
    with pytest.raises(ToolError) as long:
        output(result(text("x" * 9999), isError=True))
    assert len(str(long.value)) == 500


def test_a_server_that_asks_back_is_answered_by_a_sentence():
    with pytest.raises(ToolError, match="cannot be done by voice"):
        output({"resultType": "input_required", "inputRequests": {}})


def test_a_long_result_is_shortened_and_says_so():
    found = output(result(text("x" * 50_000)))
    assert len(found["result"]) == LONGEST
    assert found["shortened"] == f"the first {LONGEST} of 50000 characters"
    assert len(output(result(*[text("y")] * 5000))["result"]) < 300
