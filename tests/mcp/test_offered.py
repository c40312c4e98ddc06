"""Which tools are offered, by which names."""

import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.scripted_mcp import tool

from device.mcp import offered
from device.mcp.offered import LONGEST_NAME, MOST, apart

ENGINES_TAKE = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")


def offers(tools, globs):
    return offered.offers([msgspec.Raw(msgspec.json.encode(one)) for one in tools], globs)


def names(found):
    return [one.name for one in found.offers]


def test_tools_are_offered_as_they_are():
    found = offers([tool("HassTurnOn", name="string", about=" Turns\n on. ")], ["*"])
    (one,) = found.offers
    assert (one.raw, one.name, one.description) == ("HassTurnOn", "HassTurnOn", "Turns on.")
    assert one.parameters == {"type": "object", "properties": {"name": {"type": "string"}}}
    assert (found.there, found.meant, found.left_out) == (1, 1, ())


def test_the_settings_say_which():
    listed = [tool("HassTurnOn"), tool("HassTurnOff"), tool("GetDateTime"), tool("hassturnon")]
    found = offers(listed, ["HassTurn*", "*Date*"])
    assert names(found) == ["HassTurnOn", "HassTurnOff", "GetDateTime"]
    assert (found.there, found.meant) == (4, 3)
    assert names(offers(listed, ["Hass?urnOn"])) == ["HassTurnOn"]
    assert names(offers(listed, ["nothing"])) == []


@given(st.lists(st.text(min_size=1, max_size=140), unique=True, max_size=8))
def test_every_engine_takes_the_names_and_none_is_there_twice(raws):
    made = names(offers([tool(raw) for raw in raws], ["*"]))
    assert len(made) == len(set(made)) == len([raw for raw in raws if len(raw) <= 128])
    assert all(ENGINES_TAKE.fullmatch(name) for name in made)


def test_names_that_become_the_same_stay_apart():
    made = names(offers([tool("a.b"), tool("a b"), tool("a_b")], ["*"]))
    assert made[0] == "a_b"
    assert len(set(made)) == 3


def test_a_name_that_is_there_twice_counts_once():
    assert names(offers([tool("a"), tool("a")], ["*"])) == ["a"]


def test_a_name_shared_with_another_begins_with_its_server():
    assert apart("search", "notes") == "notes_search"
    long = apart("s" * 64, "notes")
    assert len(long) == LONGEST_NAME
    assert long.startswith("notes_sss")
    assert long != apart("s" * 63 + "t", "notes")


def test_five_thousand_tools_are_too_many():
    found = offers([tool(f"tool_{n}") for n in range(5000)], ["*"])
    assert len(found.offers) == MOST
    assert (found.there, found.meant) == (5000, 5000)
    assert "only 64 of one server are" in found.left_out[0]
    assert names(offers([tool(f"tool_{n}") for n in range(5000)], ["tool_4999"])) == ["tool_4999"]


@pytest.mark.parametrize("nonsense", [None, 3, "tool", {}, {"name": None}, {"name": ""}, {"name": "x" * 129}])
def test_nonsense_among_the_tools_is_passed_over(nonsense):
    assert names(offers([nonsense, tool("a")], ["*"])) == ["a"]


def test_a_tool_that_cannot_be_offered_is_named_and_takes_no_other_along():
    bad = [{"name": f"bad_{n}\x1b"} for n in range(9)]
    headed = tool("headed", x={"type": "number", "x-mcp-header": "X"})
    found = offers([*bad, headed, tool("good")], ["*"])
    assert names(found) == ["good"]
    assert len(found.left_out) == 5
    assert found.left_out[0] == "bad_0\\u001b: it has no schema of its arguments"


def test_what_lies_too_deep_is_passed_over():
    deep = msgspec.Raw(b'{"name": "deep", "inputSchema": ' + b'{"items": ' * 90_000 + b"1" + b"}" * 90_000 + b"}")
    assert offered.offers([deep], ["*"]).offers == ()


def test_a_description_is_bounded_and_never_empty():
    (long, none) = offers([tool("a", about="x" * 9999), tool("b", about="")], ["*"]).offers
    assert len(long.description) == 1024
    assert none.description == "b"
