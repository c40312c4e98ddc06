import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.local.brain.written import Written
from device.local.stages import Call

CALL = Call("set_timer", '{"seconds": 600}')
JSON = '{"name": "set_timer", "arguments": {"seconds": 600}}'
NAMED = Call("set_timer", '{"seconds": 600, "name": "pasta"}')


def read(text, size=1):
    written = Written()
    said = [part for at in range(0, len(text), size) for part in written.push(text[at : at + size])]
    return " ".join("".join([*said, *written.flush()]).split()), written.calls


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
@pytest.mark.parametrize(
    ("text", "said", "calls"),
    [
        ("It is 3 < 5, and a > b.", "It is 3 < 5, and a > b.", []),
        ("<think>Let me {see} <b>.</think>Yes.", "Yes.", []),
        ("<thinking>never ends", "", []),
        ("Sure.<|im_end|>", "Sure.", []),
        ("A <b>bold</b> word [1].", "A bold word [1].", []),
        (f"<tool_call>\n{JSON}\n</tool_call>", "", [CALL]),
        (f"<tool_call>{JSON}", "", [CALL]),
        (f"<tool_call>{JSON}</tool_call><tool_call>{JSON}</tool_call>", "", [CALL, CALL]),
        (f"I will.\n<tools>\n<json>{JSON}</json>\n</tools>\nDone.", "I will. Done.", [CALL]),
        (f"```json\n{JSON}\n```\nOkay.", "Okay.", [CALL]),
        ("```python\nprint(1)\n```\nOkay.", "Okay.", []),
        (f"[TOOL_CALLS][{JSON}]", "[]", [CALL]),
        ('{"name": "set_timer", "parameters": {"seconds": 600}}', "", [CALL]),
        ('{{"name": "set_timer", "arguments": {"seconds": 600}}}', "", [CALL]),
        ('{"function": {"name": "set_timer", "arguments": "{\\"seconds\\": 600}"}}', "", [CALL]),
        ('{"type": "function", "function": "set_timer", "args": {"seconds": 600}}', "", [CALL]),
        ('<function=set_timer>{"seconds": 600}</function>', "", [CALL]),
        (
            "<tool_call><function=set_timer><parameter=seconds>600</parameter><parameter=name>pasta</parameter></function>",
            "",
            [NAMED],
        ),
        ('The result is {"a": 1}.', "The result is .", []),
        ('{"name": "Anna", "age": 7}', "", []),
        ('{"broken": ', "", []),
        ('{"name": "set_timer", "arguments": {"seconds": 600, "name": "a } b"}}', "", None),
    ],
)
def test_what_is_for_nobodys_ears_is_not_said_and_calls_are_found(text, said, calls, size):
    found = read(text, size)
    assert found[0] == said
    if calls is None:
        assert [call.name for call in found[1]] == ["set_timer"]
    else:
        assert found[1] == calls


@given(st.text(alphabet='<>/{}[]|`"\\= \nabcTOL_think', max_size=60), st.integers(1, 9))
def test_however_it_comes_it_is_read_the_same(text, size):
    assert read(text, size) == read(text, len(text) or 1)


def test_a_block_without_an_end_is_not_kept_for_ever():
    assert read("{" * 60_000, 5000)[1] == []
    assert read("<think>" + "x" * 60_000 + " and then", 5000)[0].endswith("and then")
