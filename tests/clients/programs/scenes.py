"""What every client does with the engine, in the same words; the programs beside this lend it their client.

A program's `talk(url, stage)` holds one session of its client as an asynchronous context manager: it passes on
`stage.microphone()` to the engine, and tells the stage what the client got. `perform` lets the user speak and prints
what came of each scene as a line of JSON; a scene that fails or hangs is told on stderr, with where all tasks wait,
and the others are played in a session of their own. SIGUSR1 ends a program that hangs, and it tells the same. Runs in
the clients' own environment: standard library only.

Arguments of a program: address of an engine with the built-in sentences, address of one with a language model, folder
of what the user says (raw s16le mono at 24 kHz).
"""

from __future__ import annotations

import asyncio
import faulthandler
import json
import os
import signal
import sys
import time
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from pathlib import Path
from typing import Any

RATE = 24_000
BLOCK_MS = 20
PATIENCE_S = 30.0
SESSION_S = 60.0
"""How long a session may take; the longest takes 12 s."""
TASKS = "Where all tasks wait:"
INSTRUCTIONS = "You speak with {}."
TIMER = {
    "name": "set_timer",
    "description": "Set a timer.",
    "parameters": {
        "type": "object",
        "properties": {"seconds": {"type": "integer"}},
        "required": ["seconds"],
    },
}


def timer_set(seconds: int) -> dict[str, Any]:
    """Return the output of the tool."""
    return {"seconds": seconds, "name": None}


class SceneError(Exception):
    """A scene did not come to its end."""


class Stage:
    """The user's voice, and what the client got since `clear`."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.instructions = INSTRUCTIONS.format(name)
        self._folder = folder
        self._voice = bytearray()
        self._changed = asyncio.Event()
        self._failure: object = None
        self.kept = ""
        self.clear()

    def clear(self) -> None:
        """Forget what the client got."""
        self.heard, self.said = "", ""
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.audio_ms = 0.0
        self.complete = False
        self.interruptions = 0
        self._first = 0.0
        self._changed.set()

    # What the user does.

    def say(self, name: str) -> None:
        """Speak what is in the file."""
        self._voice += (self._folder / f"{name}.pcm").read_bytes()

    async def microphone(self) -> AsyncIterator[bytes]:
        """Yield what the microphone picks up, in real time."""
        size = 2 * RATE * BLOCK_MS // 1000
        due = time.monotonic()
        while True:
            block = bytes(self._voice[:size])
            del self._voice[:size]
            yield block.ljust(size, b"\0")
            due += BLOCK_MS / 1000
            await asyncio.sleep(due - time.monotonic())

    # What the client tells.

    def transcribed(self, text: str) -> None:
        """The engine wrote down what the user said."""
        self.heard = text
        self._changed.set()

    def spoke(self, text: str) -> None:
        """The engine's words, as they come."""
        self.said += text
        self._changed.set()

    def sounded(self, pcm: bytes | memoryview) -> None:
        """The engine's audio, s16le mono at 24 kHz."""
        self._first = self._first or time.monotonic()
        self.audio_ms += len(pcm) * 1000 / (2 * RATE)
        self._changed.set()

    def called(self, name: str, arguments: dict[str, Any]) -> None:
        """The engine called a tool."""
        self.calls.append((name, arguments))
        self._changed.set()

    def ended(self) -> None:
        """A reply is complete or cancelled; one without audio, such as a call, does not count."""
        self.complete = self.audio_ms > 0
        self._changed.set()

    def interrupted(self) -> None:
        """The client stopped playing, if it did, as the user speaks."""
        self.interruptions += 1
        self._changed.set()

    def keeps(self, text: str) -> None:
        """What the client has as the words of the reply that was cut off, once it has asked the engine."""
        self.kept = text
        self._changed.set()

    def failed(self, why: object) -> None:
        """The client reports an error: the end, in whichever of its tasks that was."""
        self._failure = self._failure or why
        self._changed.set()

    def beside(self, pump: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run a part of the client; its failure is the client's."""

        async def run() -> None:
            try:
                await pump
            except Exception as error:  # noqa: BLE001 - whatever broke the client
                traceback.print_exc()
                self.failed(repr(error))

        return asyncio.create_task(run())

    @contextmanager
    def meanwhile(self, *pumps: Coroutine[Any, Any, None]) -> Iterator[None]:
        """Run parts of the client beside what is in the block, and end them with it."""
        tasks = [self.beside(pump) for pump in pumps]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()

    # What is waited for.

    async def until(self, what: str, happened: Callable[[], bool]) -> None:
        """Wait until something happened, of which `what` tells if it does not."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not (self._failure or happened()):
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise SceneError(f"{self.name}: not {what} within {PATIENCE_S:g} s; got {self.facts()}") from None
        self.check()

    async def answered(self) -> None:
        """Wait until a reply with audio is complete and played out."""
        await self.until("answered aloud", lambda: bool(self.complete and self.heard))
        await asyncio.sleep(max(0.0, self._first + self.audio_ms / 1000 - time.monotonic()) + 0.3)

    async def listened(self, seconds: float) -> None:
        """Wait until so much of a reply was played."""
        await self.until("speaking", lambda: self.audio_ms >= seconds * 1000)
        await asyncio.sleep(max(0.0, self._first + seconds - time.monotonic()))

    def check(self) -> None:
        """Raise what the client reported as an error."""
        if self._failure:
            raise SceneError(f"{self.name} reports: {self._failure}")

    def facts(self) -> dict[str, Any]:
        """Return what the client got."""
        calls = [{"name": name, "arguments": arguments} for name, arguments in self.calls]
        return {"heard": self.heard, "said": self.said, "audio_ms": round(self.audio_ms), "calls": calls}


def report(scene: str, **facts: Any) -> None:
    """Tell the test what came of a scene."""
    print(json.dumps({"scene": scene, **facts}), flush=True)  # noqa: T201 - how the program answers


Talk = Callable[[str, Stage], AbstractAsyncContextManager[None]]


Scene = Callable[[Stage], Awaitable[None]]


async def turn(stage: Stage) -> None:
    """Ask a question, and hear the answer."""
    stage.say("time")
    await stage.answered()
    report("turn", **stage.facts())


async def tool(stage: Stage) -> None:
    """Want something that takes a tool."""
    stage.clear()
    stage.say("timer")
    await stage.until("called", lambda: bool(stage.calls))
    await stage.answered()
    report("tool", **stage.facts())


async def interruption(stage: Stage) -> None:
    """Ask something else while the answer is spoken."""
    stage.say("story")
    await stage.listened(1.5)
    before = stage.interruptions  # by pipecat, each word of the user's is one
    stage.say("castle")
    await stage.until("interrupted", lambda: stage.interruptions > before)
    story = stage.facts()
    stage.clear()
    await stage.answered()
    report("interruption", story=story, kept=stage.kept, **stage.facts())


async def perform(name: str, talk: Talk) -> None:
    """Play all scenes with one client; what one of them breaks, or a client that does not end, is not waited for."""
    signal.signal(signal.SIGUSR1, end_of_patience(asyncio.get_running_loop()))
    faulthandler.register(signal.SIGUSR1, chain=True)  # tells even what Python does not come back from
    sentences, chat, folder = sys.argv[1:4]
    well = True
    for url, *scenes in ((sentences, turn, tool), (chat, interruption)):
        left = iter(scenes)
        for first in left:
            stage = Stage(name, Path(folder))
            well &= await ended(play(talk(url, stage), stage, first, left))
    if not well:
        os._exit(1)  # a client that is stuck would hold asyncio up


async def play(session: AbstractAsyncContextManager[None], stage: Stage, first: Scene, left: Iterator[Scene]) -> None:
    """Play a scene in a session, and those that are left, until one fails."""
    async with session:
        await first(stage)
        for scene in left:
            await scene(stage)
    stage.check()


async def ended(session: Coroutine[Any, Any, None]) -> bool:
    """Return whether a session ended well; tell what it died of, or what it waits for."""
    task = asyncio.create_task(session)
    await asyncio.wait([task], timeout=SESSION_S)
    if not task.done():
        tell_tasks(asyncio.get_running_loop())
    elif error := task.exception():
        traceback.print_exception(error)
    else:
        return True
    return False


def end_of_patience(loop: asyncio.AbstractEventLoop) -> Callable[..., None]:
    """Return the handler of the signal that ends a program that hangs."""

    def handle(*_: object) -> None:
        tell_tasks(loop)
        os._exit(1)

    return handle


def tell_tasks(loop: asyncio.AbstractEventLoop) -> None:
    """Tell where every task waits, down to what it waits for."""
    print(TASKS, file=sys.stderr)  # noqa: T201 - what the test shows of a client that hangs
    for task in asyncio.all_tasks(loop):
        print(task.get_name(), file=sys.stderr)  # noqa: T201
        # The coroutines that await each other; Task.print_stack knows the outermost alone.
        awaited: Any = task.get_coro()
        while frame := getattr(awaited, "cr_frame", None):
            code = frame.f_code
            print(f"  {code.co_filename}:{frame.f_lineno} {code.co_qualname}", file=sys.stderr)  # noqa: T201
            awaited = awaited.cr_await
    sys.stderr.flush()
