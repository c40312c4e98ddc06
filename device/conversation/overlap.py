"""What a voice over a reply is: an interruption, a backchannel, or neither.

Pure: `judge` takes what is known of the voice so far and says whether to cut the reply, to bring it back up or to
wait. How loud, how long and what the small recogniser made of it comes from elsewhere.

The numbers are choices between a voice that is heard too late and a reply that is cut for nothing; how they do together
is what `parley bench bargein` measures.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from device.conversation.events import Kind
from device.sample_clock import CLOCK_RATE

CLOSURE_MS = 64
"""Silence within words, before a plosive, is hardly longer."""
PAUSE_MS = 128
"""Silence after which a voice is taken to have said what it wanted."""
FAR_DB = 10.0
"""A voice that stays so far below the user's is not meant for the device: a television, somebody across the room."""
FAR = "far away"
"""Why a reply comes back over such a voice, and stays up while it goes on."""
FAR_MS = 250
"""When that can be told: by then even a voice with a soft onset has reached its level."""
LEAST_MS = 96
"""No word has less of voice in it: three frames. In a tenth of a second of anything a recogniser finds a letter."""
BRIEF_MS = 192
"""What has so little of voice in it is waited for until it has ended, whatever was recognised: of recordings of people,
the first sound of "yes sir" was taken for "Yeah." and of a shouted "leave me alone" for nothing, at 100 ms."""
NEAR_MS = 100
"""Nobody is louder than what may be left of the echo for less. Of 67 interruptions at -10 to +6 dB, all but one are for
100 ms, 200 ms after they were noticed, and for 170 ms 100 ms later; what the device takes for a word of somebody's, a
sibilant of its own that its loudspeaker distorts, for 40 to 90."""
RECOGNISE_MS = (480, 640, 800, 960, 1200, 1500, 2000)
"""When a voice that goes on is recognised, after its onset. Nothing is gained by guessing from half a word:
the reply is silent already, and nothing that is said is lost."""
BACKCHANNEL_MS = 900
"""A voice that goes on longer is no backchannel, whatever was recognised before."""
DRAWN_OUT_MS = 1400
"""Nor is one that goes on longer than this, though all of it was recognised as one: "okaaay" takes up to 1.2 s."""
COME_BACK_MS = 640
"""What is still a backchannel after so long does not hold the reply down any more, though it goes on."""
CERTAIN = -2.0
"""Nor does what is one with such log odds, however long it has lasted. At 480 ms so certain are 34 of 45 recordings of
people who nod, speakers left out of the training, and 8 of 268 of people who interrupt."""
NO_WORDS_MS = 1600
"""A voice without a word that could be recognised cuts only after so long: most noises are over by then."""
ANSWER_MS = 320
"""How long to wait for the recogniser after a voice has ended."""


class Verdict(StrEnum):
    """What to do about the voice."""

    WAIT = "wait"
    CUT = "cut"
    RESTORE = "restore"


class OverlappingVoice(Struct):
    """What is known of a voice over a reply. Positions are samples at 16 kHz."""

    onset: int
    at: int
    """Up to which it was listened to."""
    end: int
    """End of its last frame of voice so far."""
    since: int | None = None
    """Onset of the earlier voice that it goes on from; what both say is recognised as one."""
    voiced_ms: float = 0.0
    """Of voice, pauses not counted."""
    near_ms: float | None = None
    """For how long it was louder than what may be left of the echo; None if there was none."""
    level_db: float | None = None
    """How loud its loudest frame is relative to the user's usual voice; None while that is not known."""
    ended: bool = False
    kind: Kind | None = None
    """What the recogniser made of it last, if it was asked."""
    score: float = 0.0
    """Log odds, by that, that it interrupts."""
    recognised_to: int = 0
    """Up to which it had heard it then."""
    recognised_whole: bool = False
    """Whether it then knew that this was all."""

    @property
    def age_ms(self) -> float:
        """Milliseconds since the onset."""
        return (self.at - self.onset) * 1000 / CLOCK_RATE

    @property
    def silence_ms(self) -> float:
        """Milliseconds since the last frame of voice."""
        return (self.at - self.end) * 1000 / CLOCK_RATE

    @property
    def brief(self) -> bool:
        """Whether there is too little of it yet for a verdict."""
        return self.voiced_ms < BRIEF_MS and not self.ended

    @property
    def pausing(self) -> bool:
        """Whether it may have said what it wanted: soon enough to know what it was when it has."""
        return self.ended or self.silence_ms >= CLOSURE_MS

    @property
    def heard_out(self) -> bool:
        """Whether the recogniser has heard all of it, knowing that it was all."""
        return self.recognised_whole and self.recognised_to >= self.end

    @property
    def said(self) -> bool:
        """Whether it seems to have said what it wanted."""
        return self.ended or self.silence_ms >= PAUSE_MS


def judge(voice: OverlappingVoice, *, cut_ms: float, recogniser: bool = True) -> tuple[Verdict, str]:
    """Return what to do about a voice over a reply, and why.

    `cut_ms` of voice cut where no `recogniser` says what it is.
    """
    verdict, why = _judge(voice, cut_ms=cut_ms, recogniser=recogniser)
    if verdict is Verdict.CUT and voice.near_ms is not None and voice.near_ms < NEAR_MS:
        return Verdict.RESTORE if voice.said else Verdict.WAIT, "echo"
    return verdict, why


def _judge(voice: OverlappingVoice, *, cut_ms: float, recogniser: bool) -> tuple[Verdict, str]:
    if voice.level_db is not None and voice.level_db < -FAR_DB:
        return (Verdict.RESTORE, FAR) if voice.age_ms >= FAR_MS or voice.said else (Verdict.WAIT, "soft")
    if not recogniser or voice.kind == "unknown":
        return _by_length(voice, cut_ms)
    words = voice.kind in ("stop", "speech") and voice.voiced_ms >= LEAST_MS and not voice.brief
    if words and (not voice.said or voice.heard_out or voice.silence_ms >= ANSWER_MS):
        return Verdict.CUT, str(voice.kind)
    return _said(voice, cut_ms) if voice.said else _going_on(voice)


def _said(voice: OverlappingVoice, cut_ms: float) -> tuple[Verdict, str]:
    """Judge a voice that has said what it wanted, but no word of which is known to interrupt."""
    if voice.kind is not None and voice.heard_out and not voice.brief:
        return Verdict.RESTORE, voice.kind
    if voice.silence_ms < ANSWER_MS:
        return Verdict.WAIT, "unheard"
    unheard_ms = (voice.end - voice.recognised_to) * 1000 / CLOCK_RATE
    return _by_length(voice, cut_ms) if voice.kind is None or unheard_ms >= cut_ms else (Verdict.RESTORE, voice.kind)


def _going_on(voice: OverlappingVoice) -> tuple[Verdict, str]:
    recognised_ms = (voice.recognised_to - voice.onset) * 1000 / CLOCK_RATE
    nod = voice.kind == "backchannel"
    if nod and voice.age_ms < BACKCHANNEL_MS and (recognised_ms >= COME_BACK_MS or voice.score <= CERTAIN):
        return Verdict.RESTORE, "backchannel"
    # What was recognised before that is not the last word: it is asked again first.
    drawn_out = nod and (recognised_ms >= BACKCHANNEL_MS or voice.age_ms < BACKCHANNEL_MS + ANSWER_MS)
    limit = NO_WORDS_MS if voice.kind == "nothing" else DRAWN_OUT_MS if drawn_out else BACKCHANNEL_MS
    return (Verdict.CUT, "length") if voice.voiced_ms >= limit else (Verdict.WAIT, voice.kind or "unheard")


def due(voice: OverlappingVoice, recognised_ms: float) -> bool:
    """Return whether `voice` is to be recognised; it was last, `recognised_ms` after the onset (0: never)."""
    if voice.pausing:
        return not voice.heard_out
    return not voice.silence_ms and any(recognised_ms < ms <= voice.age_ms for ms in RECOGNISE_MS)


def _by_length(voice: OverlappingVoice, cut_ms: float) -> tuple[Verdict, str]:
    if voice.voiced_ms >= cut_ms:
        return Verdict.CUT, "length"
    return (Verdict.RESTORE, "length") if voice.said else (Verdict.WAIT, "short")
