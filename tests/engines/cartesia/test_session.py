"""The session with a Cartesia agent, over real sockets; the server does what each test says."""

import asyncio
import traceback
from collections.abc import AsyncIterator

import numpy as np
import pytest
from msgspec.structs import replace
from support.scripted_cartesia import RATE, ScriptedCartesia
from support.sessions import SOON, configured, opening, until

from device.conversation.engine import (
    Audio,
    AudioDone,
    EngineError,
    Fault,
    ReplyEnded,
    ReplyStarted,
    Said,
    SpeechStarted,
    SpeechStopped,
    ToolCall,
    Words,
)
from device.conversation.events import Heard
from device.engines.cartesia.session import CartesiaConfig, CartesiaSession
from device.engines.factory import session_with
from device.settings.engines import CartesiaEngine, engines, missing_key
from device.settings.loading import SettingsError, require
from device.settings.tree import Settings
from device.settings.types import Secret
from device.simulation.scripted_reply import Call, Reply, Speech
from device.wire import cartesia as wire

KEY = "sk_car_a-very-secret-key"
TONE = (8000 * np.sin(np.arange(RATE // 2) * 2 * np.pi * 300 / RATE)).astype(np.int16).tobytes()
SILENCE = bytes(2 * RATE * 6 // 10)


@pytest.fixture
async def server() -> AsyncIterator[ScriptedCartesia]:
    async with ScriptedCartesia() as running:
        yield running


@pytest.fixture
async def opened(server):
    """Open sessions with the server, and close them after the test."""

    def make(**config):
        given = {"url": server.url, "agent": "agent_1", "heartbeat_s": None, **config}
        return CartesiaSession(configured(CartesiaConfig, CartesiaEngine, **given))

    async with opening(make) as start:
        yield start


async def speak(session: CartesiaSession, pcm: bytes = TONE + SILENCE) -> None:
    for start in range(0, len(pcm), 480):
        await session.hear(pcm[start : start + 480])


async def test_the_session_that_is_asked_for(server, opened) -> None:
    session = await opened(
        (Said("user", "hello"), Said("assistant", "Good day.")), api_key=Secret(KEY), name="Jarvis", language="en"
    )
    assert server.peer.headers["X-API-Key"] == KEY
    assert server.peer.path == "/v1/agents/websocket/agent_1"
    assert dict(server.peer.query) == {"cartesia_version": "2026-08-14"}
    assert server.peer.create == wire.SessionCreate(
        audio=wire.Audio(input_format="pcm_24000", output_delivery="speaking_pace"),
        dynamic_variables={
            "assistant_name": "Jarvis",
            "language": "en",
            "history": "User: hello\nYou: Good day.",
        },
    )
    can = session.capabilities
    assert (can.truncation, can.continuous, can.prompted, can.server_vad) == (False, True, False, True)
    assert KEY not in repr(session)


async def test_a_long_history_is_told_from_its_newest_words(server, opened) -> None:
    await opened([Said("user", f"number {n} " + "x" * 300) for n in range(40)])
    told = server.peer.create.dynamic_variables["history"]
    assert len(told) == 4000
    assert "number 39" in told
    assert "number 1 " not in told


async def test_a_turn(server, opened) -> None:
    server.replies[0] = Reply((Speech(bytes(range(200)) * 24, "It is noon now."),), delta_ms=20)
    session = await opened()
    await speak(session)
    got = await until(session, ReplyEnded)
    assert b"".join(event.pcm for event in got if isinstance(event, Audio)) == bytes(range(200)) * 24
    kinds = [type(event) for event in got]
    order = [SpeechStarted, SpeechStopped, ReplyStarted, Audio, AudioDone, ReplyEnded]
    assert [kinds.index(kind) for kind in order] == sorted(kinds.index(kind) for kind in order)
    final = [event for event in got if isinstance(event, Words) and event.final]
    assert [(event.role, event.text) for event in final] == [("user", "words"), ("assistant", "It is noon now.")]
    assert got[-1].status == "completed"
    # Its messages are of 20 to 100 ms, whatever came in.
    assert server.heard == (TONE + SILENCE)[: len(server.heard)]
    assert len(TONE + SILENCE) - len(server.heard) < 960


async def test_audio_goes_out_in_messages_of_20_to_100_ms(server, opened) -> None:
    session = await opened()
    for size in (480, 480, 9600, 2, 958, 4800):
        await session.hear(bytes(size))
    await server.wait(lambda event: isinstance(event, wire.AudioInput), 5)
    sizes = [len(event.audio) for event in server.received if isinstance(event, wire.AudioInput)]
    assert sizes == [960, 4800, 4800, 960, 4800]


async def test_what_the_agent_clears_is_dropped(server, opened) -> None:
    server.replies.appendleft(Reply((Speech(bytes(2 * RATE * 2), "one two three four"),), pace=1.0))
    session = await opened()
    await speak(session)
    await until(session, Audio)
    await speak(session)
    got = await until(session, ReplyEnded)
    assert got[-1].status == "cancelled"
    got = await until(session, ReplyEnded)
    assert got[-1].status == "completed"
    assert len([event for event in got if isinstance(event, ReplyStarted)]) == 1


async def test_a_clear_while_nothing_is_said_means_nothing(server, opened) -> None:
    session = await opened()
    await server.peer.say(wire.AudioOutputClear())
    await speak(session)
    got = await until(session, ReplyEnded)
    assert [event.status for event in got if isinstance(event, ReplyEnded)] == ["completed"]


async def test_after_an_interruption_by_the_device_the_rest_of_the_turn_is_dropped(server, opened) -> None:
    server.replies.appendleft(Reply((Speech(bytes(RATE // 2 * 2), "one two three four"),), delta_ms=20, pace=0.5))
    session = await opened()
    await speak(session)
    got = await until(session, Audio)
    await session.interrupt((Heard(got[-1].item, 10, whole=False),))
    got = await until(session, ReplyEnded)
    assert not [event for event in got if isinstance(event, Audio)]
    assert got[-1].status == "cancelled"
    await speak(session)
    assert [event for event in await until(session, ReplyEnded) if isinstance(event, Audio)]


async def test_a_tool_call(server, opened) -> None:
    before, after = Speech(bytes(4800), "Let me see."), Speech(bytes(4800), "It is done.")
    server.replies[0] = Reply((before, Call("set_timer", '{"seconds": 5}', "c1"), after))
    session = await opened()
    await speak(session)
    got = await until(session, ReplyEnded)
    assert next(event for event in got if isinstance(event, ToolCall)) == ToolCall(
        "reply_1", "c1", "set_timer", '{"seconds":5}'
    )
    await session.tool_result("c1", '{"set": true}', reply=True)
    got = await until(session, ReplyEnded)
    assert got[0] == ReplyStarted("reply_2")
    final = [event for event in got if isinstance(event, Words) and event.final]
    assert [event.text.strip() for event in final] == ["It is done."]
    result = next(event for event in server.received if isinstance(event, wire.ClientToolResult))
    assert result == wire.ClientToolResult(tool_call_id="c1", result='{"set": true}')


async def test_a_failure_is_told_as_one_and_a_long_result_is_cut_off(server, opened) -> None:
    session = await opened()
    got = asyncio.create_task(until(session, ToolCall, 2))
    one = server.peer.start(server.call(server.peer, Call("look_up")))
    two = server.peer.start(server.call(server.peer, Call("look_up")))
    calls = [event.call_id for event in await got if isinstance(event, ToolCall)]
    await session.tool_result(calls[0], '{"error": "there is no such timer"}', reply=True)
    await session.tool_result(calls[1], '"' + "é" * 5000 + '"', reply=True)
    assert (await one).is_error
    cut = await two
    assert not cut.is_error
    assert len(cut.result.encode()) in range(4090, 4097)
    assert cut.result.endswith("[cut off: this is too long]")


async def test_a_call_that_wants_no_result_leaves_nobody_waiting(server, opened) -> None:
    session = await opened()
    await server.call(server.peer, Call("open_door", call_id="c1"), expects=False)
    await until(session, ReplyEnded)
    await session.tool_result("c1", '"open"', reply=True)
    got = await until(session, ReplyEnded)
    assert [type(event) for event in got] == [ReplyStarted, ReplyEnded]
    await speak(session)
    await until(session, ReplyEnded)
    assert not [event for event in server.received if isinstance(event, wire.ClientToolResult)]


@pytest.mark.parametrize(
    ("code", "retry", "fix"),
    [
        ("agent_not_found", False, "engine.cartesia.agent"),
        ("unauthorized_key", False, "CARTESIA_API_KEY"),
        ("invalid_event", False, "[engine.cartesia]"),
        ("internal_error", True, "some reason"),
    ],
)
async def test_a_session_that_is_refused(server, code, retry, fix) -> None:
    server.refusal = wire.ErrorEvent(code=code, message=f"some reason, not {KEY}", fatal=True)
    config = configured(
        CartesiaConfig, CartesiaEngine, url=server.url, agent="a", api_key=Secret(KEY), key_variable="CARTESIA_API_KEY"
    )
    session = CartesiaSession(config)
    with pytest.raises(EngineError) as caught:
        async with asyncio.timeout(SOON):
            await session.open(())
    fault = caught.value.fault
    assert (fault.code, fault.retry) == (code, retry)
    assert fix in fault.message
    assert KEY not in "".join(traceback.format_exception(caught.value)) + repr(config) + repr(session)


async def test_only_a_fatal_error_ends_the_session(server, opened, caplog) -> None:
    session = await opened()
    await server.peer.say(wire.ErrorEvent(code="invalid_event", message="no such key", fatal=False))
    await speak(session)
    await until(session, ReplyEnded)
    assert "no such key" in caplog.text
    await server.peer.say(wire.ErrorEvent(code="inactivity", message="nobody is there", fatal=True))
    await server.peer.close(1011)
    got = await until(session, Fault)
    assert (got[-1].code, got[-1].retry) == ("inactivity", True)
    assert "nobody is there" in got[-1].message


async def test_what_is_not_understood_is_passed_over(server, opened, caplog) -> None:
    session = await opened()
    for text in ("[]", "{", '{"type": "turn_ended"}', '{"type": "news"}', '{"type": "dtmf_output", "digit": "5"}'):
        await server.peer.socket.send_str(text)
    await speak(session)
    await until(session, ReplyEnded)
    assert "news" in caplog.text


def test_without_an_agent_the_settings_say_what_to_do() -> None:
    settings = Settings(engines=("cartesia",))
    with pytest.raises(SettingsError, match=r"engine\.cartesia\.agent: .*play\.cartesia\.ai"):
        require(settings)
    ready = engines({"cartesia": {"agent": "agent_1", "api_key": "k"}})["cartesia"]
    assert not missing_key("cartesia", ready)
    session = session_with(replace(settings, engine={"cartesia": ready}), "cartesia", ())
    assert isinstance(session, CartesiaSession)
