"""The stages at work: speech to text, brain, text to speech, in worker threads shared by all sessions."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from device.audio.resample import Resampler
from device.engines.contract import ToolSpec
from device.listen.ending import Endings
from device.listen.endpoint import FRAME
from device.local.hearing import Vad
from device.local.stages import Brain, Call, Choice, Cost, Prosody, Recogniser, Text, Turn, Voice

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence


PIECES_MS: Final = (40, 100, 200)
"""Length of the first pieces of a reply's audio, and of all that follow: the first is heard soonest if it is short."""
RUN_AHEAD: Final = 8
"""How many pieces of a reply may be made before they are fetched."""


class Stages(Struct, frozen=True):
    """What a local engine is made of."""

    recogniser: Recogniser
    brain: Brain
    voice: Voice
    vad: Callable[[], Vad]
    """Makes the VAD of a session."""
    prosody: Prosody
    endings: Endings = Endings()
    """How unfinished speech ends in the recogniser's language."""


class Prompt(Struct, frozen=True):
    """What the brain is asked."""

    turns: tuple[Turn, ...]
    tools: tuple[ToolSpec, ...]
    instructions: str
    choice: Choice


class Manner(Struct, frozen=True):
    """How a reply is given."""

    speak: bool
    """False for writing only."""
    rate: int
    """Hz of its audio."""
    speed: float


class Sound(Struct, frozen=True):
    """A piece of the audio of the sentence before: (n,) int16 at `Manner.rate`."""

    pcm: NDArray[np.int16]


class End(Struct, frozen=True):
    """The reply is complete, or broke off."""

    fault: Exception | None


Piece: TypeAlias = Text | Sound | Call | Cost


class Cascade:
    """The stages and their threads."""

    def __init__(self, stages: Stages) -> None:
        self.stages = stages
        cores = os.cpu_count() or 1
        # One thread a kind of work that must not wait for another: an interruption is heard while others are spoken to.
        self._ears = ThreadPoolExecutor(1, "vad")
        self._recogniser = ThreadPoolExecutor(1, "stt")
        self._prosody = ThreadPoolExecutor(1, "prosody")
        self._voice = ThreadPoolExecutor(min(4, max(2, cores)), "tts")

    async def judge(self, vad: Vad, frames: Sequence[NDArray[np.int16]]) -> list[float]:
        """Return the probability of voice in each of some frames in a row."""
        return await asyncio.wrap_future(self._ears.submit(lambda: [vad.probability(frame) for frame in frames]))

    def transcribe(self, pcm: NDArray[np.int16]) -> asyncio.Future[str]:
        """Return what is said, (n,) int16 at 16 kHz, when it is known; cancelling gives up if it has not begun."""
        return asyncio.wrap_future(self._recogniser.submit(self.stages.recogniser.transcribe, pcm))

    def sounds_over(self, pcm: NDArray[np.int16]) -> asyncio.Future[float]:
        """Return how likely a turn is over by its sound, (n,) int16 at 16 kHz; cancelling as with `transcribe`."""
        return asyncio.wrap_future(self._prosody.submit(self.stages.prosody.probability, pcm))

    def reply(self, prompt: Prompt, manner: Manner) -> Reply:
        """Begin with a reply."""
        return Reply(self, prompt, manner)

    async def speak(self, text: str, speed: float) -> AsyncGenerator[NDArray[np.int16], None]:
        """Yield the speech for a sentence in pieces at the voice's rate; closing stops the synthesis."""
        speech = self.stages.voice.speak(text, speed)
        step = self._voice.submit(next, speech, None)
        try:
            while (piece := await asyncio.wrap_future(step)) is not None:
                yield piece
                step = self._voice.submit(next, speech, None)
        finally:
            # A generator cannot be closed while a thread is inside it.
            step.add_done_callback(lambda _: speech.close())

    def warm_up(self) -> None:
        """Use every stage once, so that the first turn is as fast as the next; blocking."""
        stages = self.stages
        for stage in (stages.recogniser, stages.prosody, stages.brain, stages.voice):
            stage.warm_up()
        stages.vad().probability(np.zeros(FRAME, np.int16))

    def close(self) -> None:
        """Let the threads end; work that has not begun is given up."""
        for pool in (self._ears, self._recogniser, self._prosody, self._voice):
            pool.shutdown(wait=False, cancel_futures=True)


class Reply:
    """A reply in the making: take its `pieces` once. It runs ahead of its reader by a few pieces."""

    def __init__(self, cascade: Cascade, prompt: Prompt, manner: Manner) -> None:
        self.prompt = prompt
        self.manner = manner
        self._cascade = cascade
        self._lengths = [manner.rate * ms // 1000 for ms in PIECES_MS]
        self._queue: asyncio.Queue[Piece | End] = asyncio.Queue(RUN_AHEAD)
        self._task = asyncio.create_task(self._make())

    async def pieces(self) -> AsyncGenerator[Piece, None]:
        """Yield what the reply is made of. Raises what the stage raised that broke it off."""
        while not isinstance(piece := await self._queue.get(), End):
            yield piece
        if piece.fault:
            raise piece.fault

    def close(self) -> None:
        """Stop at once; harmless when repeated."""
        self._task.cancel()

    async def _make(self) -> None:
        fault = None
        try:
            await self._think()
        except Exception as error:  # noqa: BLE001 - whatever a stage raises is for the reader of the reply
            fault = error
        await self._queue.put(End(fault))

    async def _think(self) -> None:
        prompt, brain = self.prompt, self._cascade.stages.brain
        async with aclosing(brain.reply(prompt.turns, prompt.tools, prompt.instructions, prompt.choice)) as pieces:
            async for piece in pieces:
                await self._queue.put(piece)
                if self.manner.speak and isinstance(piece, Text) and piece.text.strip():
                    await self._speak(piece.text)

    async def _speak(self, text: str) -> None:
        resampler = Resampler(self._cascade.stages.voice.rate, self.manner.rate)
        ready = np.empty(0, np.int16)
        async with aclosing(self._cascade.speak(text, self.manner.speed)) as speech:
            async for pcm in speech:
                ready = np.concatenate((ready, resampler.push(pcm)))
                while len(ready) >= self._lengths[0]:
                    ready = await self._put(ready)
        ready = np.concatenate((ready, resampler.flush()))
        while len(ready):
            ready = await self._put(ready)

    async def _put(self, ready: NDArray[np.int16]) -> NDArray[np.int16]:
        """Pass the next piece on; return the rest."""
        length = self._lengths.pop(0) if len(self._lengths) > 1 else self._lengths[0]
        await self._queue.put(Sound(ready[:length]))
        return ready[length:]
