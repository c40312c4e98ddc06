import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device.simulation import acoustics


@settings(max_examples=30, deadline=None)
@given(
    taps=st.integers(1, 900), block=st.sampled_from([160, 240, 480]), blocks=st.integers(1, 8), seed=st.integers(0, 99)
)
def test_a_stream_is_convolved_like_a_whole(taps, block, blocks, seed):
    rng = np.random.default_rng(seed)
    response = rng.standard_normal(taps).astype(np.float32)
    signal = rng.standard_normal(block * blocks).astype(np.float32)
    convolver = acoustics.Convolver(response, block)
    out = np.concatenate([convolver.process(b) for b in signal.reshape(blocks, block)])
    np.testing.assert_allclose(out, np.convolve(signal, response)[: len(out)], atol=2e-3)


def test_what_rings_on_after_a_pause_is_what_would_have():
    response = np.exp(-np.arange(1000) / 300).astype(np.float32)
    convolver = acoustics.Convolver(response, 160)
    signal = np.zeros(160 * 40, np.float32)
    signal[[10, 160 * 20 + 7, 160 * 33]] = 1
    out = np.concatenate([convolver.process(b) for b in signal.reshape(-1, 160)])
    np.testing.assert_allclose(out, np.convolve(signal, response)[: len(signal)], atol=1e-4)
    assert not out[160 * 10 : 160 * 20].any()  # resting


def test_an_impulse_response_begins_with_the_direct_sound_and_has_energy_one():
    response = acoustics.impulse_response(48_000, 0.3, -3.0, np.random.default_rng(0))
    assert len(response) == 14_400
    assert np.sum(response**2) == pytest.approx(1)
    assert np.argmax(np.abs(response)) == 0
    assert 10 * np.log10(np.sum(response[1:] ** 2) / response[0] ** 2) == pytest.approx(-3, abs=0.01)


@pytest.mark.parametrize(("rt60", "reverb_db"), [(0.0, -3.0), (0.3, -np.inf)])
def test_a_room_without_reverberation_changes_nothing(rt60, reverb_db):
    assert acoustics.impulse_response(48_000, rt60, reverb_db, np.random.default_rng(0)).tolist() == [1.0]


def test_saturation_is_linear_for_what_is_soft_and_never_exceeds_clip():
    loud = np.linspace(-10, 10, 1001)
    assert np.abs(acoustics.saturate(loud, 0.25)).max() < 0.25
    assert acoustics.saturate(np.array([0.01]), 0.25)[0] == pytest.approx(0.01, rel=1e-3)
    assert np.all(np.diff(acoustics.saturate(loud, 0.25)) > 0)
    assert acoustics.saturate(loud, np.inf) is loud


@given(delay=st.integers(160, 2000), blocks=st.integers(1, 30))
def test_a_delay_without_drift_is_exact(delay, blocks):
    line = acoustics.DriftingDelay(delay, 160)
    signal = np.arange(1, 160 * blocks + 1, dtype=np.float32).reshape(-1, 160)
    out = []
    for block in signal:
        out.append(line.read())
        line.write(block)
    expected = np.concatenate((np.zeros(delay), signal.ravel()))[: signal.size]
    np.testing.assert_array_equal(np.concatenate(out), expected)


@pytest.mark.parametrize("ppm", [500.0, -500.0])
def test_a_drifting_delay_moves_by_its_drift_and_jumps_back(ppm):
    rate, slip = 16_000, 320
    line = acoustics.DriftingDelay(900, 160, drift_ppm=ppm, slip=slip)
    frames = np.arange(rate * 45)
    out = []
    for block in frames.reshape(-1, 160):  # a ramp: what is read tells from when it is
        out.append(line.read().astype(float))
        line.write(block)
    delay = frames - np.concatenate(out)
    steady = (frames > 2000) & (frames < 600_000)
    expected = 900 + np.sign(ppm) * (np.abs(ppm) * 1e-6 * frames % slip)
    np.testing.assert_allclose(delay[steady], expected[steady], atol=0.3)  # float32 ends at a sixteenth up here


def test_a_drift_may_change_and_end():
    line = acoustics.DriftingDelay(900, 160, drift_ppm=200, slip=320)
    delays = []
    for number in range(3000):
        if number in (1000, 2000):
            line.drift(-300 if number == 1000 else 0)
        delays.append(160 * number - float(line.read()[0]))
        line.write(np.arange(160 * number, 160 * (number + 1)))
    blocks = np.arange(3000)
    moved = np.where(blocks < 1000, 0.032 * blocks, np.where(blocks < 2000, 32 - 0.048 * (blocks - 1000), -16))
    np.testing.assert_allclose(delays[10:], 900 + moved[10:], atol=0.1)


def test_a_delay_too_short_to_be_known_in_time_is_refused():
    with pytest.raises(ValueError, match="shorter than 160"):
        acoustics.DriftingDelay(159, 160)
    with pytest.raises(ValueError, match="shorter than 482"):
        acoustics.DriftingDelay(481, 160, drift_ppm=-1, slip=320)


@pytest.mark.parametrize("colour", acoustics.COLOURS)
def test_noise_has_rms_one_and_no_seam(colour):
    made = acoustics.noise(colour, 16_000, np.random.default_rng(0)).astype(float)
    assert np.sqrt(np.mean(made**2)) == pytest.approx(1, rel=1e-5)
    assert abs(made.mean()) < 1e-6
    assert abs(made[0] - made[-1]) < 4 * np.std(np.diff(made))
