from datetime import date, datetime, time

import pytest

from device.language.language import load_language
from device.skills.alarms.alarms import Alarm, Rung
from device.skills.alarms.spoken import Spoken, put_off, rings

DUE = datetime(2026, 11, 22, 7).timestamp()  # noqa: DTZ001 - the device's own clock


@pytest.mark.parametrize(
    ("alarm", "missed", "after_s", "said"),
    [
        (Alarm(1, time=time(7)), False, 0, ""),
        (Alarm(1, "turn off the oven", time(7)), False, 0, "This is your reminder: turn off the oven."),
        (Alarm(1, time=time(7)), True, 3600, "You missed an alarm at seven o'clock in the morning, while I was off."),
        (
            Alarm(1, "run", time(7)),
            True,
            86_400,
            "You missed a reminder at seven o'clock in the morning yesterday, while I was off: run.",
        ),
        (Alarm(1, "{text} {x}", time(7)), False, 0, "This is your reminder: {text} {x}."),
    ],
)
def test_what_is_said_while_one_rings(alarm, missed, after_s, said):
    for language in ("en", "en-GB", "xx"):
        assert rings(Rung(alarm, DUE, missed), language, DUE + after_s) == said


@pytest.mark.parametrize(
    ("text", "turned"),
    [
        ("take my pills", "take your pills"),
        ("that I am late", "that you are late"),
        ("call me", "call you"),
        ("myth", "myth"),
    ],
)
def test_a_text_is_turned_to_who_hears_it(text, turned):
    assert Spoken(load_language("en")).turned(text) == turned


def test_a_day_long_over_is_said_as_a_date():
    spoken = Spoken(load_language("en"))
    assert spoken.on("noon", date(2026, 11, 1), date(2026, 11, 22)) == "noon on Sunday, the 1st of November 2026"


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "All right, again in 5 minutes."),
        ("de-AT", "In Ordnung, in 5 Minuten noch einmal."),
        ("xx", "All right, again in 5 minutes."),
    ],
)
def test_what_is_said_when_it_was_put_off(language, said):
    assert put_off(5, language) == said
