from device.local.brain.request import ATTEMPTS, Request
from device.local.stages import Call, Choice, Tool, Turn

TIME = Tool("get_time", "Tells.", {"type": "object", "properties": {}})


def request(*turns):
    return Request([Turn("user", "hello"), *turns], [TIME], "Be kind.", Choice())


def called(number):
    return Turn("assistant", call_id=f"c{number}", name="get_time", arguments=f'{{"x": {number}}}')


def test_a_wrong_call_is_told_and_the_last_time_there_are_no_functions():
    asked = request()
    assert "tools" in asked.fields(0)
    fit, why = asked.sort([Call("nothing", "{}")])
    assert fit == []
    asked.tell("some text", why)
    fields = asked.fields(1)
    assert "tools" in fields
    assert fields["messages"][-2] == {"role": "assistant", "content": "some text"}
    assert "no function 'nothing'" in fields["messages"][-1]["content"]
    assert "tools" not in asked.fields(ATTEMPTS - 1)


def test_the_same_call_is_made_once_and_then_there_are_no_functions():
    call = Call("get_time", "{}")
    assert request().sort([call, call]) == ([call], "")
    asked = request(Turn("assistant", call_id="a", name="get_time", arguments="{}"), Turn("tool", "{}", call_id="a"))
    fit, why = asked.sort([call])
    assert fit == []
    assert "already" in why
    assert "tools" not in asked.fields(1)


def test_after_some_rounds_there_are_no_functions():
    turns = [turn for number in range(4) for turn in (called(number), Turn("tool", "{}", call_id=f"c{number}"))]
    assert "tools" in request(*turns[:6]).fields(0)
    assert "tools" not in request(*turns).fields(0)
