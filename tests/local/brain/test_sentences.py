import asyncio
import json
import threading
from datetime import datetime
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device.language.language import LanguageError, load_language
from device.local.brain import understand
from device.local.brain.heard import is_mark
from device.local.brain.sentences import Sentences
from device.local.brain.understand import Understanding
from device.local.stages import BrainError, Call, Choice, Pace, Text, Tool, Turn, Unmet
from device.settings.tools import Builtin
from device.skills.skill import Meaning
from device.skills.skills import SKILLS

NOW = datetime(2026, 11, 22, 14, 5)  # noqa: DTZ001 - the device's own clock
REQUIRED = {"set_timer": ["seconds"], "set_alarm": ["time"], "set_reminder": ["text"]}
TOOLS = [
    Tool(name, "", {"type": "object", "properties": {}, "required": REQUIRED.get(name, [])})
    for name in get_args(Builtin)
]
AUTO = Choice()


@pytest.fixture(scope="module")
def brain():
    brain = Sentences("en", ["Jarvis"], lambda: NOW)
    brain.warm_up()
    return brain


def user(text):
    return Turn("user", text)


async def ask(brain, turns, tools=TOOLS, choice=AUTO):
    turns = [user(turns)] if isinstance(turns, str) else turns
    return [item async for item in brain.reply(turns, tools, "", choice)]


async def said(brain, turns, tools=(), choice=AUTO):
    items = await ask(brain, turns, tools, choice)
    assert not any(isinstance(item, Call) for item in items)
    return " ".join(item.text for item in items if isinstance(item, Text))


def called(items):
    return [(item.name, json.loads(item.arguments)) for item in items if isinstance(item, Call)]


def unknown(text):
    return (
        text
        in {
            phrase for key in ("unknown", "fact_unknown", "do_something") for phrase in load_language("en").phrases[key]
        }
        or "I don't know " in text
    )


CALLS = [
    *(
        (text, tool, arguments)
        for tool, arguments, texts in (
            (
                "set_alarm",
                {"time": "07:00", "repeat": "weekdays"},
                [
                    "wake me at seven on weekdays",
                    "set an alarm for 7 a.m. every weekday",
                    "Jarvis, wake me up on weekdays at seven o'clock",
                ],
            ),
            (
                "set_alarm",
                {"time": "06:30", "date": "2026-11-23"},
                [
                    "set an alarm for half past six tomorrow",
                    "Wake me tomorrow morning at six thirty.",
                    "set my alarm tomorrow for half past six",
                ],
            ),
            (
                "set_alarm",
                {"time": "09:00", "repeat": "monday"},
                ["set an alarm every Monday at 9", "Alarm for nine on Mondays, please."],
            ),
            (
                "set_alarm",
                {"time": "07:00"},
                ["alarm for seven a m", "set an alarm at 7:00 am", "wake me up at seven in the morning"],
            ),
            (
                "set_alarm",
                {"time": "19:00"},
                ["set an alarm for seven", "wake me at seven", "set an alarm for seven o'clock"],
            ),
            ("set_alarm", {"time": "12:00", "date": "2027-05-03"}, ["set an alarm for noon on the third of May"]),
            (
                "set_reminder",
                {"text": "turn off the oven", "in_seconds": 1200},
                [
                    "remind me in twenty minutes to turn off the oven",
                    "Remind me to turn off the oven in 20 minutes.",
                    "set a reminder in twenty minutes to turn off the oven",
                ],
            ),
            (
                "set_reminder",
                {"text": "take your pills", "time": "08:00", "repeat": "daily"},
                [
                    "remind me to take my pills at eight o'clock every day",
                    "remind me every day at eight to take my pills",
                    "remind me every morning at eight to take my pills",
                ],
            ),
            (
                "set_reminder",
                {"text": "the dentist", "time": "12:00", "date": "2026-11-23"},
                ["remind me tomorrow at noon about the dentist", "remind me about the dentist tomorrow at noon"],
            ),
            (
                "set_reminder",
                {"text": "take your pills", "time": "08:00", "date": "2026-11-23"},
                ["remind me tomorrow to take my pills at eight"],
            ),
            (
                "set_reminder",
                {"text": "buy milk, eggs and bread", "time": "17:00"},
                ["remind me to buy milk, eggs and bread at five"],
            ),
            (
                "set_reminder",
                {"text": "buy the Sunday paper", "time": "09:00", "date": "2026-11-28"},
                ["remind me to buy the Sunday paper on Saturday at nine"],
            ),
            (
                "set_reminder",
                {"text": "watch the match at 9", "time": "20:00"},
                ["remind me at eight to watch the match at nine"],
            ),
            (
                "list_alarms",
                {},
                [
                    "what alarms do I have",
                    "list my reminders",
                    "when is my next alarm",
                    "which alarms are set",
                    "when will you wake me up",
                ],
            ),
            (
                "cancel_alarm",
                {"kind": "alarm"},
                ["cancel the alarm", "turn off my alarm", "turn the alarm off", "don't wake me up"],
            ),
            (
                "cancel_alarm",
                {"kind": "alarm", "time": "19:00"},
                ["cancel my seven o'clock alarm", "delete the alarm at seven"],
            ),
            ("cancel_alarm", {"kind": "alarm", "all": True}, ["cancel all my alarms", "delete all alarms"]),
            ("cancel_alarm", {"kind": "reminder", "all": True}, ["cancel all reminders", "clear my reminders"]),
            ("cancel_alarm", {"kind": "reminder", "text": "call mum"}, ["cancel the reminder to call mum"]),
            ("snooze", {"minutes": 10}, ["snooze", "Snooze.", "ten more minutes", "snooze for ten minutes"]),
            (
                "change_timer",
                {"add_seconds": 300},
                ["add five minutes to my timer", "give me another five minutes", "extend the timer by five minutes"],
            ),
            (
                "change_timer",
                {"name": "pasta", "add_seconds": -60},
                ["take one minute off the pasta timer", "make the pasta timer a minute shorter"],
            ),
            (
                "change_timer",
                {"name": "ten minute timer", "add_seconds": 120},
                ["add two minutes to the ten minute timer"],
            ),
            ("change_timer", {"name": "pasta", "pause": True}, ["pause the pasta timer"]),
            ("change_timer", {"pause": False}, ["resume my timer", "continue the timer"]),
            ("change_timer", {"name": "ten minute timer", "new_name": "rice"}, ["rename the ten minute timer to rice"]),
            (
                "set_timer",
                {"seconds": 300},
                ["and another for five minutes", "another one for five minutes", "set an alarm for five minutes"],
            ),
            ("cancel_timer", {"name": "last"}, ["cancel the last one", "stop the last timer"]),
        )
        for text in texts
    ),
    *(
        (text, "get_time", {})
        for text in (
            "What time is it?",
            "what's the time",
            "Tell me the time, please.",
            "Hey Jarvis, what time is it?",
            "Ravis, what time is it?",
            "this what time is it",
            "Page are of this, what time is it?",
            "Jarvis. What time is it now?",
            "No, wait, what time is it?",
            "Stop. What time is it?",
            "okay so what time is it then",
            "could you please tell me what time it is",
            "What time is it, Jarvis?",
            "What's the date?",
            "what is today's date",
            "What day is it tomorrow?",
            "What is the date next Friday?",
            "what year is it",
            "What time will it be in half an hour?",
        )
    ),
    ("Set a timer for five minutes.", "set_timer", {"seconds": 300}),
    ("Set a timer for 5 minutes.", "set_timer", {"seconds": 300}),
    ("Santa timer for five minutes.", "set_timer", {"seconds": 300}),
    ("set a time or for five minutes", "set_timer", {"seconds": 300}),
    ("timer four five minutes", "set_timer", {"seconds": 300}),
    ("Majorvis Santa timer 410 seconds", "set_timer", {"seconds": 10}),
    ("In a jar of this, set a timer for five seconds.", "set_timer", {"seconds": 5}),
    ("I enjoy this what time is it?", "get_time", {}),
    ("Hey Jarvis, set the timer for a minute and a half please", "set_timer", {"seconds": 90}),
    ("start a half hour timer", "set_timer", {"seconds": 1800}),
    ("timer for half an hour", "set_timer", {"seconds": 1800}),
    ("set a timer for one hour and thirty minutes", "set_timer", {"seconds": 5400}),
    ("set a timer for an hour, 5 minutes and 10 seconds", "set_timer", {"seconds": 3910}),
    ("Can you set me a twenty second timer?", "set_timer", {"seconds": 20}),
    ("Set a pasta timer for ten minutes.", "set_timer", {"seconds": 600, "name": "pasta"}),
    ("set a timer for 10 minutes for the pasta", "set_timer", {"seconds": 600, "name": "pasta"}),
    ("set a ten minute timer called green tea", "set_timer", {"seconds": 600, "name": "green tea"}),
    ("wake me in twenty minutes", "set_timer", {"seconds": 1200}),
    ("remind me in 2 hours", "set_timer", {"seconds": 7200}),
    ("How long is left on my timer?", "list_timers", {}),
    ("how much time is left", "list_timers", {}),
    ("What timers do I have?", "list_timers", {}),
    ("list my timers", "list_timers", {}),
    ("how long until the timer goes off", "list_timers", {}),
    ("how long is left on the pasta timer", "list_timers", {}),
    ("Cancel the timer.", "cancel_timer", {}),
    ("stop the timer", "cancel_timer", {}),
    ("cancel all timers", "cancel_timer", {"all": True}),
    ("cancel both timers", "cancel_timer", {"all": True}),
    ("cancel the timers", "cancel_timer", {"all": True}),
    ("stop everything, all the timers", "cancel_timer", {"all": True}),
    ("timer two hours ten no wait two hours twenty for the lamb", "set_timer", {"seconds": 8400, "name": "lamb"}),
    ("set a timer for an hour ten wait an hour twenty", "set_timer", {"seconds": 4800}),
    ("set a timer for twenty minutes no forty", "set_timer", {"seconds": 2400}),
    ("set a timer for ten minutes sorry make that fifteen", "set_timer", {"seconds": 900}),
    ("set a timer for five i mean ten minutes", "set_timer", {"seconds": 600}),
    ("set a pasta timer for five minutes i mean a rice timer", "set_timer", {"seconds": 300, "name": "rice"}),
    ("set the volume to thirty percent no forty percent", "set_volume", {"percent": 40}),
    ("put return library books down as a job", "add_to_list", {"items": ["return library books"], "list": "to-do"}),
    ("Cancel the pasta timer.", "cancel_timer", {"name": "pasta"}),
    ("Turn the volume up to 50%.", "set_volume", {"percent": 50}),
    ("Set the volume to thirty per cent.", "set_volume", {"percent": 30}),
    ("volume twenty", "set_volume", {"percent": 20}),
    ("set the volume 2 40", "set_volume", {"percent": 40}),
    ("turn it up", "set_volume", {"change": 10}),
    ("Louder!", "set_volume", {"change": 10}),
    ("turn the volume down a bit", "set_volume", {"change": -10}),
    ("quieter please", "set_volume", {"change": -10}),
    ("turn it up by twenty percent", "set_volume", {"change": 20}),
    ("lower the volume by five", "set_volume", {"change": -5}),
    ("maximum volume", "set_volume", {"percent": 100}),
    ("mute", "mute", {}),
    ("turn off the microphone", "mute", {}),
    ("Add milk to the shopping list.", "add_to_list", {"items": ["milk"], "list": "shopping"}),
    (
        "Can you put milk, eggs and two loaves of bread on my shopping list please?",
        "add_to_list",
        {"items": ["milk", "eggs", "2 loaves of bread"], "list": "shopping"},
    ),
    ("um add fish and chips to the list", "add_to_list", {"items": ["fish and chips"], "list": "shopping"}),
    ("add call the plumber to my to do list", "add_to_list", {"items": ["call the plumber"], "list": "to-do"}),
    ("add tents to the camping list", "add_to_list", {"items": ["tents"], "list": "camping"}),
    ("we're out of coffee", "add_to_list", {"items": ["coffee"], "list": "shopping"}),
    ("What's on my shopping list?", "read_list", {"list": "shopping"}),
    ("read me the list", "read_list", {"list": "shopping"}),
    ("is there milk on my shopping list", "read_list", {"list": "shopping"}),
    ("what lists do I have", "read_list", {}),
    ("take bread off the shopping list", "remove_from_list", {"items": ["bread"], "list": "shopping"}),
    ("cross off milk and eggs from my list", "remove_from_list", {"items": ["milk", "eggs"], "list": "shopping"}),
    ("clear my shopping list", "clear_list", {"list": "shopping"}),
    ("delete everything from the to do list", "clear_list", {"list": "to-do"}),
    ("set volume to five", "set_volume", {"percent": 50}),
    ("volume five percent", "set_volume", {"percent": 5}),
    ("turn it down a lot", "set_volume", {"change": -25}),
    ("a bit louder please", "set_volume", {"change": 10}),
    ("half volume", "set_volume", {"percent": 50}),
    ("how loud are you", "get_volume", {}),
    ("are you recording me?", "get_privacy", {}),
    ("Do you listen to everything I say?", "get_privacy", {}),
    ("delete what I said today", "delete_transcripts", {"which": "today"}),
    ("please delete all my recordings", "delete_transcripts", {"which": "all"}),
    ("Stop.", "sleep", {}),
    ("Stop. Thank you.", "sleep", {}),
    ("be quiet", "sleep", {}),
    ("Goodbye.", "sleep", {}),
    ("Don't buy.", "sleep", {}),
    ("go to sleep", "sleep", {}),
    ("Good night, Jarvis!", "sleep", {}),
]

SAID = [
    ("What is twelve times seven?", "12 times 7 is 84."),
    ("what's 12 x 7", "12 times 7 is 84."),
    ("Page Office, What is twelve times seven?", "12 times 7 is 84."),
    ("fifteen percent of eighty", "15 percent of 80 is 12."),
    ("what is 2 plus 3 times 4", "2 plus 3 times 4 is 14."),
    ("a hundred divided by eight", "100 divided by 8 is 12.5."),
    ("what's five minus seven", "5 minus 7 is minus 2."),
    ("subtract five from twenty", "20 minus 5 is 15."),
    ("multiply six by seven", "6 times 7 is 42."),
    ("what is half of nine", "9 divided by 2 is 4.5."),
    ("what is the square root of 144", "The square root of 144 is 12."),
    ("what is the square root of minus four", "The square root of a negative number is not a real number."),
    ("twelve squared", "12 to the power of 2 is 144."),
    ("what is five divided by zero", "Nothing can be divided by zero."),
    ("How many kilometres is five miles?", "5 miles are 8.05 kilometres."),
    ("How many kilometres in five miles?", "5 miles are 8.05 kilometres."),
    ("What is 70 Fahrenheit in Celsius?", "70 degrees Fahrenheit are 21.11 degrees Celsius."),
    ("what is minus ten degrees celsius in fahrenheit", "Minus 10 degrees Celsius are 14 degrees Fahrenheit."),
    ("what's 20 degrees in fahrenheit", "20 degrees Celsius are 68 degrees Fahrenheit."),
    ("convert 3 pounds to grams", "3 pounds are 1360.78 grams."),
    ("how many ounces are in a pound", "1 pound is 16 ounces."),
    ("how many minutes are in two hours", "2 hours are 120 minutes."),
    ("what is 100 kilometres per hour in miles per hour", "100 kilometres per hour are 62.14 miles per hour."),
    ("how many cups in a litre", "1 litre is 4 cups."),
    ("how many miles in five pounds", "Pounds cannot be converted to miles: they measure different things."),
    ("What is your name?", "I am Jarvis, a voice assistant that lives in this device."),
    ("Hello.", "Hello! What can I do for you?"),
    ("thank you", "You are welcome."),
    ("eighty plus ten percent", "80 plus 10 percent is 88."),
    ("what's 80 minus 25%", "80 minus 25 percent is 60."),
    ("what is 15 percent more than 40", "40 plus 15 percent is 46."),
    ("what is two thirds of ninety", "That makes 60."),
    ("a third of ninety please", "That makes 30."),
    ("what percent of 80 is 12", "That's 15 percent."),
    ("what is nine to the power of nine to the power of nine", "That number is too large for me."),
    ("ten to the power of a thousand", "That number is too large for me."),
    ("How tall is six foot two in centimetres?", "6 feet 2 inches are 187.96 centimetres."),
    ("how many grams in a cup of flour", "1 cup of flour is about 125 grams."),
    ("how many days until Christmas", "It's 33 days until Christmas."),
    ("What day is the 24th of December?", "That's Thursday, the 24th of December 2026."),
    ("when is Easter", "That's Sunday, the 28th of March 2027."),
    ("what date is two weeks after Christmas", "That's Friday, the 8th of January 2027."),
    ("what is 9^9^9", "That number is too large for me."),
    ("what is 2**10", "2 to the power of 10 is 1024."),
    ("what is zero to the power of minus one", "Nothing can be divided by zero."),
    ("how many days from the 31st of february to today", "There is no such date."),
    ("remind me at eight to " + "blah " * 400, "That was too long for me. Say it in fewer words."),
    ("when is sunrise tomorrow", "I don't know where we are, so I can't tell when the sun rises or sets."),
    ("what time is it in Atlantis", "I don't know what time it is in Atlantis."),
    ("how do you spell necessary", "Necessary: N, E, C, E, S, S, A, R, Y."),
    ("Can you spell forty for me, please?", "Forty: F, O, R, T, Y."),
    ("I want to hear some jazz", "I can't play music or radio."),
    ("play BBC Radio 4", "I can't play music or radio."),
    ("next song please", "I can't play music or radio."),
    ("what's the weather like tomorrow", "I can't see the weather from here."),
    ("Do I need an umbrella today?", "I can't see the weather from here."),
    ("turn on the living room lights", "I can't switch lights, heating or anything else in the house."),
    ("dim the bedroom lamp to twenty percent", "I can't switch lights, heating or anything else in the house."),
    ("what's the news", "I can't get the news."),
    ("call mum", "I can't make calls."),
    ("send a message to Anna", "I can't send or read messages."),
    ("what's on my calendar today", "I can't see your calendar."),
    ("how do you say thank you in French", "I can't translate: I know only English."),
    ("find my phone", "I can't find your things, or make a phone ring."),
    ("how tall is the Eiffel Tower", "I don't know how tall the Eiffel Tower is."),
    ("who is the president of the United States", "I don't know who the president of the United States is."),
    ("why is the sky blue", "I don't know that."),
    ("play some jazz and what's the weather", "I can't play music or radio."),
    (
        "Help, I've fallen and I can't get up!",
        "I can't call anyone from here: call your emergency number on a phone now or shout for someone who can.",
    ),
    (
        "call nine one one",
        "I can't call anyone from here: call your emergency number on a phone now or shout for someone who can.",
    ),
    (
        "tell me a joke. Oh no, there's a fire in the kitchen",
        (
            "I can't call anyone from here: get everybody out, close the doors behind you and call your emergency "
            "number from outside."
        ),
    ),
    ("say that again", "I haven't said anything yet."),
    ("speak slower", "I'll speak slower."),
    # Without the client's tools.
    ("What time is it?", "It is five past two in the afternoon."),
    ("what time will it be in half an hour", "In 30 minutes it will be twenty-five to three in the afternoon."),
    ("What day is it today?", "Today is Sunday."),
    ("what's the date", "Today is Sunday, the 22nd of November 2026."),
    ("What is the date tomorrow?", "Tomorrow is Monday, the 23rd of November 2026."),
    ("what is the date next friday", "Next Friday is Friday, the 27th of November 2026."),
    ("what day was it yesterday", "Yesterday was Saturday."),
    ("what year is it", "It is 2026."),
    ("what month is it", "It is November."),
    ("set a timer for five minutes", "This device offers no timers."),
    ("cancel my timer", "This device offers no timers."),
    ("turn it up", "This device does not let me change its volume."),
    ("mute", "This device does not let me mute the microphone."),
    ("goodbye", "Goodbye!"),
    ("stop", ""),
    (
        "what time is it and what's the date",
        "It is five past two in the afternoon. Today is Sunday, the 22nd of November 2026.",
    ),
    ("Hello. What is two plus two?", "2 plus 2 is 4."),
]

NOT_KNOWN = [
    "What's the capital of France?",
    "Don't set a timer for five minutes.",
    "Never turn the volume up.",
    "I told him to stop.",
    "Why did you stop the timer?",
    "How long is a piece of string?",
    "The time has come, the walrus said.",
    "He set a new record for five minutes in the pool",
    "What is the time complexity of quicksort?",
    "five minutes",
    "blah blah blah",
    "Do you think the volume of the sea is rising?",
    "how many kilometres",
    "Sleep is good for you",
    "my grandmother said goodbye yesterday",
    "What day was the battle of Hastings?",
]


@pytest.mark.parametrize(("text", "name", "arguments"), CALLS)
async def test_what_has_effects_is_called(brain, text, name, arguments):
    assert called(await ask(brain, text)) == [(name, arguments)]


@pytest.mark.parametrize(("text", "answer"), SAID)
async def test_answers(brain, text, answer):
    assert await said(brain, text) == answer


@pytest.mark.parametrize("text", NOT_KNOWN)
async def test_what_is_not_known_is_said_honestly(brain, text):
    items = await ask(brain, text)
    assert called(items) == []
    assert unknown(" ".join(item.text for item in items if isinstance(item, Text)))


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("Why is the sky blue?", True),
        ("is London bigger than Leeds", True),
        ("write a poem about my cat", True),
        ("blah blah blah", False),
        ("Santa kitchen for the", False),
        ("he set a new record in the pool", False),
        ("set a timer for the pasta that I am about to cook", True),
    ],
)
async def test_what_was_heard_but_cannot_be_done_is_told_from_what_was_not_heard(brain, text, heard):
    assert ((await said(brain, text, TOOLS)) in load_language("en").phrases["unknown"]) is not heard


async def test_what_cannot_be_done_is_told_to_the_owner(brain):
    for text, kind in (("play some jazz", "music"), ("why is the sky blue", "fact who"), ("blah", "not understood")):
        assert Unmet(kind) in await ask(brain, text)
    assert not any(isinstance(item, Unmet) for item in await ask(brain, "what time is it"))


async def test_it_speaks_slower_from_then_on(brain):
    turns = [user("speak slower"), Turn("assistant", "I'll speak slower."), user("what is two plus two")]
    assert (await ask(brain, turns))[0] == Pace(0.8)
    assert (await ask(brain, turns[2:]))[0] == Text("2 plus 2 is 4.")


async def test_what_was_said_is_said_again_slower(brain):
    turns = [user("what is two plus two"), Turn("assistant", "2 plus 2 is 4."), user("can you say that slower")]
    assert await ask(brain, turns) == [Pace(0.8), Text("2 plus 2 is 4.")]
    assert (await ask(brain, [*turns, Turn("assistant", "2 plus 2 is 4."), user("thanks")]))[0] == Pace(0.8)


@pytest.mark.parametrize(
    ("text", "slots"),
    [
        ("i'd like three timers three minutes six minutes and nine minutes", [180, 360, 540]),
        ("set two timers one for five minutes and one for ten minutes", [300, 600]),
    ],
)
async def test_several_timers_are_set_in_one_breath(brain, text, slots):
    assert called(await ask(brain, text)) == [("set_timer", {"seconds": seconds}) for seconds in slots]


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("what's tomorrow's date", "Tomorrow is Monday, the 23rd of November 2026."),
        ("what was yesterday's date", "Yesterday was Saturday, the 21st of November 2026."),
        ("what date is next friday", "Next Friday is Friday, the 27th of November 2026."),
        ("what is the date on sunday", "Next Sunday is Sunday, the 29th of November 2026."),
        ("what date is it a week today", "In 7 days it will be Sunday, the 29th of November 2026."),
        ("what is the date a week tomorrow", "That's Monday, the 30th of November 2026."),
        ("twelve times twelve and then take away nineteen", "12 times 12 minus 19 is 125."),
        ("thirty percent off forty five quid what do i pay", "31.5"),
    ],
)
async def test_what_is_asked_for_is_answered_and_no_other(brain, text, answer):
    assert answer in await said(brain, text)


@given(
    st.sampled_from(sorted(load_language("en").intents)),
    st.dictionaries(
        st.sampled_from(["a", "b", "by", "duration", "hour", "items", "name", "number", "text", "when", "before"]),
        st.one_of(st.floats(), st.text(max_size=5), st.just(Meaning("sum", {}))),
    ),
)
def test_whatever_its_slots_are_no_meaning_ends_a_turn(brain, intent, slots):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Understanding, "meanings", lambda *_: [Meaning(intent, slots)])
        assert asyncio.run(ask(brain, "whatever")) is not None


async def test_what_was_said_is_said_again_and_what_was_heard_is_told(brain):
    turns = [user("what is two plus two"), Turn("assistant", "2 plus 2 is 4."), user("sorry, say that again")]
    assert await said(brain, turns) == "2 plus 2 is 4."
    assert await said(brain, [*turns[:2], user("what did you hear")]) == "I heard: what is two plus two."


@pytest.mark.parametrize("text", ["...", "?!", "\U0001f600"])
async def test_nothing_said_no_reply(brain, text):
    assert await ask(brain, text) == []
    assert [item async for item in brain.reply([], [], "", AUTO)] == []


async def test_to_silence_it_asks_whether_somebody_is_there(brain):
    first = await said(brain, "")
    assert first == "Are you still there?"
    assert await said(brain, [user(""), Turn("assistant", first), user("  ")]) not in {"", first}


PREFIXED = [
    ("timers-{}", "set_timer"),
    ("timers_{}", "set_timer"),
    ("mcp__kitchen__{}", "set_timer"),
    ("home.{}", "get_time"),
    ("a/b:{}", "get_time"),
    ("system__{}", "mute"),
    ("system-{}", "sleep"),
]
ASKS = {
    "set_timer": "set a timer for five minutes",
    "get_time": "what time is it",
    "mute": "mute",
    "sleep": "goodbye",
}


@pytest.mark.parametrize(("shape", "name"), PREFIXED)
async def test_a_prefix_before_a_functions_name_is_understood(brain, shape, name):
    full = shape.format(name)
    tools = [Tool(full, "", {"type": "object", "properties": {}})]
    [(called_name, arguments)] = called(await ask(brain, ASKS[name], tools))
    assert called_name == full
    required = await ask(brain, ASKS[name], tools, Choice("required", full))
    assert called(required) == [(full, arguments)]
    output = json.dumps({"seconds": 300, "time": "14:05", "date": "2026-11-22", "muted": True})
    call = Turn("assistant", call_id="c", name=full, arguments=json.dumps(arguments))
    plain = Turn("assistant", call_id="c", name=name, arguments=json.dumps(arguments))
    told = [[user(ASKS[name]), one, Turn("tool", output, call_id="c")] for one in (call, plain)]
    assert await said(brain, told[0], tools) == await said(brain, told[1], tools)


@pytest.mark.parametrize("name", ["tv_mute", "unmute", "reset_timer", "set_timers", "set_timer_2", "asleep"])
async def test_a_name_that_only_looks_alike_is_another_functions(brain, name):
    tools = [Tool(name, "", {"type": "object", "properties": {}})]
    for text in ASKS.values():
        assert called(await ask(brain, text, tools)) == []


async def test_our_own_name_counts_over_one_with_a_prefix(brain):
    tools = [Tool(name, "", {"type": "object"}) for name in ("a-get_time", "get_time", "b-get_time")]
    assert called(await ask(brain, ASKS["get_time"], tools)) == [("get_time", {})]
    assert called(await ask(brain, ASKS["get_time"], [tools[2], tools[0]])) == [("b-get_time", {})]


async def test_what_is_too_long_to_be_a_sentence_is_not_looked_at(brain, monkeypatch):
    monkeypatch.setattr(understand, "clauses", lambda *_: pytest.fail("looked at"))
    assert await said(brain, "what time is it " * 60_000) == "That was too long for me. Say it in fewer words."
    assert not brain.knows("what time is it " * 60_000)


async def test_others_go_on_while_it_thinks(brain, monkeypatch):
    thinking, go = threading.Event(), threading.Event()

    def slow(self, text, about=""):
        thinking.set()
        assert go.wait(10)
        return []

    monkeypatch.setattr(Understanding, "meanings", slow)
    asked = asyncio.create_task(ask(brain, "what time is it"))
    assert await asyncio.to_thread(thinking.wait, 10)  # the event loop runs
    go.set()
    await asked


async def test_an_output_of_nothing_is_said_to_be_done(brain):
    call = Turn("assistant", call_id="c", name="other", arguments="{}")
    assert await said(brain, [user("do it"), call, Turn("tool", "", call_id="c")]) != ""


async def test_the_wake_word_alone_is_no_question(brain):
    assert not unknown(await said(brain, "Hey Jarvis."))


@pytest.mark.parametrize("wish", ["tell me a joke", "what is the meaning of life", "hello", "tell me a fact"])
async def test_the_same_is_not_said_twice_in_a_row(brain, wish):
    turns = []
    for _ in range(6):
        turns.append(user(wish))
        answer = await said(brain, turns)
        assert answer != (turns[-2].text if len(turns) > 1 else "")
        turns.append(Turn("assistant", answer))


@pytest.mark.parametrize("wish", ["tell me about yourself", "tell me a story", "what can you do"])
async def test_long_answers_come_in_sentences(brain, wish):
    items = await ask(brain, wish)
    assert len(items) >= 3
    assert sum(len(item.text) for item in items) > 250
    assert max(len(item.text) for item in items) < 200


async def test_a_timer_without_a_time_is_asked_about(brain):
    turns = [user("set a timer")]
    assert await said(brain, turns, TOOLS) == "For how long?"
    turns += [Turn("assistant", "For how long?"), user("a minute and a half")]
    assert called(await ask(brain, turns)) == [("set_timer", {"seconds": 90})]
    turns[-1] = user("Ten.")
    assert called(await ask(brain, turns)) == [("set_timer", {"seconds": 600})]
    turns[-1] = user("What time is it?")
    assert called(await ask(brain, turns)) == [("get_time", {})]


async def test_an_alarm_without_a_time_is_asked_about(brain):
    turns = [user("set an alarm")]
    assert await said(brain, turns, TOOLS) == "For what time?"
    turns += [Turn("assistant", "For what time?"), user("Seven thirty.")]
    assert called(await ask(brain, turns)) == [("set_alarm", {"time": "19:30"})]
    turns[-1] = user("at ten tomorrow")
    assert called(await ask(brain, turns)) == [("set_alarm", {"time": "10:00", "date": "2026-11-23"})]


@pytest.mark.parametrize(
    ("wish", "question", "answer", "call"),
    [
        ("set a pasta timer", "For how long?", "ten minutes", ("set_timer", {"seconds": 600, "name": "pasta"})),
        (
            "set an alarm for tomorrow",
            "For what time?",
            "half past six",
            ("set_alarm", {"time": "06:30", "date": "2026-11-23"}),
        ),
        (
            "remind me to call mum",
            "When shall I remind you?",
            "at five",
            ("set_reminder", {"text": "call mum", "time": "17:00"}),
        ),
        (
            "remind me tomorrow about the car",
            "",
            "",
            ("set_reminder", {"text": "the car", "time": "09:00", "date": "2026-11-23"}),
        ),
        (
            "remind me to call mum",
            "When shall I remind you?",
            "in half an hour",
            ("set_reminder", {"text": "call mum", "in_seconds": 1800}),
        ),
    ],
)
async def test_an_answer_completes_what_was_asked_for(brain, wish, question, answer, call):
    turns = [user(wish)]
    if question:
        assert await said(brain, turns, TOOLS) == question
        turns += [Turn("assistant", question), user(answer)]
    assert called(await ask(brain, turns)) == [call]


async def test_a_reminder_without_a_time_and_a_date_that_there_is_not_are_told(brain):
    assert await said(brain, "remind me to call mum", TOOLS) == "When shall I remind you?"
    assert await said(brain, "set an alarm for the 31st of February at seven", TOOLS) == "There is no such date."
    assert await said(brain, "wake me at 7 am today", TOOLS) == "That time is over already."
    assert await said(brain, "wake me at seven yesterday", TOOLS) == "That time is over already."


@pytest.mark.parametrize(
    ("wish", "what"),
    [
        ("set a timer for zero seconds", "not a time"),
        ("set the volume to 300 percent", "0 to 100"),
        ("set a timer for nine weeks", "not a time"),
    ],
)
async def test_what_makes_no_sense_is_refused(brain, wish, what):
    items = await ask(brain, wish)
    assert called(items) == []
    assert what in items[0].text


LENGTHS = [("five minute", "five minute timer"), ("90 second", "one minute thirty second timer")]
AWAY = [
    "cancel",
    "stop",
    "end",
    "delete",
    "remove",
    "clear",
    "turn off",
    "kill",
    "forget",
    "quit",
    "abort",
    "get rid of",
]
ABOUT = [
    *("how long is left on the {} timer", "how much time is left on my {} timer", "when does the {} timer ring"),
    *("is the {} timer still running", "do I have a {} timer", "how long does the {} timer have left"),
    *("check the {} timer", "what about the {} timer", "is there a {} timer"),
]
OTHER = [
    *("pause", "extend", "reset", "restart", "snooze", "rename", "who set", "shorten", "I hate", "he broke", "double"),
    *("the kids like", "why is there", "change", "is it"),
]


@pytest.mark.parametrize(("length", "name"), LENGTHS)
@pytest.mark.parametrize("away", AWAY)
@pytest.mark.parametrize(
    "wish", ["{} the {} timer", "please {} my {} timer", "{} {} timer", "Jarvis, {} that {} timer"]
)
async def test_a_timer_is_cancelled_by_its_length(brain, wish, away, length, name):
    assert called(await ask(brain, wish.format(away, length))) == [("cancel_timer", {"name": name})]


@pytest.mark.parametrize("question", ABOUT)
async def test_a_timer_is_asked_about_by_its_length(brain, question):
    turns = [user(question.format("five minute"))]
    assert called(await ask(brain, turns)) == [("list_timers", {})]
    running = [{"name": "tea", "remaining_seconds": 30}, {"name": "five minute timer", "remaining_seconds": 125}]
    turns = after(turns[0].text, "list_timers", {"timers": running})
    assert await said(brain, turns, TOOLS) == "Your five minute timer has 2 minutes and 5 seconds left."


@pytest.mark.parametrize("verb", OTHER)
@pytest.mark.parametrize("thing", ["the five minute timer", "my timer for five minutes"])
async def test_what_shall_be_done_with_a_timer_is_not_dropped(brain, verb, thing):
    assert not any(name == "set_timer" for name, _ in called(await ask(brain, f"{verb} {thing}")))


@pytest.mark.parametrize("verb", ["cancel", "stop", "pause", "extend", "check", "what is", "rename"])
async def test_what_is_no_name_names_no_timer(brain, verb):
    assert not any(name == "set_timer" for name, _ in called(await ask(brain, f"{verb} timer five minutes")))


@pytest.mark.parametrize(
    "text",
    [
        *("unmute the microphone", "turn the microphone on", "turn on the microphone", "is the microphone muted"),
        *("is the volume at 30 percent", "the volume is 30 percent", "what is the maximum volume"),
        *("what is the date of the battle of Hastings", "what time is it in London"),
    ],
)
async def test_a_word_that_is_known_is_not_taken_for_another(brain, text):
    assert called(await ask(brain, text)) == []


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("what is the date in two weeks", "In 14 days it will be Sunday, the 6th of December 2026."),
        ("the date in two weeks", "In 14 days it will be Sunday, the 6th of December 2026."),
        ("what will the date be in ten days", "In 10 days it will be Wednesday, the 2nd of December 2026."),
        ("what day is it in three days", "In 3 days it will be Wednesday."),
        ("what date was it two weeks ago", "14 days ago it was Sunday, the 8th of November 2026."),
        ("what day was it three days ago", "3 days ago it was Thursday."),
        ("what time was it two hours ago", "2 hours ago it was five past twelve in the afternoon."),
        ("what time is it in two hours", "In 2 hours it will be five past four in the afternoon."),
    ],
)
async def test_a_question_about_the_calendar_is_not_answered_by_the_clock(brain, text, answer):
    assert await said(brain, text) == answer


@pytest.mark.parametrize("more", ["another one", "one more", "tell me one more", "once more", "and another"])
async def test_another_one_is_one_of_what_was_asked_for(brain, more):
    fact = await said(brain, "tell me a fact")
    turns = [user("what time is it"), Turn("assistant", "Noon."), user("tell me a fact"), Turn("assistant", fact)]
    facts = load_language("en").intents["fact"].replies
    assert fact in facts
    assert (another := await said(brain, [*turns, user(more)])) in facts
    assert another != fact
    assert await said(brain, more) in load_language("en").intents["joke"].replies


async def test_a_request_beyond_what_the_device_takes_is_refused_in_words(brain):
    schemas = {tool.name: tool for tool in TOOLS}
    limit = {"type": "object", "properties": {"seconds": {"type": "integer", "minimum": 1, "maximum": 86_400}}}
    change = {"anyOf": [{"type": "integer", "minimum": -50, "maximum": 50}, {"type": "null"}]}
    offered = [
        *(tool for name, tool in schemas.items() if name not in {"set_timer", "set_volume"}),
        Tool("set_timer", "", limit),
        Tool("set_volume", "", {"type": "object", "properties": {"change": change}}),
    ]
    for wish, answer in (
        ("set a timer for two days", "That is not a time I can set a timer for: the longest is 1 day."),
        ("wake me in 30 hours", "That is not a time I can set a timer for: the longest is 1 day."),
        ("turn it up by 60 percent", "I cannot change it by that much."),
    ):
        assert await said(brain, wish, offered) == answer
    assert called(await ask(brain, "set a timer for 24 hours", offered)) == [("set_timer", {"seconds": 86_400})]


# What asks for the same thing in the end, where templates of two intents take the same words.
ALIKE = {("fraction", "divide"), ("add", "sum"), ("multiply", "sum"), ("percent", "sum"), ("convert", "convert_time")}
ALIKE |= {("reminder_time", "alarm_time"), ("reminder_time", "duration"), ("duration", "reminder_time")}
ALIKE |= {
    ("home", f"house_{done}") for done in ("on", "off", "dim", "warm", "is_on", "degrees")
}  # it is said where no house can be asked
WHICH = {intent for skill in SKILLS for intent in skill.says_which}
"""Intents that count only where it was asked which one is meant."""
ANY_WORDS = {"place": "Tokyo", "name": "pasta", "items": "milk", "word": "necessary", "topic": "the eiffel tower"}
SPOKEN = {"num": "7", "dur": "five minutes", "sum": "2 plus 3"}


def spoken(sample):
    words = [SPOKEN.get(word[:3], word) if is_mark(word) else word for word in sample.split()]
    return " ".join(ANY_WORDS.get(word.strip("{}").split(":")[0], word) if "{" in word else word for word in words)


@pytest.mark.parametrize("name", sorted(load_language("en").intents))
def test_every_sentence_that_a_template_makes_means_its_intent(name):
    """Number words become digits, and words are dropped or passed over, before a template is matched."""
    known = Understanding(load_language("en"), ["Jarvis"])
    wrong = []
    for sample in known.samples(name, 6):
        text = spoken(sample)
        answer = known.answer(text, name) if name in WHICH else None
        meant = [meaning.intent for meaning in ([answer] if answer else known.meanings(text))]
        if meant != [name] and not any((name, other) in ALIKE for other in meant):
            wrong.append((spoken(sample), meant))
    assert wrong == []


def after(question, name, output, arguments="{}"):
    return [
        user(question),
        Turn("assistant", call_id="c1", name=name, arguments=arguments),
        Turn("tool", json.dumps(output) if not isinstance(output, str) else output, call_id="c1"),
    ]


CLOCK = {"time": "09:15", "date": "2026-12-31", "weekday": "Thursday"}


@pytest.mark.parametrize(
    ("question", "name", "output", "answer"),
    [
        ("what time is it", "get_time", CLOCK, "It is a quarter past nine in the morning."),
        ("what's the date tomorrow", "get_time", CLOCK, "Tomorrow is Friday, the 1st of January 2027."),
        ("what day is it", "get_time", CLOCK, "Today is Thursday."),
        (
            "what time is it and what day is it",
            "get_time",
            CLOCK,
            "It is a quarter past nine in the morning. Today is Thursday.",
        ),
        ("anything", "get_time", CLOCK, "It is a quarter past nine in the morning."),
        ("timer", "set_timer", {"name": None, "seconds": 300, "rings_at": "14:10"}, "Your timer for 5 minutes is set."),
        (
            "timer",
            "set_timer",
            {"name": "tea", "seconds": 90, "rings_at": "14:10"},
            "Your tea timer is set for 1 minute and 30 seconds.",
        ),
        (
            "timer",
            "set_timer",
            {"name": "five second timer", "seconds": 5, "rings_at": "14:10"},
            "Your timer for 5 seconds is set.",
        ),
        ("list my timers", "list_timers", {"timers": []}, "There is no timer running."),
        (
            "list my timers",
            "list_timers",
            {"timers": [{"name": None, "remaining_seconds": 61}]},
            "There is 1 minute and 1 second left on your timer.",
        ),
        (
            "list my timers",
            "list_timers",
            {"timers": [{"name": "tea", "remaining_seconds": 125}, {"name": "egg", "remaining_seconds": 30}]},
            "Your tea timer has 2 minutes and 5 seconds left. Your egg timer has 30 seconds left.",
        ),
        (
            "how long is left on the egg timer",
            "list_timers",
            {"timers": [{"name": "tea", "remaining_seconds": 125}, {"name": "egg", "remaining_seconds": 30}]},
            "Your egg timer has 30 seconds left.",
        ),
        (
            "how long is left on the cake timer",
            "list_timers",
            {"timers": [{"name": "tea", "remaining_seconds": 125}]},
            "There is no timer called cake.",
        ),
        ("cancel", "cancel_timer", {"cancelled": []}, "There was no timer to cancel."),
        ("cancel", "cancel_timer", {"cancelled": ["tea"]}, "Your tea timer is cancelled."),
        ("cancel", "cancel_timer", {"cancelled": [{"name": ""}]}, "Your timer is cancelled."),
        ("cancel", "cancel_timer", {"cancelled": ["tea", "egg"]}, "All 2 timers are cancelled."),
        ("louder", "set_volume", {"percent": 60}, "Volume 60 percent."),
        ("mute", "mute", {}, "The microphone is muted."),
        ("stop", "sleep", {}, ""),
        ("timer", "set_timer", {"error": "there are too many timers"}, "That did not work: there are too many timers."),
        ("light", "turn_on_light", {"ok": True}, "Done."),
        ("light", "turn_on_light", "The light is on.", "The light is on."),
        ("what time is it", "get_time", {"zeit": 3}, "Done."),
        ("list my timers", "list_timers", {"timers": 7}, "Done."),
    ],
)
async def test_outputs_are_phrased(brain, question, name, output, answer):
    assert await said(brain, after(question, name, output), TOOLS) == answer


async def test_parallel_outputs_are_all_phrased(brain):
    turns = [
        user("turn it up and set a timer for a minute"),
        Turn("assistant", call_id="a", name="set_volume", arguments='{"change": 10}'),
        Turn("assistant", call_id="b", name="set_timer", arguments='{"seconds": 60}'),
        Turn("tool", '{"percent": 90}', call_id="a"),
        Turn("tool", '{"name": null, "seconds": 60}', call_id="b"),
    ]
    assert called(await ask(brain, turns[:1])) == [("set_volume", {"change": 10}), ("set_timer", {"seconds": 60})]
    assert await said(brain, turns, TOOLS) == "Volume 90 percent. Your timer for 1 minute is set."


async def test_choice_none_calls_nothing(brain):
    items = await ask(brain, "what time is it", choice=Choice("none"))
    assert items == [Text("It is five past two in the afternoon.")]


async def test_choice_required(brain):
    assert called(await ask(brain, "turn it up", choice=Choice("required"))) == [("set_volume", {"change": 10})]
    assert called(await ask(brain, "hello", choice=Choice("required", "get_time"))) == [("get_time", {})]
    with pytest.raises(BrainError, match=r"set_timer.*brain\.url"):
        await ask(brain, "hello", choice=Choice("required", "set_timer"))
    with pytest.raises(BrainError, match=r"a function.*brain\.url"):
        await ask(brain, "hello", choice=Choice("required"))


async def test_a_note_of_the_system_is_spoken(brain):
    assert (
        await said(brain, [user("hi"), Turn("assistant", "Hello."), Turn("system", "The tea timer rings.")])
        == "The tea timer rings."
    )


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("stop", True),
        ("Hey Jarvis, goodbye.", True),
        ("stop, what time is it", False),
        ("what time is it", False),
        ("", False),
        ("blah", False),
    ],
)
def test_ends_of_a_conversation(brain, text, ends):
    assert brain.ends_conversation(text) is ends


@pytest.mark.parametrize(
    ("text", "free"),
    [
        ("What time is it?", []),
        ("Hey Jarvis, set an alarm for seven a.m.", []),
        ("cancel the lasagna timer", ["lasagna"]),
        ("Add oat milk to the shopping list.", ["oat", "milk"]),
        ("play some jazz", None),
        ("the quick brown fox", None),
        ("what time is it " * 99, None),
    ],
)
def test_words_that_might_be_others(brain, text, free):
    assert brain.free_words(text) == free


async def test_other_wake_words(brain):
    other = Sentences("en", ["Computer", "mycroft"])
    assert called(await ask(other, "Microft, what time is it?")) == [("get_time", {})]
    assert await said(other, "what is your name") == "I am Computer, a voice assistant that lives in this device."


WORDS = [
    *("what", "is", "the", "time", "set", "a", "timer", "for", "five", "minutes", "12", "%", "stop", "and", "not"),
    *(",", ".", "jarvis", "{number}", "<set>", "[a]", "(b|c)"),
]


@settings(max_examples=60, deadline=None)
@given(text=st.text(max_size=60) | st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join))
async def test_anything_may_be_said(brain, text):
    items = await ask(brain, text)
    assert all(isinstance(item, Call | Text | Unmet | Pace) for item in items)
    assert all(item.text.strip() for item in items if isinstance(item, Text))


def test_unknown_languages_are_named():
    with pytest.raises(LanguageError, match=r'"xx".*en.*brain\.url'):
        Sentences("xx")


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("What time is it?", True),
        ("Hey Jarvis, what time is it?", True),
        ("Set a timer for ten minutes, please.", True),
        ("Ten minutes.", True),
        ("Okay, stop.", True),
        ("Set a timer.", False),
        ("Set a timer for.", False),
        ("What is the weather?", False),
        ("Hey Jarvis.", False),
        ("Tell me about the Romans.", False),
        ("", False),
    ],
)
def test_what_is_a_whole_request_that_is_known(brain, text, known):
    assert brain.knows(text) is known
