import numpy as np
import pytest
from support.speech import mix, noise, say

from device.audio.earcons import earcon
from device.audio.echo.canceller import FRAME, EchoCanceller
from device.listen.near_end import Excess
from device.simulation import acoustics

SECOND = 16_000
WORDS = (
    "Once upon a time there was a small house near the sea, and in the house lived an old man who liked to talk. "
    "The weather in London is mostly cloudy today, with a light breeze from the west and some rain in the evening."
)


class Scene:
    """The device talks; its echo comes `lags` late, each from a second on: `(second, samples)`.

    The card may stand still from one second to another: nothing is played then, and nothing known of what is heard.
    A timer may ring from some second on.
    """

    def __init__(self, *lags, seconds=8, over=None, gap=(0.0, 0.0), room=5, rings=None):
        self.far = np.resize(say(WORDS, "en-us", 165, -20), round(seconds * SECOND))
        if rings is not None:
            self.far[round(rings * SECOND) :] = np.resize(earcon("timer", SECOND), round((seconds - rings) * SECOND))
        missing = slice(*(round(at * SECOND) for at in gap))
        self.gap = tuple(round(at * 100) for at in gap)
        self.far[missing] = 0
        response = acoustics.impulse_response(SECOND, 0.2, -6, np.random.default_rng(room))
        echo = acoustics.convolve(self.far.astype(np.float32), response)[: len(self.far)]
        heard = np.zeros(len(echo), np.float32)
        for at, lag in lags:
            first = round(at * SECOND)
            heard[first:] = np.concatenate((np.zeros(lag, np.float32), echo))[first : len(echo)]
        if over is not None:
            at, words = over
            part = heard[round(at * SECOND) :]
            part[: len(words)] += words[: len(part)]
        self.mic = mix(heard, noise(seconds, -65))
        self.mic[missing] = 0

    def run(self):
        """Return the canceller, and by frames: whether it is sure, and where it finds a near end."""
        canceller, excess = EchoCanceller(250), Excess()
        sure, near, linear = [], [], []
        for number, at in enumerate(range(0, len(self.mic) - FRAME + 1, FRAME)):
            lost = np.array([self.gap[0] <= number < self.gap[1]])
            canceller.cancel(self.mic[at : at + FRAME], self.far[at : at + FRAME], lost)
            excess.push(canceller.excess.tolist())
            linear.append(canceller.linear)
            sure.append(canceller.converged)
            near.append(canceller.converged and excess.near_end)
        self.linear = np.concatenate(linear)
        return canceller, np.array(sure), np.array(near)


@pytest.mark.parametrize("lag", [320, 1600, 4800, 8800, 11_000])
def test_an_echo_is_found_wherever_it_begins(lag):
    canceller, sure, near = Scene((0, lag), seconds=4).run()
    assert canceller.alignment.lag == pytest.approx(lag, abs=2)
    assert canceller.alignment.delay < lag
    assert sure[250:].mean() > 0.9
    assert not near.any()


@pytest.mark.parametrize("jump", [-1400, -320, 37, 320, 1600, 6400])
def test_a_jump_that_nothing_told_is_followed_within_a_second(jump):
    canceller, sure, near = Scene((0, 1600), (5, 1600 + jump)).run()
    assert canceller.alignment.lag == pytest.approx(1600 + jump, abs=2)
    assert (canceller.place.jumps, canceller.place.begun) in ((1, 1), (0, 2))
    assert sure[500:600].mean() > 0.4
    assert sure[600:].mean() > 0.95
    assert not near[520:].any()


@pytest.mark.parametrize("gap_ms", [20, 130, 250, 400])
@pytest.mark.parametrize("jump", [0, 160, 3200])
def test_after_a_gap_nothing_is_taken_for_a_near_end(gap_ms, jump):
    end = 5 + gap_ms / 1000
    canceller, sure, near = Scene((0, 1600), (end, 1600 + jump), gap=(5, end)).run()
    assert canceller.alignment.lag == pytest.approx(1600 + jump, abs=2)
    assert not sure[500 : 500 + gap_ms // 10].any()
    assert sure[round(end * 100) : round(end * 100) + 100].mean() > 0.3
    assert sure[round(end * 100) + 100 :].mean() > 0.8
    assert not near.any()


@pytest.mark.parametrize("after_ms", [0, 300, 800])
def test_who_speaks_after_a_gap_is_noticed(after_ms):
    words = say("what is the weather like in London and in Paris and in Rome", "en-gb", 150, -20)
    _, sure, near = Scene((0, 1600), (5.25, 3200), over=(5.25 + after_ms / 1000, words), gap=(5, 5.25)).run()
    first = 525 + after_ms // 10
    assert near[first : first + 100].any()
    assert sure[first + 100 :].mean() > 0.8


@pytest.mark.parametrize("db", [-30, -20, -12])
def test_who_speaks_moves_nothing(db):
    words = say("what is the weather like in London and in Paris and in Rome", "en-gb", 150, db)
    canceller, _, near = Scene((0, 1600), over=(4, words)).run()
    assert canceller.alignment.lag == pytest.approx(1600, abs=2)
    assert (canceller.place.jumps, canceller.place.begun) == (0, 1)
    assert near[400:500].any()


@pytest.mark.parametrize("after_ms", range(700, 2200, 100))
def test_who_speaks_over_a_ringing_timer_moves_nothing(after_ms):
    words = say("stop it, please stop it now", "en-us", 165, -16)
    canceller, _, near = Scene((0, 1600), over=(4 + after_ms / 1000, words), rings=4).run()
    assert (canceller.place.jumps, canceller.place.begun) == (0, 1)
    assert near[400 + after_ms // 10 :].any()


@pytest.mark.parametrize(("first", "second", "gain"), [(960, 4000, 0.5), (960, 4000, 1.4), (320, 3500, 1.0)])
def test_an_echo_that_comes_twice_is_cancelled_both_times(first, second, gain):
    scene, again = Scene((0, first)), Scene((0, second), room=6)
    scene.mic = mix(scene.mic, (gain * again.mic).round())
    canceller, _, near = scene.run()
    assert canceller.alignment.delay < first
    assert not near[500:].any()
    left, heard = (np.square(track[6 * SECOND :].astype(float)).sum() for track in (scene.linear, scene.mic))
    assert left < 0.03 * heard


@pytest.mark.parametrize(
    ("jump", "db"), [(-1400, -20), (-901, -20), (5, -20), (4000, -20), (-1400, -6), (-901, -6), (4000, -6)]
)
def test_the_old_path_is_followed_to_its_new_place_though_somebody_speaks_there(jump, db):
    words = say("what is the weather like in London and in Paris and in Rome", "en-gb", 150, db)
    canceller, _, near = Scene((0, 1600), (5, 1600 + jump), over=(5.1, words)).run()
    assert canceller.alignment.lag == pytest.approx(1600 + jump, abs=2)
    assert (canceller.place.jumps, canceller.place.begun) in ((1, 1), (0, 1) if abs(jump) < 24 else ())
    assert near[510:640].any()


@pytest.mark.parametrize("part", [0.0, 0.33, 0.5])
def test_as_much_is_cancelled_after_a_jump_between_two_samples(part):
    scene = Scene((0, 1600))
    whole = np.fft.rfft(scene.mic)
    turns = np.exp(-2j * np.pi * (2000 + part) * np.arange(len(whole)) / len(scene.mic))
    scene.mic[5 * SECOND :] = np.fft.irfft(whole * turns, len(scene.mic))[5 * SECOND :].round()
    canceller, sure, _ = scene.run()
    assert canceller.place.jumps == 1
    assert canceller.alignment.lag == pytest.approx(3600 + part, abs=0.2)
    first = (np.flatnonzero(~sure[500:])[-1] + 505) * FRAME  # the first blocks after it was found
    left, heard = (
        np.square(track[first : first + SECOND // 5].astype(float)).sum() for track in (scene.linear, scene.mic)
    )
    assert left < 0.015 * heard


def test_what_was_left_over_of_an_echo_that_jumped_is_taken_back():
    canceller, _, _ = Scene((0, 1600), (5, 1600 + 3200), seconds=6).run()
    assert canceller.place.taken_back
    assert canceller.moves > canceller.place.jumps + canceller.place.begun


def test_what_is_left_over_of_what_is_heard_again_is_looked_at_where_it_was():
    canceller, _, _ = Scene((0, 1600), seconds=5).run()
    echo = canceller.alignment.played(55 * FRAME + 1600)[: 30 * FRAME]
    quiet = noise(0.25, -60).astype(np.float32) / 32768
    canceller.place.heard_again(np.concatenate((echo, quiet)).reshape(-1, FRAME))
    assert not canceller.place.own()
    assert canceller.place.own(ago=25)
