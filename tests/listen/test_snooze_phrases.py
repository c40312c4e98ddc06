import pytest

from device.listen.lexicon import lexica
from device.listen.snooze_phrases import MOST, USUAL, snoozed_minutes
from device.skills.alarms.tools import Snooze


@pytest.mark.parametrize(
    ("language", "text", "minutes"),
    [
        ("en", "Snooze.", 10),
        ("en-GB", "Snooze it, please", 10),
        ("en", "Five more minutes.", 5),
        ("en", "just ten more minutes, please", 10),
        ("en", "Wake me again in twenty-five minutes.", 25),
        ("en", "Find more minutes.", 10),
        ("en", "Not yet!", 10),
        ("en", "What time is it?", None),
        ("en", "I snore", None),
        ("en", "a thousand more minutes", None),
        ("en", "0 more minutes", None),
        ("en", "99999999 more minutes", 10),
        ("en", "", None),
        ("de", "Schlummern!", 10),
        ("de", "Noch fünf Minuten", 5),
        ("de", "Noch einundzwanzig Minuten schlafen", 21),
        ("de", "Noch ein bisschen", 10),
        ("de", "five more minutes", 5),
        ("de", "Wie spät ist es?", None),
        ("tlh", "snooze", 10),
        ("tlh", "nuqneH", None),
    ],
)
def test_what_puts_off_and_for_how_long(language, text, minutes):
    assert snoozed_minutes(text, language) == minutes


def test_it_puts_off_by_as_much_as_the_tool_does():
    assert Snooze().minutes == USUAL
    assert MOST == 180


@pytest.mark.parametrize("language", lexica())
def test_every_language_with_a_lexicon_has_phrases_that_put_off_and_none_of_them_stops(language):
    known = lexica()[language]
    assert known.snooze
    assert not any(known.stop.intersection(phrase.split()) for phrase in known.snooze)
