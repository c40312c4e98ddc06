import pytest
from support.skills import talk

from device.skills.skill import Meaning
from device.skills.timers.skill import TIMERS


@pytest.mark.parametrize(
    ("intent", "slots", "arguments"),
    [
        ("set_timer", {"duration": 90.0}, {"seconds": 90, "name": ""}),
        ("set_timer", {"duration": 90.0, "name": "tea"}, {"seconds": 90, "name": "tea"}),
        ("duration", {"duration": 90.0}, {"seconds": 90, "name": ""}),
        ("duration", {"number": 2.0}, {"seconds": 120, "name": ""}),
        ("cancel_timer", {"name": "tea"}, {"name": "tea"}),
        ("cancel_timer", {"duration": 300.0}, {"name": "five minute timer"}),
        ("cancel_timer", {}, {"name": ""}),
        ("list_timers", {"name": "tea"}, {}),
    ],
)
def test_what_the_tools_are_called_with(intent, slots, arguments):
    assert TIMERS.arguments(Meaning(intent, slots), talk()) == arguments


def test_for_how_long_is_asked_only_where_timers_can_be_set():
    meaning = Meaning("ask_duration", {})
    assert TIMERS.answer(meaning, talk(tools=["set_timer"])) == "For how long?"
    assert TIMERS.answer(meaning, talk()) == "This device offers no timers."


def test_lengths_that_cannot_be_set_are_told():
    assert "the longest is 1 day" in TIMERS.out_of_range("seconds", 90_000, 86_400, talk())
    assert TIMERS.out_of_range("seconds", 0, 86_400, talk()) == "That is not a time I can set a timer for."
