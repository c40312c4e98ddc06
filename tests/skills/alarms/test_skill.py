from datetime import datetime

import pytest
from support.skills import talk

from device.language.when import When
from device.skills.alarms.skill import ALARMS
from device.skills.skill import Meaning

TOOLS = ["set_alarm", "set_reminder"]


@pytest.mark.parametrize(
    ("intent", "slots", "arguments"),
    [
        (
            "set_alarm",
            {"when": When(hour=6, minute=30, ahead=1)},
            {"time": "06:30", "date": "2026-11-23", "repeat": ""},
        ),
        (
            "set_alarm",
            {"when": When(ahead=1), "when_too": When(hour=8)},
            {"time": "08:00", "date": "2026-11-23", "repeat": ""},
        ),
        ("alarm_time", {"hour": 7.0, "minute": 30.0}, {"time": "19:30", "date": "", "repeat": ""}),
        ("set_reminder", {"text": "call my mum", "duration": 60.0}, {"text": "call your mum", "in_seconds": 60}),
        (
            "set_reminder",
            {"text": "run", "when": When(hour=6, days=(0, 1, 2, 3, 4))},
            {"text": "run", "time": "18:00", "date": "", "repeat": "weekdays"},
        ),
        ("cancel_alarm", {"when": When(hour=7)}, {"kind": "alarm", "time": "19:00", "text": ""}),
        ("cancel_reminders", {}, {"kind": "reminder", "all": True}),
        ("snooze", {}, {"minutes": 10}),
        ("snooze", {"duration": 300.0}, {"minutes": 5}),
        ("snooze", {"duration": 20.0}, {"minutes": 1}),
    ],
)
def test_what_the_tools_are_called_with(intent, slots, arguments):
    assert ALARMS.arguments(Meaning(intent, slots), talk()) == arguments


@pytest.mark.parametrize(
    ("intent", "slots", "answer"),
    [
        ("ask_alarm", {}, "For what time?"),
        ("set_alarm", {"when": When(ahead=1)}, "For what time?"),
        ("alarm_time", {"hour": 30.0}, "For what time?"),
        ("alarm_time", {"hour": 7.0, "minute": 75.0}, "For what time?"),
        ("set_alarm", {"when": When(hour=7, day=31, month=2)}, "There is no such date."),
        ("set_alarm", {"when": When(hour=7, hours=(0, 12), ahead=0)}, "That time is over already."),
        ("ask_reminder", {"text": "call mum"}, "When shall I remind you?"),
        (
            "ask_reminder",
            {"text": "every other day to water the plants"},
            "I can't repeat it like that, only every day or on days of the week.",
        ),
        (
            "set_reminder",
            {"text": "take pills twice", "duration": 86400.0},
            "I can't repeat it like that, only every day or on days of the week.",
        ),
        ("set_alarm", {"when": When(hour=7)}, ""),
    ],
)
def test_what_is_answered_before_anything_is_set(intent, slots, answer):
    assert ALARMS.answer(Meaning(intent, slots), talk(tools=TOOLS)) == answer
    assert ALARMS.answer(Meaning(intent, slots), talk()) == "This device offers no alarms and reminders."


ALARM = {"kind": "alarm", "time": "07:00", "date": "2026-11-23", "repeat": "weekdays"}
PILLS = {"kind": "reminder", "text": "take your pills", "time": "20:00", "date": "2026-11-22"}


@pytest.mark.parametrize(
    ("tool", "intent", "output", "said"),
    [
        ("set_alarm", "set_alarm", ALARM, "Alarm set for seven o'clock in the morning on weekdays."),
        ("set_alarm", "set_alarm", {"kind": "alarm", "time": "07:00", "waits": "x"}, "so it waits until I do."),
        ("set_reminder", "set_reminder", PILLS, "I will remind you at eight o'clock in the evening: take your pills."),
        ("set_reminder", "set_reminder", PILLS | {"in_seconds": 60}, "I will remind you in 1 minute: take your pills."),
        ("list_alarms", "list_alarms", {"alarms": [PILLS]}, "No alarm is set."),
        (
            "list_alarms",
            "list_alarms",
            {"alarms": [ALARM, PILLS]},
            "One alarm is set, for seven o'clock in the morning on",
        ),
        (
            "list_alarms",
            "list_reminders",
            {"alarms": [PILLS]},
            "One reminder is set, at eight o'clock in the evening: take",
        ),
        ("list_alarms", "list_reminders", {"alarms": [PILLS, PILLS]}, "2 reminders are set. At eight"),
        ("cancel_alarm", "cancel_alarm", {"cancelled": []}, "There was no such alarm."),
        ("cancel_alarm", "cancel_alarm", {"cancelled": [ALARM]}, "Your alarm for seven o'clock"),
        ("cancel_alarm", "cancel_alarm", {"cancelled": [{"kind": "alarm"}]}, "All right, it is off."),
        ("cancel_alarm", "cancel_alarm", {"cancelled": [{"kind": "timer", "name": "x"}]}, "a timer"),
        ("cancel_alarm", "cancel_reminder", {"cancelled": [PILLS]}, "Your reminder is cancelled: take your pills."),
        ("cancel_alarm", "cancel_alarms", {"cancelled": [ALARM, ALARM]}, "2 alarms are cancelled."),
        ("cancel_alarm", "cancel_alarms", {"cancelled": [ALARM, PILLS]}, "2 alarms and reminders are cancelled."),
        ("cancel_alarm", "cancel_alarm", {"which": [ALARM, ALARM]}, "Which one? There are alarms for"),
        ("cancel_alarm", "cancel_reminder", {"which": [PILLS, PILLS]}, "Which one? There are these: At eight"),
        ("snooze", "snooze", {"snoozed": [ALARM], "minutes": 10}, "All right, again in 10 minutes."),
        ("snooze", "snooze", {"snoozed": [], "minutes": 10}, "Nothing has rung that I could put off."),
        (
            "snooze",
            "snooze",
            {"snoozed": [], "extended": "tea", "remaining_seconds": 660},
            "Your tea timer has 11 minutes left.",
        ),
    ],
)
def test_what_is_said_of_what_was_done(tool, intent, output, said):
    (text,) = ALARMS.outputs[tool](output, [Meaning(intent, {})], talk())
    assert said in text


def test_days_are_said_as_people_call_them():
    says = ALARMS.outputs["set_alarm"]
    for day, said in [
        ("2026-11-22", "evening."),
        ("2026-11-23", "tomorrow."),
        ("2026-11-27", "on Friday."),
        ("2027-05-03", "the 3rd of May 2027."),
    ]:
        told = {"kind": "alarm", "time": "19:00", "date": day}
        assert says(told, [], talk(now=datetime(2026, 11, 22, 14, 5)))[0].endswith(said)  # noqa: DTZ001
    repeated = [says(ALARM | {"repeat": r}, [], talk())[0] for r in ("daily", "weekends", "monday,friday")]
    assert [text.rpartition("morning ")[2] for text in repeated] == [
        "every day.",
        "on weekends.",
        "every Monday and Friday.",
    ]
