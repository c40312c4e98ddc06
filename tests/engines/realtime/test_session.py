"""The session with a Realtime server, over real sockets; the server does what each test says."""

import asyncio
import logging

import pytest
from support.realtime_session import CLIENT_ORACLE, KEY, Open, at_once, configured, last
from support.sessions import SOON, until

from device.conversation.engine import (
    Audio,
    AudioDone,
    ReplyEnded,
    ReplyStarted,
    Said,
    ToolCall,
    ToolSpec,
    Usage,
    Words,
)
from device.conversation.events import Heard
from device.engines.realtime.session import RealtimeSession
from device.settings.types import Secret
from device.simulation.scripted_engine import ScriptedRealtime
from device.simulation.scripted_reply import Call, Reply, Speech
from device.tools.registry import Registry
from device.wire import realtime as wire

TOOL = ToolSpec("get_time", "Tell the time.", {"type": "object", "properties": {}})


async def test_a_turn(server: ScriptedRealtime, opened: Open) -> None:
    server.replies.append(Reply((Speech(b"\x01\x02" * 6000, "It is noon."), Call("get_time"))))
    server.replies.popleft()
    server.transcript = "what time is it"
    session = await opened()
    await session.hear(b"\x05\x06" * 240)
    await session.commit()
    got = await until(session, ReplyEnded)
    assert server.all(wire.InputAudioBufferAppend)[0].audio == b"\x05\x06" * 240
    words, said, started, spoken, *audio, text, done, call, ended = got
    assert isinstance(words, Words)
    assert said == Words("user", "what time is it", final=True, item=words.item)
    assert isinstance(started, ReplyStarted)
    assert isinstance(spoken, Words)
    item = spoken.item
    assert b"".join(event.pcm for event in audio if isinstance(event, Audio)) == b"\x01\x02" * 6000
    assert text == Words("assistant", "It is noon.", final=True, item=item)
    assert done == AudioDone(started.reply, item)
    assert isinstance(call, ToolCall)
    assert (call.name, call.arguments) == ("get_time", "{}")
    assert ended == ReplyEnded(started.reply, "completed", Usage(input_tokens=10, output_tokens=20))


async def test_everything_sent_is_of_the_protocol(server: ScriptedRealtime, opened: Open) -> None:
    server.replies = type(server.replies)(
        [Reply((Speech(bytes(48_000)), Call("f", call_id="c")), delta_ms=20), Reply()]
    )
    session = await opened((Said("user", "hello"),), tools=(TOOL,))
    await session.hear(bytes(480))
    await session.commit()
    await until(session, ReplyEnded)
    await session.tool_result("c", "{}", reply=True)
    started, *_ = [event for event in await until(session, Audio) if isinstance(event, ReplyStarted)]
    await until(session, ReplyEnded)
    await session.say("The timer is up.")
    got = await until(session, Audio)
    assert isinstance(got[-1], Audio)
    await session.interrupt([Heard(got[-1].item, 3, whole=False)])
    await server.wait(wire.ConversationItemTruncate)
    assert started.reply != got[0]
    for one in server.received:
        CLIENT_ORACLE.validate_json(wire.encode(one.event))


async def test_tool_results_are_answered_after_the_last_of_them(server: ScriptedRealtime, opened: Open) -> None:
    server.replies = type(server.replies)([Reply((Call("f", call_id="a"), Call("g", call_id="b"))), Reply()])
    session = await opened()
    await session.commit()
    calls = [event.call_id for event in await until(session, ReplyEnded) if isinstance(event, ToolCall)]
    assert calls == ["a", "b"]
    await session.tool_result("b", '"done"', reply=True)
    await session.tool_result("a", '"done"', reply=True)
    await until(session, ReplyEnded)
    order = [type(one.event).__name__ for one in server.received][-3:]
    assert order == ["ConversationItemCreate", "ConversationItemCreate", "ResponseCreate"]


async def test_an_interruption_ends_the_reply_and_nothing_more_of_it_comes(
    server: ScriptedRealtime, opened: Open
) -> None:
    server.replies = type(server.replies)([Reply((Speech(bytes(480_000)),), delta_ms=20, pace=0.5), Reply()])
    session = await opened()
    await session.commit()
    first = (await until(session, Audio))[-1]
    assert isinstance(first, Audio)
    await session.interrupt([Heard(first.item, 7, whole=False)])
    rest = await until(session, ReplyEnded)
    assert rest == [ReplyEnded(first.reply, "cancelled", message="client_cancelled")]
    truncate = server.all(wire.ConversationItemTruncate)
    assert [(one.item_id, one.content_index, one.audio_end_ms) for one in truncate] == [(first.item, 0, 7)]
    await session.commit()
    assert isinstance((await until(session, AudioDone))[-1], AudioDone)


async def test_audio_that_waits_to_be_read_is_dropped_by_an_interruption(
    server: ScriptedRealtime, opened: Open
) -> None:
    session = await opened()
    await session.commit()
    events = session.events()
    async for event in events:
        if isinstance(event, Audio):
            break
    assert server.connection.speaking is not None
    await server.connection.speaking
    await asyncio.sleep(0.1)  # all of the reply is here
    await session.interrupt([Heard(event.item, 10, whole=False)])
    async for event in events:
        assert isinstance(event, ReplyEnded)
        break


async def test_audio_at_a_thousand_times_its_pace_comes_whole_and_holds_nothing_up(
    server: ScriptedRealtime, opened: Open
) -> None:
    pcm = b"".join(number.to_bytes(2, "little") for number in range(48_000)) * 60
    server.replies = type(server.replies)([Reply((Speech(pcm),), delta_ms=20)])
    session = await opened()
    await session.commit()
    got = bytearray()
    async with asyncio.timeout(SOON):
        async for event in session.events():
            if isinstance(event, Audio):
                got += event.pcm
                at_once(session.hear(bytes(480)))
            elif isinstance(event, ReplyEnded):
                break
    assert got == pcm


async def test_a_call_for_a_tool_that_there_is_not_is_answered_with_what_there_is(
    server: ScriptedRealtime, opened: Open
) -> None:
    server.replies = type(server.replies)([Reply((Call("open_door", call_id="c"),)), Reply()])
    session = await opened(tools=(TOOL,))
    await session.commit()
    call = next(one for one in await until(session, ReplyEnded) if isinstance(one, ToolCall))
    result = await Registry([]).call(call.name, call.arguments)
    await session.tool_result(call.call_id, result.output, reply=result.reply)
    spoken = await until(session, ReplyEnded)
    assert any(isinstance(one, Audio) for one in spoken)
    (answer,) = server.all(wire.ConversationItemCreate)
    assert (answer.item.call_id, "no tool called 'open_door'" in (answer.item.output or "")) == ("c", True)


async def test_closing_is_no_fault_and_may_be_repeated(server: ScriptedRealtime, opened: Open) -> None:
    session = await opened()
    await session.close()
    await session.close()
    assert [event async for event in session.events()] == []
    assert [event async for event in session.events()] == []
    await session.hear(bytes(480))


async def test_closing_a_session_that_was_never_opened_is_harmless() -> None:
    session = RealtimeSession(configured(url="ws://127.0.0.1:1"))
    await session.hear(bytes(480))
    await session.close()


async def test_the_key_is_nowhere_to_be_seen(
    server: ScriptedRealtime, opened: Open, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        session = await opened(api_key=Secret(KEY), url=server.url.replace("ws://", f"ws://user:{KEY}@"))
        await server.connection.complain("odd", f"the key {KEY} is odd\nand so is this")
        await server.connection.complain("invalid_api_key", f"the key {KEY} is bad")
        fault = await last(session)
    assert KEY not in repr(session) + repr(session.config) + repr(fault) + caplog.text
    assert all("\n" not in record.getMessage() for record in caplog.records if record.name.startswith("device"))
