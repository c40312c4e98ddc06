"""What every client does with the engine, in the same words; the programs beside this lend it their client.

A program's `talk(url, stage)` holds one session of its client as an asynchronous context manager: it passes on
`stage.microphone()` to the engine, and tells the stage what the client got. `perform` lets the user speak and prints
what came of each scene as a line of JSON. Runs in the clients' own environment: standard library only.

Arguments of a program: address of an engine with the built-in sentences, address of one with a language model, folder
of what the user says (raw s16le mono at 24 kHz).
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
import traceback
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

RATE = 24_000
BLOCK_MS = 20
PATIENCE_S = 30.0
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


class Stage:
    """The user's voice, and what the client got since `clear`."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.instructions = INSTRUCTIONS.format(name)
        self._folder = folder
        self._voice = bytearray()
        self._changed = asyncio.Event()
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
        """The client stopped playing, as the user speaks."""
        self.interruptions += 1
        self._changed.set()

    def keeps(self, text: str) -> None:
        """What the client has as the words of the reply that was cut off, once it has asked the engine."""
        self.kept = text
        self._changed.set()

    def failed(self, why: object) -> None:
        """The client reports an error: the end."""
        raise SystemExit(f"{self.name} reports: {why}")

    # What is waited for.

    async def until(self, what: str, happened: Callable[[], bool]) -> None:
        """Wait until something happened, of which `what` tells if it does not."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not happened():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise SystemExit(f"{self.name}: not {what} within {PATIENCE_S:g} s; got {self.facts()}") from None

    async def answered(self) -> None:
        """Wait until a reply with audio is complete and played out."""
        await self.until("answered aloud", lambda: bool(self.complete and self.heard))
        await asyncio.sleep(max(0.0, self._first + self.audio_ms / 1000 - time.monotonic()) + 0.3)

    async def listened(self, seconds: float) -> None:
        """Wait until so much of a reply was played."""
        await self.until("speaking", lambda: self.audio_ms >= seconds * 1000)
        await asyncio.sleep(max(0.0, self._first + seconds - time.monotonic()))

    def facts(self) -> dict[str, Any]:
        """Return what the client got."""
        calls = [{"name": name, "arguments": arguments} for name, arguments in self.calls]
        return {"heard": self.heard, "said": self.said, "audio_ms": round(self.audio_ms), "calls": calls}


def report(scene: str, **facts: Any) -> None:
    """Tell the test what came of a scene."""
    print(json.dumps({"scene": scene, **facts}), flush=True)  # noqa: T201 - how the program answers


Talk = Callable[[str, Stage], AbstractAsyncContextManager[None]]


async def perform(name: str, talk: Talk) -> None:
    """Play all scenes with one client."""
    sentences, chat, folder = sys.argv[1:4]
    stage = Stage(name, Path(folder))
    async with talk(sentences, stage):
        stage.say("time")
        await stage.answered()
        report("turn", **stage.facts())
        stage.clear()
        stage.say("timer")
        await stage.until("called", lambda: bool(stage.calls))
        await stage.answered()
        report("tool", **stage.facts())
    stage = Stage(name, Path(folder))
    async with talk(chat, stage):
        stage.say("story")
        await stage.listened(1.5)
        stage.say("time")
        await stage.until("interrupted", lambda: stage.interruptions > 0)
        story = stage.facts()
        stage.clear()
        await stage.answered()
        report("interruption", story=story, kept=stage.kept, **stage.facts())


def beside(pump: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    """Run a part of the client; its failure ends the program."""

    async def run() -> None:
        try:
            await pump
        except Exception:  # noqa: BLE001 - whatever broke the client
            traceback.print_exc()
            os._exit(1)

    return asyncio.create_task(run())
