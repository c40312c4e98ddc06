"""What is said through the door, as lines of JSON."""

from typing import get_args

import msgspec
import pytest

from device.conversation.states import State as TurnState
from device.door import messages
from device.door.messages import (
    TOPICS,
    USUAL,
    AnyEvent,
    AnyReply,
    AnyRequest,
    ChangeSetting,
    CheckCode,
    CodeIs,
    Done,
    Error,
    Hello,
    Say,
    SetVolume,
    Snapshot,
    Subscribe,
    Topic,
    Wake,
    encode,
)
from device.panel.lights import PATTERNS

KINDS = [*get_args(AnyRequest), *get_args(AnyReply), *get_args(AnyEvent)]
REQUESTS = msgspec.json.Decoder(AnyRequest | Hello)


def test_each_kind_has_a_name_of_its_own():
    names = [kind.__struct_config__.tag for kind in KINDS]
    assert len(set(names)) == len(names) > 40
    assert {"set_volume", "change_setting", "code_is", "snapshot"} <= set(names)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_each_kind_says_what_it_is_for(kind):
    assert kind.__doc__
    assert not kind.__doc__.startswith(kind.__name__ + "(")


@pytest.mark.parametrize("request_", [Wake(id=1), SetVolume(30, id=2), Say("hello", id=3), Subscribe(("level",), id=4)])
def test_a_request_is_one_line_and_read_again_as_it_was(request_):
    line = encode(request_)
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert REQUESTS.decode(line) == request_


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b'{"type":"set_volume","percent":101}', "<= 100"),
        (b'{"type":"set_volume"}', "percent"),
        (b'{"type":"mute","on":true}', "unknown field `on`"),
        (b'{"type":"say","text":""}', "length >= 1"),
        (b'{"type":"fly"}', "'fly'"),
        (b'{"type":"wake","id":-1}', ">= 0"),
        (b"{}", "`type`"),
    ],
)
def test_what_is_no_request_is_told_what_is_wrong(line, told):
    with pytest.raises(msgspec.ValidationError, match=told):
        REQUESTS.decode(line)


def test_every_event_but_the_snapshot_has_a_topic_and_every_topic_an_event():
    assert set(TOPICS) == set(get_args(AnyEvent)) - {Snapshot}
    assert set(TOPICS.values()) == set(get_args(Topic))
    assert set(get_args(Topic)) - set(USUAL) == {"level"}


def test_states_and_lights_are_those_of_the_device():
    assert set(get_args(messages.TurnState)) == {state.value for state in TurnState}
    assert set(get_args(messages.Light)) == set(PATTERNS)


def test_what_is_secret_does_not_show_itself():
    said = [CodeIs("123456", 600), CheckCode("123456"), ChangeSetting("brain.api_key", "123456")]
    assert "123456" not in repr(said)
    assert all(b"123456" in encode(one) for one in said)


def test_what_is_at_its_default_is_left_out():
    assert encode(Done(id=3)) == b'{"type":"done","id":3}\n'
    assert (
        encode(Error("closing", "the daemon ends")) == b'{"type":"error","code":"closing","what":"the daemon ends"}\n'
    )
