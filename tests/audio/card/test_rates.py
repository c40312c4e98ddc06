"""At which rate a card is used, and at which each of its devices."""

import pytest

from device.audio.card.rates import HOST_RATES, RATES, common_rate, host_rate, is_convertible
from device.audio.resample import filter_matrix


@pytest.mark.parametrize(
    ("microphone", "loudspeaker", "expected"),
    [
        (HOST_RATES, HOST_RATES, 48_000),
        ({16_000}, {16_000, 24_000, 48_000}, 16_000),
        ({16_000, 24_000}, {16_000, 24_000}, 24_000),
        ({44_100}, {44_100}, 44_100),
        ({16_000}, {48_000}, 48_000),
        ({48_000}, {16_000}, 16_000),
        ({44_100}, {48_000}, 48_000),
        ({48_000}, {8_000}, 48_000),
        ({96_000}, {96_000}, 48_000),
        ({8_000}, {8_000}, 48_000),
        ((), {44_100}, 44_100),
    ],
)
def test_what_needs_least_converting_is_taken(microphone, loudspeaker, expected):
    assert common_rate(microphone, loudspeaker) == expected


@pytest.mark.parametrize(
    ("taken", "wanted", "expected"),
    [
        (HOST_RATES, 48_000, 48_000),
        ({8_000, 48_000}, 16_000, 48_000),
        ({8_000, 16_000, 22_050}, 48_000, 22_050),
        ({44_100, 96_000}, 48_000, 96_000),
        ((), 48_000, None),
    ],
)
def test_nothing_is_lost_to_a_device_that_can_do_better(taken, wanted, expected):
    assert host_rate(taken, wanted) == expected


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("host", HOST_RATES)
def test_all_can_be_converted_to_all(rate, host):
    filter_matrix(host, rate)
    filter_matrix(rate, host)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("unusual", [6_000, 12_000, 37_800, 64_000, 48_050])
def test_unusual_rates_can_be_converted_too(rate, unusual):
    assert is_convertible(unusual)
    filter_matrix(unusual, rate)
    filter_matrix(rate, unusual)


def test_some_cannot():
    assert not is_convertible(5_512)
