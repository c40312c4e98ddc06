"""Holds a short conversation with an engine, to see whether it does what Parley needs: `parley doctor --engine NAME`.

A question that needs a tool, spoken by espeak-ng; the answer; a question that is answered at length, and an
interruption of that answer. It takes half a minute, and what the vendor asks for so much talk: about a cent.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from device.audio.clips import ClipError, speak
from device.audio.measure import speech_bounds
from device.conversation.engine import (
    Audio,
    EngineError,
    Fault,
    ReplyEnded,
    ReplyStarted,
    ToolCall,
    ToolSpec,
    Usage,
    Words,
)
from device.conversation.events import Heard
from device.doctor.finding import Finding
from device.engines.factory import Engines
from device.settings.prices import Amounts

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from device.conversation.engine import EngineEvent, EngineSession
    from device.settings.tree import Settings


class Questions(Struct, frozen=True):
    """What is asked, in one language, and by which voice of espeak-ng."""

    time: str
    long: str
    voice: str
    told: tuple[str, ...]
    """What an answer that tells `TIME` has in it, one of these."""


ENGLISH: Final = Questions(
    "What time is it?", "Please tell me what you can do for me.", "en-us+Annie", ("17", "seventeen")
)
QUESTIONS: Final = {
    "de": Questions("Wie spät ist es?", "Bitte sag mir, was du für mich tun kannst.", "de+Annie", ("17", "siebzehn"))
}
"""Those of other languages than English."""
WORDS_PER_MINUTE: Final = 150
TIME: Final = '{"time": "06:17", "date": "2026-03-02", "weekday": "Monday"}'
TOOL: Final = ToolSpec(
    "get_time", "Tell the present local time, date and day of the week.", {"type": "object", "properties": {}}
)
ANSWER_S: Final = 20.0
"""How long an engine may take for any step; a choice: who waits for longer gives up."""
SLOW_MS: Final = 2000.0
"""From the end of the question to the first audio; a choice: beyond it a pause is felt as a fault."""
HEARD_MS: Final = 400
"""How much of the second answer is heard before it is interrupted."""
AFTER_S: Final = 2.0
"""How long an interrupted reply is watched for going on."""
CHUNK_S: Final = 0.02
"""What is sent at a time, in real time; a choice between messages and their delay."""


class Course(Struct):
    """How the conversation went, as figures."""

    fault: str = ""
    """The code of what went wrong: a `Fault`'s, `silent` if nothing came, or `failed`."""
    delay_ms: float | None = None
    """From the end of the question to the first sound of the answer."""
    understood: str = ""
    answer: str = ""
    used: Amounts = Amounts()


class StepError(Exception):
    """A step did not come off; the message says what happened, and `code` is as of `Course.fault`."""

    def __init__(self, message: str, code: str = "failed") -> None:
        super().__init__(message)
        self.code = code


class Examination:
    """One open session, fed with speech or silence in real time, and what came of it, which `course` gets to know."""

    def __init__(self, session: EngineSession, course: Course) -> None:
        self._session = session
        self._course = course
        self._began = _now()
        self._rate = session.capabilities.hear_rate or session.rate
        self._pending = b""
        self._silent = asyncio.Event()
        self._spoken_at = 0.0
        self._events: asyncio.Queue[EngineEvent] = asyncio.Queue()
        self._tasks = [asyncio.create_task(work) for work in (self._feed(), self._listen())]

    async def close(self) -> None:
        """End the session."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._session.close()
        self._course.used += Amounts(session_s=_now() - self._began)

    async def ask(self, text: str, voice: str) -> None:
        """Say something to the engine, by a voice of espeak-ng's. Raises ClipError without espeak-ng."""
        said = speak(text, voice, WORDS_PER_MINUTE).at(self._rate)
        _, end = speech_bounds(said, self._rate) or (0, len(said))
        self._pending = (said[:end] * 32767).astype("<i2").tobytes()
        self._silent.clear()
        await self._silent.wait()
        self._spoken_at = _now()
        if not self._session.capabilities.server_vad:
            await self._session.commit()

    async def answer(self) -> tuple[float, float, str, str, bool]:
        """Return of the next reply: ms to its first audio, its length in ms, both sides' words, if a tool was called.

        Raises StepError.
        """
        first, size, called = None, 0, False
        words = {"user": "", "assistant": ""}
        while True:
            event = await self._next("an answer")
            match event:
                case Audio(pcm=pcm):
                    first = first or _now()
                    size += len(pcm)
                case Words(role=role, text=text, final=True):
                    words[role] = f"{words[role]} {text.strip()}".strip()
                case ToolCall(call_id=call_id):
                    called = True
                    await self._session.tool_result(call_id, TIME, reply=True)
                case ReplyEnded(status="failed", message=message):
                    raise StepError(f"the reply failed: {message}")
                case ReplyEnded() if size:
                    length = size * 500 / self._session.rate
                    delay = 1000 * ((first or 0.0) - self._spoken_at)
                    return delay, length, words["user"], words["assistant"], called

    async def interrupt(self) -> float:
        """Let a reply begin and interrupt it; return how much of it, in ms, still came afterwards. Raises StepError."""
        size = 0
        while size * 500 / self._session.rate < HEARD_MS:
            event = await self._next("a second answer")
            if isinstance(event, Audio):
                item, size = event.item, size + len(event.pcm)
        while not self._events.empty():  # what came faster than it is heard
            self._events.get_nowait()
        await self._session.interrupt([Heard(item, HEARD_MS, whole=False)])
        late = 0
        try:
            async with asyncio.timeout(AFTER_S):
                while True:
                    event = await self._events.get()
                    if isinstance(event, Fault):
                        raise StepError(f"the session ended: {event.message}", event.code)
                    late += len(event.pcm) if isinstance(event, Audio) and event.item == item else 0
        except TimeoutError:
            return late * 500 / self._session.rate

    async def _next(self, what: str) -> EngineEvent:
        try:
            async with asyncio.timeout(ANSWER_S):
                event = await self._events.get()
        except TimeoutError:
            raise StepError(f"{what} did not come within {ANSWER_S:g} s", "silent") from None
        if isinstance(event, Fault):
            raise StepError(f"the session ended: {event.message}", event.code)
        return event

    async def _feed(self) -> None:
        """Send speech or silence in real time."""
        size = 2 * round(self._rate * CHUNK_S)
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            piece, self._pending = self._pending[:size], self._pending[size:]
            await self._session.hear(piece.ljust(size, b"\0"))
            if not self._pending:
                self._silent.set()
            due += CHUNK_S
            await asyncio.sleep(max(0.0, due - loop.time()))

    async def _listen(self) -> None:
        async for event in self._session.events():
            if isinstance(event, ReplyEnded):
                self._course.used += _amounts(event.usage)
            if not isinstance(event, ReplyStarted):
                self._events.put_nowait(event)


async def examine_engine(
    settings: Settings, name: str, config: Path | None = None, course: Course | None = None
) -> AsyncIterator[Finding]:
    """Hold the conversation with the engine that the settings call `name`, starting the local one if need be."""
    engines, course = Engines(settings, config), course or Course()
    try:
        session = await engines.session([TOOL], name)
        async for finding in verify(name, session, course, settings.language):
            yield finding
    except EngineError as error:
        course.fault = error.fault.code
        yield Finding(name, "fail", str(error))
    finally:
        await engines.close()


async def verify(
    name: str, session: EngineSession, course: Course | None = None, language: str = "en"
) -> AsyncIterator[Finding]:
    """Yield what comes of each step with an engine, whose `session` is yet to be opened; `course` is filled in."""
    began, course = _now(), course or Course()
    try:
        await session.open(())
    except EngineError as error:
        course.fault = error.fault.code
        yield Finding(f"{name} session", "fail", str(error), "fix that first; nothing else can be tried")
        return
    took = 1000 * (_now() - began)
    yield Finding(f"{name} session", "ok", f"open in {took:.0f} ms, {session.capabilities.family}, {session.rate} Hz")
    asked = QUESTIONS.get(language.partition("-")[0].lower(), ENGLISH)
    examination = Examination(session, course)
    try:
        async for finding in _steps(name, session, examination, course, asked):
            yield finding
    except (StepError, EngineError, ClipError) as failure:
        course.fault = _code(failure)
        yield Finding(f"{name} conversation", "fail", str(failure), 'the log says more: log_level = "debug"')
    finally:
        await examination.close()


def _code(failure: Exception) -> str:
    match failure:
        case StepError(code=code) | EngineError(fault=Fault(code=code)):
            return code
        case _:
            return "failed"


def _amounts(usage: Usage) -> Amounts:
    names = ("input_tokens", "output_tokens", "input_audio_tokens", "output_audio_tokens", "cached_tokens", "seconds")
    return Amounts(**{name: getattr(usage, name) or 0 for name in names})


async def _steps(
    name: str, session: EngineSession, examination: Examination, course: Course, asked: Questions
) -> AsyncIterator[Finding]:
    await examination.ask(asked.time, asked.voice)
    delay, length, understood, answer, called = await examination.answer()
    course.delay_ms, course.understood, course.answer = delay, understood, answer
    slow = "that is slow: a model or server nearer by, or less reasoning, would be quicker" if delay > SLOW_MS else ""
    text = f"speech → first audio {delay:.0f} ms, {length / 1000:.1f} s of speech: “{answer or '(no words told)'}”"
    yield Finding(f"{name} reply", "warn" if slow else "ok", text, slow)
    heard = f"“{asked.time}” was understood as “{understood}”" if understood else ""
    yield Finding(f"{name} words", "ok", heard or "the user's words are not written down")
    if not session.capabilities.tools:
        yield Finding(f"{name} tools", "warn", "the engine calls no tools", "timers, volume and such will not work")
    elif called:
        told = any(word in answer.lower() for word in asked.told)
        fix = "" if told or not answer else "the model may be too small for tools"
        yield Finding(f"{name} tools", "warn" if fix else "ok", "get_time was called, and its result spoken of", fix)
    else:
        text = "no tool was called for the time of day"
        yield Finding(
            f"{name} tools", "warn", text, "check that the model calls functions; the agent may need the tool"
        )
    await examination.ask(asked.long, asked.voice)
    late = await examination.interrupt()
    text = f"interrupted after {HEARD_MS} ms; {late:.0f} ms of the reply came afterwards"
    yield Finding(f"{name} interruption", "ok", text)


def _now() -> float:
    return asyncio.get_running_loop().time()
