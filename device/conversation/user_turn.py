"""The user's turn: from which sound on it is sent to the engine, and what of it has no answer yet.

A turn may begin in one breath with the wake word, or with a word over the reply that alone did not interrupt it; and
soft first sounds lie before the onset that the voice detector saw. All positions are of the device's clock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from device.conversation.actions import Action, Discard, Hold, Listen, Mask, Unmask
from device.conversation.address import without_address
from device.conversation.overlap import NEAR_MS
from device.sample_clock import CLOCK_RATE, samples

if TYPE_CHECKING:
    from device.conversation.events import VoiceEnd

WAKE_PREROLL = samples(1200)
"""A question in one breath is sent with the wake word before it, which may have ended 360 ms before it was detected:
half a word in front of the first one would spoil its recognition."""
WAKE_PAUSE = samples(400)
"""A voice that goes on this long after the wake word is a question in one breath."""
WAKE_LENGTH = samples(900)
"""A voice no longer than this has said the wake word at the most."""
WAKE_LENGTH_SLOW = samples(1050)
"""Likewise, if it ended about when the wake word was detected."""
WAKE_LATE = samples(130)
"""How much later than its detection the wake word ends at the most, when no more was said than that. Of 57 said alone
in three rooms 54 end by then; of 112 in one breath with a question, none that is so short does."""
ONSET_PREROLL = samples(300)
"""Soft first sounds lie before the voice detector's onset; a choice: a little silence in front costs nothing."""
COMMA = samples(600)
"""Longest pause between a word over a reply, too short to interrupt it, and the rest of the sentence ("Stop, I …")."""
UNNOTICED = samples(150)
"""A voice that began less than this ago may not have been noticed yet: the voice detector needs 100 ms for it."""


class Owed(Struct, frozen=True):
    """What the user has said to the end, and has no answer to."""

    start: int
    end: int
    voiced_ms: float
    """Of all voices in it, pauses not counted."""


class UserTurn:
    """What is known of it, whether it has begun or not."""

    def __init__(self) -> None:
        self._wake_at: int | None = None  # of the wake word, while a question may follow in the same breath
        self._address = ""  # the wake word with which what the engine is to hear next may begin
        self._voice: int | None = None
        self._near = False  # whether it is louder than the echo may be
        self._unanswered: int | None = None
        self._heard_by_engine = False
        self._holding = True  # nothing is sent
        self._half_said = False  # a reply began over a turn of which the engine has heard the beginning
        self._let_pass: tuple[int, int] | None = None  # start and end of the last voice that did not interrupt
        self._ended = 0  # the last voice
        self._onset, self._start = 0, 0  # of the last voice; it may be heard from there on
        self._echo = False  # what is heard may be an echo that the engine is not to hear
        self._masked, self._masked_at = False, 0  # it is sent silence in place of that
        self._by_hand = False  # after a reply, only the wake word and the button let it hear anything
        self._uncommitted: int | None = None  # end of a voice that the engine was not yet told to answer
        self._committed: int | None = None  # end of the one that it was told to answer last
        self._said: tuple[int, float] | None = None  # end of a voice that the engine did not take up, voiced ms so far

    @property
    def may_ask_on(self) -> bool:
        """Whether it is still open if a question follows the wake word in the same breath."""
        return self._wake_at is not None

    @property
    def voice(self) -> int | None:
        """Onset of the voice that is speaking now; None if none is."""
        return self._voice

    @property
    def unanswered(self) -> int | None:
        """Where what has no answer yet begins; None if everything has one."""
        return self._unanswered

    @property
    def owed(self) -> Owed | None:
        """What was said that the engine has not taken up; None if there is nothing, or it is still being said."""
        if self._voice is not None or self._said is None or self._unanswered is None:
            return None
        return Owed(self._unanswered, *self._said)

    @property
    def talking(self) -> bool:
        """Whether the user speaks, as far as the device or the engine can tell."""
        return self._voice is not None or self._heard_by_engine

    @property
    def closed(self) -> bool:
        """Whether it takes the wake word or the button until the engine hears anything again."""
        return self._by_hand and self._holding and self._wake_at is None

    def by_hand(self, *, on: bool) -> list[Action]:
        """Let the engine hear the user only after the wake word and the button, or as usual."""
        self._by_hand = on
        return self.hold() if on and not self._holding else []

    def wake_word(self, at: int) -> None:
        """Note the wake word; a question may follow in the same breath."""
        self._wake_at = at

    def addressed(self, word: str) -> None:
        """Note that what the engine is to hear next may begin with the wake word `word`."""
        self._address = word

    def said(self, text: str) -> str:
        """Return what the engine understood as `text`, without the wake word."""
        word, self._address = self._address, ""
        return without_address(text, word) if word else text

    def begin(self, at: int) -> None:
        """Begin a conversation, woken at `at`."""
        self._unanswered = max(0, at - WAKE_PREROLL)
        self._voice = None

    def clear(self) -> None:
        """End it."""
        self._voice = self._wake_at = None
        self._address = ""
        self.answered()

    def answered(self) -> None:
        """Note that the answer is heard."""
        self._uncommitted = self._committed = None
        self.settled()

    def settled(self) -> None:
        """Note that what was said needs no answer: it was acted upon, or was not for the engine."""
        self._unanswered = None
        self.taken_up()

    def taken_up(self) -> None:
        """Note that the engine has heard what was said to its end, and will answer or has chosen not to."""
        self._said = None

    def engine_hears(self, *, speech: bool) -> None:
        """Note whether the engine hears the user speak."""
        self._heard_by_engine = speech

    # The voice

    def starts(self, onset: int, *, awake: bool, start: int | None = None) -> None:
        """Note a voice, heard from `start` on; what it says wants an answer if the device is `awake`."""
        self._voice = self._onset = onset
        self._start = onset - ONSET_PREROLL if start is None else start
        # No silence must get into a word of which the beginning was sent.
        self._near = not self._echo or (self._masked and onset < self._masked_at)
        self._uncommitted = None
        if self._unanswered is None and awake and not self.closed:
            self._unanswered = self.first_word(onset)

    def speaks(self, onset: int, near_ms: int | None = None) -> None:
        """Note that the voice that began at `onset` goes on, and for how long it was louder than the echo may be."""
        self._voice = onset
        self._near = self._near or near_ms is None or near_ms >= NEAR_MS

    def pauses(self, end: int = 0) -> None:
        """Note that the voice has ended, at `end` if it was one."""
        self._voice = None
        self._ended = max(self._ended, end)

    def only_woke(self, voice: VoiceEnd) -> bool:
        """Return whether a voice that ended said the wake word and no more, which then need not reach the engine."""
        if self._wake_at is None or not _only_wake_word(voice, self._wake_at):
            return False
        self._wake_at = None
        self._address = ""
        self._unanswered = voice.end
        return True

    def did_not_interrupt(self, onset: int, end: int) -> None:
        """Note a voice that did not interrupt the reply; what follows it soon may belong to it."""
        self._let_pass = self._begins(onset), end

    # Where it begins

    def first_word(self, onset: int) -> int:
        """Return from where to send what somebody says whose voice began at `onset`, maybe after a comma's pause."""
        if self._let_pass is not None and onset < self._let_pass[1] + COMMA:
            return max(0, self._let_pass[0])
        return max(0, self._begins(onset))

    def _begins(self, onset: int) -> int:
        """Return from where on the voice may be heard that began at `onset`."""
        return self._start if onset == self._onset else onset - ONSET_PREROLL

    def restart(self) -> None:
        """Leave unanswered what is being said now, and nothing before it."""
        self._unanswered = None if self._voice is None else self.first_word(self._voice)
        self.taken_up()

    def breath(self, wake_at: int) -> int:
        """Return where the breath begins in which the wake word was said, if the voice goes on."""
        return _breath(wake_at, self._voice)

    def goes_on(self, at: int) -> int | None:
        """Return from where to send, once the voice has gone on after the wake word."""
        late = self._wake_at is not None and at >= self._wake_at + WAKE_PAUSE
        return self.in_one_breath(self._voice) if late else None

    def in_one_breath(self, onset: int | None) -> int | None:
        """Return from where to send a voice that began at `onset`, if it said more after the wake word than that."""
        if self._wake_at is None:
            return None
        self._unanswered = _breath(self._wake_at, onset)
        self._wake_at = None
        return self._unanswered

    # The microphone

    def listen(self, at: int, voice_to: int = 0) -> list[Action]:
        """Send what is heard from `at` on; up to `voice_to` it is a voice, and after that it may be echo."""
        self._holding = self._half_said = self._masked = False
        return [Listen(at), *self.mask(max(at, voice_to))]

    def interrupts(self, at: int, cut_at: int) -> list[Action]:
        """Send what interrupted the reply, from `at` on: it wants an answer. It was cut off at `cut_at`."""
        self._unanswered = at
        self.taken_up()
        if self._voice is None and self._ended > at:  # before the reply was silent
            self.ends(self._ended, (self._ended - at) * 1000 / CLOCK_RATE)
        return self.listen(at, cut_at)

    def listen_again(self, now: int) -> list[Action]:
        """Send to another session what has no answer, unless it is open yet where that begins."""
        if self._unanswered is None or self._wake_at is not None or self.closed:
            return []
        self._holding = False
        return [Listen(self._unanswered, again=True), *self.mask(now)]

    def echo(self, since: int, *, heard: bool) -> list[Action]:
        """Note whether an echo that the engine is not to hear may be heard since `since`."""
        self._echo = heard
        return self.mask(since)

    def mask(self, at: int) -> list[Action]:
        """Begin to send silence at `at` in place of what may be echo, or to send what is heard, if either is due.

        A voice that is louder than the echo for long enough goes to the engine all the same, from its first word.
        """
        wanted = self._echo and (self._voice is None or not self._near) and not self._holding
        if wanted is self._masked:
            return []
        self._masked, self._masked_at = wanted, at
        return [Mask(at) if wanted else Unmask(at)]

    def hold(self) -> list[Action]:
        """Send no more."""
        self._holding, self._masked = True, False
        self._heard_by_engine = False
        self._wake_at = None
        return [Hold()]

    def give_way(self) -> list[Action]:
        """Send no more while a reply is played."""
        self._half_said = self.talking
        return self.hold()

    def resume(self, now: int) -> list[Action]:
        """Send again after a reply, from where a voice began that is speaking already, noticed or not."""
        if not self._holding:
            return []
        if self.closed:
            forget, self._half_said = self._half_said, False
            return [Discard()] if forget else []
        if self._voice is not None:
            return self.listen(self.first_word(self._voice))
        # Else the silence to come would end a turn that is half said, and be answered.
        half_said: list[Action] = [Discard()] if self._half_said else []
        return half_said + self.listen(max(0, now - UNNOTICED))

    # Its end

    def ends(self, end: int, voiced_ms: float) -> None:
        """Note the end of something said that the engine is to answer."""
        self._uncommitted = end
        if self._near:  # else it was masked, and the engine could not hear it
            self._said = end, voiced_ms + (self._said[1] if self._said is not None else 0)

    def missed(self, length: int) -> None:
        """Note that for `length` samples nothing was heard: they are no silence."""
        if self._uncommitted is not None:
            self._uncommitted += length

    def over(self, at: int, silence: int) -> bool:
        """Return whether there has been enough `silence` for the engine to be told to answer."""
        return self._uncommitted is not None and at >= self._uncommitted + silence

    def commit(self) -> None:
        """Note that the engine was told to answer."""
        self._committed, self._uncommitted = self._uncommitted, None

    def reopen(self) -> None:
        """Note that the engine that was told to answer is lost, and another is to be told."""
        self._uncommitted = self._uncommitted or self._committed


def _only_wake_word(voice: VoiceEnd, wake_at: int) -> bool:
    """Return whether a voice said the wake word and no more; if in doubt, it said more."""
    length = voice.end - voice.onset
    return length <= WAKE_LENGTH or (length <= WAKE_LENGTH_SLOW and voice.end <= wake_at + WAKE_LATE)


def _breath(wake_at: int, onset: int | None) -> int:
    """Return where the breath begins in which the wake word was said, by a voice that began at `onset` if known."""
    return max(0, 0 if onset is None else onset - ONSET_PREROLL, wake_at - WAKE_PREROLL)
