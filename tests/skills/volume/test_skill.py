import pytest
from support.skills import talk

from device.skills.skill import Meaning
from device.skills.volume.skill import VOLUME


@pytest.mark.parametrize(
    ("intent", "slots", "arguments"),
    [
        ("set_volume", {"number": 40.0}, {"percent": 40}),
        ("full_volume", {}, {"percent": 100}),
        ("volume_up", {}, {"change": 10}),
        ("volume_down", {}, {"change": -10}),
        ("volume_up_by", {"number": 25.0}, {"change": 25}),
        ("volume_down_by", {"number": 25.0}, {"change": -25}),
    ],
)
def test_what_the_tool_is_called_with(intent, slots, arguments):
    assert VOLUME.calls[intent] == "set_volume"
    assert VOLUME.arguments(Meaning(intent, slots), talk()) == arguments


def test_what_is_out_of_range_is_told():
    assert VOLUME.out_of_range("percent", 120, 100, talk()) == "The volume goes from 0 to 100 percent."
    assert VOLUME.out_of_range("change", 120, 100, talk()) == "I cannot change it by that much."
