from unittest.mock import ANY

import pytest

from device.bench.requests.household import BEGIN, Household
from device.bench.requests.talk import Conversation
from device.local.brain.sentences import Sentences

BRAIN = Sentences("en", ["Jarvis"], lambda: BEGIN)


async def last(*texts):
    """Return what came of the last of the texts, said one after the other."""
    conversation = Conversation(BRAIN, Household())
    for text in texts[:-1]:
        await conversation.ask(text)
    return await conversation.ask(texts[-1])


@pytest.mark.parametrize(
    ("texts", "answer"),
    [
        (("what's seven times three", "ok and that squared"), "441"),
        (("what's seven times three", "add four", "divide that by five"), "is 5"),
        (("what's twenty percent of 345", "and with that added on"), "414"),
        (("what day is christmas", "and how many days away is that"), "31"),
        (("how many days till christmas", "and new year's eve"), "37"),
        (("what's two pounds in kilos", "and in ounces"), "32 ounces"),
        (("what time is it in tokyo", "and in new york"), "In New York"),
        (("set an alarm for seven tomorrow", "so what's it set for now"), "seven"),
        (("add eggs to the shopping list", "and wipes", "so what have i got on there"), "wipes"),
        (("set a timer called eggs for six minutes", "how long have the eggs got"), "6 minutes"),
    ],
)
async def test_what_goes_on_from_what_was_asked_before_is_answered(texts, answer):
    outcome = await last(*texts)
    assert answer in outcome.answer


@pytest.mark.parametrize("text", ["and that squared", "divide that by three", "and how many days away is that"])
async def test_what_goes_on_from_nothing_is_not_understood(text):
    outcome = await last(text)
    assert not outcome.called
    assert not any(letter.isdigit() for letter in outcome.answer)


@pytest.mark.parametrize(
    ("texts", "called"),
    [
        (
            ("add butter to the shopping list", "no, margarine"),
            [("remove_from_list", ["butter"]), ("add_to_list", ["margarine"])],
        ),
        # What was not on the list does not come onto it.
        (("take milk off the shopping list", "no, butter"), [("remove_from_list", ["butter"])]),
        (
            ("add milk to the shopping list", "take milk off the shopping list", "no, butter"),
            [("add_to_list", ["milk"]), ("remove_from_list", ["butter"])],
        ),
        (("set a timer for ten minutes", "no, fifteen"), [("change_timer", 900)]),
        (("set a pasta timer for ten minutes", "no, a rice timer"), [("change_timer", "rice")]),
        (("wake me at seven", "sorry, I meant eight"), [("set_alarm", True)]),
        (("wake me at seven", "actually make it half seven"), [("set_alarm", True)]),
        (
            ("remind me to call mum at six", "actually make it seven"),
            [("cancel_alarm", "call mum"), ("set_reminder", "19:00")],
        ),
        (("set the volume to five", "no, six"), [("set_volume", 60)]),
    ],
)
async def test_what_was_done_is_put_right_once_something_else_was_meant(texts, called):
    outcome = await last(*texts)
    assert [(call.tool, [*call.arguments.values()]) for call in outcome.called] == [(tool, ANY) for tool, _ in called]
    assert all(value in call.arguments.values() for call, (_, value) in zip(outcome.called, called, strict=True))
    assert all(call.done for call in outcome.called)


TWO = ("set a pasta timer for ten minutes", "set a rice timer for twenty minutes", "add two minutes to my timer")


@pytest.mark.parametrize(
    ("answer", "left"),
    [
        ("the rice one", (600, 1320)),
        ("pasta", (720, 1200)),
        ("the last one", (600, 1320)),
        ("never mind", (600, 1200)),
        ("the egg one", (600, 1200)),
    ],
)
async def test_which_one_is_meant_may_be_said_when_it_is_asked(answer, left):
    assert (await last(*TWO)).answer.startswith("Which one?")
    assert (await last(*TWO, answer)).timers == left


@pytest.mark.parametrize(
    ("answer", "left"), [("the rice one", (600,)), ("both of them", ()), ("never mind", (600, 1200))]
)
async def test_which_timer_is_cancelled_of_several_is_asked(answer, left):
    asked = await last(*TWO[:2], "cancel the timer")
    assert (asked.answer.startswith("Which one?"), asked.timers) == (True, (600, 1200))
    assert (await last(*TWO[:2], "cancel the timer", answer)).timers == left


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("is there cheese on the list", "Yes, your shopping list has cheese."),
        ("is there wine on the list", "No, your shopping list has no wine."),
        ("how many things are on my shopping list", "2 things are on your shopping list: cheese and bread."),
        ("read me my shopping list slowly", "Your shopping list has cheese and bread."),
    ],
)
async def test_what_is_asked_of_a_list_is_answered(text, answer):
    outcome = await last("add cheese and bread to the shopping list", text)
    assert outcome.answer == answer


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("shave five off it it's browning already", (1200,)),
        ("i think it could do with three minutes less", (1320,)),
        ("let it go another quarter of an hour", (2400,)),
        ("stop the tart one", ()),
    ],
)
async def test_the_timer_that_was_set_is_changed(text, left):
    outcome = await last("set a timer for the apple tart twenty five minutes", text)
    assert outcome.timers == left


async def test_which_one_is_meant_is_nothing_where_it_was_not_asked():
    assert (await last(*TWO[:2], "the rice one")).timers == (600, 1200)


@pytest.mark.parametrize(
    ("texts", "tools"),
    [
        (("wake me at seven tomorrow", "cancel it"), ["cancel_alarm"]),
        (("set a timer for ten minutes", "cancel it"), ["cancel_timer"]),
        (("set a timer for ten minutes", "add milk to the list", "cancel that"), []),
    ],
)
async def test_it_is_what_was_spoken_of_last(texts, tools):
    assert [call.tool for call in (await last(*texts)).called] == tools


@pytest.mark.parametrize("text", ["stop it", "stop that", "stop"])
async def test_stop_ends_what_is_heard_and_cancels_no_timer_that_was_spoken_of(text):
    outcome = await last("set a timer for ten minutes", text)
    assert outcome.timers == (600,)
    assert outcome.answer == ""
    assert "cancel_timer" not in str(outcome.called)
