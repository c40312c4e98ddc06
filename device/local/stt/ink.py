"""Cartesia's Ink as the recogniser: streams in which it finds the turns, and single pieces of audio.

A stream's socket is opened with the session, and again once there is audio after the server closed it for want of
use. A turn ends only while audio arrives, so zeros are sent where the client sends nothing. Protocol:
`device.wire.ink`.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from device.local.remote.cartesia import Cartesia, CartesiaError
from device.local.stages import TurnBegan, TurnEnded, TurnLost, TurnPaused, TurnRecogniser, TurnResumed
from device.sample_clock import CLOCK_RATE, samples
from device.wire import ink as wire

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    import numpy as np
    from aiohttp import ClientSession, ClientWebSocketResponse
    from numpy.typing import NDArray

    from device.local.stages import TurnEvent
    from device.settings.local import CartesiaSettings

log = logging.getLogger(__name__)

FRAME_MS: Final = 100
"""Audio in a binary frame, at most, as Cartesia advises."""
LINGER_S: Final = 2.0
"""How long after the client's last audio zeros are sent though nobody is known to speak: Ink tells late of a turn.

Longer would cost audio that is paid for by the second.
"""
BACKLOG: Final = 10 * CLOCK_RATE
"""Samples that wait while there is no connection; older ones are forgotten: a sentence is worth answering late."""
RETRY_S: Final = 1.0
"""How long to wait after a failure, twice as long after each further one, up to `MAX_RETRY_S`."""
MAX_RETRY_S: Final = 30.0
"""A choice: longer, and what is back is not used; sooner, and a server that is gone is asked without end."""
STEADY_S: Final = 5.0
"""A stream that held so long did not fail at once: the wait begins anew. A choice: one that is refused ends sooner."""


class InkRecogniser(TurnRecogniser):
    """Ink 2, which finds the turns itself. For one event loop."""

    def __init__(self, settings: CartesiaSettings) -> None:
        self.settings = settings
        self.cartesia = Cartesia(settings)

    def listen(self, tell: Callable[[TurnEvent], None]) -> InkStream:
        """Open a stream; `tell` learns of its turns, and of what breaks it."""
        return InkStream(self, tell)

    async def transcribe(self, pcm: NDArray[np.int16], names: Collection[str] = ()) -> str:  # noqa: ARG002 - knows none
        """Return what is said in `pcm`, (n,) int16, 16 kHz mono; "" if nothing is. Raises `CartesiaError`.

        It must come within `cartesia.timeout_s` and a quarter of the audio's length.
        """
        try:
            async with (
                asyncio.timeout(self.settings.timeout_s + len(pcm) / CLOCK_RATE / 4),
                self.cartesia.http() as http,
            ):
                socket = await self.cartesia.connect(http, "/stt/websocket", self._query())
                try:
                    return await self._written(socket, pcm)
                finally:
                    await socket.close()
        except TimeoutError:
            raise self.cartesia.silent("transcript") from None
        except ConnectionError:
            raise self.cartesia.error("closed the connection") from None

    async def close(self) -> None:
        """Do nothing: streams belong to their sessions."""

    async def turns(self, http: ClientSession) -> ClientWebSocketResponse:
        """Open the socket of a stream. Raises `CartesiaError`."""
        s = self.settings
        thresholds = [
            ("turn_start_threshold", f"{s.start_threshold:g}"),
            ("turn_eager_end_threshold", f"{s.eager_end_threshold:g}"),
            ("turn_end_threshold", f"{s.end_threshold:g}"),
            ("turn_end_timeout_ms", str(s.end_timeout_ms)),
        ]
        return await self.cartesia.connect_in_time(http, "/stt/turns/websocket", self._query() + thresholds)

    async def receive(self, socket: ClientWebSocketResponse) -> wire.ServerEvent:
        """Return the next event that is understood. Raises `CartesiaError` when the socket is closed."""
        return await self.cartesia.receive(socket, wire.decode_server, "Ink")

    def _query(self) -> list[tuple[str, str]]:
        fixed = [("model", self.settings.stt_model), ("encoding", "pcm_s16le"), ("sample_rate", str(CLOCK_RATE))]
        return fixed + [("keyterm", term) for term in self.settings.keyterms]

    async def _written(self, socket: ClientWebSocketResponse, pcm: NDArray[np.int16]) -> str:
        step = samples(FRAME_MS)
        for start in range(0, len(pcm), step):
            await socket.send_bytes(pcm[start : start + step].astype("<i2", copy=False).tobytes())
        await socket.send_str(wire.FINALIZE)
        text = ""
        while True:
            match await self.receive(socket):
                case wire.Transcript(text=said, is_final=True):
                    text += said
                case wire.FlushDone() | wire.Done():
                    with suppress(ConnectionError):
                        await socket.send_str(wire.CLOSE)
                    return text.strip()
                case wire.Error(title=title, message=why, error_code=code):
                    raise self.cartesia.said(title, why, code)


class InkStream:
    """One session's stream."""

    def __init__(self, ink: InkRecogniser, tell: Callable[[TurnEvent], None]) -> None:
        self._ink = ink
        self._tell = tell
        self._waiting: deque[NDArray[np.int16]] = deque()
        self._size = 0
        self._filled = asyncio.Event()
        self._last = 0.0
        self._open = False
        """Ink has told of a turn, and not of its end."""
        self._task = asyncio.create_task(self._run())

    def hear(self, pcm: NDArray[np.int16]) -> None:
        """Take the stream's next audio: (n,) int16, 16 kHz mono."""
        if not len(pcm):
            return
        self._waiting.append(pcm)
        self._size += len(pcm)
        while self._size > BACKLOG:
            self._size -= len(self._waiting.popleft())
        self._last = asyncio.get_running_loop().time()
        self._filled.set()

    async def close(self) -> None:
        """End the stream; harmless when repeated."""
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        wait = RETRY_S
        while True:
            began = loop.time()
            try:
                async with self._ink.cartesia.http() as http:
                    failed = await self._hold(await self._ink.turns(http))
            except CartesiaError as error:
                failed = error
            lost = self._open or not failed.idle
            self._open = False
            log.log(logging.WARNING if lost else logging.DEBUG, "Ink: %s", failed)
            if lost:
                self._tell(TurnLost(failed))
            if loop.time() < began + STEADY_S:
                await asyncio.sleep(wait)
                wait = min(2 * wait, MAX_RETRY_S)
            else:
                wait = RETRY_S
            # Without audio there is nothing to be heard: Ink closes a stream that has been idle for minutes.
            await self._filled.wait()

    async def _hold(self, socket: ClientWebSocketResponse) -> CartesiaError:
        """Stream until it is over; return why."""
        writer = asyncio.create_task(self._write(socket))
        reader = asyncio.create_task(self._read(socket))
        try:
            done, _ = await asyncio.wait((writer, reader), return_when=asyncio.FIRST_COMPLETED)
            # A writer whose socket is gone knows less than the reader, unless it gave up by itself.
            return await (reader if reader in done else writer) or await reader
        finally:
            for task in (writer, reader):
                task.cancel()
            await asyncio.wait((writer, reader))
            with suppress(ConnectionError):
                await socket.send_str(wire.CLOSE_TURNS)
            await socket.close()

    async def _write(self, socket: ClientWebSocketResponse) -> CartesiaError | None:
        """Send audio as it comes, and zeros where a turn waits for its end; return the error if that never comes."""
        loop = asyncio.get_running_loop()
        settings = self._ink.settings
        longest_s = settings.end_timeout_ms / 1000 + settings.timeout_s
        zeros = bytes(2 * samples(FRAME_MS))
        try:
            while True:
                try:
                    async with asyncio.timeout(FRAME_MS / 1000 if self._awaited(loop.time()) else None):
                        await self._filled.wait()
                except TimeoutError:
                    if self._open and loop.time() > self._last + longest_s:
                        return self._ink.cartesia.error(f"did not end a turn within {longest_s:g} s of silence")
                    await socket.send_bytes(zeros)
                    continue
                while self._waiting:
                    pcm = self._waiting.popleft()
                    self._size -= len(pcm)
                    for start in range(0, len(pcm), samples(FRAME_MS)):
                        frame = pcm[start : start + samples(FRAME_MS)]
                        await socket.send_bytes(frame.astype("<i2", copy=False).tobytes())
                self._filled.clear()
        except ConnectionError:
            return None

    def _awaited(self, now: float) -> bool:
        return self._open or now < self._last + LINGER_S

    async def _read(self, socket: ClientWebSocketResponse) -> CartesiaError:
        """Tell of the turns; return why the stream is over."""
        try:
            while True:
                match await self._ink.receive(socket):
                    case wire.TurnStart():
                        self._begin()
                        self._tell(TurnBegan())
                    case wire.TurnUpdate():
                        self._begin()
                    case wire.TurnEagerEnd(transcript=text):
                        self._begin()
                        self._tell(TurnPaused(text.strip()))
                    case wire.TurnResume():
                        self._tell(TurnResumed())
                    case wire.TurnEnd(transcript=text):
                        self._open = False
                        self._tell(TurnEnded(text.strip()))
                    case wire.Error(title=title, message=why, error_code=code):
                        return self._ink.cartesia.said(title, why, code)
        except CartesiaError as closed:
            return closed

    def _begin(self) -> None:
        if not self._open:
            self._open = True
            # Whoever speaks was heard just now: a writer that waits for audio only is to send zeros from here on.
            self._last = max(self._last, asyncio.get_running_loop().time())
            self._filled.set()
