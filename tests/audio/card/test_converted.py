"""Cards of any rates: microphone and reference stay in step to the frame, and the stream is as steady as without."""

import numpy as np
import pytest

from device.audio.card.alsa import AlsaCard
from device.audio.card.converted import Converted, open_pcm
from device.audio.card.libasound import Pcm
from device.settings.tree import CardSettings

pytestmark = pytest.mark.realtime

HELD_S, AIR_S, FILTER_S = 0.040, 0.015, 0.004
"""What is kept ahead, the way through the air, and what a conversion adds."""


class Noise:
    """Plays two seconds of noise between 300 and 3500 Hz, again and again."""

    def __init__(self, rate):
        noise = np.random.default_rng(1).standard_normal(2 * rate)
        hertz = np.fft.rfftfreq(len(noise), 1 / rate)
        noise = np.fft.irfft(np.fft.rfft(noise) * ((hertz > 300) & (hertz < 3_500)), len(noise))
        self.track = np.rint(noise / np.abs(noise).max() * 12_000).astype(np.int16)
        self.at = 0

    def render(self, out, position):
        out[:] = np.take(self.track, range(self.at, self.at + len(out)), mode="wrap")
        self.at += len(out)

    def skip(self, frames):
        pass


def echo(reference, microphone):
    """How many frames `reference` comes later on the track `microphone`."""
    size = 1 << (len(reference) + len(microphone)).bit_length()
    spectrum = np.fft.rfft(microphone, size) * np.conj(np.fft.rfft(reference, size))
    return int(np.argmax(np.fft.irfft(spectrum, size)[: len(microphone) // 2]))


PAIRS = [
    ("rate 48000", "rate 48000", 48_000, 0),
    ("rate 44100", "rate 44100 channels 2", 44_100, 0),
    ("rate 16000", "rate 48000 channels 2", 48_000, 1),
    ("rate 48000 format S32_LE channels 2", "rate 16000", 16_000, 1),
    ("rate 44100", "rate 48000 channels 8 format S32_LE", 48_000, 1),
    ("rate 8000", "rate 96000 channels 2", 48_000, 2),
    ("rate 22050", "rate 48000", 48_000, 1),
    ("rate 48000", "rate 11025", 48_000, 1),
    ("rate 12000", "rate 37800", 48_000, 2),
]


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: f"{pair[0]} to {pair[1]}")
def test_microphone_and_loudspeaker_of_any_rates_stay_in_step(cards, tmp_path, pair):
    microphone, loudspeaker, rate, conversions = pair
    air = f"air {tmp_path}/air"
    cards(
        mic=f"direction capture level 0 {microphone} {air}",
        spk=f"direction playback {loudspeaker} {air}",
    )
    card = AlsaCard(CardSettings(input="mic", output="spk"))
    assert card.rate == rate
    card.open(Noise(rate))
    try:
        heard, played = card.mic.cursor(0), card.reference.cursor(0)
        seconds = [(played.read(rate, 20), heard.read(rate, 20)) for _ in range(4)]
    finally:
        card.close()
    delays = [echo(*second) for second in seconds[1:]]
    expected = HELD_S + AIR_S + FILTER_S * conversions
    if card.xruns.underruns or card.gaps.since(0):
        pytest.skip("this machine was too busy for a card in real time")
    assert max(delays) - min(delays) <= 1, delays
    assert delays[-1] / rate == pytest.approx(expected, abs=0.025), "to two blocks, as it was started"
    # What is heard is what was played, in the band of the noise.
    reference, microphone = seconds[-1]
    late = delays[-1]
    assert np.corrcoef(reference[: rate - late], microphone[late:])[0, 1] > 0.9, "half a frame off, at the most"


@pytest.mark.parametrize("ppm", [1_500, -1_500])
def test_cards_with_different_clocks_do_not_drift_apart(cards, tmp_path, ppm):
    air = f"air {tmp_path}/air"
    cards(
        mic=f"direction capture level 0 rate 44100 ppm {ppm} {air}",
        spk=f"direction playback rate 48000 ppm {-ppm} {air}",
    )
    card = AlsaCard(CardSettings(input="mic", output="spk"))
    card.open(Noise(card.rate))
    tenth = card.rate // 10
    try:
        heard, played = card.mic.cursor(0), card.reference.cursor(0)
        seconds = [(played.read(card.rate, 20), heard.read(card.rate, 20)) for _ in range(10)]
    finally:
        card.close()
    played_all, heard_all = (np.concatenate(track) for track in zip(*seconds, strict=True))
    # 3 frames of 1000: 30 ms in 10 s, unless blocks are put in or left out.
    delays = [
        echo(played_all[at : at + tenth], heard_all[at : at + 3 * tenth]) / card.rate
        for at in range(card.rate, len(played_all) - 3 * tenth, tenth)
    ]
    assert np.percentile(delays, 95) - np.percentile(delays, 5) < 0.025, delays


def test_a_device_at_its_own_rate_is_left_alone(cards):
    cards(mic="rate 16000 direction capture", spk="rate 48000 direction playback")
    direct = open_pcm("mic", "input", 16_000, 160, 16_000)
    assert isinstance(direct, Pcm)
    direct.close()
    other = open_pcm("spk", "output", 16_000, 160, 16_000)
    assert isinstance(other, Converted)
    other.close()


def test_what_waits_in_the_converter_is_counted(cards):
    cards(spk="rate 22050 direction playback")
    pcm = open_pcm("spk", "output", 48_000, 480, 24_000)
    pcm.prepare()
    assert pcm.write(np.zeros(400, np.int16))
    left, delay = pcm.state()
    assert left == pytest.approx(pcm.capacity - 400, abs=20), "as much as it has played since"
    assert delay == pytest.approx(400 + pcm.delay, abs=20)
    pcm.close()
