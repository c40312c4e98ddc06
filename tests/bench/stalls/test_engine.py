"""The engine that talks and listens: what it says by itself, and whom it answers."""

import asyncio
import contextlib
import time

import aiohttp
import numpy as np
import pytest

from device.bench.stalls import engine
from device.bench.stalls.engine import Talkative
from device.simulation.scripted_engine import ScriptedRealtime
from device.simulation.timed_engine import take_times
from device.wire import realtime as wire

PCM = (1000).to_bytes(2, "little") * 2400
NOISE = (8000 * np.random.default_rng(1).standard_normal(24_000)).astype(np.int16).tobytes()
QUIET = bytes(48_000)


class Shared:
    def __init__(self, value):
        self.value = value


class Loud:
    """A voice detector by level alone."""

    def __init__(self, _path):
        pass

    def probability(self, block):
        return 0.9 if np.abs(block).max() > 1000 else 0.0


@contextlib.asynccontextmanager
async def client(loud, talks):
    async with ScriptedRealtime(keep=0) as server, aiohttp.ClientSession() as http:
        report = take_times(server)
        told = Talkative(((PCM, "one"), (PCM, "two")), "", loud, talks)
        async with told.serve(server, report) as url, http.ws_connect(url) as socket:
            yield socket, report


async def until(socket, kind):
    async with asyncio.timeout(30):
        while True:
            event = wire.decode_server(await socket.receive_str())
            if isinstance(event, kind):
                return event


@pytest.fixture(autouse=True)
def _ears(monkeypatch):
    monkeypatch.setattr(engine, "SileroVad", Loud)
    monkeypatch.setattr(engine.files, "find", lambda *_: None)


def noted(report, kind):
    return [note for note in report.notes if note.kind == kind]


async def test_it_talks_once_the_loudspeaker_has_been_quiet_and_gives_its_replies_in_turn(monkeypatch):
    monkeypatch.setattr(engine, "PAUSE_S", 0.2)
    monkeypatch.setattr(engine, "BEGINS_S", 0.0)
    loud, talks = Shared(float("inf")), Shared(1)
    async with client(loud, talks) as (socket, report):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await until(socket, wire.ResponseCreated)
        loud.value = began = time.monotonic()
        for _ in range(3):
            await until(socket, wire.ResponseDone)
        talks.value = 0
    given = noted(report, "given")[:3]
    assert [note.ms for note in given] == [0, 1, 0]
    assert given[0].at >= began + 0.2


async def test_it_says_nothing_by_itself_unless_it_is_let(monkeypatch):
    monkeypatch.setattr(engine, "PAUSE_S", 0.0)
    async with client(Shared(0.0), Shared(0)) as (socket, report):
        await socket.send_str(wire.encode(wire.ResponseCreate()))
        await until(socket, wire.ResponseDone)
        await asyncio.sleep(2 * engine.LOOK_S)
    assert len(noted(report, "given")) == 1, "what it was asked for"


async def test_a_turn_that_it_hears_is_noted_and_answered():
    async with client(Shared(0.0), Shared(0)) as (socket, report):
        for part in (QUIET, NOISE, QUIET):
            await socket.send_str(wire.encode(wire.InputAudioBufferAppend(part)))
        await until(socket, wire.InputAudioBufferSpeechStarted)
        await until(socket, wire.InputAudioBufferCommitted)
        await until(socket, wire.ResponseDone)
    (turn,) = noted(report, "turn")
    assert turn.ms == pytest.approx(1000, abs=100)
    assert len(noted(report, "given")) == 1
