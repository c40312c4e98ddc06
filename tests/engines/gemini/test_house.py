"""A whole conversation with Gemini Live in a simulated room, across two connections."""

import os
from pathlib import Path

from msgspec.structs import replace
from support.house import House, play, says
from support.scripted_gemini import RATE, ScriptedGemini

from device.engines.factory import session_with
from device.settings.tree import BargeInSettings
from device.simulation.scripted_reply import Call, Reply, Speech
from device.simulation.timed_engine import speech


class GeminiHouse(House):
    async def session_at(self, url, tools):
        gemini = replace(self.settings.engine["gemini"], url=url)
        return session_with(replace(self.settings, engine={"gemini": gemini}), "gemini", tools)


def spoken(seconds, text):
    return Speech(speech(seconds).tobytes(), text)


def test_a_tool_call_an_interruption_and_the_next_connection(tmp_path) -> None:
    house = GeminiHouse(
        tmp_path,
        [
            says("hey jarvis, what time is it?", at=1.0),
            says("how many kilometres is five miles?", after="speaking", plus=2.0),
            says("what time is it?", after="reply_end", plus=1.0),
        ],
        34,
        engine="gemini",
    )
    server = ScriptedGemini(
        Reply((Call("get_time"),)),
        Reply((spoken(8.0, "It is noon, and I could tell you a great deal more about noon if you let me."),), pace=0.2),
        Reply((spoken(2.0, "Five miles are eight kilometres."),), pace=0.2),
        Reply((spoken(2.0, "It is still noon."),), pace=0.2),
        transcript="words",
    )

    async def script(house) -> None:
        await house.until("reply_last_audio", 1)
        # The second reply is over, and the third question is yet to come.
        await server.peer.go_away(10)

    play(house, server, script)
    if folder := os.environ.get("PARLEY_RECORD"):
        server.save(Path(folder, "gemini.jsonl"))
    (tool,) = house.all("tool")
    assert tool.name == "get_time"
    (response,) = server.all("tool_response")
    assert response.function_responses[0].scheduling == "WHEN_IDLE"
    (cut,) = house.all("cut")
    (truncated,) = house.all("truncate")
    assert 1000 < truncated.ms < 6000
    (note,) = server.all("client_content")
    assert not note.turn_complete
    text = note.turns[0].parts[0].text
    assert "It is noon" in text
    assert "let me" not in text
    assert [e.text for e in house.all("assistant")] == [
        "Five miles are eight kilometres.",
        "It is still noon.",
    ]
    assert [e.text for e in house.all("user")] == ["words"] * 3
    assert len(server.peers) == 2
    assert server.peer.setup.session_resumption.handle
    assert not house.all("engine_error")
    assert len(house.all("session_open")) == 1
    assert len(house.all("reply_last_audio")) == 2
    assert cut.at < house.room.visits[1].offset
    heard = len(server.heard) / 32_000
    assert server.peer.ears.rate == 16_000
    assert 5 < heard < 30
    assert house.states[-1] in {"listening", "asleep"}
    assert house.daemon.sessions.rate is None or house.daemon.sessions.rate == RATE


def test_the_engine_decides_what_interrupts_it(tmp_path) -> None:
    house = GeminiHouse(
        tmp_path,
        [
            says("hey jarvis, what time is it?", at=1.0),
            says("how many kilometres is five miles?", after="speaking", plus=2.0),
        ],
        16,
        engine="gemini",
    )
    house.settings = replace(house.settings, barge_in=BargeInSettings(decide="engine"))
    server = ScriptedGemini(
        Reply((spoken(8.0, "It is noon, and I could tell you a great deal more about noon if you let me."),), pace=0.2),
        Reply((spoken(2.0, "Five miles are eight kilometres."),), pace=0.2),
    )
    play(house, server)
    assert len(house.all("cut")) == 1
    assert 1000 < house.all("truncate")[0].ms < 6000
    assert server.turns == 2
    # The server knows of its own interruption: to tell it would interrupt the user.
    assert not server.all("client_content")
    assert len(house.all("reply_last_audio")) == 1
    assert not house.all("engine_error")
