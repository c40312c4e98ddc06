import pytest
from support.skills import talk

from device.skills.farewell.skill import ENDS, FAREWELL
from device.skills.skill import Meaning


@pytest.mark.parametrize("intent", ENDS)
def test_a_goodbye_is_said_before_the_conversation_ends_and_a_stop_is_silent(intent):
    said = FAREWELL.answer(Meaning(intent, {}), talk(tools=["sleep"]))
    assert bool(said) is (intent != "stop")
    assert FAREWELL.speaks_first
    assert FAREWELL.calls[intent] == "sleep"


def test_nothing_is_said_afterwards():
    assert FAREWELL.outputs["sleep"]({"sleeping": True}, [], talk()) == []
