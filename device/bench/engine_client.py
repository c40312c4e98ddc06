"""What an hour of audio costs our Realtime client, and the official SDK, which does the same."""

from __future__ import annotations

import asyncio
import base64
import time
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any, Final, Self

from aiohttp import WSMsgType, web
from msgspec import Struct

from device.bench.isolated import isolated
from device.bench.result import BenchError
from device.conversation.engine import Audio, Fault, ReplyEnded, SpeechStarted
from device.engines.factory import wanted_by
from device.engines.realtime.config import RATE, remote_config
from device.engines.realtime.session import RealtimeSession
from device.settings.engines import RealtimeEngine
from device.settings.tree import Settings
from device.wire import realtime as wire
from device.wire.realtime_items import Content, Item, Part, Response, Session

if TYPE_CHECKING:
    from multiprocessing.connection import Connection as Pipe

DELTA_MS, BLOCK_MS = 100, 10
"""Audio in a message of the server's, and in one of the device's."""
START_S: Final = 30.0
"""How long the server's process may take to start: a choice, for a machine that is busy."""
TIMEOUT_S: Final = 600.0
"""How long a client may take for its audio: a choice, as long as the audio of a whole run is."""
HOUR_S: Final = 3600


class Cost(Struct, frozen=True):
    """CPU seconds of a process for an hour of audio."""

    received: float
    sent: float


class Flood:
    """A server in a process of its own, as a context manager: it says `seconds` of audio when asked, all at once.

    It takes audio without a word, and says that somebody speaks when it is told to clear.
    """

    def __init__(self, seconds: float) -> None:
        context = get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_run, args=(seconds, theirs), daemon=True)
        self.url = ""
        """With http://, for both clients."""

    def __enter__(self) -> Self:
        self._process.start()
        if not self._pipe.poll(START_S):
            self._process.kill()
            raise BenchError(f"the scripted engine did not start within {START_S:g} s")
        try:
            self.url = self._pipe.recv()
        except EOFError:
            raise BenchError("the scripted engine ended before it listened") from None
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.join()


def cost_of_ours(url: str, seconds: float) -> Cost:
    """Return what our client costs, in a process of its own. Raises BenchError."""
    return isolated(_measured, "ours", url, seconds)


def cost_of_sdk(url: str, seconds: float) -> Cost:
    """Return what the SDK openai costs, in a process of its own. Raises BenchError."""
    return isolated(_measured, "sdk", url, seconds)


def _measured(which: str, url: str, seconds: float) -> Cost:
    work = _ours if which == "ours" else _sdk
    try:
        received, sent = asyncio.run(asyncio.wait_for(work(url, seconds), TIMEOUT_S))
    except TimeoutError:
        raise BenchError(f"{seconds:g} s of audio took longer than {TIMEOUT_S:g} s") from None
    return Cost(received * HOUR_S / seconds, sent * HOUR_S / seconds)


async def _ours(url: str, seconds: float) -> tuple[float, float]:
    engine = RealtimeEngine(url=url.replace("http://", "ws://") + "/realtime")
    session = RealtimeSession(remote_config("bench", engine, wanted_by(Settings(), ())))
    await session.open(())
    events = session.events()
    try:
        began = time.process_time()
        await session.say("Talk.")
        got = 0
        async for event in events:
            if isinstance(event, Audio):
                got += len(event.pcm)
            elif isinstance(event, ReplyEnded):
                break
            elif isinstance(event, Fault):
                raise BenchError(event.message)
        received = time.process_time() - began
        _check(got, seconds)
        block = bytes(2 * RATE * BLOCK_MS // 1000)
        began = time.process_time()
        for _ in range(round(seconds * 1000 / BLOCK_MS)):
            await session.hear(block)
            await asyncio.sleep(0)
        await session.discard()
        async for event in events:
            if isinstance(event, SpeechStarted):
                break
            if isinstance(event, Fault):
                raise BenchError(event.message)
        return received, time.process_time() - began
    finally:
        await session.close()


async def _sdk(url: str, seconds: float) -> tuple[float, float]:
    try:
        from openai import AsyncOpenAI  # noqa: PLC0415 - no part of Parley
    except ImportError:
        raise BenchError('the SDK to compare with is missing: pip install "openai[realtime]"') from None
    client = AsyncOpenAI(api_key="none", base_url=url)
    async with client, client.realtime.connect(model="bench") as connection:
        began = time.process_time()
        await connection.response.create()
        got = 0
        async for event in connection:
            if event.type == "response.output_audio.delta":
                got += len(base64.b64decode(event.delta))
            elif event.type == "response.done":
                break
        received = time.process_time() - began
        _check(got, seconds)
        block = bytes(2 * RATE * BLOCK_MS // 1000)
        began = time.process_time()
        for _ in range(round(seconds * 1000 / BLOCK_MS)):
            await connection.input_audio_buffer.append(audio=base64.b64encode(block).decode())
            await asyncio.sleep(0)
        await connection.input_audio_buffer.clear()
        async for event in connection:
            if event.type == "input_audio_buffer.speech_started":
                break
        return received, time.process_time() - began


def _check(got: int, seconds: float) -> None:
    if got != 2 * round(seconds * RATE):
        raise BenchError(f"of {seconds:g} s of audio, {got / 2 / RATE:g} s arrived")


def _run(seconds: float, pipe: Pipe) -> None:
    asyncio.run(_serve(seconds, pipe))


async def _serve(seconds: float, pipe: Pipe) -> None:
    async def hold(request: web.Request) -> web.StreamResponse:
        # Without compression, which would cost the SDK dear on a fast network.
        socket = web.WebSocketResponse(protocols=("realtime",), compress=False)
        await socket.prepare(request)
        await _say(socket, wire.SessionCreated(Session(type="realtime", object="realtime.session")))
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                break
            if message.data.startswith('{"type":"input_audio_buffer.append"'):
                continue
            match wire.decode_client(message.data):
                case wire.SessionUpdate(session=session):
                    await _say(socket, wire.SessionUpdated(session))
                case wire.ResponseCreate():
                    await _reply(socket, seconds)
                case wire.InputAudioBufferClear():
                    await _say(socket, wire.InputAudioBufferSpeechStarted(item_id="item_2", audio_start_ms=0))
                case _:
                    pass
        return socket

    app = web.Application()
    app.router.add_get("/v1/realtime", hold)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    pipe.send(f"http://127.0.0.1:{runner.addresses[0][1]}/v1")
    await asyncio.Event().wait()


async def _say(socket: web.WebSocketResponse, event: wire.Message) -> None:
    event.event_id = "event_0123456789abcdef"
    await socket.send_str(wire.encode(event))


async def _reply(socket: web.WebSocketResponse, seconds: float) -> None:
    place: dict[str, Any] = {"response_id": "resp_1", "item_id": "item_1", "output_index": 0}
    running = Response(id="resp_1", object="realtime.response", status="in_progress", output=[])
    item = Item(type="message", id="item_1", object="realtime.item", status="in_progress", role="assistant", content=[])
    await _say(socket, wire.ResponseCreated(running))
    await _say(socket, wire.ResponseOutputItemAdded(response_id="resp_1", output_index=0, item=item))
    await _say(socket, wire.ResponseContentPartAdded(**place, content_index=0, part=Part(type="audio", transcript="")))
    delta = wire.ResponseOutputAudioDelta(**place, content_index=0, delta=bytes(2 * RATE * DELTA_MS // 1000))
    delta.event_id = "event_0123456789abcdef"
    text = wire.encode(delta)
    for _ in range(round(seconds * 1000 / DELTA_MS)):
        await socket.send_str(text)
    await _say(socket, wire.ResponseOutputAudioDone(**place, content_index=0))
    item.status, item.content = "completed", [Content(type="output_audio", transcript="")]
    await _say(socket, wire.ResponseOutputItemDone(response_id="resp_1", output_index=0, item=item))
    done = Response(id="resp_1", object="realtime.response", status="completed", output=[item])
    await _say(socket, wire.ResponseDone(done))
