"""What the network is trained on: the beginnings of sounds, as the device would hear them."""

import msgspec
import numpy as np
import pytest

from device.audio.measure import dbfs, speech_level
from device.listen.by_sound import KINDS
from device.listen.first_words import BEFORE
from device.sample_clock import samples
from scripts.firstwords import __main__ as script


@pytest.fixture
def firstwords():
    return script


TONE = (0.3 * np.sin(2 * np.pi * 300 * np.arange(24_000) / 16_000)).astype(np.float32)
ECHO = [(0.05 * np.random.default_rng(1).standard_normal(48_000)).astype(np.float32)]


def test_the_plan_can_be_read_and_its_texts_are_for_kinds_that_there_are(firstwords):
    plan = msgspec.toml.decode(firstwords.PLAN.read_bytes(), type=firstwords.Plan)
    assert set(plan.count) == set(KINDS)
    assert set(KINDS) - {"nothing", "speech"} <= set(plan.texts)
    assert {"opening", "rest", "short"} <= set(plan.texts)
    assert set(plan.hum) <= {synthesizer.name for synthesizer in plan.synthesizer}


@pytest.mark.parametrize("seed", range(8))
def test_a_sound_is_looked_at_again_and_again_as_it_goes_on(firstwords, seed):
    pieces = firstwords.beginnings(TONE, ECHO, np.random.default_rng(seed))
    assert len(pieces) == len(firstwords.CUTS_MS), "1.5 s of it outlast every look"
    late = samples(max(abs(ms) for ms in firstwords.LATE_MS)) + samples(firstwords.JITTER_MS)
    for piece, cut in zip(pieces, firstwords.CUTS_MS, strict=True):
        assert piece.dtype == np.int16
        assert abs(len(piece) - BEFORE - samples(cut)) <= late
    low, high = firstwords.LEVELS_DBFS
    assert low - 4 < speech_level(pieces[-1], 16_000) < high + 4


@pytest.mark.parametrize("seed", range(8))
def test_a_short_sound_is_looked_at_last_soon_after_its_end(firstwords, seed):
    pieces = firstwords.beginnings(TONE[:4000], ECHO, np.random.default_rng(seed))
    last = 4000 + samples(firstwords.ENDED_MS) + BEFORE
    # The device is off by less than 100 ms about where it began; the sound's own edges are cut to a few ms.
    assert len(pieces[-1]) == pytest.approx(last, abs=samples(100))
    assert len(pieces) < len(firstwords.CUTS_MS)


def test_nothing_has_no_beginning(firstwords):
    assert firstwords.beginnings(np.zeros(16_000, np.float32), ECHO, np.random.default_rng(1)) == []


@pytest.mark.parametrize("number", range(6))
def test_noises_are_made_as_loud_as_they_may_be_and_each_another(firstwords, number):
    plan = msgspec.structs.replace(
        msgspec.toml.decode(firstwords.PLAN.read_bytes(), type=firstwords.Plan), count={"nothing": number + 1}
    )
    said = firstwords.say(plan)
    assert [one.kind for one in said] == ["nothing"] * (number + 1)
    assert all(np.isfinite(one.pcm).all() and 0 < np.abs(one.pcm).max() <= 2.0 for one in said)
    assert len({one.pcm.tobytes() for one in said}) == number + 1
    assert [one.pcm.tobytes() for one in firstwords.say(plan)] == [one.pcm.tobytes() for one in said]


def test_utterances_are_said_by_voices_of_the_plan(firstwords):
    plan = firstwords.Plan(
        seed=5,
        count={"stop": 3, "backchannel": 2},
        synthesizer=[firstwords.Voices("espeak-ng", 1, ["en-gb", "en-us"])],
        texts={"stop": ["Stop."], "backchannel": ["yeah", "right"]},
    )
    said = firstwords.say(plan)
    assert [one.kind for one in said] == ["stop"] * 3 + ["backchannel"] * 2
    assert {one.text for one in said[3:]} <= {"yeah", "right"}
    assert len({one.pcm.tobytes() for one in said}) == 5, "each has a voice of its own"
    assert all(dbfs(one.pcm * 32768) > -50 for one in said)


def test_without_a_folder_it_says_what_it_does(firstwords, monkeypatch):
    monkeypatch.setattr("sys.argv", ["firstwords"])
    with pytest.raises(SystemExit, match=r"Train `device/data/firstwords\.npz`"):
        firstwords.main()
