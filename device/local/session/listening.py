"""The user's side of a session: audio in, turns out."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Final

from device.listen.endpointer import Offset, Onset
from device.local.session.hearing import Doubt, Hearing, Lull, Resumed
from device.local.session.user_turns import Turns
from device.local.session.verdict import Verdict
from device.sample_clock import CLOCK_RATE, samples
from device.wire.errors import WireError
from device.wire.realtime import InputAudioBufferCleared

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from device.local.session.dialogue import Dialogue

SHORTEST_MS: Final = 100
"""Less audio than this cannot be committed."""
GUESSED: Final = samples(20_000)
"""Samples of a turn up to which each lull is worth a guess: the recogniser hears all of it again each time."""


class Listening:
    """Hears the user, finds the ends of turns, and has them answered."""

    def __init__(self, dialogue: Dialogue) -> None:
        self._dialogue = dialogue
        self._hearing = Hearing(dialogue.cascade.stages.vad(), dialogue.cascade.judge)
        self._turns = Turns(dialogue, self._hearing, lambda: self._hearing.speaking)
        self.answers = self._turns.answers
        self._verdict: Verdict | None = None
        """Whether the turn that is being spoken is over, as of its last lull."""
        self.configure()

    def configure(self) -> None:
        """Go by the session's present settings."""
        config = self._dialogue.config
        self._hearing.configure(config.input_format, config.detection)
        if not (config.detection and config.detection.idle_timeout_ms):
            self._turns.rest()
        if not config.detection:
            self.answers.drop_guess()

    async def append(self, data: bytes) -> None:
        """Take audio. Raises `WireError`."""
        try:
            async with aclosing(self._hearing.append(data)) as events:
                async for event in events:
                    if isinstance(event, Doubt):
                        await self._doubt()
                    else:
                        self._on(event)
        except ValueError as error:
            raise WireError(f"Invalid 'audio': {error}.", code="invalid_value", param="audio") from error

    def commit(self) -> None:
        """Make what was appended a turn. Raises `WireError` if that is next to nothing."""
        pcm = committed(self._hearing)
        self._turns.commit(len(pcm), self._dialogue.cascade.transcribe(pcm))
        self._hearing.clear()

    def clear(self) -> None:
        """Forget what was appended."""
        self._hearing.clear()
        self.answers.drop_guess()
        self._dialogue.send(InputAudioBufferCleared())

    def close(self) -> None:
        """Give up all work."""
        self._turns.close()

    def _on(self, event: Onset | Lull | Resumed | Offset) -> None:
        detection = self._dialogue.config.detection
        if not detection:
            return
        match event:
            case Onset():
                self._turns.start(event.start, detection)
            case Lull():
                pcm = self._hearing.take(event.start, event.at)
                if event.at - event.start <= GUESSED:
                    self._turns.guess(self._dialogue.cascade.transcribe(pcm))
                if detection.patience:
                    guess = self.answers.guess
                    words = guess.transcript if guess else None
                    self._verdict = Verdict(self._dialogue.cascade, pcm, words, asked=self._dialogue.conversation.asked)
            case Resumed():
                self.answers.drop_guess()
            case Offset():
                pcm = self._hearing.take(event.start, event.at)
                self._hearing.drop(event.at)
                guess = self.answers.guess
                heard = guess.confirm() if guess else self._dialogue.cascade.transcribe(pcm)
                self._turns.stop(event.at, len(pcm), heard, detection)

    async def _doubt(self) -> None:
        """Say how long the silence must be that has begun."""
        detection = self._dialogue.config.detection
        if detection and detection.patience and self._verdict:
            self._hearing.wait(await self._verdict.silence_ms(detection.patience))


def committed(hearing: Hearing) -> NDArray[np.int16]:
    """Return all that was appended. Raises `WireError` if that is next to nothing."""
    pcm = hearing.rest()
    length = len(pcm) * 1000 / CLOCK_RATE
    if length < SHORTEST_MS:
        raise WireError(
            f"Error committing input audio buffer: buffer too small. Expected at least {SHORTEST_MS}ms of audio, "
            f"but buffer only has {length:.2f}ms of audio.",
            code="input_audio_buffer_commit_empty",
        )
    return pcm
