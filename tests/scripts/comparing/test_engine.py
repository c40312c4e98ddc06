import asyncio
import time

import msgspec
import numpy as np
import pytest
from aiohttp import ClientSession
from openai.types.realtime import RealtimeServerEvent
from pydantic import TypeAdapter

from device.simulation.scripted_engine import ScriptedRealtime
from device.simulation.scripted_reply import Reply, Speech
from device.simulation.timed_engine import take_times
from device.wire import realtime as wire
from device.wire.realtime_items import Session
from scripts.comparing.engine import NETWORK_MS, Engine, Listener

EVENT = TypeAdapter(RealtimeServerEvent)
GREETING, STORY = (1000).to_bytes(2, "little") * 240, (2000).to_bytes(2, "little") * 24_000
NOISE = (8000 * np.random.default_rng(1).standard_normal(24_000)).astype(np.int16).tobytes()
"""A second of what is taken for a voice."""
QUIET = bytes(48_000)


class Loud:
    def probability(self, block):
        return 0.9 if np.abs(block).max() > 1000 else 0.0


class Client:
    """A client, and what is written down about it."""

    def __init__(self, socket, report):
        self.socket = socket
        self.report = report
        self.audio = b""

    async def send(self, event):
        await self.socket.send_str(wire.encode(event))

    async def hear(self, *pcm):
        for part in pcm:
            await self.send(wire.InputAudioBufferAppend(part))

    async def until(self, kind):
        """Return the next event of a kind; all that come before are as OpenAI describes them."""
        async with asyncio.timeout(10):
            while True:
                text = (await self.socket.receive()).data
                EVENT.validate_json(text)
                event = wire.decode_server(text)
                if isinstance(event, wire.ResponseOutputAudioDelta):
                    self.audio += event.delta
                if isinstance(event, kind):
                    return event

    def noted(self):
        return [note.kind for note in self.report.notes]


@pytest.fixture
async def client():
    slow = Reply((Speech(STORY, "Once upon a time."),), pace=0.5)
    async with ScriptedRealtime(keep=0) as server, ClientSession() as http:
        report = take_times(server)
        Listener(server, Loud, Reply((Speech(GREETING, "Hello."),)), slow)
        async with http.ws_connect(server.url) as socket:
            yield Client(socket, report)


def asked(**detection):
    return wire.SessionUpdate(
        msgspec.convert({"type": "realtime", "audio": {"input": {"turn_detection": detection}}}, Session)
    )


async def test_it_greets_who_asks_before_anybody_spoke(client):
    await client.send(wire.ResponseCreate())
    await client.until(wire.ResponseDone)
    assert client.audio == GREETING


async def test_a_turn_is_answered(client):
    await client.hear(QUIET, NOISE, QUIET)
    await client.until(wire.InputAudioBufferSpeechStarted)
    await client.until(wire.InputAudioBufferCommitted)
    done = await client.until(wire.ResponseDone)
    assert done.response.status == "completed"
    assert client.audio == STORY
    assert client.noted() == ["speech", "reply"]
    assert sum(count for _, count in client.report.heard) == 72_000
    assert len(client.report.audio) == 144_000


async def test_speech_interrupts_a_reply(client):
    await client.hear(NOISE, QUIET)
    await client.until(wire.ResponseOutputAudioDelta)
    await client.hear(NOISE)
    done = await client.until(wire.ResponseDone)
    assert (done.response.status, done.response.status_details.reason) == ("cancelled", "turn_detected")


async def test_speech_interrupts_no_reply_of_who_decides_alone(client):
    await client.send(asked(type="server_vad", interrupt_response=False))
    await client.hear(NOISE, QUIET)
    await client.until(wire.ResponseOutputAudioDelta)
    await client.hear(NOISE, QUIET)
    refused = await client.until(wire.ErrorEvent)
    assert refused.error.code == "conversation_already_has_active_response"
    done = await client.until(wire.ResponseDone)
    assert done.response.status == "completed"


async def test_what_a_client_says_was_heard_is_noted(client):
    await client.hear(NOISE, QUIET)
    delta = await client.until(wire.ResponseOutputAudioDelta)
    await client.send(wire.ResponseCancel())
    await client.send(wire.ConversationItemTruncate(delta.item_id, 0, 321))
    await client.until(wire.ConversationItemTruncated)
    (told,) = [note for note in client.report.notes if note.kind == "truncate"]
    assert (told.item, told.ms) == (delta.item_id, 321)
    assert "cancel" in client.noted()


async def test_in_its_own_process_it_is_as_far_away_as_the_network(models):
    models("silero_vad.onnx")
    with Engine(GREETING, STORY) as engine:
        assert not engine.in_session
        async with ClientSession() as http, http.ws_connect(engine.url) as socket:
            client = Client(socket, None)
            await client.send(asked(type="server_vad"))
            await client.until(wire.SessionUpdated)
            asked_at = time.monotonic()
            await client.send(wire.ResponseCreate())
            await client.until(wire.ResponseDone)
            assert time.monotonic() - asked_at >= 2 * NETWORK_MS / 1000
            await soon(lambda: engine.in_session and engine.replies == 1)
        await soon(lambda: not engine.in_session)
        report = engine.report()
    assert [note.kind for note in report.notes] == ["session", "reply"]
    # Times are taken where the engine is.
    assert report.notes[1].at - asked_at >= NETWORK_MS / 1000


async def soon(true):
    """Wait until something in the engine's process is so; it says nothing when it is."""
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110 - another process has no event to wait for
            await asyncio.sleep(0.02)
