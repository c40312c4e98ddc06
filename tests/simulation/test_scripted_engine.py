"""The scripted server speaks the protocol as the vendor's types have it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

import aiohttp
import pytest
from openai import AsyncOpenAI
from openai.types.realtime import RealtimeServerEvent
from pydantic import Field, TypeAdapter

from device.simulation.scripted_engine import ScriptedRealtime
from device.simulation.scripted_reply import Call, Reply, Speech
from device.wire import realtime as wire
from device.wire import realtime_items as items

ORACLE: TypeAdapter[Any] = TypeAdapter(Annotated[RealtimeServerEvent, Field(discriminator="type")])


class Client:
    """A bare client that checks all it gets."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket

    async def send(self, message: wire.Message) -> None:
        await self.socket.send_str(wire.encode(message))

    async def until(self, kind: str) -> list[Any]:
        """Return the events up to the first of a type, each as the vendor's class."""
        got: list[Any] = []
        async with asyncio.timeout(20):
            while not got or got[-1].type != kind:
                got.append(ORACLE.validate_json(await self.socket.receive_str()))
        return got


@pytest.fixture
async def server() -> AsyncIterator[ScriptedRealtime]:
    async with ScriptedRealtime() as running:
        yield running


@pytest.fixture
async def client(server: ScriptedRealtime) -> AsyncIterator[Client]:
    async with aiohttp.ClientSession() as http, http.ws_connect(server.url) as socket:
        yield Client(socket)


async def test_every_behaviour_sends_valid_events(server: ScriptedRealtime, client: Client) -> None:
    error = items.ErrorDetail(message="broken", code="server_error")
    server.replies.clear()
    server.replies.extend(
        [Reply((Speech(bytes(9600), "hello"), Call("f"), Speech(bytes(4800)))), Reply((), status="failed", error=error)]
    )
    server.transcript = "hi"
    await client.send(wire.SessionUpdate(items.Session(type="realtime", instructions="x")))
    await client.send(
        wire.ConversationItemCreate(
            items.Item("message", role="user", content=[items.Content(type="input_text", text="x")])
        )
    )
    await client.send(wire.InputAudioBufferCommit())
    await client.send(wire.ResponseCreate())
    got = await client.until("response.done")
    order = [event.type for event in got]
    assert order[:2] == ["session.created", "session.updated"]
    assert order.count("response.output_audio.delta") == 2 + 1
    assert got[-1].response.usage.input_tokens == 10
    await client.send(wire.ConversationItemTruncate("i", 0, 5))
    await client.send(wire.ConversationItemDelete("i"))
    await client.send(wire.ResponseCancel())
    complaint = (await client.until("error"))[-1]
    assert complaint.error.code == "response_cancel_not_active"
    await client.send(wire.ResponseCreate())
    ended = (await client.until("response.done"))[-1]
    assert (ended.response.status, ended.response.status_details.error.code) == ("failed", "server_error")


async def test_a_reply_is_cancelled_and_a_second_one_refused(server: ScriptedRealtime, client: Client) -> None:
    server.replies[0] = Reply((Speech(bytes(480_000)),), delta_ms=20, pace=1.0)
    await client.send(wire.ResponseCreate())
    await client.until("response.output_audio.delta")
    await client.send(wire.ResponseCreate(event_id="again"))
    complaint = (await client.until("error"))[-1]
    assert (complaint.error.code, complaint.error.event_id) == ("conversation_already_has_active_response", "again")
    await client.send(wire.ResponseCancel())
    ended = (await client.until("response.done"))[-1]
    assert (ended.response.status, ended.response.status_details.reason) == ("cancelled", "client_cancelled")


async def test_pace_and_delay_are_kept(server: ScriptedRealtime, client: Client) -> None:
    server.replies[0] = Reply((Speech(bytes(9600)),), delta_ms=50, pace=1.0, delay_s=0.1)
    loop = asyncio.get_running_loop()
    began = loop.time()
    await client.send(wire.ResponseCreate())
    await client.until("response.output_audio.delta")
    assert loop.time() - began >= 0.1
    await client.until("response.done")
    assert loop.time() - began >= 0.1 + 0.2


async def test_what_a_client_sends_is_kept_with_its_time(server: ScriptedRealtime, client: Client) -> None:
    await client.send(wire.InputAudioBufferAppend(b"\1\2"))
    await client.send(wire.InputAudioBufferAppend(b"\3\4"))
    assert (await server.wait(wire.InputAudioBufferAppend, 2)).audio == b"\3\4"
    assert [event.audio for event in server.all(wire.InputAudioBufferAppend)] == [b"\1\2", b"\3\4"]
    first, second = server.received
    assert 0 < first.at <= second.at <= asyncio.get_running_loop().time()
    with pytest.raises(TimeoutError):
        await server.wait(wire.ResponseCancel, timeout_s=0.01)


async def test_only_so_much_is_kept_as_is_asked_for() -> None:
    async with (
        ScriptedRealtime(keep=2) as server,
        aiohttp.ClientSession() as http,
        http.ws_connect(server.url) as socket,
    ):
        for n in range(5):
            await Client(socket).send(wire.InputAudioBufferAppend(bytes([n])))
        await Client(socket).send(wire.InputAudioBufferCommit())
        await server.wait(wire.InputAudioBufferCommit)
        assert [event.audio for event in server.all(wire.InputAudioBufferAppend)] == [bytes([4])]


async def test_the_vendors_own_client_holds_a_conversation(server: ScriptedRealtime) -> None:
    server.replies[0] = Reply((Speech(b"\1\2" * 2400, "hello"),))
    client = AsyncOpenAI(api_key="none", base_url=server.url.replace("ws://", "http://").removesuffix("/realtime"))
    audio = []
    async with asyncio.timeout(20), client.realtime.connect(model="m") as connection:
        await connection.session.update(session={"type": "realtime", "instructions": "x"})
        await connection.response.create()
        async for event in connection:
            if event.type == "response.output_audio.delta":
                audio.append(event.delta)
            elif event.type == "response.done":
                break
    assert len("".join(audio)) == 4 * 4800 // 3
    assert server.connection.headers["Authorization"] == "Bearer none"
