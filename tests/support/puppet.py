"""An engine in this process: an `EngineSession` without sockets, which goes by the loop's clock and by a seed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import numpy as np

from device.conversation.engine import (
    Audio,
    AudioDone,
    Capabilities,
    EngineError,
    EngineEvent,
    EngineSession,
    Fault,
    ReplyEnded,
    ReplyStarted,
    Said,
    SpeechStarted,
    SpeechStopped,
    ToolCall,
    ToolSpec,
    Usage,
    Words,
)
from device.listen.endpointer import Endpointer, Offset, Onset

if TYPE_CHECKING:
    import random
    from collections.abc import AsyncIterator, Sequence

    from numpy.typing import NDArray

    from device.conversation.events import Heard

RATE = 24_000
FRAME = RATE * 32 // 1000
LOUD = 32768 * 10 ** (-42 / 20)
DELTA = 2 * RATE // 10


class Plan:
    """What the engine's sessions do, and a count of what they did."""

    def __init__(self, rng: random.Random, voice: NDArray[np.int16]) -> None:
        self.rng = rng
        self.voice = voice.tobytes()
        """What replies are made of, (n,) int16 at 24 kHz."""
        self.trouble = 0.0
        """How likely a session fails to open, and how likely a reply breaks off with its session."""
        self.tools = 0.0
        """How likely a reply sets a timer; half as likely it says goodbye."""
        self.sessions: set[Puppet] = set()
        """Those that are open."""
        self.opened = self.turns = self.interrupted = self.died = 0

    async def session(self, tools: Sequence[ToolSpec], engine: str, _names: Sequence[str]) -> EngineSession:
        """Make a session, for `Daemon`."""
        assert any(tool.name == "set_timer" for tool in tools)
        return Puppet(self)


class Puppet:
    """One session."""

    rate = RATE
    capabilities = Capabilities()

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._events: asyncio.Queue[EngineEvent | None] = asyncio.Queue()
        self._endpoint = Endpointer()
        self._rest = np.zeros(0, np.int16)
        self._speaking: asyncio.Task[None] | None = None
        self._count = 0
        self._over = False

    async def open(self, history: Sequence[Said]) -> None:
        plan = self._plan
        await asyncio.sleep(plan.rng.choice((0.0, 0.05, 0.3, 2.0)))
        if plan.rng.random() < plan.trouble:
            raise EngineError(Fault("puppet", "not now", retry=True))
        plan.opened += 1
        plan.sessions.add(self)

    async def hear(self, pcm: bytes) -> None:
        assert not self._over
        samples = np.concatenate((self._rest, np.frombuffer(pcm, np.int16)))
        while len(samples) >= FRAME:
            frame, samples = samples[:FRAME].astype(np.float32), samples[FRAME:]
            found = self._endpoint.push(0.9 if frame @ frame > FRAME * LOUD * LOUD else 0.0)
            if isinstance(found, Onset):
                self._events.put_nowait(SpeechStarted())
            elif isinstance(found, Offset):
                self._turn()
        self._rest = samples

    async def commit(self) -> None:
        raise AssertionError("this engine finds the ends of turns by itself")

    async def played(self, heard: Heard) -> None:
        raise AssertionError("this engine does not ask how much was played")

    async def discard(self) -> None:
        """Do nothing: turns are scripted."""

    async def interrupt(self, heard: Sequence[Heard]) -> None:
        self._plan.interrupted += 1
        if self._speaking is not None and not self._speaking.done():
            self._speaking.cancel()

    async def say(self, text: str, *, tools: bool = True) -> None:
        raise AssertionError("nobody asked for this")

    async def ask(self, text: str) -> None:
        raise AssertionError("nobody asked this by text")

    async def tool_result(self, call_id: str, output: str, *, reply: bool) -> None:
        if reply and not self._over:
            self._reply(self._plan.rng.uniform(0.5, 2.0))

    async def events(self) -> AsyncIterator[EngineEvent]:
        while (event := await self._events.get()) is not None:
            yield event

    async def close(self) -> None:
        self._end()

    def die(self) -> None:
        """Break off, as when the network does."""
        if not self._over:
            self._plan.died += 1
            self._events.put_nowait(Fault("puppet_died", "gone", retry=True))
            self._end()

    def _end(self) -> None:
        if not self._over:
            self._over = True
            self._plan.sessions.discard(self)
            self._events.put_nowait(None)
            if self._speaking is not None and self._speaking is not asyncio.current_task():
                self._speaking.cancel()

    def _turn(self) -> None:
        self._plan.turns += 1
        self._events.put_nowait(SpeechStopped())
        self._events.put_nowait(Words("user", "words", final=True))
        if self._speaking is None or self._speaking.done():
            rng = self._plan.rng
            draw = rng.random()
            if draw < self._plan.tools:
                self._reply(0.0, call=("set_timer", f'{{"seconds": {rng.randint(1, 300)}}}'))
            elif draw < 1.5 * self._plan.tools:
                self._reply(rng.uniform(0.3, 1.0), call=("sleep", "{}"))
            else:
                self._reply(rng.uniform(1.0, 8.0))

    def _reply(self, seconds: float, call: tuple[str, str] | None = None) -> None:
        self._speaking = asyncio.get_running_loop().create_task(self._speak(seconds, call))

    async def _speak(self, seconds: float, call: tuple[str, str] | None) -> None:
        plan, put = self._plan, self._events.put_nowait
        self._count += 1
        reply, item = f"reply{plan.opened}.{self._count}", f"item{plan.opened}.{self._count}"
        dies_at = plan.rng.random() if plan.rng.random() < plan.trouble else 2.0
        try:
            await asyncio.sleep(plan.rng.uniform(0.05, 0.8))
            put(ReplyStarted(reply))
            if call is not None:
                put(ToolCall(reply, f"call{plan.opened}.{self._count}", *call))
            size = 2 * int(seconds * RATE)
            for start in range(0, size, DELTA):
                if start >= dies_at * size:
                    self.die()
                    return
                put(Audio(reply, item, self._plan.voice[start : min(start + DELTA, size)]))
                await asyncio.sleep(0.02)
            if size:
                put(Words("assistant", "one two three four", final=True, item=item))
                put(AudioDone(reply, item))
            put(ReplyEnded(reply, "completed", Usage(10, 20)))
        except asyncio.CancelledError:
            if not self._over:
                put(ReplyEnded(reply, "cancelled"))
            raise
