import numpy as np
import pytest

from device.audio.earcons import NAMES, earcon

RATES = [16_000, 24_000, 44_100, 48_000]
every = pytest.mark.parametrize("name", ["wake", "sleep", "error", "timer", "ready"])


def sounding(pcm, rate):
    """The 10 ms pieces in which there is sound."""
    pieces = pcm[: len(pcm) // (rate // 100) * (rate // 100)].reshape(-1, rate // 100).astype(float)
    rms = np.sqrt(np.mean(pieces**2, axis=1))
    return rms > 33  # -60 dBFS


def pitch(pcm, rate):
    spectrum = np.abs(np.fft.rfft(pcm * np.hanning(len(pcm)), 8 * len(pcm)))
    return np.argmax(spectrum) * rate / (8 * len(pcm))


def test_these_are_all():
    assert set(NAMES) == {"wake", "sleep", "error", "timer", "ready"}


@every
@pytest.mark.parametrize("rate", RATES)
def test_it_is_as_loud_as_it_should_be_and_never_clips(name, rate):
    pcm = earcon(name, rate)
    assert pcm.dtype == np.int16
    assert pcm.ndim == 1
    heard = np.repeat(sounding(pcm, rate), rate // 100)
    loud = pcm[: len(heard)][heard].astype(float)
    assert -23 < 20 * np.log10(np.sqrt(np.mean(loud**2)) / 32768) < -17
    assert np.abs(pcm.astype(int)).max() < 32767 * 0.7


@every
@pytest.mark.parametrize("rate", RATES)
def test_it_does_not_click(name, rate):
    pcm = earcon(name, rate).astype(float)
    assert abs(pcm[0]) < 100
    assert abs(pcm[-1]) < 100
    # A click is as loud above 8 kHz as anywhere else; these sounds end at 6 kHz.
    spectrum = np.abs(np.fft.rfft(pcm)) ** 2
    high = np.fft.rfftfreq(len(pcm), 1 / rate) > min(7_000, rate / 2 * 0.8)
    assert 10 * np.log10(spectrum[high].sum() / spectrum.sum()) < -50


def test_wake_is_short_and_rises_and_sleep_falls():
    wake, sleep = earcon("wake", 48_000), earcon("sleep", 48_000)
    assert len(wake) <= 48_000 * 0.15
    assert pitch(wake[: len(wake) // 2], 48_000) * 1.3 < pitch(wake[len(wake) // 2 :], 48_000)
    assert pitch(sleep[: len(sleep) // 2], 48_000) > 1.3 * pitch(sleep[len(sleep) // 2 :], 48_000)


def test_the_ring_leaves_time_to_say_stop():
    heard = sounding(earcon("timer", 16_000), 16_000)
    last = np.flatnonzero(heard)[-1]
    assert heard[0]
    assert (len(heard) - last) * 10 >= 900
    strokes = np.flatnonzero(np.diff(heard[: last + 1].astype(int)) == 1)
    assert len(strokes) + 1 == 3


def test_it_lasts_equally_long_at_every_rate():
    for name in NAMES:
        assert len({round(len(earcon(name, rate)) / rate, 3) for rate in RATES}) == 1


def test_it_cannot_be_spoilt():
    with pytest.raises(ValueError, match="read-only"):
        earcon("wake", 16_000)[0] = 1


def test_an_unknown_name_is_refused():
    with pytest.raises(ValueError, match=r"'boom'.*wake"):
        earcon("boom", 16_000)
