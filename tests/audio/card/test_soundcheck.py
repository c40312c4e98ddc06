"""The delay from loudspeaker to microphone, found in tracks made here and on a sound server."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.echo_card import EchoCard
from support.pulse import Pulse

from device.audio.card.alsa import AlsaCard
from device.audio.card.soundcheck import ChirpSource, check_sound
from device.audio.ring import RingBuffer
from device.settings.tree import CardSettings


def check(card: EchoCard, volume: float = 0.25) -> tuple[float | None, float]:
    source = ChirpSource(card, volume)
    card.open(source)
    found = check_sound(card, source)
    assert found is not None
    return found.delay_ms, found.level


@settings(max_examples=12, deadline=None)
@given(
    delay_ms=st.integers(0, 590),
    echo_db=st.floats(-40, 0),
    rate=st.sampled_from([16_000, 24_000, 48_000]),
    inverted=st.booleans(),
)
def test_the_delay_is_found_whatever_it_is(delay_ms: int, echo_db: float, rate: int, inverted: bool) -> None:
    gain = 10 ** (echo_db / 20) * (-1 if inverted else 1)
    found, level = check(EchoCard(rate, delay_ms=delay_ms, gain=gain, noise_dbfs=-70))
    assert found == pytest.approx(delay_ms, abs=1)
    assert level == pytest.approx(-70, abs=1)


def test_an_echo_below_the_noise_is_found() -> None:
    # The chirp's mean level is about -19 dBFS; its echo lies 11 dB below the noise.
    found, _ = check(EchoCard(48_000, delay_ms=120, gain=10 ** (-32 / 20), noise_dbfs=-40))
    assert found == pytest.approx(120, abs=1)


def test_the_direct_way_counts_in_a_reverberant_room() -> None:
    tail = {120 + 7 * i: 0.7 ** (i + 1) for i in range(12)}
    found, _ = check(EchoCard(16_000, delay_ms=113, gain=1.0, reflections=tail, noise_dbfs=-60))
    assert found == pytest.approx(113, abs=1)


@pytest.mark.parametrize("noise_dbfs", [-200, -70, -20])
def test_headphones_are_not_heard(noise_dbfs: float) -> None:
    found, _ = check(EchoCard(16_000, delay_ms=50, gain=0.0, noise_dbfs=noise_dbfs))
    assert found is None


def test_a_tone_in_the_room_is_no_echo() -> None:
    found, _ = check(EchoCard(16_000, delay_ms=50, gain=0.0, tone_hz=1000))
    assert found is None


def test_a_card_that_stands_still_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("device.audio.card.soundcheck.STALL_S", 0.05)
    card = EchoCard(16_000, delay_ms=50, gain=1.0, seconds=1.0)
    source = ChirpSource(card, 0.25)
    card.open(source)
    assert check_sound(card, source) is None


def test_a_known_delay_on_a_sound_server(pulse: Pulse) -> None:
    pulse.pactl("load-module", "module-loopback", "source=spk.monitor", "sink=micbus", "latency_msec=150")
    card = AlsaCard(CardSettings())
    source = ChirpSource(card, 0.25)
    card.open(source)
    found = check_sound(card, source)
    card.close()
    assert found is not None
    assert found.delay_ms is not None
    assert found.delay_ms > 150
    # The server is silent but for the chirps, so that their beginning shows on both tracks.
    assert found.delay_ms == pytest.approx(1000 * (onset(card.mic) - onset(card.reference)) / card.rate, abs=12)


def onset(ring: RingBuffer) -> int:
    """Where the first sound in the ring begins."""
    track = ring.cursor(ring.oldest).take(ring.capacity)
    return ring.position - len(track) + int(np.flatnonzero(np.abs(track) > 300)[0])
