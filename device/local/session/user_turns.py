"""What becomes of the user's turns once they are found: items, transcripts, responses."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from device.local.session.hearing import ms
from device.local.session.items import Entry, fresh, message
from device.local.session.responses import Responses
from device.local.stages import StageError
from device.sample_clock import CLOCK_RATE, samples
from device.wire.realtime import (
    ConversationItemAdded,
    ConversationItemDeleted,
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
    from device.local.session.response import ResponseStream

log = logging.getLogger(__name__)


class UserTurns:
    """The user's turns. `hearing` knows where in the audio we are; `speaking` tells whether a turn is being spoken."""

    def __init__(self, dialogue: Dialogue, hearing: Hearing, speaking: Callable[[], bool]) -> None:
        self._dialogue = dialogue
        self._hearing = hearing
        self._speaking = speaking
        self.responses = Responses(dialogue, self._responded)
        self._item_id = ""
        """Of the turn that is being spoken, or was last."""
        self._unanswered: set[str] = set()
        """Items of turns to be answered once their words are known."""
        self._waiting = False
        """A turn waits for the response to end that is in the making."""
        self._idle: asyncio.TimerHandle | None = None

    def start(self, position: int, detection: Detection) -> None:
        """Begin with a turn, at a position in samples; the user barges in if a response is in the making."""
        self.stop_idle_timeout()
        self.responses.drop_speculation()
        self._dialogue.cascade.prepare()
        self._item_id = fresh("item")
        self._dialogue.send(InputAudioBufferSpeechStarted(item_id=self._item_id, audio_start_ms=ms(position)))
        if detection.interrupt_response:
            self._unanswered.clear()
            self._waiting = False
            self.responses.interrupt()

    def speculate(self, transcript: asyncio.Future[str]) -> None:
        """Begin with the reply to a turn that may be over, once it is known what it says."""
        self.responses.speculate(transcript, self._ask)

    def stop(self, position: int, length: int, transcript: asyncio.Future[str], detection: Detection) -> None:
        """End the turn at a position, `length` samples long, and have it answered once it is known what it says."""
        self._dialogue.send(InputAudioBufferSpeechStopped(item_id=self._item_id, audio_end_ms=ms(position)))
        if detection.create_response:
            self._unanswered.add(self._item_id)
        self._add(self._item_id, length, transcript)

    def commit(self, length: int, transcript: asyncio.Future[str]) -> None:
        """Take a turn of `length` samples that the client has ended."""
        item_id = self._item_id if self._speaking() else fresh("item")
        self.responses.drop_speculation()
        self.stop_idle_timeout()
        self._add(item_id, length, transcript)

    def close(self) -> None:
        """Give up all work."""
        self.stop_idle_timeout()
        self.responses.drop_speculation()

    def stop_idle_timeout(self) -> None:
        """Let the assistant not take the turn, however long nobody speaks."""
        if self._idle:
            self._idle.cancel()
            self._idle = None

    def _ask(self, text: str) -> tuple[Prompt, Manner] | None:
        """Return what an automatic response would ask of the brain if the user had said just this."""
        dialogue = self._dialogue
        detection = dialogue.config.detection
        if not detection or not detection.create_response or self.responses.active:
            return None
        entry = Entry(message("user", [Content(type="input_audio", transcript=text)]))
        prompt = dialogue.prompt(dialogue.config, [*dialogue.conversation, entry])
        return prompt, dialogue.manner(dialogue.config)

    def _add(self, item_id: str, length: int, transcript: asyncio.Future[str] | None) -> None:
        """Add a turn of `length` samples to the conversation; without a transcript, it is a silence."""
        dialogue = self._dialogue
        entry = Entry(message("user", [Content(type="input_audio")], item_id=item_id), length * 1000 / CLOCK_RATE)
        before = dialogue.conversation.add(entry)
        dialogue.send(InputAudioBufferCommitted(item_id=item_id, previous_item_id=before))
        dialogue.send(ConversationItemAdded(item=entry.item, previous_item_id=before))
        dialogue.send(ConversationItemDone(item=entry.item, previous_item_id=before))
        for gone in dialogue.conversation.make_room():
            dialogue.send(ConversationItemDeleted(item_id=gone))
        if transcript:
            entry.transcribed_by(dialogue.spawn(self._transcribe(entry, transcript)))
        else:
            self._take_words(entry, "")

    async def _transcribe(self, entry: Entry, transcript: asyncio.Future[str]) -> None:
        try:
            text = await transcript
        except Exception as error:
            text = str(error) if isinstance(error, StageError) else "The recogniser failed; see the local engine's log."
            log.log(logging.ERROR, "%s", text, exc_info=None if isinstance(error, StageError) else error)
            entry.hear("")
            fault = ErrorDetail(type="server_error", code="transcription_failed", message=text)
            self._dialogue.send(ConversationItemInputAudioTranscriptionFailed(item_id=entry.id, error=fault))
            if entry.id in self._unanswered:
                self._unanswered.discard(entry.id)
                self.responses.refuse(fault)
            return
        self._take_words(entry, text)

    def _take_words(self, entry: Entry, text: str) -> None:
        """Put down what a turn says, and have it answered."""
        dialogue = self._dialogue
        entry.hear(text)
        if dialogue.config.transcription and dialogue.conversation.find(entry.id):
            usage = TranscriptionUsage(type="duration", seconds=entry.audio_ms / 1000)
            dialogue.send(
                ConversationItemInputAudioTranscriptionCompleted(item_id=entry.id, transcript=text, usage=usage)
            )
        if entry.id in self._unanswered:
            self._unanswered.discard(entry.id)
            if text and self.responses.active:
                self._waiting = True
            elif text:
                self.responses.create()

    def _responded(self, stream: ResponseStream) -> None:
        """Go on after a response: with the turn that waited for it, or with waiting for the user."""
        if self._waiting:
            self._waiting = False
            self.responses.create()
            return
        detection = self._dialogue.config.detection
        if detection and detection.idle_timeout_ms and not self._speaking():
            self.stop_idle_timeout()
            wait = (stream.audio_ms + detection.idle_timeout_ms) / 1000
            self._idle = asyncio.get_running_loop().call_later(wait, self._timed_out, detection.idle_timeout_ms)

    def _timed_out(self, timeout_ms: int) -> None:
        """Let the assistant take the turn: nobody spoke since the last response was played."""
        self._idle = None
        if self.responses.active or self._speaking():
            return
        end = self._hearing.end
        start = max(self._hearing.start, end - samples(timeout_ms))
        item_id = fresh("item")
        self._dialogue.send(
            InputAudioBufferTimeoutTriggered(item_id=item_id, audio_start_ms=ms(start), audio_end_ms=ms(end))
        )
        self._add(item_id, end - start, None)
        self.responses.create()
