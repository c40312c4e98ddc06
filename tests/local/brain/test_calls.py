import pytest

from device.local.brain.calls import WrongCallError, fitted, made_before, rounds
from device.local.stages import Call, Tool, Turn

TIMER = Tool(
    "set_timer",
    "Sets.",
    {
        "type": "object",
        "properties": {
            "seconds": {"type": "integer"},
            "name": {"anyOf": [{"type": "string"}, {"type": "null"}]},
            "loud": {"type": "boolean"},
        },
        "required": ["seconds"],
    },
)
TIME = Tool("get_time", "Tells.", {"type": "object", "properties": {}})


@pytest.mark.parametrize(
    ("call", "fit"),
    [
        (Call("set_timer", '{"seconds": 600}'), Call("set_timer", '{"seconds": 600}')),
        (Call("set_timer", '{"seconds": "600", "name": null}'), Call("set_timer", '{"seconds": 600}')),
        (Call("set_timer", '{"seconds": 600.0, "name": "7"}'), Call("set_timer", '{"seconds": 600, "name": "7"}')),
        (Call("functions.Set-Timer", '{"seconds": 1}'), Call("set_timer", '{"seconds": 1}')),
        (Call("get_time", ""), Call("get_time", "{}")),
    ],
)
def test_a_call_is_made_as_the_function_wants_it(call, fit):
    assert fitted(call, [TIMER, TIME]) == fit


@pytest.mark.parametrize(
    ("call", "why"),
    [
        (Call("play_music", "{}"), "there is no function 'play_music'; there are: set_timer, get_time"),
        (Call("", "{}"), "there is no function ''"),
        (Call("set_timer", '{"seconds": 6'), "no JSON"),
        (Call("set_timer", "[600]"), "no JSON object"),
        (Call("set_timer", "{}"), "needs seconds"),
        (Call("set_timer", '{"seconds": null}'), "seconds must be integer"),
        (Call("set_timer", '{"seconds": "soon"}'), "seconds must be integer"),
        (Call("set_timer", '{"seconds": 1, "minutes": 2}'), "no argument 'minutes'"),
        (Call("set_timer", '{"seconds": 1, "name": 5}'), "name must be string or null"),
        (Call("set_timer", '{"seconds": 1, "loud": "yes"}'), "loud must be boolean"),
        (Call("set_timer", "[" * 100_000), "no JSON"),
    ],
)
def test_a_wrong_call_is_told_with_its_fault(call, why):
    with pytest.raises(WrongCallError) as error:
        fitted(call, [TIMER, TIME])
    assert why in str(error.value)
    assert len(str(error.value)) < 300


def test_without_functions_none_can_be_called():
    with pytest.raises(WrongCallError, match="there are: none"):
        fitted(Call("get_time", "{}"), [])


def test_calls_since_the_user_spoke_are_counted_and_known_again():
    def call(number, arguments):
        return Turn("assistant", call_id=f"c{number}", name="set_timer", arguments=arguments)

    turns = [
        Turn("user", "two timers"),
        call(0, '{"seconds": 5}'),
        Turn("tool", "{}", call_id="c0"),
        Turn("user", "again"),
        call(1, '{"seconds": 1, "name": "a"}'),
        call(2, '{"seconds": 2}'),
        Turn("tool", "{}", call_id="c1"),
        Turn("tool", "{}", call_id="c2"),
        call(3, "broken"),
        Turn("tool", "{}", call_id="c3"),
    ]
    assert rounds(turns) == 2
    assert made_before(Call("set_timer", '{"name": "a", "seconds": 1}'), turns)
    assert made_before(Call("set_timer", "broken"), turns)
    assert not made_before(Call("set_timer", '{"seconds": 5}'), turns), "the user asked for it again"
    assert not made_before(Call("get_time", '{"seconds": 2}'), turns)
