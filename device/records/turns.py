"""One record a turn, gathered from the entries of the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from device.sample_clock import CLOCK_RATE

if TYPE_CHECKING:
    from device.records.entry import Entry

TIMES = (
    "wake",
    "voice_start",
    "voice_end",
    "sent_first",
    "engine_speech_stopped",
    "reply_start",
    "reply_received",
    "reply_first_audio",
    "reply_last_audio",
    "duck",
    "cut",
    "silence",
)
"""Stages of a turn, in their usual order; of each, the record holds the time in seconds on the card's clock."""
OPENERS = ("wake", "voice_start", "engine_speech_started")
COSTS = ("input_tokens", "output_tokens", "seconds")


class Turns:
    """Gathers entries until a turn is over.

    A turn begins when the user begins to speak and ends when its reply was heard or cut off and the next one begins.
    """

    def __init__(self) -> None:
        self._turn: dict[str, Any] | None = None
        self._over = False
        self._sent = 0.0
        self._last_voice: float | None = None

    def take(self, entry: Entry, sent_s: float = 0.0) -> dict[str, Any] | None:
        """Take an entry; return the record of the turn that it ends, if it ends one.

        `sent_s` is how much audio has been sent to the engine so far, in seconds.
        """
        event, at = entry.event, round(entry.at / CLOCK_RATE, 3)
        finished = None
        if event in OPENERS and (self._turn is None or self._over):
            finished = self._finish(sent_s)
            self._turn = {}
        turn = self._turn
        if event == "voice_start":
            self._last_voice = at
        if turn is None:
            return finished
        # Of the voice's end the last before the reply counts, of all else the first.
        if event in TIMES and (event not in turn or (event == "voice_end" and "reply_first_audio" not in turn)):
            turn[event] = at
        self._note(turn, event, entry.fields)
        if event in ("silence", "sleep"):
            finished = self._finish(sent_s)
            # The words that cut the reply off began the next turn.
            self._turn = {"voice_start": self._last_voice} if event == "silence" else None
        return finished

    def close(self, sent_s: float = 0.0) -> dict[str, Any] | None:
        """Return the record of a turn that is not over, if there is one."""
        return self._finish(sent_s)

    def _note(self, turn: dict[str, Any], event: str, fields: dict[str, Any]) -> None:
        match event:
            case "user" | "assistant":
                turn[event] = " ".join(filter(None, (turn.get(event), fields["text"])))
            case "tool":
                turn.setdefault("tools", []).append(fields["name"])
            case "truncate" | "reply_last_audio":
                turn.setdefault("heard", []).append({"item": fields["item"], "ms": fields["ms"]})
                self._over = True
            case "engine_error":
                turn.setdefault("errors", []).append(fields.get("code", ""))
            case "reply_end":
                for cost in COSTS:
                    if fields.get(cost):
                        turn[cost] = turn.get(cost, 0) + fields[cost]

    def _finish(self, sent_s: float) -> dict[str, Any] | None:
        turn, self._turn, self._over = self._turn, None, False
        if not turn:
            return None
        turn["sent_s"] = round(sent_s - self._sent, 3)
        self._sent = sent_s
        return turn
