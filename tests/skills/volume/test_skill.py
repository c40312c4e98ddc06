import pytest
from support.skills import talk

from device.skills.skill import Meaning
from device.skills.volume.skill import VOLUME


@pytest.mark.parametrize(
    ("intent", "slots", "arguments"),
    [
        ("set_volume", {"number": 40.0}, {"percent": 40}),
        ("set_volume", {"number": 5.0}, {"percent": 50}),
        ("set_volume", {"number": 2.5}, {"percent": 25}),
        ("set_volume", {"number": 0.0}, {"percent": 0}),
        ("set_volume", {"number": 10.0}, {"percent": 100}),
        ("set_volume", {"number": 11.0}, {"percent": 110}),
        ("set_volume_percent", {"number": 5.0}, {"percent": 5}),
        ("set_volume_percent", {"number": 11.0}, {"percent": 11}),
        ("half_volume", {}, {"percent": 50}),
        ("least_volume", {}, {"percent": 10}),
        ("much_louder", {}, {"change": 25}),
        ("much_quieter", {}, {"change": -25}),
        ("volume_up_by", {"number": 2.0}, {"change": 20}),
        ("volume_down_by", {"number": 5.0}, {"change": -5}),
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
    assert VOLUME.out_of_range("percent", 120, 100, talk()) == "The volume goes from 0 to 10, or 0 to 100 percent."
    assert VOLUME.out_of_range("change", 120, 100, talk()) == "I cannot change it by that much."


def test_how_loud_it_is_can_be_asked():
    assert VOLUME.calls["ask_volume"] == "get_volume"
    assert VOLUME.outputs["get_volume"]({"percent": 40}, [], talk()) == ["The volume is at 40 percent."]
