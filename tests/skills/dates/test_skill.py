from datetime import datetime

import pytest
from support.skills import talk

from device.skills.dates.skill import DATES
from device.skills.skill import Meaning

NOW = datetime(2026, 11, 24, 10, 14)  # noqa: DTZ001 - the device's own clock


@pytest.mark.parametrize(
    ("intent", "slots", "said"),
    [
        ("days_until", {"items": "christmas"}, "It's 31 days until christmas."),
        ("days_until", {"items": "25 th of november"}, "It's one day until 25th of november: tomorrow."),
        ("days_until", {"items": "24th of november"}, "That's today."),
        ("days_until", {"items": "yesterday"}, "Yesterday was yesterday."),
        ("weeks_until", {"items": "christmas"}, "It's 4 weeks and 3 days until christmas."),
        ("weeks_until", {"items": "next tuesday"}, "It's 1 week until next tuesday."),
        ("weeks_until", {"items": "2 december"}, "It's 1 week and 1 day until 2 december."),
        ("weeks_until", {"items": "tomorrow"}, "It's 1 day until tomorrow."),
        ("days_between", {"items": "the first of march and the 20th of may"}, "80 days are between them."),
        ("days_between", {"items": "yesterday and today"}, "There is one day between them."),
        ("days_between", {"items": "christmas to the first of january"}, "7 days are between them."),
        ("days_between", {"items": "tomorrow and today"}, "There is one day between them."),
        ("days_between", {"items": "third of october to first of august"}, "303 days are between them."),
        ("days_between", {"items": "here and there"}, "I don't know that."),
        ("days_between", {"items": "christmas"}, "I don't know that."),
        ("days_since", {"items": "the first of november"}, "The first of november was 23 days ago."),
        ("day_of", {"items": "the 24th of december"}, "That's Thursday, the 24th of December 2026."),
        ("date_after", {"items": "christmas", "duration": 14 * 86_400.0}, "That's Friday, the 8th of January 2027."),
        ("date_before", {"items": "tomorrow", "duration": 2 * 86_400.0}, "That was Monday, the 23rd of November 2026."),
        ("day_of", {"items": "easter next year"}, "That's Sunday, the 28th of March 2027."),
        ("leap_year", {"year": 2028.0}, "Yes, 2028 is a leap year."),
        ("leap_year", {}, "No, 2026 is no leap year: the next one is 2028."),
        ("leap_year", {"year": 2097.0}, "No, 2097 is no leap year: the next one is 2104."),
        ("leap_year", {"year": 1e30}, "There is no such date."),
        ("day_of", {"items": "31st of april"}, "There is no such date."),
        ("date_after", {"items": "christmas", "duration": 1e15}, "There is no such date."),
        ("day_of", {"items": "my birthday"}, "I don't know that."),
    ],
)
def test_what_is_answered(intent, slots, said):
    assert DATES.answer(Meaning(intent, slots), talk(now=NOW)) == said


@pytest.mark.parametrize(
    ("intent", "slots", "said"),
    [
        ("then_days_until", {}, "until"),
        ("then_day_of", {}, "That's"),
        ("then_same", {"items": "new year"}, "That's"),
    ],
)
def test_it_goes_on_from_the_day_that_was_asked_about(intent, slots, said):
    before = Meaning("day_of", {"items": "christmas"})
    assert said in DATES.answer(Meaning(intent, {**slots, "before": before}), talk())
