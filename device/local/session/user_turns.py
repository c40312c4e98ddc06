"""What becomes of the user's turns once they are found: items, transcripts, answers."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from device.local.session.hearing import ms
from device.local.session.items import Entry, fresh, message
from device.local.session.responses import Responses
from device.local.session.speculation import Speculation
from device.local.stages import StageError
from device.sample_clock import CLOCK_RATE, samples
from device.wire.realtime import (
    ConversationItemAdded,
    ConversationItemDone,
    ConversationItemInputAudioTranscriptionCompleted,
    ConversationItemInputAudioTranscriptionFailed,
    InputAudioBufferCommitted,
    InputAudioBufferSpeechStarted,
    InputAudioBufferSpeechStopped,
    InputAudioBufferTimeoutTriggered,
)
from device.wire.realtime_items import Content, ErrorDetail, TranscriptionUsage

if TYPE_CHECKING:
    from collections.abc import Callable

    from device.local.cascade import Manner, Prompt
    from device.local.session.config import Detection
    from device.local.session.dialogue import Dialogue
    from device.local.session.hearing import Hearing
    from device.local.session.response import Answer

log = logging.getLogger(__name__)


class Turns:
    """The user's turns. `hearing` knows where in the audio we are; `speaking` tells whether a turn is being spoken."""

    def __init__(self, dialogue: Dialogue, hearing: Hearing, speaking: Callable[[], bool]) -> None:
        self._dialogue = dialogue
        self._hearing = hearing
        self._speaking = speaking
        self.answers = Responses(dialogue, self._answered)
        self._item_id = ""
        """Of the turn that is being spoken."""
        self._due: set[str] = set()
        """Turns to be answered once their words are known."""
        self._owed = False
        """A turn waits for the running response to end."""
        self._idle: asyncio.TimerHandle | None = None

    def start(self, position: int, detection: Detection) -> None:
        """Begin with a turn."""
        self.rest()
        self.answers.drop_guess()
        self._dialogue.cascade.prepare()
        self._item_id = fresh("item")
        self._dialogue.send(InputAudioBufferSpeechStarted(item_id=self._item_id, audio_start_ms=ms(position)))
        if detection.interrupt_response:
            self._due.clear()
            self._owed = False
            self.answers.interrupt()

    def guess(self, heard: asyncio.Future[str]) -> None:
        """Begin with the answer to a turn that may be over, once it is known what it says."""
        self.answers.drop_guess()
        self.answers.guess = Speculation(self._dialogue.cascade, heard, self._ask)

    def stop(self, position: int, length: int, heard: asyncio.Future[str], detection: Detection) -> None:
        """End the turn, of so many samples, and have it answered once it is known what it says."""
        self._dialogue.send(InputAudioBufferSpeechStopped(item_id=self._item_id, audio_end_ms=ms(position)))
        if detection.create_response:
            self._due.add(self._item_id)
        self._add(self._item_id, length, heard)

    def commit(self, length: int, heard: asyncio.Future[str]) -> None:
        """Take a turn of so many samples that the client has ended."""
        item_id = self._item_id if self._speaking() else fresh("item")
        self.answers.drop_guess()
        self.rest()
        self._add(item_id, length, heard)

    def close(self) -> None:
        """Give up all work."""
        self.rest()
        self.answers.drop_guess()

    def rest(self) -> None:
        """Stop the clock of the idle timeout."""
        if self._idle:
            self._idle.cancel()
            self._idle = None

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
        except Exception as error:
            text = str(error) if isinstance(error, StageError) else "The recogniser failed; see the local engine's log."
            log.log(logging.ERROR, "%s", text, exc_info=None if isinstance(error, StageError) else error)
            entry.hear("")
            fault = ErrorDetail(type="server_error", code="transcription_failed", message=text)
            self._dialogue.send(ConversationItemInputAudioTranscriptionFailed(item_id=entry.id, error=fault))
            if entry.id in self._due:
                self._due.discard(entry.id)
                self.answers.refuse(fault)
            return
        self._know(entry, text)

    def _know(self, entry: Entry, text: str) -> None:
        """Note what a turn says, and have it answered."""
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
        if detection and detection.idle_timeout_ms and not self._speaking():
            self.rest()
            wait = (answer.audio_ms + detection.idle_timeout_ms) / 1000
            self._idle = asyncio.get_running_loop().call_later(wait, self._timed_out, detection.idle_timeout_ms)

    def _timed_out(self, timeout_ms: int) -> None:
        """Let the assistant take the turn: nobody spoke since the last response was played."""
        self._idle = None
        if self.answers.active or self._speaking():
            return
        end = self._hearing.end
        start = max(self._hearing.start, end - samples(timeout_ms))
        item_id = fresh("item")
        self._dialogue.send(
            InputAudioBufferTimeoutTriggered(item_id=item_id, audio_start_ms=ms(start), audio_end_ms=ms(end))
        )
        self._add(item_id, end - start, None)
        self.answers.create()
