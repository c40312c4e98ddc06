"""How loud each channel of a microphone is."""

import pytest

from device.audio.card.base import CardError
from device.audio.card.channels import levels
from device.audio.card.devices import Device
from device.audio.measure import NOTHING_DBFS

pytestmark = pytest.mark.realtime


@pytest.mark.parametrize(("rate", "format_"), [(16_000, "S16_LE"), (48_000, "S32_LE")])
def test_the_channel_that_sounds_is_found(cards, rate, format_):
    cards(array=f"rate {rate} channels 4 channel 2 format {format_} level 0.1 direction capture")
    found = levels(Device(0, "array", 4, 0))
    assert [level > NOTHING_DBFS for level in found] == [False, False, True, False]
    assert found[2] == pytest.approx(-23, abs=1)


def test_a_microphone_that_is_held_is_an_error(cards):
    cards(held="busy 1")
    with pytest.raises(CardError, match="in use"):
        levels(Device(0, "held", 2, 0))
