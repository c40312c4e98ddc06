"""Cartesia's Sonic as a voice: one socket for all sessions, on it a context for each message.

The socket is opened before it is needed (`prepare`) and again after the server closed it for want of use. Audio that
still comes for a context that was ended is dropped. Protocol: `device.wire.sonic`.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from device.local.remote.cartesia import Cartesia, CartesiaError
from device.local.stages import RemoteVoice, StageError, Word
from device.local.tts.plain import plain
from device.wire import sonic as wire

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from aiohttp import ClientWebSocketResponse
    from numpy.typing import NDArray

    from device.settings.local import CartesiaSettings

log = logging.getLogger(__name__)

RATE: Final = 24_000
"""Hz, of what Sonic is asked for: what most clients take as it is."""

Part: TypeAlias = "NDArray[np.int16] | tuple[Word, ...]"


class SonicVoice(RemoteVoice):
    """A voice of Sonic's, 24 kHz. For one event loop."""

    rate = RATE

    def __init__(self, settings: CartesiaSettings, language: str = "en") -> None:
        self._settings = settings
        self._language = language
        self._cartesia = Cartesia(settings)
        self._contexts: dict[str, Context] = {}
        self._unsent: asyncio.Queue[str] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    def prepare(self) -> None:
        """Have the socket open soon; harmless when it is."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())

    def begin(self, speed: float) -> Context:
        """Begin a message, at `speed` times the usual as far as Sonic can (`wire.SLOWEST` to `wire.FASTEST`)."""
        context = Context(self, speed, self._settings.timeout_s)
        self._contexts[context.id] = context
        return context

    async def close(self) -> None:
        """Give up the socket."""
        if task := self._task:
            task.cancel()
            await asyncio.wait([task])

    def send(self, context: Context, text: str, *, more: bool) -> None:
        """Send a sentence of a context's."""
        settings = self._settings
        speed = min(wire.FASTEST, max(wire.SLOWEST, context.speed))
        request = wire.GenerationRequest(
            context_id=context.id,
            model_id=settings.tts_model,
            voice=wire.VoiceSpecifier(settings.voice),
            output_format=wire.OutputFormat(RATE),
            transcript=text,
            more=more,
            language=self._language,
            generation_config=wire.GenerationConfig(speed),
        )
        self._unsent.put_nowait(wire.encode(request))
        self.prepare()

    def forget(self, context: Context, *, cancel: bool) -> None:
        """Drop what still comes of a context; with `cancel`, have Sonic stop."""
        if self._contexts.pop(context.id, None) and cancel and self._task and not self._task.done():
            self._unsent.put_nowait(wire.encode(wire.CancelContextRequest(context.id)))

    def silent(self, what: str) -> CartesiaError:
        """Return the error for what did not come."""
        return self._cartesia.silent(what)

    async def _run(self) -> None:
        """Hold a socket until it is closed; then all that was being said on it has failed."""
        error = self._cartesia.error("ended the connection")
        try:
            async with self._cartesia.http() as http:
                socket = await self._cartesia.connect_in_time(http, "/tts/websocket")
                writer = asyncio.create_task(self._write(socket))
                try:
                    error = await self._read(socket)
                finally:
                    writer.cancel()
                    await asyncio.wait([writer])
                    await socket.close()
        except CartesiaError as refused:
            error = refused
        finally:
            self._task = None
            lost, self._contexts = list(self._contexts.values()), {}
            self._unsent = asyncio.Queue()
            for context in lost:
                context.take(error)
        # Nothing is lost where nobody spoke: Sonic closes a socket that has been idle for five minutes.
        log.log(logging.WARNING if lost else logging.DEBUG, "Sonic: %s", error)

    async def _write(self, socket: ClientWebSocketResponse) -> None:
        with suppress(ConnectionError):  # the reader learns why
            while True:
                await socket.send_str(await self._unsent.get())

    async def _read(self, socket: ClientWebSocketResponse) -> CartesiaError:
        """Take what comes; return why it ended."""
        try:
            while True:
                event: wire.ServerEvent = await self._cartesia.receive(socket, wire.decode_server, "Sonic")
                if isinstance(event, wire.Error) and not event.context_id:
                    return self._cartesia.said(event.title, event.message, event.error_code)
                if context := self._contexts.get(event.context_id or ""):
                    self._deliver(context, event)
        except CartesiaError as closed:
            return closed

    def _deliver(self, context: Context, event: wire.ServerEvent) -> None:
        match event:
            case wire.Chunk(data=data) if data:
                context.take(np.frombuffer(data[: len(data) // 2 * 2], "<i2").astype(np.int16, copy=False))
            case wire.Timestamps(word_timestamps=times) if times:
                words = zip(times.words, times.start, times.end, strict=False)
                context.take(tuple(Word(word, 1000 * start, 1000 * end) for word, start, end in words))
            case wire.Done():
                self._contexts.pop(context.id, None)
                context.take(None)
            case wire.Error():
                self._contexts.pop(context.id, None)
                context.take(self._cartesia.said(event.title, event.message, event.error_code))
            case _:
                pass


class Context:
    """A message being spoken."""

    def __init__(self, voice: SonicVoice, speed: float, timeout_s: float) -> None:
        self.id = secrets.token_hex(10)
        self.speed = speed
        self._voice = voice
        self._timeout_s = timeout_s
        self._arrived: asyncio.Queue[Part | StageError | None] = asyncio.Queue()
        self._said = False
        self._ended = asyncio.Event()

    def say(self, text: str) -> None:
        """Add a sentence."""
        if spoken := plain(text):
            # The blank keeps sentences apart, which Sonic joins as they are.
            self._voice.send(self, f"{spoken} ", more=True)
            self._said = True

    def end(self) -> None:
        """Say that no sentence follows."""
        if self._said:
            self._voice.send(self, "", more=False)
        else:
            self.take(None)
        self._ended.set()

    def take(self, part: Part | StageError | None) -> None:
        """Take what arrived; None for the end."""
        self._arrived.put_nowait(part)

    async def parts(self) -> AsyncGenerator[Part, None]:
        """Yield the speech, (n,) int16, 24 kHz mono, and its words' times. Raises `CartesiaError`."""
        heard = False
        done = False
        try:
            while True:
                part = await self._next(waiting=not heard)
                if part is None or isinstance(part, StageError):
                    done = True
                    if part:
                        raise part
                    if self._said and not heard:
                        raise self._voice.silent("audio")
                    return
                heard = heard or not isinstance(part, tuple)
                yield part
        finally:
            self._voice.forget(self, cancel=not done)

    async def _next(self, *, waiting: bool) -> Part | StageError | None:
        """Return what arrives next. It must come in time at the beginning, and once nothing more is to be said.

        In between, nobody knows whether Sonic or the brain is being waited for.
        """
        arriving = asyncio.ensure_future(self._arrived.get())
        ending = asyncio.ensure_future(self._ended.wait())
        try:
            if not waiting:
                await asyncio.wait((arriving, ending), return_when=asyncio.FIRST_COMPLETED)
            async with asyncio.timeout(self._timeout_s):
                return await arriving
        except TimeoutError:
            return self._voice.silent("audio")
        finally:
            arriving.cancel()
            ending.cancel()
