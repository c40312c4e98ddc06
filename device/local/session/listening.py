"""The user's side of a session: audio in, turns out."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Final

from device.listen.endpointer import Offset, Onset
from device.local.session.hearing import EndpointDue, Hearing, Paused, Resumed
from device.local.session.user_turns import UserTurns
from device.local.session.verdict import Verdict
from device.sample_clock import CLOCK_RATE, samples
from device.wire.errors import WireError
from device.wire.realtime import InputAudioBufferCleared

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from device.local.session.dialogue import Dialogue

SHORTEST_MS: Final = 100
"""Less audio than this cannot be committed, as with OpenAI."""
LONGEST_SPECULATION: Final = samples(20_000)
"""Samples of a turn up to which each pause is worth speculating on: the recogniser hears all of it again each time."""


class Listening:
    """Hears the user, finds the ends of turns by the VAD and by what was said, and has them answered."""

    def __init__(self, dialogue: Dialogue) -> None:
        self._dialogue = dialogue
        self._hearing = Hearing(dialogue.cascade.stages.vad(), dialogue.cascade.detect_voice)
        self._turns = UserTurns(dialogue, self._hearing, lambda: self._hearing.speaking)
        self.responses = self._turns.responses
        self._verdict: Verdict | None = None
        """Whether the turn that is being spoken is over, as of its last pause; None if nothing asks for it."""
        self.configure()

    def configure(self) -> None:
        """Go by the session's present settings."""
        config = self._dialogue.config
        self._hearing.configure(config.input_format, config.detection)
        if not (config.detection and config.detection.idle_timeout_ms):
            self._turns.stop_idle_timeout()
        if not config.detection:
            self.responses.drop_speculation()

    async def append(self, data: bytes) -> None:
        """Take audio. Raises `WireError`."""
        try:
            async with aclosing(self._hearing.append(data)) as events:
                async for event in events:
                    await self._dialogue.keep_up()
                    if isinstance(event, EndpointDue):
                        await self._decide()
                    else:
                        self._on(event)
        except ValueError as error:
            raise WireError(f"Invalid 'audio': {error}.", code="invalid_value", param="audio") from error

    @property
    def speaking(self) -> bool:
        """Whether somebody speaks, as far as is known."""
        return self._hearing.speaking

    def commit(self) -> None:
        """Make what was appended a turn. Raises `WireError` if that is next to nothing."""
        pcm = committed(self._hearing)
        self._turns.commit(len(pcm), self._dialogue.transcribe(pcm))
        self._hearing.clear()

    def clear(self) -> None:
        """Forget what was appended."""
        self._hearing.clear()
        self.responses.drop_speculation()
        self._dialogue.send(InputAudioBufferCleared())

    def close(self) -> None:
        """Give up all work."""
        self._turns.close()

    def _on(self, event: Onset | Paused | Resumed | Offset) -> None:
        detection = self._dialogue.config.detection
        if not detection:
            return
        match event:
            case Onset():
                self._turns.start(event.start, detection)
            case Paused():
                pcm = self._hearing.take(event.start, event.at)
                if event.at - event.start <= LONGEST_SPECULATION:
                    self._turns.speculate(self._dialogue.transcribe(pcm))
                if detection.delays:
                    transcript, asked = self.responses.speculated, self._dialogue.conversation.asked
                    self._verdict = Verdict(self._dialogue.cascade, pcm, transcript, asked=asked)
            case Resumed():
                self.responses.drop_speculation()
            case Offset():
                pcm = self._hearing.take(event.start, event.at)
                self._hearing.drop(event.at)
                transcript = self.responses.confirm_speculation() or self._dialogue.transcribe(pcm)
                self._turns.stop(event.at, len(pcm), transcript, detection)

    async def _decide(self) -> None:
        """Say how long the silence must be that has begun."""
        detection = self._dialogue.config.detection
        if detection and detection.delays and self._verdict:
            self._hearing.end_after(await self._verdict.silence_ms(detection.delays))


def committed(hearing: Hearing) -> NDArray[np.int16]:
    """Return all that was appended, (n,) int16, 16 kHz mono. Raises `WireError` if that is next to nothing."""
    pcm = hearing.uncommitted()
    length = len(pcm) * 1000 / CLOCK_RATE
    if length < SHORTEST_MS:
        raise WireError(
            f"Error committing input audio buffer: buffer too small. Expected at least {SHORTEST_MS}ms of audio, "
            f"but buffer only has {length:.2f}ms of audio.",
            code="input_audio_buffer_commit_empty",
        )
    return pcm
