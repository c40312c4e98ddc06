"""A tool that takes long, in a room: it is spoken of meanwhile, and its result waits for silence."""

import asyncio

from support.house import House, play, says
from support.listener import Listener, spoken

from device.conversation.pending_tools import COVERS
from device.simulation.scripted_reply import Call, Reply
from device.tools.registry import Arguments, Tool
from device.wire import realtime as wire

QUESTION = "hey jarvis, what time is it?"
AGAIN = "how many kilometres is five miles?"


class Nothing(Arguments, frozen=True):
    pass


def house_with_tool(tmp_path, visitors, seconds, takes_s):
    async def look_up(_: Nothing) -> str:
        await asyncio.sleep(takes_s)
        return "42"

    tool = Tool(name="look_up", description="Look it up.", arguments=Nothing, handler=look_up)
    return House(tmp_path, visitors, seconds, tools=[tool])


def asked_to_say(server):
    created = [event.item for event in server.all(wire.ConversationItemCreate)]
    return [part.text for item in created if item.role == "system" for part in item.content]


def test_a_slow_tool_is_spoken_of_and_then_answered(tmp_path):
    house = house_with_tool(tmp_path, [says(QUESTION, at=1.0)], 13, 4.0)
    call = Reply((Call("look_up", "{}"),))
    server = Listener(call, spoken(0.8, "One moment."), spoken(1.0, "It is forty two."))
    play(house, server)
    (tool,) = house.all("tool")
    cover, answer = house.all("reply_first_audio")
    assert 0.65 < cover.t - tool.t < 1.2
    assert asked_to_say(server) in [[text] for text in COVERS]
    assert 4.0 < answer.t - tool.t < 4.5
    assert [entry.text for entry in house.all("assistant")] == ["One moment.", "It is forty two."]
    assert len(house.all("reply_last_audio")) == 2


def test_a_quick_tool_is_not_spoken_of(tmp_path):
    house = house_with_tool(tmp_path, [says(QUESTION, at=1.0)], 9, 0.4)
    server = Listener(Reply((Call("look_up", "{}"),)), spoken(1.0, "It is forty two."))
    play(house, server)
    assert asked_to_say(server) == []
    assert len(house.all("reply_first_audio")) == 1


def test_an_engine_that_says_something_before_the_call_is_not_asked_to(tmp_path):
    house = house_with_tool(tmp_path, [says(QUESTION, at=1.0)], 12, 3.0)
    preamble = spoken(0.8, "Let me see.").items[0]
    server = Listener(Reply((preamble, Call("look_up", "{}")), pace=0.2), spoken(1.0, "It is forty two."))
    play(house, server)
    assert asked_to_say(server) == []
    assert [entry.text for entry in house.all("assistant")] == ["Let me see.", "It is forty two."]


def test_a_result_does_not_talk_over_the_user(tmp_path):
    visitors = [says(QUESTION, at=1.0), says(AGAIN, after="thinking", plus=2.2)]
    house = house_with_tool(tmp_path, visitors, 16, 3.0)
    call = Reply((Call("look_up", "{}"),))
    server = Listener(call, spoken(0.6, "One moment."), spoken(1.0, "It is forty two."), spoken(1.0, "Eight."))
    play(house, server)
    visit = house.room.visits[1]
    outputs = [
        one.at
        for one in server.received
        if isinstance(one.event, wire.ConversationItemCreate) and one.event.item.type == "function_call_output"
    ]
    assert len(outputs) == 1
    speaking = [entry.t for entry in house.all("reply_first_audio")]
    assert not [t for t in speaking if visit.onset / 16_000 < t < visit.offset / 16_000]
