from device.bench.requests.household import Household
from device.bench.requests.plan import Request
from device.bench.requests.talk import ROUNDS, outcome
from device.local.brain.sentences import Sentences
from device.local.stages import Call, Text


class Scripted:
    """A brain that replies with what it is given, and keeps what it was asked."""

    def __init__(self, *replies):
        self.replies = list(replies)
        self.asked = []

    def warm_up(self):
        pass

    def knows(self, text):
        return False

    async def reply(self, turns, tools, instructions, choice):
        self.asked.append(turns)
        for item in self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]:
            yield item


async def test_a_call_is_made_and_its_output_told_before_the_answer():
    brain = Scripted([Text("A moment."), Call("set_timer", '{"seconds": 300}')], [Text("It runs.")])
    came = await outcome(Request(say="five minutes", answer="runs"), brain, Household())
    assert came.answer == "A moment. It runs."
    assert came.timers == (300,)
    assert [(call.tool, call.arguments, call.done) for call in came.called] == [("set_timer", {"seconds": 300}, True)]
    told = brain.asked[1][-1]
    assert told.role == "tool"
    assert '"seconds":300' in told.text


async def test_a_call_that_fails_is_told_as_one():
    brain = Scripted([Call("set_timer", "no JSON")], [Text("Sorry.")])
    came = await outcome(Request(say="five minutes", answer="x"), brain, Household())
    assert [call.done for call in came.called] == [False]


async def test_a_brain_that_calls_for_ever_is_left():
    brain = Scripted([Call("list_timers", "{}")])
    came = await outcome(Request(say="timers", answer="x"), brain, Household())
    assert len(came.called) == ROUNDS


async def test_a_tool_that_needs_no_word_gets_none():
    brain = Scripted([Call("sleep", "{}")], [Text("Never said.")])
    came = await outcome(Request(say="stop", answer="x"), brain, Household())
    assert came.answer == ""


async def test_what_is_said_before_is_part_of_the_conversation_and_time_passes_after_it():
    request = Request(say="how long is left", before=("set a timer for ten minutes",), wait_s=60, answer="9 minutes")
    came = await outcome(request, Sentences(), Household())
    assert came.timers == (540,)
    assert "9 minutes" in came.answer
    assert [call.tool for call in came.called] == ["list_timers"]
