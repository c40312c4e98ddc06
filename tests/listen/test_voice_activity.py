import numpy as np
import pytest

from device.audio.gaps import Gaps
from device.audio.ring import RingBuffer
from device.conversation.events import Mistaken, Voice, VoiceEnd, VoiceStart
from device.listen.near_end import MOST_UNSURE, ONSET_DB, Excess, what_echoes
from device.listen.voice_activity import LOOK_BACK, NOTICED, VoiceActivity
from device.sample_clock import CLOCK_RATE, samples

LOUD, QUIET = np.full(8000, 3000, np.int16), np.zeros(8000, np.int16)


class Level:
    """Takes loud frames for voice, and keeps those that it was asked about."""

    def __init__(self):
        self.resets = 0
        self.heard = []

    def probability(self, block):
        assert block.shape == (512,)
        self.heard.append(block.copy())
        return 0.9 if np.abs(block).max() > 500 else 0.05

    def reset(self):
        self.resets += 1


class Echo:
    """A canceller as far as it is asked: it is at work."""

    active = True
    converged = True
    echoing = True
    moves = 0


class Microphone:
    """Writes to the clean ring, block by block; blocks louder than 100 exceed the echo by `excess_db`."""

    def __init__(self, canceller=None, excess_db=20.0, gain_db=0.0):
        self.ring = RingBuffer(CLOCK_RATE, 10)
        self.detector = Level()
        self.excess = Excess()
        self.excess_db = excess_db
        self.gaps = Gaps()
        self.canceller = canceller
        self.voices = VoiceActivity(
            self.ring,
            self.detector,
            canceller=canceller,
            excess=self.excess,
            threshold=0.5,
            gaps=self.gaps,
            gain_db=lambda: gain_db,
        )
        self.events = []

    def hears(self, *parts):
        for block in np.concatenate(parts).reshape(-1, 160):
            echo = "none" if self.canceller is None else what_echoes(self.canceller)
            self.excess.push([self.excess_db if np.abs(block).max() > 100 else 0.0], echo)
            self.ring.write(block)
            self.events += self.voices.detect()

    def of(self, kind):
        return [e for e in self.events if isinstance(e, kind)]


def test_voice_is_reported_with_positions_only_while_it_is_wanted():
    microphone = Microphone()
    microphone.hears(LOUD)
    assert not microphone.events
    assert not microphone.voices.busy
    microphone.hears(QUIET)
    microphone.voices.want(True)
    microphone.hears(LOUD, QUIET)
    # The look-back finds the voice of the past second as well.
    starts, ends = microphone.of(VoiceStart), microphone.of(VoiceEnd)
    assert [round(e.onset / 16_000, 1) for e in starts] == [0.0, 1.0]
    assert [round(e.end / 16_000, 1) for e in ends] == [0.5, 1.5]
    assert ends[1].at - ends[1].end == pytest.approx(samples(240), abs=600)
    assert microphone.of(Voice)[-1].voiced_ms == pytest.approx(500, abs=64)
    assert LOOK_BACK > 16_000


def test_a_voice_that_is_not_wanted_any_more_is_not_told():
    microphone = Microphone()
    microphone.voices.want(True)
    microphone.hears(LOUD)
    microphone.voices.want(False)
    microphone.hears(LOUD, QUIET)
    assert microphone.of(VoiceStart)
    assert not microphone.of(VoiceEnd)


@pytest.mark.parametrize(("excess_db", "heard"), [(ONSET_DB - 0.1, False), (ONSET_DB + 0.1, True)])
def test_what_may_be_left_of_the_echo_is_no_onset(excess_db, heard):
    microphone = Microphone(Echo(), excess_db)
    microphone.voices.want(True, alert=True)
    microphone.hears(QUIET, LOUD, QUIET)
    assert bool(microphone.of(VoiceStart)) is heard


def test_a_voice_that_was_noticed_goes_on_in_what_may_be_left_of_the_echo():
    microphone = Microphone(Echo())
    microphone.voices.want(True, alert=True)
    microphone.hears(QUIET, LOUD[:1600])
    microphone.excess_db = 0.0
    microphone.hears(LOUD, QUIET)
    (end,) = microphone.of(VoiceEnd)
    assert end.voiced_ms > 500


@pytest.mark.parametrize("alert", [True, False])
def test_one_frame_of_voice_is_an_onset_over_a_reply_and_a_click_elsewhere(alert):
    microphone = Microphone()
    microphone.voices.want(True, alert=alert)
    assert microphone.voices.alert is alert
    microphone.hears(QUIET[:7680], LOUD[:512], QUIET[:7968])
    assert bool(microphone.of(VoiceStart)) is alert


def test_how_loud_a_voice_was_is_told():
    microphone = Microphone()
    microphone.voices.want(True)
    microphone.hears(QUIET, LOUD // 2, LOUD, QUIET)
    (end,) = microphone.of(VoiceEnd)
    assert end.peak_db == pytest.approx(20 * np.log10(3000 / 32768), abs=0.1)
    assert microphone.of(Voice)[0].peak_db == pytest.approx(20 * np.log10(1500 / 32768), abs=0.1)


def test_the_detector_rests_while_all_is_echo_and_then_hears_what_came_just_before():
    microphone = Microphone(Echo())
    microphone.voices.want(True, alert=True)
    rng = np.random.default_rng(2)
    echo_only = rng.integers(-50, 50, 32_000).astype(np.int16)
    loud = rng.integers(-3000, 3000, 3200).astype(np.int16)
    microphone.hears(echo_only)
    detector = microphone.detector
    assert not detector.heard
    resets = detector.resets
    microphone.hears(loud)
    track = np.concatenate((echo_only, loud))
    frames = track[: len(track) // 512 * 512].reshape(-1, 512)
    assert [frame.tolist() for frame in detector.heard] == frames[-len(detector.heard) :].tolist()
    first = 512 * (len(frames) - len(detector.heard))
    assert 7 * 512 <= len(echo_only) - first <= 9 * 512
    assert detector.resets == resets + 1
    assert microphone.of(VoiceStart)


@pytest.mark.parametrize("missed_ms", [10, 320, 960])
def test_what_the_card_missed_is_no_silence_in_a_voice(missed_ms):
    microphone = Microphone()
    microphone.voices.want(True)
    microphone.hears(QUIET, LOUD, QUIET[: samples(100)])
    at, missed = microphone.ring.position, samples(missed_ms)
    microphone.gaps.add(at, at + missed)
    microphone.hears(np.zeros(missed, np.int16), QUIET[: samples(80)])
    assert not microphone.of(VoiceEnd)
    microphone.hears(QUIET)
    (end,) = microphone.of(VoiceEnd)
    assert end.at == pytest.approx(16_000 + missed + samples(240), abs=1700)
    assert end.voiced_ms == pytest.approx(500, abs=64)
    assert microphone.of(Voice)[-1].silence_ms < 240


def test_voices_are_compared_by_how_loud_they_arrive_whatever_they_are_amplified_by():
    plain, amplified = Microphone(), Microphone(gain_db=20.0)
    for microphone, loud in ((plain, LOUD // 5), (amplified, LOUD * 2)):
        microphone.voices.want(True)
        microphone.hears(QUIET, loud, QUIET)
    (one,), (other,) = plain.of(VoiceEnd), amplified.of(VoiceEnd)
    assert one.peak_db == pytest.approx(other.peak_db, abs=0.1)


@pytest.mark.parametrize(("unsure_ms", "ends"), [(300, 1), (900, 1), (1600, 2)])
def test_a_voice_that_speaks_does_not_end_because_the_echo_is_not_known_any_more(unsure_ms, ends):
    canceller = Echo()
    canceller.active = canceller.echoing = False
    microphone = Microphone(canceller)
    microphone.voices.want(True)
    microphone.hears(QUIET, LOUD)
    canceller.active, canceller.echoing, canceller.converged = True, True, False
    microphone.hears(np.full(samples(unsure_ms), 3000, np.int16))
    canceller.active = canceller.echoing = False
    microphone.hears(LOUD, QUIET)
    assert len(microphone.of(VoiceEnd)) == ends


@pytest.mark.parametrize("reason", ["the path is known again", "the loudspeaker is silent"])
def test_a_voice_that_began_while_the_echo_was_not_known_is_noticed_and_may_have_begun_where_that_began(reason):
    canceller = Echo()
    microphone = Microphone(canceller, excess_db=0.0)
    microphone.voices.want(True, alert=True)
    microphone.hears(QUIET, LOUD)
    canceller.converged = False
    microphone.hears(LOUD)
    assert not microphone.of(VoiceStart)
    canceller.converged, microphone.excess_db = True, 20.0
    if reason != "the path is known again":
        canceller.active = canceller.echoing = canceller.converged = False
    microphone.hears(LOUD)
    (start,) = microphone.of(VoiceStart)
    assert start.onset == pytest.approx(24_000, abs=512)
    assert start.start == 16_000
    assert MOST_UNSURE > 8000


def test_a_voice_that_was_the_echo_at_another_place_is_taken_back():
    canceller = Echo()
    microphone = Microphone(canceller)
    microphone.voices.want(True, alert=True)
    microphone.hears(LOUD[:1600])
    (start,) = microphone.of(VoiceStart)
    canceller.moves = 1
    microphone.hears(LOUD[:640], QUIET[:7680])
    (taken_back,) = microphone.of(Mistaken)
    assert taken_back.onset == start.onset
    assert all(end.onset > start.onset for end in microphone.of(VoiceEnd))


def test_nobody_is_taken_back_who_does_not_speak():
    canceller = Echo()
    microphone = Microphone(canceller)
    microphone.voices.want(True, alert=True)
    microphone.hears(QUIET[:1600])
    canceller.moves = 1
    microphone.hears(QUIET[:1600], LOUD[:1600])
    assert not microphone.of(Mistaken)
    assert len(microphone.of(VoiceStart)) == 1


def test_a_voice_that_began_as_it_is_wanted_no_more_is_noticed_and_none_after_that():
    microphone = Microphone()
    microphone.voices.want(True)
    microphone.hears(QUIET, LOUD[:480])
    microphone.voices.want(False)
    assert not microphone.of(VoiceStart)
    microphone.hears(LOUD)
    (start,) = microphone.of(VoiceStart)
    assert start.onset <= len(QUIET) < start.at
    assert not microphone.voices.busy
    count = len(microphone.events)
    microphone.hears(QUIET, LOUD)
    assert len(microphone.events) == count
    assert all(event.at <= len(QUIET) + 480 + NOTICED for event in microphone.events)


def test_who_speaks_when_it_is_wanted_no_more_is_left_at_once():
    microphone = Microphone()
    microphone.voices.want(True)
    microphone.hears(QUIET, LOUD)
    microphone.voices.want(False)
    count = len(microphone.events)
    microphone.hears(LOUD)
    assert len(microphone.events) == count


def unknown_then(canceller, *parts):
    """Return a microphone that hears something while the echo is not known, and is told what it was."""
    microphone = Microphone(canceller)
    microphone.voices.want(True)
    microphone.hears(QUIET)
    canceller.converged = False
    microphone.hears(QUIET, LOUD[:3200], QUIET[:1600])
    assert not microphone.events
    canceller.converged = True
    microphone.excess.revise([20.0] * 100, [False] * 100, 0)
    microphone.voices.hear_again(len(QUIET))
    microphone.hears(*parts)
    return microphone


def test_a_word_that_was_over_before_the_echo_was_known_is_heard_again():
    microphone = unknown_then(Echo(), QUIET)
    (start,), (end,) = microphone.of(VoiceStart), microphone.of(VoiceEnd)
    assert start.onset == pytest.approx(2 * len(QUIET), abs=512)
    assert end.end == pytest.approx(2 * len(QUIET) + 3200, abs=1024)
    assert microphone.of(Mistaken) == []


def test_of_a_voice_that_is_heard_again_is_told_where_it_was_and_only_what_became_of_it():
    microphone = unknown_then(Echo(), QUIET[:160])
    (start,), (voice,) = microphone.of(VoiceStart), microphone.of(Voice)
    end = 2 * len(QUIET) + 3200
    assert start.at == pytest.approx(start.onset, abs=2000)
    assert voice.at == pytest.approx(microphone.ring.position, abs=512)
    assert voice.silence_ms == pytest.approx((voice.at - end) / 16, abs=64)
    assert voice.voiced_ms == pytest.approx(200, abs=64)


@pytest.mark.parametrize(("onset", "mistaken"), [("before", 0), ("after", 1)])
def test_who_began_before_what_is_heard_again_speaks_on_and_who_was_found_in_it_is_looked_for_again(onset, mistaken):
    microphone = Microphone(Echo())
    microphone.voices.want(True)
    microphone.hears(QUIET, LOUD)
    microphone.voices.hear_again(2 * len(QUIET) - 1600 if onset == "before" else len(QUIET) - 1600)
    microphone.hears(LOUD, QUIET)
    assert len(microphone.of(Mistaken)) == mistaken
    assert len(microphone.of(VoiceStart)) == 1 + mistaken
    assert len(microphone.of(VoiceEnd)) == 1
