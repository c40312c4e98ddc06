"""The user's side of a session: audio in, turns out."""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing
from typing import TYPE_CHECKING, Final

from device.engines.wire.errors import WireError
from device.engines.wire.realtime import (
    ConversationItemAdded,
    ConversationItemDone,
    ConversationItemInputAudioTranscriptionCompleted,
    ConversationItemInputAudioTranscriptionFailed,
    InputAudioBufferCleared,
    InputAudioBufferCommitted,
    InputAudioBufferSpeechStarted,
    InputAudioBufferSpeechStopped,
    InputAudioBufferTimeoutTriggered,
)
from device.engines.wire.realtime_items import Content, ErrorDetail, TranscriptionUsage
from device.events import CLOCK_RATE, samples
from device.listen.endpoint import Offset, Onset
from device.local.answers import Answers
from device.local.guess import Guess
from device.local.hearing import Doubt, Hearing, Lull, Resumed, ms
from device.local.items import Entry, fresh, message
from device.local.verdict import Verdict

if TYPE_CHECKING:
    from device.local.cascade import Manner, Prompt
    from device.local.config import Detection
    from device.local.dialogue import Dialogue
    from device.local.response import Answer

log = logging.getLogger(__name__)

SHORTEST_MS: Final = 100
"""Less audio than this cannot be committed."""
GUESSED: Final = samples(20_000)
"""Samples of a turn up to which each lull is worth a guess: the recogniser hears all of it again each time."""


class Listening:
    """Hears the user, finds the ends of turns, and has them answered."""

    def __init__(self, dialogue: Dialogue) -> None:
        self._dialogue = dialogue
        self.answers = Answers(dialogue, self._answered)
        self._hearing = Hearing(dialogue.cascade.stages.vad(), dialogue.cascade.judge)
        self._item_id = ""
        """Of the turn that is being spoken."""
        self._due: set[str] = set()
        """Turns to be answered once their words are known."""
        self._owed = False
        """A turn waits for the running response to end."""
        self._verdict: Verdict | None = None
        """Whether the turn that is being spoken is over, as of its last lull."""
        self._idle: asyncio.TimerHandle | None = None
        self.configure()

    def configure(self) -> None:
        """Go by the session's present settings."""
        config = self._dialogue.config
        self._hearing.configure(config.input_format, config.detection)
        if not (config.detection and config.detection.idle_timeout_ms):
            self._rest()
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
        pcm = self._hearing.rest()
        length = len(pcm) * 1000 / CLOCK_RATE
        if length < SHORTEST_MS:
            raise WireError(
                f"Error committing input audio buffer: buffer too small. Expected at least {SHORTEST_MS}ms of audio, "
                f"but buffer only has {length:.2f}ms of audio.",
                code="input_audio_buffer_commit_empty",
            )
        item_id = self._item_id if self._hearing.speaking else fresh("item")
        self._hearing.clear()
        self.answers.drop_guess()
        self._rest()
        self._add(item_id, len(pcm), self._dialogue.cascade.transcribe(pcm))

    def clear(self) -> None:
        """Forget what was appended."""
        self._hearing.clear()
        self.answers.drop_guess()
        self._dialogue.send(InputAudioBufferCleared())

    def close(self) -> None:
        """Give up all work."""
        self._rest()
        self.answers.drop_guess()

    def _on(self, event: Onset | Lull | Resumed | Offset) -> None:
        detection = self._dialogue.config.detection
        if not detection:
            return
        match event:
            case Onset():
                self._started(event, detection)
            case Lull():
                pcm = self._hearing.take(event.start, event.at)
                if event.at - event.start <= GUESSED:
                    self.answers.guess = Guess(self._dialogue.cascade, pcm, self._ask)
                if detection.patience:
                    guess = self.answers.guess
                    words = guess.transcript if guess else None
                    self._verdict = Verdict(self._dialogue.cascade, pcm, words, asked=self._dialogue.conversation.asked)
            case Resumed():
                self.answers.drop_guess()
            case Offset():
                self._stopped(event, detection)

    async def _doubt(self) -> None:
        """Say how long the silence must be that has begun."""
        detection = self._dialogue.config.detection
        if detection and detection.patience and self._verdict:
            self._hearing.wait(await self._verdict.silence_ms(detection.patience))

    def _started(self, event: Onset, detection: Detection) -> None:
        self._rest()
        self.answers.drop_guess()
        self._item_id = fresh("item")
        self._dialogue.send(InputAudioBufferSpeechStarted(item_id=self._item_id, audio_start_ms=ms(event.start)))
        if detection.interrupt_response:
            self._due.clear()
            self._owed = False
            self.answers.interrupt()

    def _stopped(self, event: Offset, detection: Detection) -> None:
        dialogue = self._dialogue
        pcm = self._hearing.take(event.start, event.at)
        self._hearing.drop(event.at)
        dialogue.send(InputAudioBufferSpeechStopped(item_id=self._item_id, audio_end_ms=ms(event.at)))
        guess = self.answers.guess
        heard = guess.confirm() if guess else dialogue.cascade.transcribe(pcm)
        if detection.create_response:
            self._due.add(self._item_id)
        self._add(self._item_id, len(pcm), heard)

    def _ask(self, text: str) -> tuple[Prompt, Manner] | None:
        """Return what an automatic answer would ask of the brain if the user had said just this."""
        dialogue = self._dialogue
        detection = dialogue.config.detection
        if not detection or not detection.create_response or self.answers.active:
            return None
        entry = Entry(message("user", [Content(type="input_audio", transcript=text)]))
        prompt = dialogue.prompt(dialogue.config, [*dialogue.conversation, entry])
        return prompt, dialogue.manner(dialogue.config)

    def _add(self, item_id: str, length: int, heard: asyncio.Future[str] | None) -> None:
        """Add a turn of so many samples to the conversation; None stands for a silence."""
        dialogue = self._dialogue
        entry = Entry(message("user", [Content(type="input_audio")], item_id=item_id))
        entry.audio_ms = length * 1000 / CLOCK_RATE
        before = dialogue.conversation.add(entry)
        dialogue.send(InputAudioBufferCommitted(item_id=item_id, previous_item_id=before))
        dialogue.send(ConversationItemAdded(item=entry.item, previous_item_id=before))
        dialogue.send(ConversationItemDone(item=entry.item, previous_item_id=before))
        if heard:
            entry.transcribing = dialogue.spawn(self._transcribe(entry, heard))
        else:
            self._know(entry, "")

    async def _transcribe(self, entry: Entry, heard: asyncio.Future[str]) -> None:
        try:
            text = await heard
        except Exception:
            log.exception("the recogniser failed")
            entry.hear("")
            fault = ErrorDetail(type="server_error", code="transcription_failed", message="The recogniser failed.")
            self._dialogue.send(ConversationItemInputAudioTranscriptionFailed(item_id=entry.id, error=fault))
            self._due.discard(entry.id)
            return
        self._know(entry, text)

    def _know(self, entry: Entry, text: str) -> None:
        """Take note of what a turn says, and have it answered."""
        dialogue = self._dialogue
        entry.hear(text)
        if dialogue.config.transcription and dialogue.conversation.find(entry.id):
            usage = TranscriptionUsage(type="duration", seconds=entry.audio_ms / 1000)
            dialogue.send(
                ConversationItemInputAudioTranscriptionCompleted(item_id=entry.id, transcript=text, usage=usage)
            )
        if entry.id in self._due:
            self._due.discard(entry.id)
            if text and self.answers.active:
                self._owed = True
            elif text:
                self.answers.create()

    def _answered(self, answer: Answer) -> None:
        """Go on after a response: with the turn that waited for it, or with waiting for the user."""
        if self._owed:
            self._owed = False
            self.answers.create()
            return
        detection = self._dialogue.config.detection
        if detection and detection.idle_timeout_ms and not self._hearing.speaking:
            self._rest()
            wait = (answer.audio_ms + detection.idle_timeout_ms) / 1000
            self._idle = asyncio.get_running_loop().call_later(wait, self._timed_out, detection.idle_timeout_ms)

    def _timed_out(self, timeout_ms: int) -> None:
        """Let the assistant take the turn: nobody spoke since the last response was played."""
        self._idle = None
        if self.answers.active or self._hearing.speaking:
            return
        end = self._hearing.end
        start = max(self._hearing.start, end - samples(timeout_ms))
        item_id = fresh("item")
        self._dialogue.send(
            InputAudioBufferTimeoutTriggered(item_id=item_id, audio_start_ms=ms(start), audio_end_ms=ms(end))
        )
        self._add(item_id, end - start, None)
        self.answers.create()

    def _rest(self) -> None:
        """Stop the clock of the idle timeout."""
        if self._idle:
            self._idle.cancel()
            self._idle = None
