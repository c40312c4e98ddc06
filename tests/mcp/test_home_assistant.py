"""Home Assistant by voice: its tools reach the engine, and the local engine's own sentences switch the house."""

import asyncio
import json
import time

import pytest
from support.scripted_home import ScriptedHome

from device.local.brain.sentences import Sentences
from device.local.stages import Call, Choice, Text, Tool, Turn
from device.mcp.servers import Servers
from device.settings.mcp import McpSettings
from device.settings.types import Secret
from device.tools.registry import Registry


@pytest.fixture
async def house():
    async with ScriptedHome(token="s3cret") as house:
        servers = Servers({"home": McpSettings(url=house.url, token=Secret("s3cret"))})
        servers.start()
        end = time.monotonic() + 10
        while not servers.tools():
            assert time.monotonic() < end
            await asyncio.sleep(0.02)
        house.called = Registry([], changing=servers.tools)
        yield house
        await servers.close()


async def said(house, text, language="en"):
    """Say something to the local engine, whose tools are the house's; return what it says."""
    brain = Sentences(language)
    tools = [Tool(spec.name, spec.description, spec.parameters) for spec in house.called.specs()]
    turns = [Turn("user", text)]
    items = [item async for item in brain.reply(turns, tools, "", Choice())]
    for number, call in enumerate(one for one in items if isinstance(one, Call)):
        output = (await house.called.call(call.name, call.arguments)).output
        turns.append(Turn("assistant", "", name=call.name, call_id=str(number)))
        turns.append(Turn("tool", output, call_id=str(number)))
    if len(turns) > 1:
        items = [item async for item in brain.reply(turns, tools, "", Choice())]
    return " ".join(item.text for item in items if isinstance(item, Text))


def states(house):
    return {name: state for name, (_, _, state) in house.devices.items()}


async def test_its_tools_are_offered_and_tell_of_the_house(house):
    names = [spec.name for spec in house.called.specs()]
    assert names == ["HassTurnOn", "HassTurnOff", "HassLightSet", "HassClimateSetTemperature", "GetLiveContext"]
    told = json.loads((await house.called.call("GetLiveContext", "{}")).output)
    assert told["result"]["success"] is True
    assert "names: Reading Lamp" in told["result"]["result"]
    assert house.methods[:4] == ["server/discover", "initialize", "notifications/initialized", "tools/list"]


@pytest.mark.parametrize(
    ("text", "says", "changed"),
    [
        ("Turn on the kitchen lights, please.", "It's on.", {"Ceiling Light": "on", "Table Lamp": "on"}),
        ("Could you switch off the lamp in the living room?", "It's off.", {"Reading Lamp": "off"}),
        ("Turn the fan in the living room on", "It's on.", {"Fan": "on"}),
        ("Dim the kitchen lights to thirty percent.", "Done.", {"Ceiling Light": "on", "Table Lamp": "on"}),
        ("Set the bathroom heating to twenty one degrees.", "All right, 21 degrees.", {"Heating": 21}),
        ("Set the heating to 22 degrees", "All right, 22 degrees.", {"Heating": 22}),
        ("Turn all the lights off", "It's off.", {"Reading Lamp": "off"}),
        ("Turn on the lights in the garage", "The house found nothing that fits that.", {}),
        ("Turn on the light", "Where? Say it with the room, or all of them.", {}),
        ("Set the kitchen lights to 150 percent", "I cannot change it by that much.", {}),
        ("Turn the reading lamp off", "It's off.", {"Reading Lamp": "off"}),
        ("Set the table lamp to 40 percent", "Done.", {"Table Lamp": "on"}),
        ("Turn on the ceiling light", "It's on.", {"Ceiling Light": "on"}),
        ("Turn on my bedside light", "The house found nothing that fits that.", {}),
        ("Are the kitchen lights on?", "It's off.", {}),
        ("Is the living room light on?", "Reading Lamp is on.", {}),
        ("Is the reading lamp still on?", "Reading Lamp is on.", {}),
        ("Is the garden light on?", "The house doesn't know of anything like that.", {}),
        ("How warm is it in the bathroom?", "It's 18 degrees there.", {}),
        ("What's the temperature in the kitchen?", "The house doesn't know of anything like that.", {}),
        ("Open the garage door", "I can switch lights, fans and sockets of a room", {}),
    ],
)
async def test_the_house_is_switched_by_the_local_engines_sentences(house, text, says, changed):
    before = states(house)
    assert (await said(house, text)).startswith(says)
    assert states(house) == before | changed


@pytest.mark.parametrize(
    ("text", "says", "area"),
    [
        ("Mach bitte das Licht in der Küche an.", "Ist an.", "Küche"),
        ("Schalte im Wohnzimmer die Lampen aus", "Ist aus.", "Wohnzimmer"),
        ("Dimme das Küchenlicht auf dreißig Prozent", "Gut.", "Küche"),
        ("Stell die Heizung im Bad auf 21 Grad", "Gut, 21 Grad.", "Bad"),
        ("Mach das Licht im Keller an", "Im Haus habe ich dazu nichts gefunden.", "Keller"),
        ("Mach das Licht aus", "Wo? Sag es mit dem Raum, oder alle.", None),
    ],
)
async def test_and_in_german(house, text, says, area):
    rooms = {"Kitchen": "Küche", "Living Room": "Wohnzimmer", "Bathroom": "Bad"}
    for device in house.devices.values():
        device[0] = rooms[device[0]]
    assert (await said(house, text, "de")) == says
    called = [one["params"]["arguments"]["area"] for one in house.asked if one["method"] == "tools/call"]
    assert called == ([area] if area else [])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Schalte die Leselampe aus", "Ist aus."),
        ("Ist die Leselampe noch an?", "Leselampe ist an."),
        ("Ist das Licht in der Küche an?", "Es ist aus."),
        ("Wie warm ist es im Bad?", "Dort sind es 18 Grad."),
    ],
)
async def test_devices_by_their_names_and_how_they_are_in_german(house, text, says):
    rooms = {"Kitchen": "Küche", "Living Room": "Wohnzimmer", "Bathroom": "Bad"}
    for device in house.devices.values():
        device[0] = rooms[device[0]]
    house.devices["Leselampe"] = house.devices.pop("Reading Lamp")
    assert await said(house, text, "de") == says


async def test_what_a_house_has_several_of_wants_a_room(house):
    house.devices["Radiator"] = ["Hall", "climate", 17]
    assert await said(house, "Set the heating to 22 degrees") == "There are several of them: say it with the room."


async def test_a_house_that_is_away_is_said_to_be(house):
    await house.stop()
    assert await said(house, "Turn on the kitchen lights") == "That is out of reach at the moment."


async def test_without_a_house_it_is_refused_as_before():
    (house,) = [type("None", (), {"called": Registry([])})]
    assert (await said(house, "Turn on the kitchen lights")).startswith("I can't switch lights")
