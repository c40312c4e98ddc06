"""The session with Gemini Live, over real sockets; the server does what each test says."""

import asyncio
import json
import traceback

import pytest
from msgspec.structs import replace
from support.gemini_session import SILENCE, TONE, setup_of, speak
from support.scripted_gemini import RATE
from support.sessions import SOON, configured, until

from device.conversation.engine import (
    Audio,
    AudioDone,
    EngineError,
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
from device.simulation.scripted_reply import Call, Reply, Speech
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


@pytest.mark.parametrize("by", ["say", "ask"])
async def test_the_engine_speaks_when_asked(server, opened, by) -> None:
    session = await opened()
    await getattr(session, by)("Say that the tea is ready.")
    await until(session, ReplyEnded)
    (content,) = server.all("client_content")
    assert (content.turn_complete, content.turns[0].parts[0].text) == (True, "Say that the tea is ready.")


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
