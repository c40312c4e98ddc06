from datetime import date

import pytest

from device.language.language import load_language
from device.skills.dates.days import DayWords, easter, holiday

TODAY = date(2026, 11, 24)


def find(said, *, past=False, today=TODAY):
    language = load_language("en")
    return language.words("dates", DayWords).find(said, today, language.clock, past=past)


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("christmas", date(2026, 12, 25)),
        ("Christmas Eve", date(2026, 12, 24)),
        ("new year", date(2027, 1, 1)),
        ("easter", date(2027, 3, 28)),
        ("easter 2028", date(2028, 4, 16)),
        ("good friday", date(2027, 3, 26)),
        ("thanksgiving", date(2026, 11, 26)),
        ("friday", date(2026, 11, 27)),
        ("next tuesday", date(2026, 12, 1)),
        ("the 24th of december", date(2026, 12, 24)),
        ("december 24", date(2026, 12, 24)),
        ("the first of january", date(2027, 1, 1)),
        ("january 20 first 2030", date(2030, 1, 21)),
        ("29 february", date(2028, 2, 29)),
        ("24 november", TODAY),
        ("tomorrow", date(2026, 11, 25)),
        ("my birthday", None),
        ("the battle of hastings", None),
        ("", None),
    ],
)
def test_a_day_is_found(said, day):
    assert find(said) == day


def test_the_last_one_is_meant_if_it_is_over():
    assert find("christmas", past=True) == date(2025, 12, 25)
    assert find("monday", past=True) == date(2026, 11, 23)


@pytest.mark.parametrize("said", ["the 31st of april", "30 february", "29 february 2027", "january 0", "99 january"])
def test_a_date_that_does_not_exist_is_an_error(said):
    with pytest.raises(ValueError, match=r"."):
        find(said)


@pytest.mark.parametrize(
    ("year", "day"),
    [(1818, (3, 22)), (1943, (4, 25)), (2000, (4, 23)), (2024, (3, 31)), (2026, (4, 5)), (2038, (4, 25))],
)
def test_easter(year, day):
    assert easter(year) == date(year, *day)


def test_every_holiday_is_a_day_of_every_year():
    for rule in load_language("en").words("dates", DayWords).holidays.values():
        for year in (2024, 2026, 2100):
            assert holiday(rule, year).year in (year, year + 1)


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("my birthday it is the 14th of february", date(2027, 2, 14)),
        ("the 29th of november my mates party", date(2026, 11, 29)),
        ("the first monday of january", date(2027, 1, 4)),
        ("the third thursday in november 2027", date(2027, 11, 18)),
        ("whatever", None),
    ],
)
def test_a_day_is_found_among_other_words(said, day):
    language = load_language("en")
    assert language.words("dates", DayWords).find_in(said, TODAY, language.clock) == day
