"""Which cards have something to turn, and by which command."""

import pytest

from device.audio.card.mixer import alsamixer, control, has_volume


def test_a_card_with_a_capture_level_has_one(cards):
    cards(usb="mixer 1", bare="rate 48000")
    assert has_volume("usb", "input")
    assert not has_volume("usb", "output"), "its mixer has none for the loudspeaker"
    assert not has_volume("bare", "input")
    assert not has_volume("nowhere", "input")


@pytest.mark.parametrize(
    ("pcm", "mixer", "command"),
    [
        ("hw:1,0", "hw:1", "alsamixer -c 1"),
        ("plughw:2,0", "hw:2", "alsamixer -c 2"),
        ("hw:CARD=Device,DEV=0", "hw:CARD=Device", "alsamixer -c CARD=Device"),
        ("default", "default", "alsamixer"),
        ("pulse", "pulse", "alsamixer -D pulse"),
    ],
)
def test_a_mixer_is_that_of_the_device_s_card(pcm, mixer, command):
    assert control(pcm) == mixer
    assert alsamixer(pcm) == command
