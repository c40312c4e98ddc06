import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.audio.fader import Fader

RATE = 16_000
FULL = 30_000


def run(fader, ms, target, slope, block=RATE // 100):
    track = []
    for _ in range(ms * RATE // 1000 // block):
        out = np.full(block, FULL, np.int16)
        fader.apply(out, target, slope)
        track.append(out)
    return np.concatenate(track).astype(int)


def test_a_gain_that_is_reached_stays():
    fader = Fader(RATE, 0.5)
    assert (run(fader, 50, 0.5, 1.0) == FULL // 2).all()
    assert fader.gain == 0.5


@pytest.mark.parametrize(("start", "target"), [(1.0, 0.0), (0.0, 1.0), (0.3, 0.7)])
def test_a_ramp_is_straight_and_as_long_as_its_slope_says(start, target):
    fader = Fader(RATE, start)
    slope = abs(target - start) / 40
    track = run(fader, 60, target, slope)
    steps = np.diff(track[: RATE * 40 // 1000])
    even = FULL * (target - start) / (RATE * 40 / 1000)
    assert (np.abs(steps - even) <= 1).all()
    assert (track[RATE * 40 // 1000 :] == round(FULL * target)).all()
    assert fader.gain == target, "exactly, for whoever asks whether it is silent"


@given(
    start=st.floats(0, 1),
    moves=st.lists(st.tuples(st.floats(0, 1), st.floats(0.001, 1), st.sampled_from([1, 64, 160, 1024])), max_size=12),
)
def test_no_step_is_steeper_than_its_slope_and_none_goes_past_its_target(start, moves):
    fader, last = Fader(RATE, start), FULL * start
    for target, slope, block in moves:
        before = fader.gain
        out = np.full(block, FULL, np.int16)
        fader.apply(out, target, slope)
        steps = np.abs(np.diff(np.concatenate(([last], out.astype(float)))))
        assert (steps <= FULL * slope / (RATE / 1000) + 1.5).all()
        assert min(before, target) - 1e-6 <= fader.gain <= max(before, target) + 1e-6
        last = float(out[-1])
