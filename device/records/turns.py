"""One record a turn, gathered from the entries of the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from device.conversation import entries
from device.records.entry import Gathered, SentFirst, Stage, Turn
from device.sample_clock import CLOCK_RATE

if TYPE_CHECKING:
    from device.conversation.entries import Entry

STAGES: Final[dict[type[Entry], Stage]] = {
    entries.Wake: "wake",
    entries.VoiceStart: "voice_start",
    entries.VoiceEnd: "voice_end",
    SentFirst: "sent_first",
    entries.EngineSpeechStopped: "engine_speech_stopped",
    entries.ReplyStart: "reply_start",
    entries.ReplyReceived: "reply_received",
    entries.ReplyFirstAudio: "reply_first_audio",
    entries.ReplyLastAudio: "reply_last_audio",
    entries.Duck: "duck",
    entries.Cut: "cut",
    entries.Silence: "silence",
}
"""The entries that are stages of a turn; of each, the record holds the time in seconds on the card's clock."""
OPENERS: Final = (entries.Wake, entries.VoiceStart, entries.EngineSpeechStarted)


class Turns:
    """Gathers entries until a turn is over.

    A turn begins when the user begins to speak and ends when its reply was heard or cut off and the next one begins.
    """

    def __init__(self) -> None:
        self._turn: Gathered | None = None
        self._over = False
        self._sent = 0.0
        self._last_voice: float | None = None

    def take(self, entry: Entry, sent_s: float = 0.0) -> Turn | None:
        """Take an entry; return the record of the turn that it ends, if it ends one.

        `sent_s` is how much audio has been sent to the engine so far, in seconds.
        """
        finished = None
        if isinstance(entry, OPENERS) and (self._turn is None or self._over):
            finished = self._finish(entry.at, sent_s)
            self._turn = {}
        if isinstance(entry, entries.VoiceStart):
            self._last_voice = _seconds(entry.at)
        if self._turn is None:
            return finished
        self._time(self._turn, entry)
        self._gather(self._turn, entry)
        if isinstance(entry, entries.Silence):
            finished = self._finish(entry.at, sent_s)
            # The words that cut the reply off began the next turn.
            self._turn = {"voice_start": self._last_voice}
        elif isinstance(entry, entries.Sleep):
            finished = self._finish(entry.at, sent_s)
        return finished

    def close(self, at: int, sent_s: float = 0.0) -> Turn | None:
        """Return the record of a turn that is not over at `at`, if there is one."""
        return self._finish(at, sent_s)

    def _time(self, turn: Gathered, entry: Entry) -> None:
        """Keep when a stage was: of the voice's end the last before the reply counts, of all else the first."""
        stage = STAGES.get(type(entry))
        if stage and (stage not in turn or (stage == "voice_end" and "reply_first_audio" not in turn)):
            turn[stage] = _seconds(entry.at)

    def _gather(self, turn: Gathered, entry: Entry) -> None:
        match entry:
            case entries.User(text=text):
                turn["user"] = _joined(turn.get("user"), text)
            case entries.Assistant(text=text):
                turn["assistant"] = _joined(turn.get("assistant"), text)
            case entries.Tool(name=name):
                turn.setdefault("tools", []).append(name)
            case entries.Truncate(item=item, ms=ms) | entries.ReplyLastAudio(item=item, ms=ms):
                turn.setdefault("heard", []).append({"item": item, "ms": ms})
                self._over = True
            case entries.EngineError(code=code):
                turn.setdefault("errors", []).append(code)
            case entries.ReplyEnd():
                _add_cost(turn, entry)

    def _finish(self, at: int, sent_s: float) -> Turn | None:
        turn, self._turn, self._over = self._turn, None, False
        if not turn:
            return None
        turn["sent_s"] = round(sent_s - self._sent, 3)
        self._sent = sent_s
        return Turn(at, turn)


def _add_cost(turn: Gathered, reply: entries.ReplyEnd) -> None:
    if reply.input_tokens:
        turn["input_tokens"] = turn.get("input_tokens", 0) + reply.input_tokens
    if reply.output_tokens:
        turn["output_tokens"] = turn.get("output_tokens", 0) + reply.output_tokens
    if reply.seconds:
        turn["seconds"] = turn.get("seconds", 0) + reply.seconds


def _joined(said: str | None, text: str) -> str:
    return " ".join(filter(None, (said, text)))


def _seconds(position: int) -> float:
    return round(position / CLOCK_RATE, 3)
