from device.local.brain.messages import messages, tool_fields
from device.local.stages import Choice, Tool, Turn


def call(call_id, name="get_time", arguments="{}"):
    return Turn("assistant", call_id=call_id, name=name, arguments=arguments)


def output(call_id, text):
    return Turn("tool", text, call_id=call_id)


def test_a_conversation():
    turns = [Turn("user", "hi"), Turn("assistant", "Hello."), Turn("system", "It rings."), Turn("user", "bye")]
    assert messages(turns, "Be brief.") == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": "Hello."},
        {"role": "system", "content": "It rings."},
        {"role": "user", "content": "bye"},
    ]


def test_parallel_calls_are_one_message_and_their_outputs_follow():
    turns = [Turn("user", "x"), call("a"), call("b", "mute"), Turn("user", "and?"), output("b", "2"), output("a", "1")]
    told = messages(turns, "")[2:]
    assert told == [
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {"id": "a", "type": "function", "function": {"name": "get_time", "arguments": "{}"}},
                {"id": "b", "type": "function", "function": {"name": "mute", "arguments": "{}"}},
            ],
        },
        {"role": "tool", "tool_call_id": "a", "content": "1"},
        {"role": "tool", "tool_call_id": "b", "content": "2"},
        {"role": "user", "content": "and?"},
    ]


def test_a_call_without_output_and_an_output_without_call_are_left_out():
    told = messages([call("a"), Turn("user", "never mind"), output("z", "?")], "")
    assert told[1:] == [{"role": "user", "content": "never mind"}]


def test_tools():
    tool = Tool("mute", "Mutes.", {"type": "object", "properties": {}})
    fields = tool_fields([tool], Choice())
    assert fields["tools"] == [
        {"type": "function", "function": {"name": "mute", "description": "Mutes.", "parameters": tool.parameters}}
    ]
    assert fields["tool_choice"] == "auto"
    assert tool_fields([tool], Choice("required"))["tool_choice"] == "required"
    one = {"type": "function", "function": {"name": "mute"}}
    assert tool_fields([tool], Choice("required", "mute"))["tool_choice"] == one
    assert tool_fields([tool], Choice("none")) == {}
    assert tool_fields([], Choice()) == {}
