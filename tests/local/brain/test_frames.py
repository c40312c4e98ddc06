import pytest
from hassil.intents import Intents
from msgspec.structs import replace

from device.language.language import load_language
from device.local.brain.frames import Found, Frames, likeliest
from device.local.brain.heard import Heard
from device.local.brain.understand import Understanding
from device.local.brain.wording import BREAK

UNDERSTANDING = Understanding(load_language("en"), ["Jarvis"])
FRAMES = Frames(
    load_language("en"),
    Intents.from_dict(
        {"language": "en", "intents": {}, "expansion_rules": dict(load_language("en").rules)}
    ).expansion_rules,
)


def found(text, about=""):
    best = likeliest(FRAMES.find(text, about))
    return best and (best.intent, *best.slots)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        # In any order, with light words among it.
        ("dura on the timer please", ("set_timer", {"duration": "dura"})),
        ("dura egg timer", ("set_timer", {"duration": "dura", "name": "egg"})),
        # Of what any words may stand for, all that is left, up to an aside.
        (f"forget the reminder about the plants {BREAK} i have done it", ("cancel_reminder", {"text": "plants"})),
        (
            f"remind me whena to buy milk {BREAK} eggs and bread",
            ("set_reminder", {"when": "whena", "text": "buy milk, eggs and bread"}),
        ),
        ("remind me whena to turn the oven on", ("set_reminder", {"when": "whena", "text": "turn the oven on"})),
        # Clauses beside a request.
        ("a bit louder please i am hard of hearing", ("volume_up", {})),
        # One after the other: the unit of a number.
        ("how many ounce are numa grams", ("convert", {"number": "numa", "source": "gram", "target": "ounce"})),
        # Several at once, each with its name.
        (
            f"set timers {BREAK} dura for the rice and durb for the chicken",
            ("set_timer", {"duration": "dura", "name": "rice"}, {"duration": "durb", "name": "chicken"}),
        ),
        # What changes something wants every word named.
        ("set the table dura", None),
        ("i was dura late for the timer", None),
        ("do not set a timer for dura", None),
        ("elongate the timer by dura", None),
        (f"if it rains {BREAK} set a timer for dura", None),
        # A loose question does not.
        (
            "recipe says numa fahrenheit what is that in celsius",
            ("convert", {"number": "numa", "source": "degree Fahrenheit", "target": "degree Celsius"}),
        ),
        # A remark before it or after it is none of its names, and no question.
        ("you can turn the soup timer off it is done", ("cancel_timer", {"name": "soup"})),
        ("i am going to set a timer for dura", None),
        ("i was thinking she set a timer for dura", None),
        ("the baby is asleep so keep your voice down", ("volume_down", {})),
        # Several that are named.
        ("cancel the pasta timer and the egg timer", ("cancel_timer", {"name": "pasta"}, {"name": "egg"})),
        ("put dura on for the roast potatoes", ("set_timer", {"duration": "dura", "name": "roast potatoes"})),
        ("skip alarm whena", ("skip_alarm", {"when": "whena"})),
        ("", None),
    ],
)
def test_words_in_any_order_are_a_request(text, meant):
    assert found(text) == meant


@pytest.mark.parametrize(
    ("text", "about", "meant"),
    [
        ("put another dura on that", "timers", ("add_time", {"by": "dura"})),
        ("put another dura on that", "lists", None),
        ("and eggs too", "lists", ("add_to_list", {"items": "eggs"})),
        ("and eggs too", "", None),
        ("cancel the one i just set", "timers", ("cancel_timer", {"one": "last"})),
        ("take the last one off", "timers", ("cancel_timer", {"one": "last"})),
        ("pause the one i just set", "timers", ("pause_timer", {"one": "last"})),
        ("add dura to the one i just set", "timers", ("add_time", {"by": "dura", "one": "last"})),
        ("add numa", "timers", ("add_time", {"number": "numa"})),
        ("add numa", "", None),
        ("and for dura", "timers", ("set_timer", {"duration": "dura"})),
    ],
)
def test_some_frames_only_count_after_their_skill_was_used(text, about, meant):
    assert found(text, about) == meant


def test_a_clause_is_looked_at_from_its_beginning():
    heard = Heard(f"i am hungry {BREAK} order a curry")
    assert [one.text for one in FRAMES.from_clauses(heard)] == ["i am hungry order a curry", "order a curry"]


def test_of_two_acts_that_are_as_likely_neither_counts():
    acts = [Found(intent, ({},), 0.0, 0, 1, asks=False, loose=False) for intent in ("mute", "stop")]
    assert likeliest(acts) is None
    assert likeliest(acts[:1]) == acts[0]
    questions = [Found(intent, ({},), 0.0, 0, 1, asks=True, loose=False) for intent in ("time", "date")]
    assert likeliest(questions) == questions[0]
    assert likeliest([]) is None


def test_only_questions_ask():
    assert FRAMES.asks("time")
    assert not FRAMES.asks("set_timer")


def test_a_language_without_words_for_requests_has_no_frames():
    without = replace(load_language("en"), requests=None)
    assert list(Frames(without, {}).find("set a timer for dura")) == []


@pytest.mark.parametrize(
    ("text", "intent", "slots"),
    [
        ("ten, no, twelve minutes on the timer please", "set_timer", {"duration": 720.0}),
        ("do me two timers, one for four minutes and one for fifteen", "set_timer", {"duration": 240.0}),
        ("every monday evening at seven remind me to put the bins out", "set_reminder", {"text": "put the bins out"}),
        ("right dinner's on the table cancel all the timers", "cancel_timer", {}),
        ("pause the pasta and the egg timer", "pause_timer", {"name": "pasta"}),
        ("add fourteen, nine and twenty three", "total", {"a": 14.0, "b": 9.0, "c": 23.0}),
    ],
)
def test_it_is_heard_as_it_is_said(text, intent, slots):
    meaning = UNDERSTANDING.meanings(text)[0]
    assert (meaning.intent, {**meaning.slots, **slots}) == (intent, meaning.slots)
