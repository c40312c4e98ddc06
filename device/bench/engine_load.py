"""How the local engine does with several sessions at once: how soon each is answered, and what a session costs."""

from __future__ import annotations

import asyncio
import os
import time
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from device.audio.clips import speak
from device.audio.measure import speech_bounds
from device.bench.latency import QUESTIONS
from device.bench.result import BenchError
from device.conversation.engine import Audio, Fault, ReplyEnded
from device.engines.factory import session_with
from device.engines.realtime.config import RATE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from device.conversation.engine import EngineEvent, EngineSession
    from device.settings.tree import Settings

BLOCK_MS: Final = 20
"""Audio in a message: a choice, a frame of Opus's."""
STAGGER_S: Final = 0.37
"""Between the beginnings of sessions: people do not speak in step."""
PAUSE_S: Final = 0.5
"""Between an answer's end and the next question."""
TIMEOUT_S: Final = 15.0
"""For an answer; later is never."""
SILENCE: Final = bytes(2 * RATE * BLOCK_MS // 1000)


class Load(Struct, frozen=True):
    """What so many sessions at once came to."""

    sessions: int
    answers_ms: list[float]
    """End of speech → first audio of each answer; inf for one that did not come."""
    cpu_share: float
    """CPU seconds of the engine's for a second of one session."""


def questions(count: int) -> list[bytes]:
    """Return so many questions, s16le mono at 24 kHz, which end with their last sound. Raises ClipError."""
    said = []
    for text, voice in islice(cycle(QUESTIONS), count):
        samples = speak(text, voice, 150).at(RATE)
        _, end = speech_bounds(samples, RATE) or (0, len(samples))
        said.append((samples[:end] * 32767).astype("<i2").tobytes())
    return said


async def load(settings: Settings, url: str, pid: int, sessions: int, said: Sequence[bytes]) -> Load:
    """Hold so many sessions in real time, each of which asks all questions, from another one on. Raises BenchError."""
    opened = [session_with(settings, "local", (), local_url=url) for _ in range(sessions)]
    try:
        for session in opened:
            await session.open(())
        before, began = cpu_s(pid), time.monotonic()
        async with asyncio.TaskGroup() as group:
            talks = [
                group.create_task(_talk(session, [*said[n % len(said) :], *said[: n % len(said)]], n * STAGGER_S))
                for n, session in enumerate(opened)
            ]
        spent, lasted = cpu_s(pid) - before, time.monotonic() - began
    except ExceptionGroup as errors:  # of `except*`, Debian 12's Python would make a group again
        if (failed := errors.subgroup(BenchError)) is None:
            raise
        raise BenchError(str(failed.exceptions[0])) from None
    finally:
        for session in opened:
            await session.close()
    return Load(sessions, [answer for talk in talks for answer in talk.result()], spent / lasted / sessions)


def cpu_s(pid: int) -> float:
    """Return how long a process has computed so far. Raises BenchError."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    except OSError:
        raise BenchError("the local engine has ended, or this is no Linux: its CPU time cannot be read") from None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def _talk(session: EngineSession, said: Sequence[bytes], after_s: float) -> list[float]:
    """Ask, one after the other; return how soon each question was answered, in ms."""
    microphone = _Microphone(session)
    events: asyncio.Queue[tuple[float, EngineEvent]] = asyncio.Queue()
    tasks = [asyncio.create_task(microphone.run()), asyncio.create_task(_listen(session, events))]
    answers = []
    try:
        await asyncio.sleep(after_s)
        for question in said:
            while not events.empty():
                events.get_nowait()
            ended = await microphone.say(question)
            answers.append(1000 * (await _answered(events, ended)))
            await asyncio.sleep(PAUSE_S)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    return answers


async def _listen(session: EngineSession, events: asyncio.Queue[tuple[float, EngineEvent]]) -> None:
    async for event in session.events():
        events.put_nowait((time.monotonic(), event))


async def _answered(events: asyncio.Queue[tuple[float, EngineEvent]], ended: float) -> float:
    """Return how long after `ended` the answer's first audio came, once it is complete; inf if it did not come."""
    first = float("inf")
    try:
        async with asyncio.timeout(TIMEOUT_S):
            while True:
                at, event = await events.get()
                if isinstance(event, Fault):
                    raise BenchError(event.message)
                if isinstance(event, Audio):
                    first = min(first, at - ended)
                if isinstance(event, ReplyEnded) and first < float("inf"):
                    return first
    except TimeoutError:
        return first


class _Microphone:
    """Sends silence in real time, or what is being said."""

    def __init__(self, session: EngineSession) -> None:
        self._session = session
        self._said = b""
        self._over: asyncio.Future[float] | None = None

    async def say(self, pcm: bytes) -> float:
        """Say something; return when its last sample was sent."""
        self._over = asyncio.get_running_loop().create_future()
        self._said = pcm
        return await self._over

    async def run(self) -> None:
        """Send, until cancelled."""
        due = time.monotonic()
        while True:
            block, self._said = self._said[: len(SILENCE)], self._said[len(SILENCE) :]
            await self._session.hear(block + SILENCE[len(block) :])
            if self._over and not self._said:
                self._over.set_result(time.monotonic())
                self._over = None
            due += BLOCK_MS / 1000
            await asyncio.sleep(max(0.0, due - time.monotonic()))
