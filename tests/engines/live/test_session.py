"""Sessions with GPT-Live, against a server that is written from the SDK's types."""

import asyncio
import base64
import logging
import time

import numpy as np
import pytest
from openai import AsyncOpenAI
from support.scripted_live import RATE, STEP, STEP_MS, ScriptedLive, Talk
from support.sessions import configured

from device.conversation.engine import (
    Audio,
    AudioDone,
    EngineError,
    Expiring,
    Fault,
    ReplyEnded,
    ReplyStarted,
    Said,
    SpeechStarted,
    SpeechStopped,
    ToolCall,
    ToolSpec,
    Words,
    Working,
)
from device.conversation.events import Heard
from device.engines.live.config import LiveConfig
from device.engines.live.session import LiveSession
from device.settings.engines import LiveEngine
from device.settings.types import Secret
from device.simulation import virtual_clock as virtual

LOOK_UP = ToolSpec("look_up", "Looks something up.", {"type": "object", "properties": {}})
ASK = ToolSpec("ask", "Does anything.", {"type": "object", "properties": {"request": {"type": "string"}}})
KEY = "sk-very-secret"


def tone(seconds, level=8000):
    at = np.arange(round(RATE * seconds))
    return (np.sin(at / 9) * level).astype(np.int16).tobytes()


def config(server, **more):
    return configured(LiveConfig, LiveEngine, url=server.url, model="gpt-live-1", api_key=Secret(KEY), **more)


class Talking:
    """A session that is fed in real time: with what the user says, else with zeros."""

    def __init__(self, session):
        self.session = session
        self.events = []
        self.voice = bytearray()
        self.silent = False
        self.news = asyncio.Condition()

    async def __aenter__(self):
        self.tasks = [asyncio.create_task(self._feed()), asyncio.create_task(self._gather())]
        return self

    async def __aexit__(self, *_):
        await self.session.close()
        for task in self.tasks:
            task.cancel()

    def says(self, seconds):
        self.voice += tone(seconds)

    async def _feed(self):
        while True:
            if not self.silent:
                step = bytes(self.voice[:STEP]).ljust(STEP, b"\0")
                del self.voice[:STEP]
                await self.session.hear(step)
            await asyncio.sleep(STEP_MS / 1000)

    async def _gather(self):
        async for event in self.session.events():
            async with self.news:
                self.events.append((asyncio.get_running_loop().time(), event))
                self.news.notify_all()

    def all(self, kind):
        return [event for _, event in self.events if isinstance(event, kind)]

    async def until(self, kind, count=1):
        async with asyncio.timeout(60), self.news:
            await self.news.wait_for(lambda: len(self.all(kind)) >= count)
        return self.all(kind)[count - 1]


def live(script, *replies, history=(), user=("what time is it",), **more):
    """Let `script(talking, server)` talk with a server that says `replies`, on a virtual clock."""

    async def main():
        async with ScriptedLive(*replies, user=user) as server:
            session = LiveSession(config(server, **more))
            await session.open(history)
            async with Talking(session) as talking:
                await script(talking, server)
            return server

    return virtual.run(main())


def test_a_question_and_its_answer_become_turns():
    async def script(talking, server):
        talking.says(1.0)
        await talking.until(ReplyEnded)

    async def both(talking, server):
        await script(talking, server)
        kinds = [type(event) for _, event in talking.events if not (isinstance(event, Words) and not event.final)]
        merged = [kind for n, kind in enumerate(kinds) if n == 0 or kind is not kinds[n - 1]]
        # Who falls silent first is not for the reply to wait for.
        of_user = [kind for kind in merged if kind in (SpeechStarted, SpeechStopped)]
        of_reply = [kind for kind in merged if kind in (ReplyStarted, AudioDone, ReplyEnded)]
        assert of_user == [SpeechStarted, SpeechStopped]
        assert of_reply == [ReplyStarted, AudioDone, ReplyEnded]
        assert merged[0] is SpeechStarted
        assert merged[-3:] == [Words, AudioDone, ReplyEnded]
        user, model = [words for words in talking.all(Words) if words.final]
        assert (user.role, user.text) == ("user", "what time is it")
        assert (model.role, model.text) == ("assistant", "It is noon.")
        (started,) = talking.all(ReplyStarted)
        ended = talking.all(ReplyEnded)[0]
        assert (ended.reply, ended.status) == (started.reply, "completed")
        assert {audio.item for audio in talking.all(Audio)} == {model.item}
        assert ended.usage.seconds > 2
        pcm = b"".join(audio.pcm for audio in talking.all(Audio))
        # What was said, its lead and the pause that ended it; the silence before it and after it is not played.
        assert tone(1.5)[:-STEP] in pcm
        assert 1500 < len(pcm) / 48 < 1500 + 80 + 800 + 100

    live(both, Talk(tone(1.5), "It is noon."))


def test_the_session_is_asked_for_as_the_types_have_it():
    async def script(talking, server):
        (start,) = server.all("session.start")
        session = start.session
        assert server.connection.request.headers["Authorization"] == f"Bearer {KEY}"
        assert (session.audio.format.type, session.audio.format.rate) == ("audio/pcm", 24_000)
        assert session.audio.output.voice == "cedar"
        assert session.delegation.type == "responses"
        assert session.delegation.responses.model == "backend"
        assert [tool.name for tool in session.delegation.responses.tools] == ["look_up"]
        assert "Be brief." in session.delegation.responses.instructions
        assert session.instructions.startswith("Be brief.")
        assert "look_up: Looks something up." in session.instructions
        said = [(one.role, one.content[0].type, one.content[0].text) for one in session.input]
        assert said == [("user", "input_text", "hello"), ("assistant", "output_text", "hi")]

    history = (Said("user", "hello"), Said("assistant", "hi"))
    live(script, history=history, voice="cedar", instructions="Be brief.", tools=(LOOK_UP,), backend="backend")


def test_tools_of_the_backend_are_run_and_it_goes_on_once():
    async def script(talking, server):
        talking.says(1.0)
        calls = [await talking.until(ToolCall, 1), await talking.until(ToolCall, 2)]
        assert talking.all(Working) == [Working(on=True)]
        assert [(call.name, call.arguments) for call in calls] == [("look_up", '{"q": 1}'), ("look_up", "{}")]
        await talking.session.tool_result(calls[1].call_id, '{"a": 2}', reply=True)
        await talking.session.tool_result(calls[0].call_id, '{"a": 1}', reply=True)
        await talking.until(ReplyStarted)
        assert talking.all(Working) == [Working(on=True), Working(on=False)]
        outputs = server.all("response.item.create")
        assert [one.item.output for one in outputs] == ['{"a": 2}', '{"a": 1}']
        assert len(server.all("response.create")) == 1
        work = talking.all(ReplyEnded)[0]
        assert (work.usage.input_tokens, work.usage.output_tokens) == (60, 8)
        assert not [e for _, e in server.said if e["type"] == "error"]

    talk = Talk(tone(0.5), "Found.", calls=(("look_up", '{"q": 1}'), ("look_up", "{}")))
    live(script, talk, tools=(LOOK_UP,), backend="backend")


def test_calls_of_a_response_that_failed_are_void():
    async def script(talking, server):
        talking.says(1.0)
        await talking.until(ReplyStarted)
        assert not talking.all(ToolCall)
        work = talking.all(ReplyEnded)[0]
        assert (work.status, work.message) == ("incomplete", "it broke")
        assert talking.all(Working)[-1] == Working(on=False)
        assert not server.all("response.create")

    talk = Talk(tone(0.5), "Sorry.", calls=(("look_up", "{}"),), fails="failed")
    live(script, talk, tools=(LOOK_UP,), backend="backend")


def test_work_for_us_goes_to_the_tool_for_it_with_what_the_user_said():
    async def script(talking, server):
        talking.says(1.0)
        call = await talking.until(ToolCall)
        assert (call.name, call.arguments) == ("ask", '{"request":"what time is it"}')
        await talking.session.tool_result(call.call_id, '"noon"', reply=True)
        answer = await server.wait("session.commentary.append")
        assert answer.delegation_id == call.call_id
        assert "noon" in answer.content
        await talking.until(ReplyStarted)
        assert server.all("session.start")[0].session.delegation.type == "client"

    live(script, Talk(tone(0.5), "Noon.", client=True), tools=(ASK,), delegate="ask")


def test_work_that_nobody_can_do_is_answered_at_once():
    async def script(talking, server):
        talking.says(1.0)
        answer = await server.wait("session.commentary.append", timeout_s=30)
        assert answer.delegation_id
        assert not talking.all(ToolCall)
        assert not talking.all(Working)

    live(script, Talk(tone(0.5), client=True))


def test_an_interruption_is_told_by_text_and_what_still_comes_is_dropped():
    text = "one two three four five six seven eight nine ten"

    async def script(talking, server):
        server.yields = False  # it goes on with what it was saying
        talking.says(1.0)
        first = (await talking.until(ReplyStarted)).reply
        await talking.until(Audio, 20)
        item = talking.all(Audio)[0].item
        await talking.session.interrupt([Heard(item, 1000, whole=False)])
        told = await server.wait("session.instructions.append")
        assert told.delegation_id is None
        assert 'heard up to "one two"' in told.content
        assert 'did not hear "three four five"' in told.content
        heard = len(talking.all(Audio))
        ended = await talking.until(ReplyEnded)
        assert (ended.reply, ended.status) == (first, "cancelled")
        await asyncio.sleep(4)  # the rest of it, and its pause
        assert len(talking.all(Audio)) <= heard + 1
        talking.says(1.0)
        second = await talking.until(ReplyStarted, 2)
        assert second.reply != first
        await talking.until(ReplyEnded, 2)
        assert [w.text for w in talking.all(Words) if w.final and w.role == "assistant"] == ["All right."]

    live(script, Talk(tone(4.0), text), Talk(tone(1.0), "All right."))


def test_what_is_to_be_said_at_once_is_commentary_in_pieces():
    async def script(talking, server):
        await talking.session.say("Say hello. " * 200)
        await server.wait("session.commentary.append", 3)
        found = server.all("session.commentary.append")
        assert all(one.delegation_id is None and len(one.content) <= 1000 for one in found)
        assert sum(one.content.count("hello") for one in found) == 200
        await talking.session.commit()
        await talking.session.discard()
        await asyncio.sleep(1)
        kinds = {event.type for _, event in server.received}
        assert kinds == {"session.start", "session.input_audio.append", "session.commentary.append"}

    live(script)


@pytest.mark.parametrize(
    ("reason", "code"),
    [("expired", "session_expired"), ("content", "content"), ("connection_lost", "lost"), ("remote_hangup", "hung_up")],
)
def test_a_session_that_the_server_closes_ends_in_a_fault(reason, code):
    async def script(talking, server):
        talking.says(1.0)
        await talking.until(ReplyStarted)
        await server.connection.finish(reason)
        fault = await talking.until(Fault)
        assert (fault.code, fault.retry) == (code, True)
        assert "127.0.0.1" in fault.message
        assert talking.all(ReplyEnded)[-1].usage.seconds > 0
        assert talking.events[-1][1] is fault

    live(script, Talk(tone(3.0), "words"))


def test_an_error_that_no_attempt_gets_round_ends_the_session():
    async def script(talking, server):
        await server.connection.complain("insufficient_quota", f"no credit for {KEY}")
        fault = await talking.until(Fault)
        assert (fault.code, fault.retry) == ("insufficient_quota", False)
        assert KEY not in fault.message

    live(script)


def test_what_comes_while_the_session_opens_is_not_its_beginning():
    async def main():
        async with ScriptedLive() as server:
            server.before_start = ('{"type": "session.usage.updated", "usage": {"seconds": 0.0}}', "[]")
            session = LiveSession(config(server))
            await session.open(())
            await session.close()

    virtual.run(main())


def test_a_server_that_falls_silent_altogether_is_given_up_in_seconds():
    async def script(talking, server):
        await asyncio.sleep(3)
        server.connection.clock.cancel()
        began = asyncio.get_running_loop().time()
        assert (await talking.until(Fault)).code == "stalled"
        assert asyncio.get_running_loop().time() - began < 3.5

    live(script)


def test_to_close_says_goodbye():
    async def script(talking, server):
        await talking.session.close()
        await server.wait("session.close")
        assert not talking.all(Fault)
        await talking.session.hear(bytes(960))  # goes nowhere

    server = live(script)
    assert [e["reason"] for _, e in server.said if e["type"] == "session.closed"] == ["close_requested"]


def test_the_end_of_a_session_is_announced():
    async def main():
        async with ScriptedLive() as server:
            server.expires_at = int(time.time()) + 122
            session = LiveSession(config(server))
            await session.open(())
            async with Talking(session) as talking:
                assert (await talking.until(Expiring)).seconds == 120
                assert not talking.all(Fault)

    virtual.run(main())


def test_what_the_server_refuses_is_told_with_what_to_do():
    async def main(settings, error):
        async with ScriptedLive() as server:
            server.refuse, server.refusal = error
            with pytest.raises(EngineError) as raised:
                await LiveSession(config(server, **settings)).open(())
            return raised.value.fault

    fault = virtual.run(main({}, (401, "")))
    assert (fault.code, fault.retry) == ("http_401", False)
    fault = virtual.run(main({}, (429, '{"error": {"code": "credit_balance_exhausted", "message": "no"}}')))
    assert (fault.code, fault.retry) == ("credit_balance_exhausted", False)
    assert KEY not in repr(fault)


def test_settings_that_the_server_does_not_accept_are_named():
    async def main():
        async with ScriptedLive() as server:
            # The SDK's types allow 16 or 24 kHz only; so a wrong type stands for whatever a server may refuse.
            with pytest.raises(EngineError) as raised:
                await LiveSession(config(server, tools=(ToolSpec("f", "g", "h"),), backend="b")).open(())
            return raised.value.fault

    fault = virtual.run(main())
    assert fault.code == "invalid_value"
    assert "did not accept the session's settings" in fault.message


def test_nonsense_is_passed_over_and_noted_once(caplog):
    async def script(talking, server):
        for text in ("[]", "{", '{"type": "no.such"}', '{"type": "no.such"}', '{"type": "info", "x": 1}'):
            await server.connection.send_text(text)
        await server.connection.socket.send_bytes(b"x")
        await server.connection.complain("odd", f"said {KEY}")
        talking.says(1.0)
        await talking.until(ReplyStarted)

    with caplog.at_level(logging.WARNING):
        live(script, Talk(tone(0.5)))
    assert sum("no.such" in r.getMessage() for r in caplog.records) == 1
    assert not any("info" in r.getMessage() for r in caplog.records)
    assert KEY not in caplog.text
    assert "said ***" in caplog.text


async def test_the_scripted_server_serves_the_stock_client():
    async with (
        ScriptedLive(Talk(tone(0.5), "hello there")) as server,
        AsyncOpenAI(api_key="x", base_url=server.http, websocket_base_url=server.http.replace("http", "ws")) as client,
        client.live.connect() as connection,
        asyncio.timeout(20),
    ):
        await connection.session.start(session={"model": "gpt-live-1"})
        assert (await connection.recv()).type == "session.started"
        audio = base64.b64encode(tone(1.0) + bytes(6 * RATE)).decode()
        await connection.session.input_audio.append(audio=audio)
        words = ""
        async for event in connection:
            words += event.delta if event.type == "session.output_transcript.delta" else ""
            if "there" in words:
                break
        await connection.session.close()
        last = [event async for event in connection][-1]
        assert (last.type, last.reason) == ("session.closed", "close_requested")
