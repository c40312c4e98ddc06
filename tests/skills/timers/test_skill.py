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
        ("cancel_timer", {"all": "all"}, {"name": "", "all": True}),
        ("list_timers", {"name": "tea"}, {}),
        ("cancel_timer", {"one": "last"}, {"name": "last"}),
        ("add_time", {"by": 300.0, "duration": 600.0}, {"name": "ten minute timer", "add_seconds": 300}),
        ("take_time", {"by": 60.0}, {"name": "", "add_seconds": -60}),
        ("correct_timer", {"by": 900.0}, {"name": "last", "seconds": 900}),
        ("correct_timer", {"number": 15.0, "name": "tea"}, {"name": "tea", "seconds": 900}),
        ("pause_timer", {"name": "tea"}, {"name": "tea", "pause": True}),
        ("resume_timer", {"name": "tea"}, {"name": "tea", "pause": False}),
        ("rename_timer", {"name": "tea", "new_name": "egg"}, {"name": "tea", "new_name": "egg"}),
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


PAUSED = {"name": "tea timer", "remaining_seconds": 60, "paused": True}


@pytest.mark.parametrize(
    ("intent", "output", "said"),
    [
        ("add_time", {"changed": [{"name": "tea", "remaining_seconds": 60}]}, "Your tea timer has 1 minute left."),
        ("add_time", {"which": ["tea timer", "egg"]}, "Which one? There are these timers: tea, egg."),
        ("pause_timer", {"changed": [PAUSED]}, "Your tea timer is paused, with 1 minute left."),
        ("pause_timer", {"changed": [PAUSED, PAUSED]}, "All 2 timers are paused."),
        ("resume_timer", {"changed": [PAUSED]}, "Your tea timer goes on, with 1 minute left."),
        ("rename_timer", {"changed": [PAUSED]}, "It is called the tea timer now, with 1 minute left."),
        ("pause_timer", {"changed": []}, "There is no timer running."),
    ],
)
def test_what_is_said_of_a_change(intent, output, said):
    assert TIMERS.outputs["change_timer"](output, [Meaning(intent, {})], talk()) == [said]


def test_a_paused_timer_and_the_last_one_are_told():
    timers = [{"name": "egg", "remaining_seconds": 30}, PAUSED | {"set_last": True}]
    assert "is paused, with 1 minute left" in TIMERS.outputs["list_timers"]({"timers": timers}, [], talk())[1]
    asked = [Meaning("list_timers", {"one": "last"})]
    (said,) = TIMERS.outputs["list_timers"]({"timers": timers}, asked, talk())
    assert said.startswith("Your tea timer")


def test_of_several_the_one_that_rings_first_is_told():
    timers = [{"name": "beans timer", "remaining_seconds": 60}, {"name": "soup timer", "remaining_seconds": 120}]
    said = TIMERS.outputs["list_timers"]({"timers": timers}, [Meaning("next_timer", {})], talk())
    assert said == ["Your beans timer has 1 minute left."]
