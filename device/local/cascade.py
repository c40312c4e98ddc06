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
from device.listen.endpointer import FRAME
from device.local.end_of_turn.completeness import CompletenessRules
from device.local.stages import (
    Brain,
    Call,
    Choice,
    Cost,
    Pace,
    Prosody,
    Recogniser,
    RemoteRecogniser,
    RemoteVoice,
    StageError,
    Text,
    Tool,
    Turn,
    Unmet,
    Utterance,
    Vad,
    Voice,
    Word,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Collection, Sequence


PIECES_MS: Final = (40, 100, 200)
"""Length of the first pieces of a reply's audio, and of all that follow.

The first is heard soonest if it is short; each costs an event, so those that follow are longer.
"""
SLOWEST: Final = 0.25
FASTEST: Final = 1.5
"""Of the usual speed: what `Voice.speak` takes."""
RUN_AHEAD: Final = 8
"""How many pieces of a reply may be made before they are fetched: more than a second of audio, to bridge the gap to the
next sentence; each is made in vain when the user barges in.
"""


class Stages(Struct, frozen=True):
    """What a local engine is made of; one of each for all sessions."""

    recogniser: Recogniser | RemoteRecogniser
    brain: Brain
    voice: Voice | RemoteVoice
    vad: Callable[[], Vad]
    """Makes the VAD of a session."""
    prosody: Prosody
    completeness: CompletenessRules = CompletenessRules()
    """How unfinished speech ends in the recogniser's language."""
    recogniser_name: str = "moonshine-tiny-en"
    """What clients are told of it."""


class Prompt(Struct, frozen=True):
    """What the brain is asked."""

    turns: tuple[Turn, ...]
    tools: tuple[Tool, ...]
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


class Times(Struct, frozen=True):
    """When words of the message are heard, in its audio."""

    words: tuple[Word, ...]


class End(Struct, frozen=True):
    """The reply is complete, or broke off."""

    fault: Exception | None


Piece: TypeAlias = Text | Sound | Times | Call | Cost | Unmet


class Cascade:
    """The stages and their threads."""

    def __init__(self, stages: Stages) -> None:
        self.stages = stages
        cores = os.cpu_count() or 1
        # One thread a kind of work that must not wait for another: a barge-in is heard while others are spoken to.
        self._vad = ThreadPoolExecutor(1, "vad")
        self._recogniser = ThreadPoolExecutor(1, "stt")
        self._prosody = ThreadPoolExecutor(1, "prosody")
        self._voice = ThreadPoolExecutor(min(4, max(2, cores)), "tts")

    async def detect_voice(self, vad: Vad, frames: Sequence[NDArray[np.int16]]) -> list[float]:
        """Return the probability of voice, 0 to 1, in each of some frames in a row: (512,) int16, 16 kHz mono."""
        return await asyncio.wrap_future(self._vad.submit(lambda: [vad.probability(frame) for frame in frames]))

    def transcribe(self, pcm: NDArray[np.int16], names: Collection[str] = ()) -> asyncio.Future[str]:
        """Return what is said, (n,) int16, 16 kHz mono, when it is known; cancelling gives up if it has not begun.

        `names` may well be spoken of.
        """
        recogniser = self.stages.recogniser
        if isinstance(recogniser, RemoteRecogniser):
            return asyncio.create_task(recogniser.transcribe(pcm, names))
        return asyncio.wrap_future(self._recogniser.submit(recogniser.transcribe, pcm, names))

    def judge_prosody(self, pcm: NDArray[np.int16]) -> asyncio.Future[float]:
        """Return how likely, 0 to 1, the turn in `pcm` is over by its sound; input and cancelling as `transcribe`."""
        return asyncio.wrap_future(self._prosody.submit(self.stages.prosody.probability, pcm))

    def reply(self, prompt: Prompt, manner: Manner) -> Reply:
        """Begin with a reply."""
        return Reply(self, prompt, manner)

    def prepare(self) -> None:
        """Have everything ready soon that may take its time: somebody is about to speak."""
        if isinstance(self.stages.voice, RemoteVoice):
            self.stages.voice.prepare()

    async def speak(
        self, voice: Voice, text: str, speed: float
    ) -> AsyncGenerator[NDArray[np.int16] | tuple[Word, ...], None]:
        """Yield the speech for a sentence as `Voice.speak` does; closing stops the synthesis."""
        speech = voice.speak(text, speed)
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

    async def close(self) -> None:
        """Let the threads and connections end; work that has not begun is given up."""
        for pool in (self._vad, self._recogniser, self._prosody, self._voice):
            pool.shutdown(wait=False, cancel_futures=True)
        for stage in (self.stages.recogniser, self.stages.voice):
            if isinstance(stage, RemoteRecogniser | RemoteVoice):
                await stage.close()


class Reply:
    """A reply in the making: take its `pieces` once. It runs ahead of its reader by a few pieces."""

    def __init__(self, cascade: Cascade, prompt: Prompt, manner: Manner) -> None:
        self.prompt = prompt
        self.manner = manner
        self._speed = manner.speed
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
        fault: Exception | None = None
        try:
            await self._generate()
        except ExceptionGroup as errors:  # of `_speak_elsewhere`, where two are at work
            fault = next((e for e in errors.exceptions if isinstance(e, StageError)), errors.exceptions[0])
        except Exception as error:  # noqa: BLE001 - whatever a stage raises is for the reader of the reply
            fault = error
        await self._queue.put(End(fault))

    async def _generate(self) -> None:
        prompt, brain, voice = self.prompt, self._cascade.stages.brain, self._cascade.stages.voice
        reply = brain.reply(prompt.turns, prompt.tools, prompt.instructions, prompt.choice)
        async with aclosing(reply), aclosing(self._paced(reply)) as pieces:
            if not self.manner.speak:
                async for piece in pieces:
                    await self._queue.put(piece)
            elif isinstance(voice, RemoteVoice):
                await self._speak_elsewhere(voice, pieces)
            else:
                await self._speak_here(voice, pieces)

    async def _speak_here(self, voice: Voice, pieces: AsyncGenerator[Text | Call | Cost | Unmet, None]) -> None:
        """Have a voice here say each sentence as soon as it is known, and pass on what else comes."""
        sent = 0  # samples of the message
        async for piece in pieces:
            await self._queue.put(piece)
            if isinstance(piece, Call):  # what is said after it is another message
                sent = 0
            if isinstance(piece, Text) and piece.text.strip():
                speech = self._cascade.speak(voice, piece.text, self._speed)
                sent += await self._forward(speech, voice.rate, sent * 1000 / self.manner.rate)

    async def _paced(
        self, reply: AsyncGenerator[Text | Call | Cost | Pace | Unmet, None]
    ) -> AsyncGenerator[Text | Call | Cost | Unmet, None]:
        """Yield what the brain says, and go by the pace that it sets."""
        async for piece in reply:
            if isinstance(piece, Pace):
                self._speed = min(FASTEST, max(SLOWEST, self.manner.speed * piece.speed))
            else:
                yield piece

    async def _speak_elsewhere(
        self, voice: RemoteVoice, pieces: AsyncGenerator[Text | Call | Cost | Unmet, None]
    ) -> None:
        """Have a voice elsewhere say each sentence as soon as it is known, while what it said before arrives."""
        utterance: Utterance | None = None
        async with asyncio.TaskGroup() as group:
            arriving: asyncio.Task[None] | None = None
            async for piece in pieces:
                if isinstance(piece, Text):
                    await self._queue.put(piece)
                    if not piece.text.strip():
                        continue
                    if utterance is None:
                        utterance = voice.begin(self._speed)
                        arriving = group.create_task(self._pass_on(utterance.parts(), voice.rate))
                    utterance.say(piece.text)
                    continue
                if utterance and arriving:  # a call comes after all that was said before it
                    utterance.end()
                    await arriving
                    utterance = None
                await self._queue.put(piece)
            if utterance:
                utterance.end()

    async def _pass_on(self, speech: AsyncGenerator[NDArray[np.int16] | tuple[Word, ...], None], rate: int) -> None:
        """Pass the speech of a message on, as `_forward` does."""
        await self._forward(speech, rate)

    async def _forward(
        self, speech: AsyncGenerator[NDArray[np.int16] | tuple[Word, ...], None], rate: int, at_ms: float = 0.0
    ) -> int:
        """Pass speech at `rate` on, in pieces; it begins `at_ms` after its message. Return how many samples it was."""
        sent = 0
        resampler = Resampler(rate, self.manner.rate)
        ready = np.empty(0, np.int16)
        async with aclosing(speech) as parts:
            async for part in parts:
                if isinstance(part, tuple):
                    words = (Word(word.text, word.start_ms + at_ms, word.end_ms + at_ms) for word in part)
                    await self._queue.put(Times(tuple(words)))
                    continue
                sent += len(more := resampler.push(part))
                ready = np.concatenate((ready, more))
                while len(ready) >= self._lengths[0]:
                    ready = await self._put(ready)
        sent += len(more := resampler.flush())
        ready = np.concatenate((ready, more))
        while len(ready):
            ready = await self._put(ready)
        return sent

    async def _put(self, ready: NDArray[np.int16]) -> NDArray[np.int16]:
        """Pass the next piece on; return the rest."""
        length = self._lengths.pop(0) if len(self._lengths) > 1 else self._lengths[0]
        await self._queue.put(Sound(ready[:length]))
        return ready[length:]
