import asyncio

import msgspec
import numpy as np
import pytest
from aiohttp import ClientSession
from openai.types.realtime import RealtimeServerEvent
from pydantic import TypeAdapter

from device.simulation.scripted_engine import Reply, ScriptedRealtime, Speech
from device.wire import realtime as wire
from device.wire.realtime_items import Session
from scripts.comparing.engine import Listener

EVENT = TypeAdapter(RealtimeServerEvent)
GREETING, STORY = (1000).to_bytes(2, "little") * 240, (2000).to_bytes(2, "little") * 24_000
NOISE = (8000 * np.random.default_rng(1).standard_normal(24_000)).astype(np.int16).tobytes()
"""A second of what is taken for a voice."""
QUIET = bytes(48_000)


class Loud:
    def probability(self, block):
        return 0.9 if np.abs(block).max() > 1000 else 0.0


class Client:
    """A client, and the listener that it talks to."""

    def __init__(self, socket, listener):
        self.socket = socket
        self.listener = listener
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
        return [note.kind for note in self.listener.report.notes]


@pytest.fixture
async def client():
    slow = Reply((Speech(STORY, "Once upon a time."),), pace=0.5)
    async with ScriptedRealtime(keep=0) as server, ClientSession() as http:
        listener = Listener(server, Loud, Reply((Speech(GREETING, "Hello."),)), slow)
        async with http.ws_connect(server.url) as socket:
            yield Client(socket, listener)


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
    assert sum(count for _, count in client.listener.report.heard) == 72_000
    assert len(client.listener.report.audio) == 144_000


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
    (told,) = [note for note in client.listener.report.notes if note.kind == "truncate"]
    assert (told.item, told.ms) == (delta.item_id, 321)
    assert "cancel" in client.noted()
