"""The scenes that a canceller is measured with: who speaks when, how loud, and how late the echo is."""

import numpy as np
import pytest
from msgspec.structs import replace

from device.audio.measure import FULL_SCALE, dbfs, speech_level
from device.bench.echo.rooms import (
    CHANGE_S,
    DEVICE_DBFS,
    ECHO_REVERB_DB,
    OUTPUT_LATENCY_MS,
    PAUSE_MS,
    VISITOR_DBFS,
    VISITOR_S,
    Place,
    build,
    pcm,
    talk,
)
from device.sample_clock import CLOCK_RATE, samples

DRY = Place(clip=np.inf, rt60=0.0, visitor_db=None)
CHANGE = samples(1000 * CHANGE_S)


def noise(seconds, seed):
    return np.random.default_rng(seed).standard_normal(round(seconds * CLOCK_RATE)).astype(np.float32) * 0.1


REPLIES, SENTENCES = [noise(2, 1), noise(3, 2)], [noise(1, 3), noise(1.5, 4)]


def lag_of(later, earlier):
    size = 2 * len(later)
    product = np.fft.rfft(later, size) * np.conj(np.fft.rfft(earlier, size))
    return int(np.argmax(np.fft.irfft(product)[: len(later)]))


def test_the_device_talks_all_the_time_with_pauses_between_its_sentences():
    whole = talk(REPLIES, 1, 8 * CLOCK_RATE, DEVICE_DBFS)
    pause = samples(PAUSE_MS)
    assert len(whole) == 8 * CLOCK_RATE
    # The second of the replies, the first, and the beginning of the second again.
    first = 3 * CLOCK_RATE
    assert not whole[first : first + pause].any()
    assert whole[:first].all()
    assert speech_level(whole[:first] * FULL_SCALE, CLOCK_RATE) == pytest.approx(DEVICE_DBFS, abs=0.1)
    again = first + pause + 2 * CLOCK_RATE + pause
    assert whole[again : again + 1000] == pytest.approx(whole[:1000])


@pytest.mark.parametrize("delay_ms", [20, 40, 200])
@pytest.mark.parametrize("slip_ms", [0, 15])
def test_the_echo_is_as_late_as_card_and_room_make_it_and_earlier_after_a_slip(delay_ms, slip_ms):
    scene = build(replace(DRY, delay_ms=delay_ms, slip_ms=slip_ms), REPLIES, SENTENCES, seconds=CHANGE_S + 6)
    played = scene.played.astype(np.float64)
    late = samples(delay_ms + OUTPUT_LATENCY_MS)
    assert lag_of(scene.echo[:CHANGE], played[:CHANGE]) == late
    assert lag_of(scene.echo[CHANGE:], played[CHANGE:]) == late - samples(slip_ms)


@pytest.mark.parametrize("echo_db", [-10.0, 0.0, 6.0])
@pytest.mark.parametrize("clip", [np.inf, 0.25])
def test_the_echo_is_so_much_louder_than_the_visitor(echo_db, clip):
    scene = build(replace(DRY, echo_db=echo_db, clip=clip, rt60=0.2), REPLIES, SENTENCES)
    loud = speech_level(scene.echo * FULL_SCALE, CLOCK_RATE)
    assert loud == pytest.approx(VISITOR_DBFS + echo_db, abs=1.0)


def test_another_room_from_a_moment_on_sounds_otherwise():
    place = replace(DRY, rt60=0.4)
    scene, same = (build(one, REPLIES, SENTENCES) for one in (place, replace(place, slip_ms=1)))
    assert (scene.echo[:CHANGE] == same.echo[:CHANGE]).all()
    early, late = (scene.echo[part] for part in (slice(CLOCK_RATE, CHANGE), slice(CHANGE, None)))
    assert dbfs(early * FULL_SCALE) == pytest.approx(dbfs(late * FULL_SCALE), abs=2)
    assert np.abs(scene.echo[CHANGE:] - same.echo[CHANGE:]).max() > 0.1 * np.abs(scene.echo).max()
    assert ECHO_REVERB_DB < 0


def test_visitors_speak_within_their_time_and_nowhere_else():
    scene = build(Place(seed=1), REPLIES, SENTENCES)
    first = samples(1000 * VISITOR_S[0])
    assert scene.sentences[0][0] == first
    assert samples(1000 * VISITOR_S[1]) - samples(3000) < scene.sentences[-1][0] <= samples(1000 * VISITOR_S[1])
    spoken = np.zeros(len(scene.visitor), bool)
    for (_, end), (following, _) in zip(scene.sentences, scene.sentences[1:], strict=False):
        assert following - end == samples(PAUSE_MS)
    for start, end in scene.sentences:
        spoken[start:end] = True
        assert scene.visitor[start:end].any()
    assert not scene.visitor[~spoken].any()


def test_where_nobody_is_nobody_speaks():
    scene = build(DRY, REPLIES, SENTENCES)
    assert scene.sentences == []
    assert not scene.visitor.any()
    silent = scene.heard / FULL_SCALE - scene.echo
    assert dbfs(silent * FULL_SCALE) == pytest.approx(DRY.noise_db, abs=1)


def test_the_same_place_is_the_same_each_time_and_another_seed_is_another():
    one, again, other = (build(Place(seed=seed), REPLIES, SENTENCES) for seed in (1, 1, 2))
    assert (one.heard == again.heard).all()
    assert (one.heard != other.heard).any()


def test_a_card_clips_what_is_too_loud():
    assert pcm(np.array([0.0, 0.5, 1.5, -1.5], np.float32)).tolist() == [0, 16_384, 32_767, -32_768]
