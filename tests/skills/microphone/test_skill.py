from support.skills import talk

from device.skills.microphone.skill import MICROPHONE
from device.skills.skill import Meaning


def test_to_mute_says_nothing_before_it_is_done():
    assert MICROPHONE.answer(Meaning("mute", {}), talk(tools=["mute"])) == ""
    assert MICROPHONE.outputs["mute"]({"muted": True}, [], talk()) == ["The microphone is muted."]


def test_whoever_can_be_heard_is_not_muted():
    assert "I hear you" in MICROPHONE.answer(Meaning("unmute", {}), talk())
