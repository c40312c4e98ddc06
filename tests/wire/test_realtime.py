"""Reading and writing the events of OpenAI Realtime, on both sides."""

import json
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.messages import ANY_TEXT, NO_OBJECTS, damaged, messages
from support.realtime_events import SERVER, sample

from device.wire import realtime as wire
from device.wire.errors import Unknown, WireError


def test_unknown_server_events_survive() -> None:
    text = '{"type": "vendor.ping", "event_id": "e", "n": 1}'
    event = wire.decode_server(text)
    assert isinstance(event, Unknown)
    assert (event.type, event.raw) == ("vendor.ping", text)


@pytest.mark.parametrize(
    "text",
    [
        '{"type": "response.output_audio.delta", "item_id": "i", "delta": "not base64!"}',
        '{"type": "response.done", "response": 7}',
        '{"type": "error"}',
    ],
)
def test_malformed_server_events_survive_and_say_why(text: str) -> None:
    event = wire.decode_server(text)
    assert isinstance(event, Unknown)
    assert event.type == json.loads(text)["type"]
    assert "$" in event.why or "missing" in event.why


@pytest.mark.parametrize(
    ("session", "named"),
    [
        ({"modalities": ["text"]}, "'modalities' is now 'output_modalities'"),
        ({"input_audio_format": "pcm16", "voice": "x"}, "'voice' is now 'audio.output.voice'"),
        ({"type": "beta", "turn_detection": None}, "'turn_detection' is now 'audio.input.turn_detection'"),
    ],
)
def test_a_session_of_the_beta_is_named_as_such(session: dict[str, Any], named: str) -> None:
    with pytest.raises(WireError, match=named) as caught:
        wire.decode_client(json.dumps({"type": "session.update", "session": session}))
    assert "beta" in caught.value.message
    assert caught.value.param == "session.type"


def test_a_session_without_a_type_is_not_always_the_betas() -> None:
    with pytest.raises(WireError) as caught:
        wire.decode_client('{"type": "session.update", "session": {"instructions": "x"}}')
    assert caught.value.message == "Missing required parameter: 'session.type'."


@pytest.mark.parametrize("text", ['{"n": 1}', '{"type": 3}', '{"type": null}'])
def test_server_events_without_a_type_are_unknown(text: str) -> None:
    event = wire.decode_server(text)
    assert isinstance(event, Unknown)
    assert event.type == ""


@pytest.mark.parametrize("text", [*NO_OBJECTS, b'{"type": "\xff"}'], ids=range(len(NO_OBJECTS) + 1))
@pytest.mark.parametrize("decode", [wire.decode_server, wire.decode_client])
def test_what_is_no_json_object_is_refused(decode: Any, text: str | bytes) -> None:
    with pytest.raises(WireError) as caught:
        decode(text)
    assert caught.value.code == "invalid_json"


def test_fields_of_other_servers_pass() -> None:
    event = wire.decode_server(
        '{"type": "response.output_audio.delta", "item_id": "i", "delta": "AAA=", "vendor": {"x": [1]}}'
    )
    assert event == wire.ResponseOutputAudioDelta(b"\x00\x00", item_id="i")


@pytest.mark.parametrize(
    ("text", "code", "param"),
    [
        ('{"type": "nope", "event_id": "e"}', "invalid_value", "type"),
        ('{"event_id": "e"}', "missing_required_parameter", "type"),
        ('{"type": "session.update", "event_id": "e"}', "missing_required_parameter", "session"),
        ('{"type": "session.update", "event_id": "e", "session": {}}', "missing_required_parameter", "session.type"),
        (
            '{"type": "session.update", "event_id": "e", "session": {"type": "beta"}}',
            "invalid_value",
            "session.type",
        ),
        (
            (
                '{"type": "session.update", "event_id": "e", "session": {"type": "realtime",'
                ' "audio": {"input": {"turn_detection": {"type": "psychic"}}}}}'
            ),
            "invalid_value",
            "session.audio.input.turn_detection.type",
        ),
        (
            (
                '{"type": "conversation.item.truncate", "event_id": "e", "item_id": "i", "content_index": 0,'
                ' "audio_end_ms": "5"}'
            ),
            "invalid_type",
            "audio_end_ms",
        ),
        ('{"type": "input_audio_buffer.append", "event_id": "e", "audio": "%%%"}', "invalid_value", "audio"),
        (
            '{"type": "conversation.item.create", "event_id": "e", "item": {"type": "message"}}',
            "missing_required_parameter",
            "item.role",
        ),
        (
            (
                '{"type": "conversation.item.create", "event_id": "e", "item":'
                ' {"type": "message", "role": "assistant", "content": [{"type": "input_text"}]}}'
            ),
            "invalid_value",
            "item.content[0].type",
        ),
        (
            '{"type": "conversation.item.create", "event_id": "e", "item": {"type": "poem"}}',
            "invalid_value",
            "item.type",
        ),
        (
            '{"type": "response.create", "event_id": "e", "response": {"input": [{"type": "item_reference"}]}}',
            "missing_required_parameter",
            "response.input[0].id",
        ),
    ],
)
def test_what_a_client_got_wrong_is_named(text: str, code: str, param: str) -> None:
    with pytest.raises(WireError) as caught:
        wire.decode_client(text)
    error = caught.value
    assert (error.code, error.param, error.event_id) == (code, param, "e")
    assert param in error.message
    assert "`" not in error.message


@given(ANY_TEXT)
def test_no_text_does_worse_than_a_wire_error(text: str | bytes) -> None:
    for decode in (wire.decode_server, wire.decode_client):
        with pytest.raises(WireError):
            decode(text)


@given(messages(wire.ServerEvent), st.data())
def test_no_server_event_raises_whatever_its_fields(event: Any, data: st.DataObject) -> None:
    read = wire.decode_server(data.draw(damaged(json.loads(wire.encode(event)))))
    assert isinstance(read, Unknown | type(event))


def of_client(text: str) -> Any:
    try:
        return wire.decode_client(text)
    except WireError as error:
        return error


@given(messages(wire.ClientEvent), st.data())
def test_a_clients_event_is_read_or_explained_whatever_its_fields(event: Any, data: st.DataObject) -> None:
    text = data.draw(damaged(json.loads(wire.encode(event))))
    read = of_client(text)
    if isinstance(read, WireError):
        assert read.code in {"missing_required_parameter", "invalid_type", "invalid_value"}
        theirs = json.loads(text).get("event_id")
        assert read.event_id == (theirs if isinstance(theirs, str) else None)
    else:
        assert type(read) is type(event)


def test_what_cannot_be_read_deep_within_an_event_is_refused_with_its_id() -> None:
    # The head of it can be read, so that the error can be told to whom it concerns.
    text = b'{"type": "response.cancel", "response_id": "\xff", "event_id": "e"}'
    with pytest.raises(WireError) as caught:
        wire.decode_client(text)
    assert (caught.value.code, caught.value.event_id) == ("invalid_json", "e")
    assert caught.value.message == "The message cannot be read."


@pytest.mark.parametrize("asked", ["{}", '{"input": []}', '{"input": [{"type": "item_reference", "id": "i"}]}'])
def test_what_a_response_shall_be_made_of_may_be_nothing(asked: str) -> None:
    read = wire.decode_client('{"type": "response.create", "response": ' + asked + "}")
    assert isinstance(read, wire.ResponseCreate)


BETA = {"response.audio.delta": "response.output_audio.delta", "conversation.said": "conversation.item.added"}


@pytest.mark.parametrize(("other", "name"), BETA.items())
def test_events_by_other_names_are_the_protocols(other: str, name: str) -> None:
    decoder = wire.server_decoder(BETA)
    event = json.loads(wire.encode(sample(SERVER[name])))
    for tag in (other, name):
        read = wire.decode_server(json.dumps(event | {"type": tag}), decoder)
        assert isinstance(read, SERVER[name])
        assert [getattr(read, field) for field in read.__struct_fields__] == [
            getattr(sample(SERVER[name]), field) for field in read.__struct_fields__
        ]
    # Nobody else's decoder has learned the names.
    assert isinstance(wire.decode_server(json.dumps(event | {"type": other})), Unknown)


def test_without_other_names_there_is_one_decoder() -> None:
    assert wire.server_decoder({}) is wire.server_decoder({})


def test_another_name_for_what_does_not_exist_is_refused() -> None:
    with pytest.raises(KeyError):
        wire.server_decoder({"x": "no.such.event"})


def test_the_vocabulary_has_every_event_of_both_sides() -> None:
    for kind in (*get_args(wire.ServerEvent), *get_args(wire.ClientEvent)):
        assert getattr(wire, kind.__name__) is kind
