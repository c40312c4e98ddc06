"""Rooms in which the card goes wrong: what a device has of them."""

import numpy as np
import pytest
from msgspec.structs import replace

from device.bench.echo.cards import DELAYS_MS, JUMPS, SECONDS, Card, cards, tape
from device.sample_clock import CLOCK_RATE
from device.simulation.faults import Fault
from device.simulation.scene import Acoustics, Scene

ROOM = Acoustics(rate=16_000, rt60=0, clip=np.inf, noise_db=-70, delay_ms=100)
NOISE = np.random.default_rng(0).standard_normal(CLOCK_RATE * 3).astype(np.float32) * 0.1


def card(*faults: Fault, times=(), seconds: float = 8.0, **keys) -> Card:
    return Card("a card", Scene(seconds=seconds, room=replace(ROOM, **keys), faults=faults), times)


def lag(echo, played, start, seconds=2.0):
    """Return how many ms the echo is behind what was played, from `start` on."""
    part = slice(round(start * CLOCK_RATE), round((start + seconds) * CLOCK_RATE))
    size = 2 * (part.stop - part.start)
    product = np.fft.rfft(echo[part], size) * np.conj(np.fft.rfft(played[part].astype(float), size))
    return int(np.argmax(np.fft.irfft(product)[: size // 2])) / 16


def test_everything_that_was_asked_for_is_tried():
    found = cards([(0.25, 0.2)])
    assert {f"delay of {ms} ms" for ms in DELAYS_MS} < set(found)
    assert {"stalls that are told", "… not told", "a second echo", "clocks that change", JUMPS} < set(found)
    assert all(one.scene.seconds == SECONDS for some in found.values() for one in some)
    assert len({one.scene.room.seed for some in cards([(1, 0.2), (1, 0.6)]).values() for one in some}) == 2 * len(found)


def test_a_card_that_is_well_has_the_echo_where_it_is_said_to_be():
    found = tape(card(), [NOISE])
    assert len(found.played) == len(found.heard) == len(found.echo) == 8 * CLOCK_RATE
    assert lag(found.echo, found.played, 2.0) == 120
    assert not found.missing.any()
    noise = found.heard / 32768 - found.echo
    assert 20 * np.log10(np.sqrt(np.mean(noise**2))) == pytest.approx(-70, abs=1)


def test_what_a_card_misses_is_silence_on_both_sides_and_moves_nothing():
    found = tape(card(Fault(at=3.0, kind="stall", ms=205), times=(3.0,)), [NOISE])
    assert found.changes == [3 * CLOCK_RATE]
    gap = slice(3 * CLOCK_RATE, 3 * CLOCK_RATE + 205 * 16)
    assert not found.heard[gap].any()
    assert not found.played[gap].any()
    assert np.flatnonzero(found.missing).tolist() == list(range(300, 321))
    assert 0 <= 8 * CLOCK_RATE - len(found.heard) < 320
    assert lag(found.echo, found.played, 4.0) == 120


def test_a_card_that_does_not_tell_has_nothing_in_its_place():
    found = tape(card(Fault(at=3.0, kind="stall", ms=200), times=(3.0, 5.0), losses_told=False), [NOISE])
    assert len(found.heard) == 7.8 * CLOCK_RATE
    assert not found.missing.any()
    assert found.changes == [3 * CLOCK_RATE, round(4.8 * CLOCK_RATE)]


def test_an_echo_that_jumps_is_later_from_then_on():
    found = tape(card(Fault(at=4.0, kind="jump", ms=250), times=(4.0,)), [NOISE])
    assert [lag(found.echo, found.played, start) for start in (1.0, 5.0)] == [120, 370]
