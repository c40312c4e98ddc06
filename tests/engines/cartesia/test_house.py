"""A whole conversation with a Cartesia agent in a simulated room."""

import os
from pathlib import Path

from msgspec.structs import replace
from support.house import House, play, says
from support.scripted_cartesia import ScriptedCartesia

from device.engines.factory import session_with
from device.simulation.scripted_reply import Call, Reply, Speech
from device.simulation.timed_engine import speech
from device.wire import cartesia as wire


class CartesiaHouse(House):
    async def session_at(self, url, tools):
        cartesia = replace(self.settings.engine["cartesia"], url=url, agent="agent_1")
        return session_with(replace(self.settings, engine={"cartesia": cartesia}), "cartesia", tools)


def spoken(seconds, text):
    return Speech(speech(seconds).tobytes(), text)


def test_a_tool_call_and_an_interruption(tmp_path) -> None:
    house = CartesiaHouse(
        tmp_path,
        [
            says("hey jarvis, what time is it?", at=1.0),
            says("how many kilometres is five miles?", after="speaking", plus=3.0),
        ],
        24,
        engine="cartesia",
    )
    story = spoken(8.0, "It is noon, and I could tell you a great deal more about noon if you let me.")
    server = ScriptedCartesia(
        Reply((spoken(0.6, "Let me see."), Call("get_time"), story), pace=1.0),
        Reply((spoken(2.0, "Five miles are eight kilometres."),), pace=1.0),
    )
    play(house, server)
    if folder := os.environ.get("PARLEY_RECORD"):
        server.save(Path(folder, "cartesia.jsonl"))
    (tool,) = house.all("tool")
    assert tool.name == "get_time"
    result = next(event for event in server.received if isinstance(event, wire.ClientToolResult))
    assert result.is_error is None
    (truncated,) = house.all("truncate")
    assert 500 < truncated.ms < 7000
    assert server.peer.cleared >= 1
    assert [e.text for e in house.all("user")] == ["words"] * 2
    said = [e.text for e in house.all("assistant")]
    assert said[0] == "Let me see."
    # What the agent says that it said before it was interrupted.
    assert said[1].startswith("It is noon, and")
    assert "let me" not in said[1]
    assert said[2:] == ["Five miles are eight kilometres."]
    assert not house.all("engine_error")
    assert len(house.all("session_open")) == 1
    assert house.states[-1] in {"listening", "asleep"}
    # The agent was never without audio: zeros where the microphone was not for it.
    opened = house.all("session_open")[0].t
    slept = next((e.t for e in house.all("sleep")), 24.0)
    assert abs(len(server.heard) / 48_000 - (slept - opened)) < 1.0
