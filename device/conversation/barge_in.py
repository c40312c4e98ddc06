"""A voice over a reply, from its onset to the verdict: when to duck, when to recognise it, when to decide.

Pure, like the conversation that asks it. What the verdict is, is for `overlap`.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from device.conversation.overlap import FAR, OverlappingVoice, Verdict, due, judge
from device.sample_clock import samples

if TYPE_CHECKING:
    from device.conversation.events import Mistaken, Understood, Voice, VoiceEnd

VOICES = 4
"""How many of the user's last voices tell how loud the user is, their median: neither a single soft one nor a shout
does, and somebody who walks away is followed; a choice."""
UTTERANCE_MS = 300
"""A voice shorter than this says little about that."""
VOICE_WITHIN = samples(320)
"""How long after near-end activity a voice is waited for: the fricatives before a vowel are no longer."""
AGAIN = samples(1200)
"""A voice that begins so soon after one that was hardly taken for no interruption goes on from it: "front … left". Slow
and old speakers pause for up to a second between two words; a choice."""
DOUBTFUL = -3.0
"""Log odds from which on a verdict is doubtful: the other one has 1 in 20."""
HOLD_OFF = samples(3000)
"""So long no near-end activity lowers the reply after it did for nothing: somebody types, or clears the table.

A choice: meanwhile an interruption lowers the reply only once it is known for a voice.
"""


class Step(Struct, frozen=True):
    """What to do, and why."""

    do: Literal["lower", "duck", "restore", "cut", "recognise"]
    onset: int
    """Of the voice."""
    upto: int
    """Position up to which it was listened to."""
    why: str = ""
    paused: bool = False
    """Whether it may have said what it wanted."""
    since: int | None = None
    """Onset of the earlier voice that it goes on from."""


class BargeIn:
    """Follows one voice at a time. Each of its methods returns what to do, in order."""

    def __init__(self, *, cut_ms: float, recogniser: bool = False) -> None:
        self._cut_ms = cut_ms
        self._recogniser = recogniser
        self._levels: deque[float] = deque(maxlen=VOICES)  # of the user's voices, dBFS
        self._recognising = False
        self._whole = False  # at what seems to be all of the voice
        self._held_off_until = 0
        self.forget()

    def forget(self) -> None:
        """Forget the voice and its like: the reply is over."""
        self._voice: OverlappingVoice | None = None  # that is being followed
        self._before_ms = 0.0  # what was voiced of it before its last pause
        self._before_near_ms = 0.0  # and louder than the echo
        self._recognised_ms = 0.0  # its age when it was last recognised
        self._active_at: int | None = None  # when the reply was lowered for what may become a voice
        self._low = False
        self._goes_on_because = ""  # why the reply goes on though the voice does, too
        self._earlier: OverlappingVoice | None = None  # what was said last, if that was no clear verdict
        self._far_talk = False  # voices that are not meant for the device go on over the reply

    @property
    def onset(self) -> int | None:
        """Of the voice that is being followed; None if none is."""
        return None if self._voice is None else self._voice.onset

    def usual(self, voice: VoiceEnd) -> None:
        """Learn how loud the user is, from something said to the device."""
        if voice.voiced_ms >= UTTERANCE_MS:
            self._levels.append(voice.peak_db)

    def near_end(self, at: int) -> list[Step]:
        """Note near-end activity over the reply, which may become a voice."""
        if self._voice is not None or self._low or self._far_talk or self._active_at is not None:
            return []
        if at < self._held_off_until:
            return []
        self._active_at = at
        return [Step("lower", at, at)]

    def begin(self, onset: int, at: int) -> list[Step]:
        """Note a voice that began over the reply, or goes on after a pause."""
        self._active_at = None
        if self._voice is None:
            self._voice = OverlappingVoice(onset, at, at)
            earlier, self._earlier = self._earlier, None
            if earlier is not None and onset <= earlier.end + AGAIN:
                self._voice.since = earlier.onset if earlier.since is None else earlier.since
            self._before_ms = self._before_near_ms = self._recognised_ms = 0.0
            self._goes_on_because = FAR if self._far_talk else ""
        else:
            self._before_ms, self._before_near_ms = self._voice.voiced_ms, self._voice.near_ms or 0.0
            self._voice.at = self._voice.end = at
            self._voice.ended = False
        return self._duck(self._voice)

    def goes_on(self, event: Voice) -> list[Step]:
        """Note a little more of the voice, or of silence in it."""
        voice = self._voice
        if voice is None:
            return []
        steps = []
        if voice.said and not event.silence_ms and self._goes_on_because != FAR:
            self._goes_on_because = ""  # it goes on after all
            steps = self._duck(voice)
        voice.at, voice.end = event.at, event.at - samples(event.silence_ms)
        self._count(voice, event)
        voice.level_db = event.peak_db - self._usual_db() if self._levels else None
        return steps + self._weigh(voice)

    def ends(self, event: VoiceEnd) -> list[Step]:
        """Note the voice's end."""
        if self._voice is None:
            return []
        self._voice.at, self._voice.end, self._voice.ended = event.at, event.end, True
        self._count(self._voice, event)
        return self._weigh(self._voice)

    def mistaken(self, event: Mistaken) -> list[Step]:
        """Note that a voice was the device's own."""
        if self._voice is None or self._voice.onset != event.onset:
            return []
        self._voice.at, self._voice.ended = event.at, True
        return self._restore(self._voice, "its own voice")

    def understood(self, event: Understood) -> list[Step]:
        """Note what the recogniser made of a voice."""
        self._recognising = False
        if self._voice is None or self._voice.onset != event.onset:
            return []
        self._voice.kind, self._voice.score = event.kind, event.score
        self._voice.recognised_to, self._voice.recognised_whole = event.upto, self._whole
        return self._weigh(self._voice)

    def tick(self, at: int) -> list[Step]:
        """Note the time: near-end activity may be no voice, and a recogniser may not answer."""
        if self._active_at is not None and at >= self._active_at + VOICE_WITHIN:
            self._held_off_until = at + HOLD_OFF
            active_at, self._active_at = self._active_at, None
            return [Step("restore", active_at, at, "no voice")]
        if self._voice is None or not self._voice.ended:
            return []
        self._voice.at = max(self._voice.at, at)
        return self._weigh(self._voice)

    def _count(self, voice: OverlappingVoice, event: Voice | VoiceEnd) -> None:
        voice.voiced_ms = self._before_ms + event.voiced_ms
        voice.near_ms = None if event.near_ms is None else self._before_near_ms + event.near_ms

    def _usual_db(self) -> float:
        """Return the median of the user's last voices, the softer one of two."""
        return sorted(self._levels)[(len(self._levels) - 1) // 2]

    def _duck(self, voice: OverlappingVoice) -> list[Step]:
        if self._low or self._goes_on_because:
            return []
        self._low = True
        return [Step("duck", voice.onset, voice.at)]

    def _weigh(self, voice: OverlappingVoice) -> list[Step]:
        verdict, why = judge(voice, cut_ms=self._cut_ms, recogniser=self._recogniser)
        if verdict is Verdict.CUT:
            self._voice = None
            return [Step("cut", voice.onset if voice.since is None else voice.since, voice.at, why)]
        if verdict is Verdict.RESTORE:
            steps = self._restore(voice, why)
            return steps if steps or voice.ended or why != voice.kind else self._ask(voice)
        if self._goes_on_because == FAR:
            if why == "soft":
                return []
            self._goes_on_because = ""
            return self._duck(voice)
        return self._ask(voice)

    def _ask(self, voice: OverlappingVoice) -> list[Step]:
        """Have the voice recognised if that is due."""
        if self._recogniser and not self._recognising and due(voice, self._recognised_ms):
            self._recognising, self._recognised_ms, self._whole = True, voice.age_ms, voice.pausing
            return [Step("recognise", voice.onset, voice.at, paused=voice.pausing, since=voice.since)]
        return []

    def _restore(self, voice: OverlappingVoice, why: str) -> list[Step]:
        self._goes_on_because, self._far_talk = why, why == FAR
        self._earlier = voice if why == voice.kind and voice.score > DOUBTFUL else None
        if voice.ended:
            self._voice = None
        was_low, self._low = self._low, False
        return [Step("restore", voice.onset, voice.at, why)] if was_low else []
