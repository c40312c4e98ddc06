import asyncio
import json
from typing import Annotated

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta, Struct

from device.conversation.events import Submitted
from device.tools.registry import LONGEST, Arguments, Nothing, Registry, Tool, ToolError, ToolResult


class Place(Struct, forbid_unknown_fields=True):
    """Where."""

    city: str


class Weather(Arguments, frozen=True):
    """Arguments of weather."""

    place: Place
    days: Annotated[int, Meta(ge=1, le=7, description="How many.")] = 1
    unit: str | None = None


async def weather(arguments):
    if arguments.place.city == "Atlantis":
        raise ToolError("there is no weather under water")
    if arguments.place.city == "Nowhere":
        raise RuntimeError("secret path /etc/shadow")
    if arguments.place.city == "Far":
        await asyncio.Event().wait()
    if arguments.place.city == "Odd":
        return {"weather": object()}
    return {"weather": "rain", "days": arguments.days}


@pytest.fixture
def registry():
    tool = Tool(name="weather", description="Tells it.", arguments=Weather, handler=weather, sleep=True, reply=False)
    return Registry([tool], timeout_s=0.05)


async def call(registry, arguments, name="weather"):
    result = await registry.call(name, arguments if isinstance(arguments, str) else json.dumps(arguments))
    return result, json.loads(result.output)


async def test_a_good_call(registry):
    result, output = await call(registry, {"place": {"city": "Ulm"}, "days": 3})
    assert output == {"weather": "rain", "days": 3}
    assert (result.sleep, result.reply) == (True, False)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("{", "truncated"),
        ("nonsense", "malformed"),
        ("[]", "Expected `object`"),
        ("", "`place`"),
        ("{}", "`place`"),
        ({"place": {}}, "`city`"),
        ({"place": {"city": 5}}, "$.place.city"),
        ({"place": {"city": "Ulm"}, "days": 0}, "$.days"),
        ({"place": {"city": "Ulm"}, "days": 8}, "<= 7"),
        ({"place": {"city": "Ulm"}, "days": "2"}, "Expected `int`"),
        ({"place": {"city": "Ulm"}, "wind": True}, "`wind`"),
        ({"place": {"city": "Ulm", "street": ""}}, "`street`"),
        ({"place": {"city": "Atlantis"}}, "under water"),
        ({"place": {"city": "Far"}}, "longer than 0.05 s"),
        ({"place": {"city": "Nowhere"}}, "fault in the device"),
        ({"place": {"city": "Odd"}}, "fault in the device"),
        ('{"place": {"city": "\udc80"}}', "bad arguments"),
    ],
)
async def test_what_goes_wrong_is_told_to_the_model(registry, arguments, says):
    result, output = await call(registry, arguments)
    assert list(output) == ["error"]
    assert says in output["error"]
    assert "shadow" not in output["error"]
    assert (result.sleep, result.reply) == (False, True)


async def test_a_tool_may_have_a_time_limit_of_its_own(caplog):
    tools = [
        Tool(name=name, description="", arguments=Weather, handler=weather, timeout_s=limit)
        for name, limit in (("hasty", 0.01), ("usual", None))
    ]
    registry = Registry(tools, timeout_s=0.02)
    for name, limit in (("hasty", "0.01"), ("usual", "0.02")):
        _, output = await call(registry, {"place": {"city": "Far"}}, name=name)
        assert output == {"error": f"{name} took longer than {limit} s"}
        assert f"{name} took longer than {limit} s" in caplog.text


async def test_only_what_is_offered_can_be_called(registry):
    other = Tool(name="other", description="", arguments=Weather, handler=weather)
    offered = registry.offering(["nothing"], [other])
    assert [spec.name for spec in offered.specs()] == ["other"]
    _, output = await call(offered, {"place": {"city": "Ulm"}})
    assert output == {"error": "there is no tool called 'weather'; there are other"}
    _, output = await call(registry.offering([]), {})
    assert output["error"].endswith("there are none")
    _, output = await call(registry.offering(["weather"]), {"place": {"city": "Far"}})
    assert "longer than 0.05 s" in output["error"]


async def test_an_unknown_tool_is_told_with_those_there_are(registry):
    _, output = await call(registry, {}, name="wether")
    assert output == {"error": "there is no tool called 'wether'; there are weather"}


async def test_a_cancelled_call_stays_cancelled(registry):
    task = asyncio.ensure_future(registry.call("weather", '{"place": {"city": "Far"}}'))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@given(
    st.one_of(
        st.text(),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(), lambda s: st.dictionaries(st.text(), s)
        ).map(json.dumps),
    )
)
def test_no_arguments_make_it_crash(arguments):
    tool = Tool(name="weather", description="", arguments=Weather, handler=weather)
    result = asyncio.run(Registry([tool]).call("weather", arguments))
    assert isinstance(json.loads(result.output), dict)


def test_the_schema_has_no_references(registry):
    (spec,) = registry.specs()
    assert (spec.name, spec.description) == ("weather", "Tells it.")
    assert "$" not in msgspec.json.encode(spec.parameters).decode()
    assert spec.parameters["type"] == "object"
    assert spec.parameters["required"] == ["place"]
    assert spec.parameters["additionalProperties"] is False
    assert spec.parameters["properties"]["place"]["properties"] == {"city": {"type": "string"}}
    assert spec.parameters["properties"]["days"] == {
        "type": "integer", "minimum": 1, "maximum": 7, "default": 1, "description": "How many."
    }  # fmt: skip


def test_two_tools_of_one_name_are_refused():
    tool = Tool(name="weather", description="", arguments=Weather, handler=weather)
    with pytest.raises(ValueError, match="two tools called weather"):
        Registry([tool, tool])


async def test_a_handler_may_say_itself_what_a_call_came_to():
    async def odd(_):
        return ToolResult("{}", reply=False, result=Submitted('{"a": 1}'))

    schema = {"type": "object", "properties": {"a": {"type": "integer"}}}
    tool = Tool(name="odd", description="Odd.", arguments=msgspec.Raw, parameters=schema, handler=odd)
    assert tool.spec().parameters == schema
    assert await Registry([tool]).call("odd", '{"a": 1}') == ToolResult("{}", reply=False, result=Submitted('{"a": 1}'))


@pytest.mark.parametrize(
    "arguments", ["[" * 50_000, '{"place": {"city": "' + "x" * LONGEST + '"}}'], ids=["deep", "long"]
)
async def test_arguments_have_a_bound(registry, arguments):
    result = await registry.call("weather", arguments)
    assert "arguments for weather" in json.loads(result.output)["error"]


async def test_a_name_that_is_not_there_is_repeated_in_short(registry):
    result = await registry.call("x" * 10_000, "{}")
    assert len(result.output) < 300


def numbered(name, number):
    async def count(_):
        return number

    return Tool(name=name, description="Counts.", arguments=Nothing, handler=count)


async def test_tools_may_come_and_go_but_take_no_name_of_ours():
    there = []
    tools = Registry([numbered("add", 1)]).offering(["add"], changing=lambda: there)
    assert [spec.name for spec in tools.specs()] == ["add"]
    there += [numbered("add", 2), numbered("more", 3)]
    assert {spec.name for spec in tools.specs()} == {"add", "more"}
    assert (await tools.call("add", "")).output == "1"
    assert (await tools.call("more", "")).output == "3"
    there.clear()
    assert "there is no tool called 'more'; there are add" in (await tools.call("more", "")).output
