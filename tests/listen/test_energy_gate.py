import numpy as np
import pytest
from support.speech import mix, noise, silence

from device.listen.energy_gate import FALL_DB, HOLD_FRAMES, RISE_DB, SILENT, EnergyGate, level_dbfs

FRAME = 1280


def frames(pcm):
    return [pcm[i : i + FRAME] for i in range(0, len(pcm) - FRAME + 1, FRAME)]


def run(gate, pcm):
    return [gate.push(frame) for frame in frames(pcm)]


def pink(seconds, dbfs):
    spectrum = np.fft.rfft(np.random.default_rng(1).standard_normal(round(seconds * 16_000)))
    signal = np.fft.irfft(spectrum / np.sqrt(np.maximum(np.fft.rfftfreq(round(seconds * 16_000), 1 / 16_000), 20)))
    return (signal / signal.std() * 32768 * 10 ** (dbfs / 20)).round().astype(np.int16)


def closed(gate):
    """Let the gate close on the quietest room there is."""
    run(gate, silence(3))
    assert not gate.push(np.zeros(FRAME, np.int16))
    return gate


@pytest.mark.parametrize("dbfs", [-60, -40, -20])
def test_the_level_is_that_of_a_tone(dbfs):
    tone = np.sin(2 * np.pi * 1000 * np.arange(FRAME) / 16_000) * 32768 * 10 ** (dbfs / 20) * 2**0.5
    assert level_dbfs(tone.round().astype(np.int16)) == pytest.approx(dbfs, abs=0.6)


def test_the_level_is_without_offset_and_rumble():
    assert level_dbfs(np.full(FRAME, 3000, np.int16)) == SILENT
    rumble = (np.sin(2 * np.pi * 25 * np.arange(FRAME) / 16_000) * 10_000).astype(np.int16)
    assert level_dbfs(rumble) < -28
    assert level_dbfs(np.full(FRAME, -32768, np.int16)) == SILENT
    assert level_dbfs(np.tile(np.array([32767, -32768], np.int16), FRAME // 2)) == pytest.approx(0, abs=0.01)


def test_it_starts_open_and_closes_in_a_quiet_room():
    opened = run(EnergyGate(-65), noise(10, -75))
    assert opened[0]
    assert not any(opened[HOLD_FRAMES:])


@pytest.mark.parametrize("make", [noise, pink])
@pytest.mark.parametrize("dbfs", [-60, -45, -30])
def test_it_closes_in_steady_noise_however_loud(make, dbfs):
    opened = run(EnergyGate(-65), make(30, dbfs))
    assert not any(opened[100:])


@pytest.mark.parametrize("dbfs", [-60, -45, -30])
def test_it_opens_at_once_for_what_stands_out_and_holds(dbfs):
    gate = EnergyGate(-65)
    run(gate, noise(8, dbfs))
    burst = mix(noise(0.08, dbfs, 2), noise(0.08, dbfs + RISE_DB, 3))
    assert gate.push(burst)
    after = run(gate, noise(4, dbfs, 4))
    assert after[: HOLD_FRAMES - 1] == [True] * (HOLD_FRAMES - 1)
    assert not any(after[HOLD_FRAMES - 1 :])


def test_below_the_level_it_stays_closed():
    gate = closed(EnergyGate(-65))
    assert not gate.push(noise(0.08, -68))
    assert gate.push(noise(0.08, -60))


def test_the_end_of_a_noise_opens_it_for_the_words_that_follow():
    gate = EnergyGate(-65)
    run(gate, noise(8, -30))
    assert not gate.push(noise(0.08, -30, 2))
    assert gate.push(noise(0.08, -30 - FALL_DB - 2, 3))
    run(gate, noise(1.5, -70))
    assert gate.push(noise(0.08, -50)), "the floor is still that of the noise"


def test_speech_does_not_become_the_floor():
    gate = EnergyGate(-65)
    talk = np.concatenate([np.concatenate([noise(0.4, -30, n), noise(0.2, -55, n)]) for n in range(30)])
    assert all(run(gate, talk))
    assert gate.floor_dbfs < -50


def test_minus_120_never_closes():
    assert all(run(EnergyGate(-120), silence(10)))
