"""The session with Gemini Live, over real sockets; the server does what each test says."""

import asyncio
import json
import traceback
from collections.abc import AsyncIterator

import numpy as np
import pytest
from msgspec.structs import replace
from support.scripted_gemini import HEAR_RATE, RATE, ScriptedGemini
from support.sessions import SOON, configured, opening, until

from device.conversation.engine import (
    Audio,
    AudioDone,
    EngineError,
    Expiring,
    Fault,
    ReplyEnded,
    ReplyStarted,
    Said,
    ToolCall,
    ToolSpec,
    Usage,
    Words,
)
from device.conversation.events import Heard
from device.engines.factory import session_with
from device.engines.faults import Endpoint
from device.engines.gemini.config import GeminiConfig
from device.engines.gemini.session import GeminiSession, closed
from device.settings.engines import GeminiEngine
from device.settings.tree import BargeInSettings, ListenSettings, Settings
from device.settings.types import Secret
from device.simulation.scripted_engine import Call, Reply, Speech
from device.wire import gemini as wire

KEY = "AIza-a-very-secret-key"
TOOL = ToolSpec(
    "set_timer",
    "Set a timer.",
    {
        "type": "object",
        "properties": {
            "seconds": {"type": "integer", "minimum": 1, "exclusiveMaximum": 90_000},
            "name": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
            "kind": {"enum": ["egg", "tea"]},
            "days": {"type": "array", "items": {"type": "string", "maxLength": 9}},
        },
        "required": ["seconds"],
        "additionalProperties": False,
    },
)
NO_ARGUMENTS = ToolSpec("get_time", "Tell the time.", {"type": "object", "properties": {}})
TONE = (8000 * np.sin(np.arange(HEAR_RATE // 2) * 2 * np.pi * 300 / HEAR_RATE)).astype(np.int16).tobytes()
SILENCE = bytes(2 * HEAR_RATE * 6 // 10)


@pytest.fixture
async def server() -> AsyncIterator[ScriptedGemini]:
    async with ScriptedGemini() as running:
        yield running


@pytest.fixture
async def opened(server):
    """Open sessions with the server, and close them after the test."""

    def make(**config):
        given = {"url": server.url, "model": "gemini-3.8-live", "heartbeat_s": None, **config}
        return GeminiSession(configured(GeminiConfig, GeminiEngine, **given))

    async with opening(make) as start:
        yield start


async def speak(session: GeminiSession, pcm: bytes = TONE + SILENCE) -> None:
    for start in range(0, len(pcm), 640):
        await session.hear(pcm[start : start + 640])


async def holds(session: GeminiSession, handle: str) -> None:
    """Wait until the session has a handle: what is sent from then on, it does not cover."""
    async with asyncio.timeout(SOON):
        while session._resumption.handle != handle:  # noqa: SLF001, ASYNC110 - the session has no event for it
            await asyncio.sleep(0.001)


def setup_of(server: ScriptedGemini, n: int = -1) -> dict:
    return json.loads(wire.encode(wire.ClientMessage(setup=server.all("setup")[n])))["setup"]


# Opening


async def test_the_session_that_is_asked_for(server, opened) -> None:
    session = await opened(
        api_key=Secret(KEY),
        voice="Puck",
        instructions="Be brief.",
        tools=(TOOL, NO_ARGUMENTS),
        silence_ms=700,
        eagerness="high",
        language="de",
        thinking="low",
    )
    assert server.peer.headers["x-goog-api-key"] == KEY
    assert KEY not in server.peer.path + repr(session)
    assert setup_of(server) == {
        "model": "models/gemini-3.8-live",
        "generationConfig": {
            "responseModalities": ["AUDIO"],
            "speechConfig": {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": "Puck"}}},
            "thinkingConfig": {"thinkingLevel": "LOW"},
        },
        "systemInstruction": {"parts": [{"text": "Be brief."}]},
        "tools": [
            {
                "functionDeclarations": [
                    {
                        "name": "set_timer",
                        "description": "Set a timer.",
                        "parameters": {
                            "type": "OBJECT",
                            "properties": {
                                "seconds": {"type": "INTEGER", "minimum": 1},
                                "name": {"type": "STRING", "nullable": True},
                                "kind": {"enum": ["egg", "tea"]},
                                "days": {"type": "ARRAY", "items": {"type": "STRING", "maxLength": 9}},
                            },
                            "required": ["seconds"],
                        },
                        "behavior": "NON_BLOCKING",
                    },
                    {"name": "get_time", "description": "Tell the time.", "behavior": "NON_BLOCKING"},
                ]
            }
        ],
        "realtimeInputConfig": {
            "automaticActivityDetection": {
                "endOfSpeechSensitivity": "END_SENSITIVITY_HIGH",
                "silenceDurationMs": 700,
            },
            "activityHandling": "NO_INTERRUPTION",
        },
        "sessionResumption": {},
        "contextWindowCompression": {"slidingWindow": {}},
        "inputAudioTranscription": {"languageCodes": ["de"]},
        "outputAudioTranscription": {},
    }
    assert (session.rate, session.capabilities.hear_rate) == (24_000, 16_000)
    assert not session.capabilities.truncation
    assert session.capabilities.server_vad


@pytest.mark.parametrize(
    ("decide", "handling"), [("device", "NO_INTERRUPTION"), ("engine", "START_OF_ACTIVITY_INTERRUPTS")]
)
async def test_the_settings_decide_who_interrupts(server, decide, handling) -> None:
    settings = Settings(engines=("gemini",), barge_in=BargeInSettings(decide=decide))
    settings = replace(settings, engine={"gemini": replace(settings.engine["gemini"], url=server.url)})
    session = session_with(settings, "gemini", ())
    await session.open(())
    assert setup_of(server)["realtimeInputConfig"]["activityHandling"] == handling
    assert setup_of(server)["model"] == settings.engine["gemini"].model
    await session.close()


async def test_history_is_told_once_and_not_answered(server, opened) -> None:
    session = await opened((Said("user", "hello"), Said("assistant", "Good day.")))
    await speak(session)
    await until(session, ReplyEnded)
    assert setup_of(server)["historyConfig"] == {"initialHistoryInClientContent": True}
    (content,) = server.all("client_content")
    assert content == wire.ClientContent(
        turns=[wire.text("user", "hello"), wire.text("model", "Good day.")], turn_complete=True
    )
    assert server.received.index(wire.ClientMessage(client_content=content)) == 1
    assert server.turns == 1


# Turns


async def test_a_turn(server, opened) -> None:
    server.replies[0] = Reply((Speech(bytes(range(200)) * 24, "It is noon now."),), delta_ms=20)
    session = await opened()
    await speak(session)
    got = await until(session, ReplyEnded)
    words = [event for event in got if isinstance(event, Words)]
    assert [event.text for event in words if event.role == "user"] == ["wor", "ds", "words"]
    assert [event.final for event in words if event.role == "user"] == [False, False, True]
    assert next(event for event in reversed(words)) == Words(
        "assistant", "It is noon now.", final=True, item="reply_2_audio"
    )
    assert b"".join(event.pcm for event in got if isinstance(event, Audio)) == bytes(range(200)) * 24
    kinds = [type(event) for event in got]
    assert kinds.index(ReplyStarted) < kinds.index(Audio) < kinds.index(AudioDone) < kinds.index(ReplyEnded)
    assert got[-1] == ReplyEnded("reply_2", "completed", Usage(input_tokens=10, output_tokens=20))
    assert server.heard == TONE + SILENCE


async def test_the_device_says_where_a_turn_ends(server, opened) -> None:
    session = await opened(end_of_turn="device")
    assert not session.capabilities.server_vad
    for n in (1, 2):
        await speak(session, TONE)
        await session.commit()
        await session.commit()
        await until(session, ReplyEnded)
        assert server.turns == n
    assert setup_of(server)["realtimeInputConfig"]["automaticActivityDetection"] == {"disabled": True}


async def test_an_interruption_is_told_by_text_and_the_rest_is_dropped(server, opened) -> None:
    server.replies.appendleft(Reply((Speech(bytes(2 * RATE * 2), "one two three four"),), pace=1.0))
    session = await opened()
    await speak(session)
    got = await until(session, Audio, 3)
    item = got[-1].item
    # What has arrived and waits is stale from here on.
    await session.interrupt((Heard(item, 200, whole=False),))
    got = await until(session, ReplyEnded)
    assert not [event for event in got if isinstance(event, Audio)]
    assert got[-1].status == "cancelled"
    (note,) = server.all("client_content")
    assert not note.turn_complete
    assert note.turns[0].role == "user"
    assert "heard only this" in note.turns[0].parts[0].text or "heard nothing" in note.turns[0].parts[0].text
    await speak(session)
    assert (await until(session, ReplyEnded))[-1].status == "completed"


async def test_a_servers_interruption_ends_the_reply(server, opened) -> None:
    server.replies.appendleft(Reply((Speech(bytes(2 * RATE * 2), "one two three four"),), pace=1.0))
    session = await opened(interrupts=True)
    await speak(session)
    await until(session, Audio)
    await speak(session)
    assert (await until(session, ReplyEnded))[-1].status == "cancelled"
    assert (await until(session, ReplyEnded))[-1].status == "completed"
    assert not server.all("client_content")


async def test_a_tool_call(server, opened) -> None:
    server.replies.appendleft(Reply((Speech(bytes(4800), "Let me see."), Call("set_timer", '{"seconds": 5}', "c1"))))
    session = await opened(tools=(TOOL,))
    await speak(session)
    got = await until(session, ReplyEnded)
    call = next(event for event in got if isinstance(event, ToolCall))
    assert (call.call_id, call.name, json.loads(call.arguments)) == ("c1", "set_timer", {"seconds": 5})
    await session.tool_result("c1", '"set"', reply=True)
    await session.tool_result("c1", '"set"', reply=True)
    got = await until(session, ReplyEnded)
    assert isinstance(got[0], ReplyStarted)
    response = wire.FunctionResponse(name="set_timer", response={"output": "set"}, id="c1", scheduling="WHEN_IDLE")
    assert server.all("tool_response") == [wire.ToolResponse(function_responses=[response])]


async def test_the_engine_speaks_when_asked(server, opened) -> None:
    session = await opened()
    await session.say("Say that the tea is ready.")
    await until(session, ReplyEnded)
    (content,) = server.all("client_content")
    assert (content.turn_complete, content.turns[0].parts[0].text) == (True, "Say that the tea is ready.")


# From one connection to the next


async def test_a_session_goes_on_in_another_connection_without_a_word_lost_or_doubled(server, opened) -> None:
    server.hold_setup = asyncio.Event()
    session = await opened()
    speech = np.random.default_rng(1).integers(-9000, 9000, HEAR_RATE // 2, np.int16).tobytes()
    await holds(session, "handle_2")
    await speak(session, speech[:6400])
    await server.wait(lambda m: m.realtime_input is not None, 10)
    await server.peers[0].go_away(10)
    got = asyncio.create_task(until(session, ReplyEnded))
    await server.resuming.wait()
    await speak(session, speech[6400:12800])  # while the next connection is being opened
    server.hold_setup.set()
    await server.wait(lambda m: m.realtime_input is not None, 10 + 10 + 20)
    await speak(session, speech[12800:] + SILENCE)
    got = await got
    assert len(server.peers) == 2
    assert setup_of(server)["sessionResumption"] == {"handle": "handle_2"}
    assert server.heard == speech + SILENCE
    assert server.turns == 1
    assert [type(event) for event in got if isinstance(event, ReplyStarted | ReplyEnded)] == [ReplyStarted, ReplyEnded]
    assert server.peers[0].socket.closed


async def test_a_session_does_not_move_in_mid_reply(server, opened) -> None:
    server.replies.appendleft(Reply((Speech(bytes(2 * RATE), "one two three four"),), pace=1.0))
    session = await opened()
    await speak(session)
    await until(session, Audio)
    await server.peer.go_away(30)
    got = await until(session, ReplyEnded)
    assert got[-1].status == "completed"
    assert sum(len(event.pcm) for event in got if isinstance(event, Audio)) > RATE
    await server.wait(lambda m: m.setup is not None, 2)
    await speak(session)
    await until(session, ReplyEnded)
    assert len(server.peers) == 2
    assert server.peer.turns == 1


async def test_in_manual_mode_the_next_connection_hears_where_the_turn_began(server, opened) -> None:
    session = await opened(end_of_turn="device")
    await holds(session, "handle_2")
    await speak(session, TONE)
    await server.wait(lambda m: m.realtime_input is not None, 26)
    await server.peer.go_away(10)
    got = asyncio.create_task(until(session, ReplyEnded))
    await server.wait(lambda m: m.setup is not None, 2)
    await session.commit()
    await got
    assert server.heard == TONE
    assert server.peer.turns == 1


async def test_a_handle_that_came_in_mid_turn_goes_on_in_mid_turn(server, opened) -> None:
    session = await opened(end_of_turn="device")
    await speak(session, TONE[:6400])
    await server.wait(lambda m: m.realtime_input is not None, 11)
    await holds(session, await server.peer.handle())
    await speak(session, TONE[6400:])
    await server.wait(lambda m: m.realtime_input is not None, 26)
    await server.peer.go_away(10)
    got = asyncio.create_task(until(session, ReplyEnded))
    await server.wait(lambda m: m.setup is not None, 2)
    await session.commit()
    await got
    assert server.heard == TONE
    assert server.peer.turns == 1


async def test_a_reply_that_begins_while_the_next_connection_opens_is_heard_out(server, opened) -> None:
    server.hold_setup = asyncio.Event()
    server.replies.appendleft(Reply((Speech(bytes(RATE), "one two three four"),), pace=0.5))
    session = await opened()
    await holds(session, "handle_2")
    await server.peer.go_away(30)
    reader = asyncio.create_task(until(session, Audio))
    await server.resuming.wait()
    server.reply(server.peers[0])
    got = await reader
    server.hold_setup.set()
    got += await until(session, ReplyEnded)
    assert got[-1].status == "completed"
    assert sum(len(event.pcm) for event in got if isinstance(event, Audio)) == RATE
    # Only then does the session move, by a handle that knows of the reply.
    await server.wait(lambda m: m.setup is not None, 3)
    assert setup_of(server, 1)["sessionResumption"] == {"handle": "handle_2"}
    assert setup_of(server, 2)["sessionResumption"] != {"handle": "handle_2"}


async def test_a_connection_that_was_left_is_not_listened_to(server, opened) -> None:
    session = await opened()
    await holds(session, "handle_2")
    await server.peer.go_away(10)
    await server.wait(lambda m: m.setup is not None, 2)
    await speak(session)
    await until(session, ReplyEnded)
    late = wire.Content(parts=[wire.Part(text="late")])
    session._take(session._left, wire.ServerMessage(server_content=wire.ServerContent(model_turn=late)))  # noqa: SLF001 - no event or message tells of it
    assert session._turns.idle  # noqa: SLF001 - no event or message tells of it


async def test_where_it_cannot_go_on_the_session_says_that_it_expires(server, opened) -> None:
    server.forgets = True
    session = await opened()
    await server.peer.go_away(8)
    got = await until(session, Expiring)
    assert 7 < got[-1].seconds <= 8
    # The present connection still works.
    await speak(session)
    assert (await until(session, ReplyEnded))[-1].status == "completed"


async def test_without_a_pause_the_session_expires_early_enough_for_others(server, opened) -> None:
    server.replies.appendleft(Reply((Speech(bytes(2 * RATE * 8), "one two three four"),), pace=1.0))
    session = await opened()
    await speak(session)
    await until(session, Audio)
    await server.peer.go_away(0.2)
    got = await until(session, Expiring)
    assert 0 < got[-1].seconds <= 0.1
    assert len(server.peers) == 1


async def test_a_connection_that_closes_after_it_said_so_is_followed_by_the_next(server, opened) -> None:
    session = await opened()
    server.hold_setup = asyncio.Event()
    await server.peer.go_away(10)
    got = asyncio.create_task(until(session, ReplyEnded))
    await server.resuming.wait()
    await server.peers[0].close(1001)
    server.hold_setup.set()
    await speak(session)
    assert (await got)[-1].status == "completed"
    assert server.turns == 1


async def test_where_the_next_connection_does_not_come_in_time_the_session_is_over(server, opened, monkeypatch) -> None:
    monkeypatch.setattr("device.engines.gemini.session.ORPHANED_S", 0.05)
    session = await opened()
    server.hold_setup = asyncio.Event()
    await server.peer.go_away(30)
    got = asyncio.create_task(until(session, Fault))
    await server.resuming.wait()
    await server.peers[0].close(1001, "moved")
    fault = (await got)[-1]
    assert (fault.code, fault.retry) == ("closed_1001", True)


async def test_one_that_closes_in_mid_reply_ends_the_session(server, opened) -> None:
    server.replies.appendleft(Reply((Speech(bytes(2 * RATE * 4), "one two three four"),), pace=1.0))
    session = await opened()
    await speak(session)
    await until(session, Audio)
    await server.peer.go_away(30)
    await server.peer.close(1011, "Internal error")
    fault = (await until(session, Fault))[-1]
    assert (fault.code, fault.retry) == ("closed_1011", True)


# What goes wrong


@pytest.mark.parametrize(
    ("code", "reason", "name", "retry", "fix"),
    [
        (1007, "API key not valid. Please pass a valid API key.", "bad_key", False, "GEMINI_API_KEY"),
        (1007, "Request contains an invalid argument.", "closed_1007", False, "[engine.gemini]"),
        (1008, "models/x is not found for API version v1beta", "model_not_found", False, "engine.gemini.model"),
        (1011, "You exceeded your current quota, please check your plan", "quota", True, "billing"),
        (1008, "Resource has been exhausted (e.g. check quota).", "quota", True, "billing"),
        (1011, "Internal error encountered.", "closed_1011", True, "Internal error"),
    ],
)
async def test_a_setup_that_is_not_accepted(  # noqa: PLR0917 - a table's columns
    server, code, reason, name, retry, fix
) -> None:
    server.set_up = lambda peer, _setup: peer.close(code, reason)
    config = configured(
        GeminiConfig, GeminiEngine, url=server.url, model="x", api_key=Secret(KEY), key_variable="GEMINI_API_KEY"
    )
    session = GeminiSession(config)
    with pytest.raises(EngineError) as caught:
        async with asyncio.timeout(SOON):
            await session.open(())
    fault = caught.value.fault
    assert (fault.code, fault.retry) == (name, retry)
    assert fix in fault.message
    assert KEY not in "".join(traceback.format_exception(caught.value)) + repr(config) + repr(session)


def test_what_a_session_met_that_was_agreed_on_may_pass() -> None:
    at = Endpoint("example.org", "m", "engine.gemini")
    assert closed(1007, "Request contains an invalid argument.", at, agreed=True).retry
    assert closed(None, "", at, agreed=True).code == "lost"


async def test_what_is_not_understood_is_passed_over(server, opened, caplog) -> None:
    session = await opened()
    for text in ("[]", "{", '{"serverContent": {"modelTurn": 3}}', '{"somethingNew": {}}'):
        await server.peer.socket.send_bytes(text.encode())
    await speak(session)
    await until(session, ReplyEnded)
    assert "somethingNew" in caplog.text


async def test_end_of_turn_by_the_device_is_a_setting(server) -> None:
    settings = Settings(engines=("gemini",), listen=ListenSettings(end_of_turn="device"))
    assert not session_with(settings, "gemini", ()).capabilities.server_vad
