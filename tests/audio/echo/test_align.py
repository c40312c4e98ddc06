import numpy as np
import pytest
from support.speech import mix, noise, say

from device.audio.echo.align import MOST_DELAY, Alignment
from device.audio.echo.canceller import FRAME, EchoCanceller
from device.audio.echo.filter import EchoFilter
from device.simulation import acoustics

SECOND = 16_000
WORDS = (
    "Once upon a time there was a small house near the sea, and in the house lived an old man who liked to talk. "
    "The weather in London is mostly cloudy today, with a light breeze from the west and some rain in the evening."
)


def played(seconds):
    return np.resize(say(WORDS, "en-us", 165, -20), round(seconds * SECOND))


def heard(far, *, delay, ppm=0.0, slip=320):
    """The echo of `far` after `delay` samples, from a loudspeaker whose clock differs by `ppm`."""
    air = acoustics.DriftingDelay(delay, FRAME, drift_ppm=ppm, slip=slip)
    out = []
    for at in range(0, len(far) - FRAME + 1, FRAME):
        out.append(air.read())
        air.write(far[at : at + FRAME].astype(np.float32))
    response = acoustics.impulse_response(SECOND, 0.2, -6, np.random.default_rng(5))
    echo = acoustics.convolve(np.concatenate(out), response)[: len(far)]
    return mix(echo, noise(len(echo) / SECOND, -70))


def run(canceller, mic, reference):
    n = min(len(mic), len(reference)) // FRAME * FRAME
    linear = []
    for at in range(0, n, FRAME):
        canceller.cancel(mic[at : at + FRAME], reference[at : at + FRAME])
        linear.append(canceller.linear)
    return np.concatenate(linear)


def level(pcm):
    return 10 * np.log10(np.mean(pcm.astype(float) ** 2) + 1e-9)


def erle(mic, linear, start, end):
    part = slice(round(start * SECOND), round(end * SECOND))
    return level(mic[part]) - level(linear[part])


def reader(delay):
    alignment = Alignment(EchoFilter(4))
    alignment.delay = delay
    return alignment


@pytest.mark.parametrize("delay", [16.0, 160.0, 1000.5, 1234.25, float(MOST_DELAY)])
def test_what_was_played_is_read_later(delay):
    tone = np.sin(0.3 * np.arange(100 * FRAME) + 0.1).astype(np.float32)
    alignment = reader(delay)
    read = np.concatenate([alignment.push(block).copy() for block in np.split(tone, 100)])
    late = np.sin(0.3 * (np.arange(100 * FRAME) - delay) + 0.1)
    settled = slice(round(delay) + 40, None)
    assert np.abs(read - late)[settled].max() < 2e-3


def test_a_drift_moves_the_place_of_reading_without_a_seam():
    tone = np.sin(0.3 * np.arange(300 * FRAME)).astype(np.float32)
    alignment = reader(400.0)
    alignment.drift = 1e-4
    read = np.concatenate([alignment.push(block).copy() for block in np.split(tone, 300)])
    at = np.arange(300 * FRAME)
    late = np.sin(0.3 * (at - 400 - 1e-4 * at))
    assert np.abs(read - late)[500:].max() < 2e-3
    assert alignment.delay == pytest.approx(400 + 1e-4 * 300 * FRAME)


def test_time_without_playback_counts_as_well():
    alignment = reader(400.0)
    alignment.drift = -5e-5
    alignment.rest(10 * SECOND)
    assert alignment.delay == pytest.approx(392)
    alignment.rest(1000 * SECOND)
    assert alignment.delay == 16  # nothing can be read before it was played


@pytest.mark.parametrize("ppm", [0, 50, -100])
def test_clocks_that_differ_are_followed(ppm):
    far = played(11)
    mic = heard(far, delay=960, ppm=ppm)
    canceller = EchoCanceller(200)
    linear = run(canceller, mic, far)
    assert canceller.alignment.drift * 1e6 == pytest.approx(ppm, abs=8)
    assert canceller.place.jumps == 0
    assert erle(mic, linear, 7, 11) > 22


def test_a_delay_longer_than_the_tail_leaves_the_tail_to_the_room():
    far = played(8)
    mic = heard(far, delay=3200)
    canceller = EchoCanceller(250)
    linear = run(canceller, mic, far)
    assert canceller.alignment.delay > 2400
    assert erle(mic, linear, 5, 8) > 20


def test_who_speaks_moves_nothing():
    far = played(9)
    words = say("what is the weather like in London and in Paris and in Rome", "en-gb", 150, -20)
    mic = heard(far, delay=960)
    mic[4 * SECOND : 4 * SECOND + len(words)] += words
    canceller = EchoCanceller(200)
    run(canceller, mic[: 4 * SECOND], far[: 4 * SECOND])
    before = canceller.alignment.delay
    run(canceller, mic[4 * SECOND :], far[4 * SECOND :])
    assert (canceller.alignment.delay, canceller.place.jumps, canceller.alignment.drift) == (before, 0, 0)


def test_the_clocks_drift_on_while_the_canceller_rests():
    canceller = EchoCanceller(200)
    quiet, click = np.zeros(10 * SECOND, np.int16), np.full(FRAME, 100, np.int16)
    run(canceller, click, click)
    canceller.alignment.drift = 1e-4
    run(canceller, quiet, quiet)
    assert not canceller.active
    run(canceller, click, click)
    assert canceller.alignment.delay == pytest.approx(32, abs=0.1)


def test_a_jump_moves_the_place_of_reading_and_that_of_the_echo():
    alignment = reader(1000.0)
    alignment.lag = 1320.0
    alignment.jump(400)
    assert (alignment.delay, alignment.lag) == (1400, 1720)


def test_a_jump_to_before_anything_can_be_read_lets_the_path_begin_later():
    alignment = reader(200.0)
    alignment.lag = 560.0
    alignment.jump(-300)
    assert (alignment.delay, alignment.lag) == (60, 260)  # a block later than 100 samples before anything was played


def test_the_path_begins_before_the_echo_at_whole_blocks():
    alignment = reader(16.0)
    alignment.begin(400)
    assert alignment.delay == 16  # nothing is known of the echo
    alignment.lag = 3200.0
    alignment.begin(400)
    assert alignment.delay == 16 + 17 * FRAME
    alignment.lag = 300.0
    alignment.begin(400)
    assert alignment.delay == 16


def test_the_echo_drifts_to_no_place_where_it_is_not_looked_for():
    alignment = reader(200.0)
    alignment.lag = 560.0
    alignment.drift = -1e-4
    alignment.rest(1000 * SECOND)
    assert (alignment.delay, alignment.lag) == (16, 0)
    alignment.drift = 1e-4
    alignment.rest(100_000 * SECOND)
    assert (alignment.delay, alignment.lag) == (MOST_DELAY, MOST_DELAY)
