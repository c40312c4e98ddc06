"""The dialogue with GPT-Live, without the socket: what it said, and what it must be told.

`receive` turns server events into engine events; the other methods say what the conversation wants. Each may leave
messages for the server, which `drain` hands over. Nothing here waits, so that every order of events can be tested.
"""

from __future__ import annotations

from functools import singledispatchmethod
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from device.conversation.engine import AudioDone, EngineEvent, Fault, ReplyEnded
from device.engines.live.speech import Speech
from device.engines.live.text import LONGEST, pieces
from device.engines.live.words import Transcript
from device.engines.live.work import Work
from device.wire import live as wire

if TYPE_CHECKING:
    from collections.abc import Sequence

    from device.conversation.events import Heard
    from device.engines.live.speech import Unheard

LAPSE_S: Final = 0.5
"""What is missing for so long is taken for silence that the server left out. A choice: shorter than the network is late
by, and pauses come into words; longer, and the ends of replies are found later."""
DEAD_S: Final = 3.0
"""A server that sends its silence, and nothing for so long, is dead. A choice: sooner ends sessions over a stutter of
the network, later leaves the user waiting."""
SURE_MS: Final = 2000
"""So much silence in one go shows that it is sent. A choice: longer than what a server may send of it by chance."""
WRITTEN: Final = "The user has written this to you just now; answer it, do not wait for them to speak: "
AT_ONCE: Final = "Say this now, in your own words; do not wait for the user to speak: "


class Stream:
    """One session. `name` is what the ids of its replies begin with; `tool` as in `Work`."""

    def __init__(self, rate: int, name: str, tool: str = "") -> None:
        self._speech = Speech(rate, name)
        self._words = Transcript(name)
        self._work = Work(tool)
        self._now = 0.0
        self._seconds = self._told_seconds = 0.0
        self._came = 0.0  # when the last piece of the stream did
        self._fed_s = 0.0  # how much the server was sent since then
        self._lapsed_s = 0.0  # how much of that was taken for silence
        self._silence_ms = 0.0  # how much silence came without a gap
        self._sends_silence = False
        self._bytes_a_ms = 2 * rate / 1000
        self._odd = b""  # the first half of a sample, of which the second is to come
        self._out: list[wire.ClientEvent] = []

    def drain(self) -> list[wire.ClientEvent]:
        """Return what is to be sent to the server, and forget it."""
        out, self._out = [*self._out, *self._work.drain()], []
        return out

    def stale(self, event: EngineEvent) -> bool:
        """Tell if an event that waited belongs to a reply which was cut off meanwhile."""
        return self._speech.stale(event)

    def say(self, text: str) -> None:
        """Have the model speak about `text`."""
        self._comment(AT_ONCE + text)

    def ask(self, text: str) -> None:
        """Have the model answer what the user wrote."""
        self._comment(WRITTEN + text)

    def _comment(self, text: str) -> None:
        for piece in pieces(text):
            self._out.append(wire.SessionCommentaryAppend(content=piece, delegation_id=None))

    def tool_result(self, call_id: str, output: str, *, reply: bool) -> list[EngineEvent]:
        """Return the output of a call."""
        return self._work.tool_result(call_id, output, reply=reply)

    def interrupt(self, heard: Sequence[Heard]) -> list[EngineEvent]:
        """Tell the model what the user did not hear, and drop what still comes of it."""
        events, unheard = self._speech.interrupt(heard)
        told = [self._unheard(one) for one in unheard]
        if told:
            # Instructions stay in the conversation, and do not end the wait for what is being worked on.
            content = pieces(" ".join(told))[0]
            self._out.append(wire.SessionInstructionsAppend(content=content, delegation_id=None))
        if events:
            self._words.forget_model()
        return self._with_usage(events)

    def played(self, heard: Heard) -> None:
        """Take how much of an item has been played by now."""
        self._speech.played(heard)

    def hear(self, seconds: float, now: float) -> list[EngineEvent]:
        """Take it that the server was sent so much audio: it should have sent as much.

        What it leaves out is silence; a server that sends its silence, and then nothing, is dead.
        """
        self._fed_s += seconds
        missing = min(self._fed_s, now - self._came)
        if missing < LAPSE_S:
            return []
        if missing >= DEAD_S and self._sends_silence:
            return [Fault("stalled", "The engine sends nothing any more", retry=True)]
        lapse, self._lapsed_s = missing - self._lapsed_s, missing
        self._silence_ms = 0.0
        return self._with_usage(self._passed(self._speech.lapse(1000 * lapse)))

    def receive(self, event: object, now: float) -> list[EngineEvent]:
        """Take a server event that came at `now`, seconds on any clock; return what it means."""
        self._now = now
        return self._with_usage(self._take(event))

    @singledispatchmethod
    def _take(self, _event: object) -> list[EngineEvent]:
        return []

    @_take.register
    def _(self, event: wire.SessionOutputAudioDelta) -> list[EngineEvent]:
        pcm = self._odd + event.delta
        self._odd = pcm[len(pcm) & ~1 :]
        self._came, self._fed_s, self._lapsed_s = self._now, 0.0, 0.0
        said = self._speech.take(pcm[: len(pcm) & ~1], self._now)
        self._silence_ms = 0.0 if self._speech.item else self._silence_ms + len(pcm) / self._bytes_a_ms
        self._sends_silence = self._sends_silence or self._silence_ms >= SURE_MS
        return self._passed(said)

    def _passed(self, said: list[EngineEvent]) -> list[EngineEvent]:
        """Add the words to what was said, and what else the session's clock brings."""
        events: list[EngineEvent] = []
        for one in said:
            if isinstance(one, AudioDone):
                events += self._words.end_item(one.item)
            events.append(one)
        at_ms = self._speech.ms
        return events + self._words.tick(at_ms, speaking=bool(self._speech.item)) + self._work.tick(at_ms)

    @_take.register
    def _(self, event: wire.SessionInputTranscriptDelta) -> list[EngineEvent]:
        return self._words.user(event, self._speech.ms)

    @_take.register
    def _(self, event: wire.SessionOutputTranscriptDelta) -> list[EngineEvent]:
        speech = self._speech
        if speech.dropping:
            return []
        return self._words.model(event, speech.ms, item=speech.item, next_item=speech.next_item)

    @_take.register
    def _(self, event: wire.SessionDelegationCreated) -> list[EngineEvent]:
        return self._work.created(event.delegation, self._words.request())

    @_take.register
    def _(self, event: wire.ResponseEvent) -> list[EngineEvent]:
        return self._work.backend(event.event, event.delegation_id)

    @_take.register
    def _(self, event: wire.SessionUsageUpdated) -> list[EngineEvent]:
        self._seconds = max(self._seconds, event.usage.billed)
        return []

    @_take.register
    def _(self, event: wire.ErrorEvent) -> list[EngineEvent]:
        self._work.refused(event.error)
        return []

    @_take.register
    def _(self, event: wire.SessionClosed) -> list[EngineEvent]:
        if event.usage is not None:
            self._seconds = max(self._seconds, event.usage.billed)
        events = [*self._words.stop(), *self._speech.stop(), *self._work.stop()]
        if self._seconds > self._told_seconds and not any(isinstance(one, ReplyEnded) for one in events):
            events.append(ReplyEnded("", "completed"))
        return events

    def _with_usage(self, events: list[EngineEvent]) -> list[EngineEvent]:
        """Let the next reply that ends tell what the session has cost since the one before."""
        for n, event in enumerate(events):
            if isinstance(event, ReplyEnded) and self._seconds > self._told_seconds:
                seconds, self._told_seconds = self._seconds - self._told_seconds, self._seconds
                events[n] = replace(event, usage=replace(event.usage, seconds=seconds))
        return events

    def _unheard(self, one: Unheard) -> str:
        """Return what the model is told of a reply of which the user did not hear all."""
        words = self._words.text(one.item).split()
        kept = round(len(words) * min(1.0, one.heard_ms / max(1.0, one.ms)))
        heard, lost = " ".join(words[:kept]), " ".join(words[kept:])
        if len(heard) + len(lost) > LONGEST // 2:
            heard, lost = heard[-LONGEST // 4 :], lost[: LONGEST // 4]
        upto = (
            f'up to "{heard}"' if heard else f"about {one.heard_ms / 1000:.1f} seconds" if one.heard_ms else "nothing"
        )
        rest = f'They did not hear "{lost}", nor what you said after it.' if lost else "They heard nothing after that."
        return f"The user cut you off. Of what you said, they heard {upto}. {rest}"
