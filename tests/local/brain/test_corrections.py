import pytest

from device.language.language import load_language
from device.local.brain.corrections import Corrections
from device.local.brain.heard import Heard
from device.local.brain.understand import Understanding

UNDERSTANDING = Understanding(load_language("en"), ["Jarvis"])
CORRECTIONS = Corrections(
    "no wait",
    lambda words: [word in {"to", "the", "for", "please"} for word in words],
    {"add", "list", "timer", "set"}.__contains__,
)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        # A word is said again: what stands as far from it is taken back.
        ("add white bread no wait brown bread to the list", "add brown bread to the list"),
        ("add white bread to the list no wait brown bread please", "add brown bread to the list please"),
        # None is: the last words are, up to one by which something is asked for.
        ("add apples no wait pears to the list", "add pears to the list"),
        ("add the milk no wait the cream to the list", "add the cream to the list"),
        # A value stands for one of its kind, and a bare number for what was counted before.
        ("set the timer for dura no wait durb", "set the timer for 12 minutes"),
        ("set the timer for dura no wait numa", "set the timer for 15 minutes"),
        ("set dura timer no wait durb", "set 12 minutes timer"),
        # Of a sum it stands for the last one; of what is said beside a value, more is said otherwise.
        ("suma no wait numa", "10 times 15"),
        ("add milk dura no wait cream durb", "add cream 12 minutes"),
        # What was said instead begins as what was taken back does.
        ("add the milk to the list no wait the cream", "add the cream to the list"),
        # What was taken back is not known, or nothing was.
        ("add apples to the list no wait pears", None),
        ("add apples no wait pears no wait figs", None),
        ("no wait add apples", None),
        ("add apples", None),
    ],
)
def test_what_was_taken_back_is_not_meant(text, meant):
    said = {"dura": "10 minutes", "durb": "12 minutes", "numa": "15", "suma": "10 times 5"}
    assert CORRECTIONS.meant(Heard(text, {}, said)) == meant


@pytest.mark.parametrize(
    ("text", "intent", "slots"),
    [
        ("add white bread sorry I mean brown bread to the shopping list", "add_to_list", {"items": "brown bread"}),
        ("take the eggs, I mean the milk, off the list", "remove_from_list", {"items": "the milk"}),
        ("remind me to ring Bob no wait ring Alice at four", "set_reminder", {"text": "ring Alice"}),
        ("set a timer for pasta no sorry rice for ten minutes", "set_timer", {"duration": 600.0, "name": "rice"}),
        ("set a timer for ten minutes no wait twelve", "set_timer", {"duration": 720.0}),
        ("set a ten minute timer no sorry fifteen minutes", "set_timer", {"duration": 900.0}),
        ("remind me at ten to phone Janet sorry Janice", "set_reminder", {"text": "phone Janice"}),
        ("add butter to the list sorry margarine", "add_to_list", {"items": "margarine"}),
        ("add butter to the shopping list, no, margarine", "add_to_list", {"items": "margarine"}),
        ("put apples on the list or rather pears please", "add_to_list", {"items": "pears"}),
        ("remind me to call mum at six sorry dad at six", "set_reminder", {"text": "call dad"}),
        ("remind me at five to feed the cat no the dog", "set_reminder", {"text": "feed the dog"}),
        ("add five minutes to the timer no ten", "add_time", {"by": 600.0}),
        ("set a timer for the fish for ten minutes no wait fifteen", "set_timer", {"duration": 900.0, "name": "fish"}),
        ("what time is it in London, I mean Paris", "time_elsewhere", {"place": "Paris"}),
        ("turn the volume down I mean up", "volume_up", {}),
        ("convert five miles to kilometres no to metres", "convert", {"target": "metre"}),
        # Such words may belong to what is said, or take it all back.
        ("add a no salt loaf to the shopping list", "add_to_list", {"items": "a no salt loaf"}),
        ("remind me to say no to Bob at four", "set_reminder", {"text": "say no to Bob"}),
        ("set a timer for ten minutes scratch that", "fine", {}),
        ("remind me to scratch that itch at four", "set_reminder", {"text": "scratch that itch"}),
        ("remind me to say sorry to mum at four", "set_reminder", {"text": "say sorry to mum"}),
    ],
)
def test_only_what_was_meant_is_done(text, intent, slots):
    (meaning,) = UNDERSTANDING.meanings(text)
    assert (meaning.intent, {**meaning.slots, **slots}) == (intent, meaning.slots)


def test_a_day_that_was_meant_instead_leaves_the_time():
    (meaning,) = UNDERSTANDING.meanings("wake me at seven on Monday no Tuesday")
    assert (meaning.slots["when"].hour, meaning.slots["when"].weekday) == (7, 1)


@pytest.mark.parametrize(
    ("before", "text", "slots"),
    [
        ("set a timer for ten minutes", "no, fifteen", {"duration": 900.0}),
        ("add butter to the shopping list", "sorry, I meant margarine", {"items": "margarine", "list": "shopping"}),
        ("what's ten times five", "I mean six", None),
        ("set a timer for ten minutes", "no", None),
        ("set a timer for ten minutes", "no thanks", None),
        ("set a timer for ten minutes", "fifteen", None),
    ],
)
def test_a_value_is_corrected_afterwards(before, text, slots):
    found = UNDERSTANDING.correction(before, text)
    if "times" in before:
        assert found[1].slots["sum"].numbers == [10.0, 6.0]
    else:
        assert (found and found[1].slots) == slots


@pytest.mark.parametrize(
    "text", ["wake me at seven no make that eight", "set an alarm for seven scratch that eight", "alarm for 7, no, 8"]
)
def test_only_the_time_that_was_meant_is_set(text):
    (meaning,) = UNDERSTANDING.meanings(text)
    assert (meaning.intent, meaning.slots["when"].hour) == ("set_alarm", 8)
