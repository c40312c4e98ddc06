"""What the kernel says of its cards, in files like its own."""

import pytest

from device.audio.card.kernel import KernelCard, cards, named

LISTED = """\
 0 [Headphones     ]: bcm2835_headpho - bcm2835 Headphones
                      bcm2835 Headphones
 1 [ArrayUAC10     ]: USB-Audio - ReSpeaker 4 Mic Array (UAC1.0)
                      SEEED ReSpeaker 4 Mic Array (UAC1.0) at usb-0000:01:00.0-1.1, high speed
 2 [seeed2micvoicec]: seeed-2mic-voic - seeed-2mic-voicecard
                      seeed-2mic-voicecard
 3 [vc4hdmi        ]: vc4-hdmi - vc4-hdmi
                      vc4-hdmi
"""
USB = """\
SEEED ReSpeaker 4 Mic Array (UAC1.0) at usb-0000:01:00.0-1.1, high speed : USB Audio

Playback:
  Status: Stop
  Interface 1
    Altset 1
    Format: S16_LE
    Channels: 2

Capture:
  Status: Stop
  Interface 2
    Altset 1
    Format: S16_LE
    Channels: 6
"""


@pytest.fixture
def listed(tmp_path):
    for folder in ("card0/pcm0p", "card1/pcm0c", "card1/pcm0p", "card2/pcm0c", "card3"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "card1" / "stream0").write_text(USB)
    path = tmp_path / "cards"
    path.write_text(LISTED)
    return path


def test_cards_are_told_with_what_they_can(listed):
    usb = "SEEED ReSpeaker 4 Mic Array (UAC1.0) at usb-0000:01:00.0-1.1, high speed"
    assert cards(listed) == [
        KernelCard("Headphones", "bcm2835 Headphones", 0, outputs=True),
        KernelCard("ArrayUAC10", usb, 6, outputs=True),
        KernelCard("seeed2micvoicec", "seeed-2mic-voicecard", 1, outputs=False),
    ]


def test_without_cards_there_are_none(tmp_path):
    assert cards(tmp_path / "cards") == []
    assert named(tmp_path / "cards") == {}
