"""What vLLM-Omni's duplex adds to the Realtime protocol."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.messages import JSON, NO_OBJECTS, messages

from device.wire import duplex, realtime
from device.wire.errors import Unknown


@pytest.mark.parametrize(
    ("message", "written"),
    [
        (
            duplex.SessionResume("s", "t", 7),
            {"type": "session.resume", "session_id": "s", "resume_token": "t", "last_received_server_event_seq": 7},
        ),
        (duplex.SessionHeartbeat(), {"type": "session.heartbeat"}),
        (duplex.SessionEventAck(3), {"type": "session.event_ack", "server_event_seq": 3}),
        (duplex.SessionClose(), {"type": "session.close"}),
        (
            duplex.PlaybackAck("r", "i", 200, 100),
            {"type": "playback.ack", "response_id": "r", "item_id": "i", "played_ms": 200, "committed_ms": 100},
        ),
    ],
)
def test_what_a_client_says(message: duplex.ClientEvent, written: dict[str, Any]) -> None:
    assert json.loads(realtime.encode(message)) == written


@given(messages(duplex.ClientEvent))
def test_whatever_a_client_says_is_read_again(event: duplex.ClientEvent) -> None:
    assert msgspec.json.decode(realtime.encode(event), type=duplex.ClientEvent) == event


def test_the_head_of_an_event_is_what_a_client_goes_by() -> None:
    found = duplex.head(
        '{"type": "session.created", "server_event_seq": 4, "resume_token": "t", "more": [1],'
        ' "session": {"id": "s", "capabilities": {"supports_barge_in": true, "implementation_level": "x"}}}'
    )
    assert (found.type, found.server_event_seq, found.resume_token) == ("session.created", 4, "t")
    assert found.resource == duplex.Resource("s", duplex.Abilities(supports_barge_in=True))


@given(messages(duplex.Head))
def test_a_head_is_read_as_it_was_written(event: duplex.Head) -> None:
    assert duplex.head(msgspec.json.encode(event)) == event


@pytest.mark.parametrize(
    "text",
    [*NO_OBJECTS, '{"type": "x", "server_event_seq": "4"}', b'{"type": "\xff"}'],
    ids=range(len(NO_OBJECTS) + 2),
)
def test_a_head_that_is_like_none_is_as_good_as_empty(text: str | bytes) -> None:
    assert duplex.head(text) == duplex.Head()


@given(st.text() | st.binary() | JSON.map(json.dumps))
def test_no_head_raises_whatever_comes(text: str | bytes) -> None:
    found = duplex.head(text)
    assert isinstance(found, duplex.Head)
    assert found.resource is None or found.resource.capabilities is not None


@pytest.mark.parametrize(
    ("session", "duplex_session"),
    [
        (None, False),
        ("s", False),
        ([], False),
        ({}, False),
        ({"id": "s"}, False),
        ({"id": "s", "capabilities": None}, False),
        ({"id": 3, "capabilities": {}}, False),
        ({"id": "s", "capabilities": {"supports_barge_in": "yes"}}, False),
        ({"capabilities": {}}, True),
        ({"id": "s", "capabilities": {"supports_playback_ack": True}, "more": 1}, True),
    ],
)
def test_a_session_is_duplex_if_it_says_what_it_can_do(session: Any, *, duplex_session: bool) -> None:
    assert (duplex.head(json.dumps({"session": session})).resource is not None) == duplex_session


def test_a_server_that_says_nothing_of_an_ability_has_it_not() -> None:
    found = duplex.head('{"session": {"capabilities": {}}}').resource
    assert found is not None
    assert not any(msgspec.to_builtins(found.capabilities).values())


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"type": "error", "error": "no room", "code": "busy"}', ("busy", "no room")),
        ('{"type": "error", "error": "no room", "code": 503}', ("503", "no room")),
        ('{"type": "error", "error": "no room", "code": null}', ("", "no room")),
        ('{"type": "error", "error": "no room"}', ("", "no room")),
        ('{"type": "error", "error": {"message": "no room"}}', None),
        ('{"type": "info", "error": "no room"}', None),
        ("nonsense", None),
    ],
)
def test_an_error_before_there_is_a_session_is_text_with_a_code_beside_it(
    text: str, found: tuple[str, str] | None
) -> None:
    assert duplex.flat_error(text) == found


def test_what_asks_nothing_of_a_client_is_none_of_the_protocols_events() -> None:
    for tag in duplex.OWN:
        assert isinstance(realtime.decode_server(json.dumps({"type": tag})), Unknown)
