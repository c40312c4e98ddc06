"""How loud speech arrives, found from speech alone, and what the microphone is amplified by for it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.speech import say

from device.audio.measure import dbfs, speech_level
from device.listen.gain import FRAME, LEAST_CHANGE_DB, LEAST_FRAMES, LIMIT, MOST_DB, TARGET_DBFS, Gain, SpeechLevel
from device.listen.vad import SileroVad
from device.sample_clock import CLOCK_RATE


class Always:
    """Takes all that it is shown for speech, or nothing."""

    def __init__(self, probability=0.9):
        self.said = probability
        self.shown = []

    def reset(self):
        self.shown.clear()

    def probability(self, block):
        self.shown.append(block)
        return self.said


def noise(db, seconds):
    made = np.random.default_rng(1).standard_normal(round(seconds * CLOCK_RATE))
    return np.rint(made * 10 ** (db / 20) * 32768).clip(-32768, 32767).astype(np.int16)


def utterance(db, seconds=1.0):
    """A room at -90 dBFS in which something is `db` loud for `seconds`."""
    return np.concatenate((noise(-90, 1.5), noise(db, seconds), noise(-90, 1.5)))


def hear(listener, track, *, alone=True, size=160):
    return [listener.push(track[at : at + size], alone=alone) for at in range(0, len(track) // size * size, size)]


@pytest.mark.parametrize("db", [-26, -46, -60, -68])
@pytest.mark.parametrize("size", [160, 3840])
def test_the_level_of_speech_is_found_from_its_first_utterance(db, size):
    level = SpeechLevel(Always())
    assert sum(hear(level, utterance(db), size=size)) == 1
    assert level.db == pytest.approx(db, abs=1)


def test_the_detector_is_shown_speech_as_loud_as_it_is_used_to():
    detector = Always()
    hear(SpeechLevel(detector), utterance(-60))
    assert dbfs(np.concatenate(detector.shown[6:20])) == pytest.approx(-20, abs=1)


@pytest.mark.parametrize(
    ("detector", "track"),
    [
        (Always(0.5), utterance(-60)),
        (Always(), noise(-50, 5)),
        (Always(), utterance(-60, LEAST_FRAMES * FRAME / CLOCK_RATE / 2)),
        (Always(), utterance(-88)),
        (Always(), np.zeros(5 * CLOCK_RATE, np.int16)),
    ],
    ids=["no speech", "steady noise", "a bark", "below what 16 bits can tell", "a microphone that is muted"],
)
def test_from_nothing_but_speech_anything_is_learnt(detector, track):
    level = SpeechLevel(detector)
    assert not any(hear(level, track))
    assert level.db is None


def test_an_utterance_as_loud_as_ever_is_not_shown_to_the_detector():
    detector = Always()
    level = SpeechLevel(detector)
    hear(level, utterance(-60))
    detector.shown.clear()
    hear(level, utterance(-60 - LEAST_CHANGE_DB / 2))
    assert not detector.shown
    hear(level, utterance(-60 + 2 * LEAST_CHANGE_DB))
    assert detector.shown


@pytest.mark.parametrize("size", [160, FRAME])
def test_the_detector_is_shown_but_a_few_frames_at_once(size):
    detector = Always()
    level = SpeechLevel(detector)
    track, at_once = utterance(-60), []
    for at in range(0, len(track) // size * size, size):
        before = len(detector.shown)
        level.push(track[at : at + size], alone=True)
        at_once.append(len(detector.shown) - before)
    assert max(at_once) == 2
    assert sum(at_once) >= CLOCK_RATE // FRAME, "the whole second"


def test_nothing_is_learnt_while_the_device_plays():
    level = SpeechLevel(Always())
    hear(level, utterance(-60), alone=False)
    assert level.db is None
    track = utterance(-60)
    hear(level, track[: 2 * CLOCK_RATE])
    hear(level, track[2 * CLOCK_RATE :], alone=False)
    hear(level, noise(-90, 2))
    assert level.db is None, "it began before the reply, and is not known to be somebody's to its end"


def test_who_is_near_counts_at_once_and_who_is_far_slowly():
    level = SpeechLevel(Always())
    hear(level, utterance(-40))
    hear(level, utterance(-60))
    assert level.db == pytest.approx(-42, abs=1)
    hear(level, utterance(-20))
    assert level.db == pytest.approx(-31, abs=1.5)


@pytest.mark.parametrize(("db", "gain"), [(-20, 0), (-36, 0), (-38, 0), (-46, 10), (-60, 24), (-80, MOST_DB)])
def test_speech_that_arrives_quietly_is_amplified_up_to_a_bound(db, gain):
    made = Gain(speech=SpeechLevel(Always()))
    hear(made, utterance(db))
    assert made.db == pytest.approx(gain, abs=1)


@pytest.mark.parametrize("db", [-46, -60])
def test_the_next_utterance_is_as_loud_as_it_should_be(db):
    made = Gain(speech=SpeechLevel(Always()))
    hear(made, utterance(db))
    after = np.concatenate(hear(made, utterance(db)))
    assert dbfs(after[round(1.6 * CLOCK_RATE) : round(2.4 * CLOCK_RATE)]) == pytest.approx(TARGET_DBFS, abs=1.5)


def test_speech_that_is_loud_enough_passes_untouched():
    made = Gain(speech=SpeechLevel(Always()))
    track = utterance(-26)
    assert (np.concatenate(hear(made, track)) == track).all()


def test_a_little_more_or_less_changes_nothing():
    made = Gain(speech=SpeechLevel(Always()))
    made.start(-60.0)
    before = made.db
    hear(made, utterance(-60 + LEAST_CHANGE_DB))
    assert made.db == before


def test_who_shouts_is_not_clipped():
    made = Gain(speech=SpeechLevel(Always()))
    made.start(-60.0)
    loud = np.rint(8000 * np.sin(np.arange(CLOCK_RATE) * 0.3)).astype(np.int16)
    out = np.concatenate(hear(made, loud))
    assert np.abs(out.astype(int)).max() <= LIMIT * 32768 + 1
    quiet = np.concatenate(hear(made, noise(-60, 2)))
    assert dbfs(quiet[-CLOCK_RATE // 2 :]) == pytest.approx(-36, abs=1), "and what is quiet afterwards is heard again"


@given(db=st.floats(-20, 40), seed=st.integers(0, 99))
def test_a_gain_that_is_set_is_that_much(db, seed):
    track = (np.random.default_rng(seed).standard_normal(1600) * 40).astype(np.int16)
    out = np.concatenate(hear(Gain(db), track))
    assert dbfs(out) == pytest.approx(dbfs(track) + db, abs=0.6 if db < 0 else 0.1)


@pytest.mark.parametrize("db", [-26, -46, -60])
def test_people_are_found_as_loud_as_they_are(models, db):
    said = say("the quick brown fox jumps over the lazy dog")
    scaled = said * 10 ** ((db - speech_level(said, CLOCK_RATE)) / 20)
    track = np.concatenate((np.zeros(CLOCK_RATE), scaled, np.zeros(CLOCK_RATE)))
    track += noise(db - 38, len(track) / CLOCK_RATE)[: len(track)]
    level = SpeechLevel(SileroVad(models("silero_vad.onnx")))
    hear(level, np.rint(track).astype(np.int16))
    assert level.db == pytest.approx(db, abs=2.5)


@pytest.mark.parametrize("kind", ["tone", "bursts"])
def test_what_nobody_says_is_not_taken_for_speech(models, kind):
    on = np.repeat(np.random.default_rng(2).random(100) < 0.4, 1600)
    sound = np.sin(np.arange(len(on)) * 0.2) * 300 if kind == "tone" else noise(-45, 10)
    track = noise(-80, 10) + np.rint(sound * on).astype(np.int16)
    level = SpeechLevel(SileroVad(models("silero_vad.onnx")))
    hear(level, track)
    assert level.db is None


def test_the_first_wake_word_tells_how_loud_speech_arrives_and_is_amplified_itself():
    gain = Gain(speech=SpeechLevel(Always()))
    spoken = np.concatenate((noise(-90, 0.768), noise(-60, 0.768)))[: 48 * FRAME]
    amplified = gain.begin(spoken)
    assert gain.db == pytest.approx(TARGET_DBFS + 60, abs=1)
    assert dbfs(amplified[-8000:]) == pytest.approx(TARGET_DBFS, abs=1)
    later = gain.push(noise(-60, 0.1), alone=True)
    assert dbfs(later) == pytest.approx(TARGET_DBFS, abs=1), "what follows in the same breath is as loud"
    assert gain.begin(spoken) is None, "once"


@pytest.mark.parametrize("gain", [Gain(20.0), Gain()])
def test_no_wake_word_changes_a_gain_that_is_set(gain):
    before = gain.db
    assert gain.begin(noise(-60, 48 * FRAME / CLOCK_RATE)) is None
    assert gain.db == before


def test_what_is_heard_again_is_amplified_and_teaches_nothing():
    gain = Gain(12.0)
    block = np.full(320, 100, np.int16)
    assert np.allclose(gain.again(block), 398, atol=1)
    assert Gain().again(block) is block
