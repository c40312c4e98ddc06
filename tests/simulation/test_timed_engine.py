"""The engine whose times are measured: what it notes of a conversation, and that it does so in its own process."""

import asyncio
import time

import aiohttp
import numpy as np
import pytest

from device.simulation.scripted_engine import ScriptedRealtime
from device.simulation.scripted_reply import Reply, Speech
from device.simulation.timed_engine import Note, Plan, Report, TimedEngine, speech, take_times
from device.wire import realtime as wire
from device.wire.realtime_items import Session

SECOND = bytes(48_000)


async def until(socket, kind):
    async with asyncio.timeout(30):
        while True:
            event = wire.decode_server(await socket.receive_str())
            if isinstance(event, kind):
                return event


async def test_what_comes_and_goes_is_noted_in_its_order():
    two = Reply((Speech(SECOND, "Hello."), Speech(SECOND, "There.")))
    async with ScriptedRealtime((two,), keep=0) as server, aiohttp.ClientSession() as http:
        report = take_times(server)
        began = time.monotonic()
        async with http.ws_connect(server.url) as socket:
            for event in (
                wire.SessionUpdate(Session(type="realtime")),
                wire.InputAudioBufferAppend(b"\1\2" * 240),
                wire.InputAudioBufferAppend(b"\3\4" * 480),
                wire.ResponseCreate(),
            ):
                await socket.send_str(wire.encode(event))
            await until(socket, wire.ResponseDone)
            await server.connection.send(wire.InputAudioBufferSpeechStarted(item_id="user"))
            await socket.send_str(wire.encode(wire.ResponseCancel()))
            for ms in (100, 300):
                await socket.send_str(wire.encode(wire.ConversationItemTruncate("item_1", 0, ms)))
                await until(socket, wire.ConversationItemTruncated)
    noted = [(note.kind, note.ms) for note in report.notes]
    replies = [("reply", 0), ("reply", 0)]
    assert noted == [("session", 0), *replies, ("speech", 0), ("cancel", 0), ("truncate", 100), ("truncate", 300)]
    assert len(report.spoke) == 2, "of each item the first audio counts, and no other"
    assert report.truncated == {"item_1": 300}
    assert [count for _, count in report.heard] == [240, 480]
    assert report.audio == b"\1\2" * 240 + b"\3\4" * 480
    times = [note.at for note in report.notes]
    assert times == sorted(times)
    assert began <= min(report.heard[0][0], times[0])
    assert max(times) <= time.monotonic()


@pytest.mark.parametrize(
    ("notes", "spoke", "truncated"),
    [
        ([], {}, {}),
        ([Note(1.0, "session"), Note(2.0, "speech"), Note(3.0, "cancel")], {}, {}),
        ([Note(1.0, "reply", "a"), Note(2.0, "reply", "b")], {"a": 1.0, "b": 2.0}, {}),
        (
            [Note(1.0, "truncate", "a", 10), Note(2.0, "truncate", "a", 5), Note(3.0, "truncate", "b", 7)],
            {},
            {"a": 5, "b": 7},
        ),
    ],
)
def test_of_its_notes_a_report_tells_what_was_said_and_what_was_cut(notes, spoke, truncated):
    report = Report(notes=notes)
    assert (report.spoke, report.truncated) == (spoke, truncated)


async def test_without_ears_it_replies_by_how_much_audio_it_was_sent():
    plan = Plan(after_s=1.0, every_s=0.5, reply_s=0.2)
    async with ScriptedRealtime(keep=0) as server, plan.serve(server, Report()) as url, aiohttp.ClientSession() as http:
        assert url == server.url
        async with http.ws_connect(url) as socket:

            async def hear(blocks):
                for _ in range(blocks):
                    await socket.send_str(wire.encode(wire.InputAudioBufferAppend(SECOND[:6000])))
                # An answer to this says that all before it was taken.
                await socket.send_str(wire.encode(wire.ConversationItemDelete("mark")))

            await hear(11)
            event = await until(socket, wire.ResponseCreated | wire.ConversationItemDeleted)
            assert isinstance(event, wire.ConversationItemDeleted), "not before 1.5 s of audio"
            await hear(1)
            await until(socket, wire.ResponseDone)
            await hear(4)
            await until(socket, wire.ResponseCreated)
            delta = await until(socket, wire.ResponseOutputAudioDelta)
            assert len(delta.delta) == 4800


async def test_in_its_own_process_it_speaks_and_reports():
    with TimedEngine(Plan(every_s=0.2, reply_s=0.3)) as engine:
        async with aiohttp.ClientSession() as http, http.ws_connect(engine.url) as socket:
            asked = time.monotonic()
            await socket.send_str(wire.encode(wire.InputAudioBufferAppend(SECOND[:9600])))
            item = (await until(socket, wire.ResponseOutputAudioDelta)).item_id
            came = time.monotonic()
            await socket.send_str(wire.encode(wire.ConversationItemTruncate(item, 0, 123)))
            await until(socket, wire.ConversationItemTruncated)
        first, second = engine.report(), engine.report()
    # Its times are by the same clock as ours, and lie between what we did.
    ((heard, count),) = first.heard
    assert count == 4800
    assert asked <= heard <= first.spoke[item] <= came
    assert first.truncated == {item: 123}
    assert second == first, "a report is of all so far"


def test_a_process_that_does_not_start_is_waited_for_only_so_long(monkeypatch):
    monkeypatch.setattr("device.simulation.timed_engine.START_S", 0.05)
    with pytest.raises(TimeoutError, match=r"did not start within 0\.05 s"), TimedEngine(Plan(every_s=1, reply_s=1)):
        pass


def test_the_speech_is_never_silent_for_long():
    pcm = speech(3.0)
    assert len(pcm) == 72_000
    assert np.diff(np.flatnonzero(pcm)).max() < 24  # 1 ms
    assert 20 * np.log10(np.sqrt(np.mean((pcm / 32768.0) ** 2))) == pytest.approx(-22, abs=3)
