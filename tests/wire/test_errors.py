"""What can be wrong with a message, in every protocol that reads its messages with `known`."""

import json
from collections.abc import Callable
from typing import Any, NamedTuple, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.messages import ANY_TEXT, JSON, NO_OBJECTS, damaged, messages

from device.wire import bare, cartesia, gemini, ink, live, realtime, sonic
from device.wire.errors import SHOWN, Unknown, WireError, envelope, explained, known, missing, not_one_of


class Protocol(NamedTuple):
    union: Any
    decode: Callable[[str | bytes], Any]


PROTOCOLS = {
    "bare": Protocol(bare.ServerEvent, bare.decode_server),
    "cartesia": Protocol(cartesia.ServerEvent, cartesia.decode_server),
    "gemini": Protocol(gemini.ServerMessage, gemini.decode_server),
    "ink": Protocol(ink.ServerEvent, ink.decode_server),
    "live": Protocol(live.ServerEvent, live.decode_server),
    "realtime": Protocol(realtime.ServerEvent, realtime.decode_server),
    "sonic": Protocol(sonic.ServerEvent, sonic.decode_server),
}
every_protocol = pytest.mark.parametrize("protocol", PROTOCOLS.values(), ids=PROTOCOLS)


@every_protocol
@given(data=st.data())
def test_what_is_written_is_read_again(protocol: Protocol, data: st.DataObject) -> None:
    event = data.draw(messages(protocol.union))
    back = protocol.decode(msgspec.json.encode(event))
    assert back == event or (event == gemini.ServerMessage() and isinstance(back, Unknown))


@every_protocol
@given(data=st.data())
def test_a_message_that_is_cut_off_is_no_message(protocol: Protocol, data: st.DataObject) -> None:
    text = msgspec.json.encode(data.draw(messages(protocol.union)))
    with pytest.raises(WireError) as caught:
        protocol.decode(text[: data.draw(st.integers(0, len(text) - 1))])
    assert caught.value.code == "invalid_json"


@every_protocol
@given(data=st.data())
def test_a_wrong_value_makes_a_message_unknown_at_worst(protocol: Protocol, data: st.DataObject) -> None:
    event = msgspec.to_builtins(data.draw(messages(protocol.union)))
    got = protocol.decode(data.draw(damaged(event)))
    assert isinstance(got, (Unknown, *(get_args(protocol.union) or (protocol.union,))))
    if isinstance(got, Unknown) and protocol.decode is not gemini.decode_server:
        assert got.type == event["type"]


@every_protocol
@given(fields=st.dictionaries(st.text(), JSON, max_size=3))
def test_a_message_of_a_type_that_nobody_has_is_kept_as_it_came(protocol: Protocol, fields: dict[str, Any]) -> None:
    text = json.dumps({"type": "no.such"} | {name: fields[name] for name in fields if name != "type"})
    got = protocol.decode(text)
    assert isinstance(got, Unknown)
    assert got.raw == text
    if protocol.decode is gemini.decode_server:
        # It names messages by their keys.
        assert got.type.startswith("type")
    else:
        assert got.type == "no.such"
    assert got.why


@every_protocol
@pytest.mark.parametrize("text", NO_OBJECTS, ids=range(len(NO_OBJECTS)))
def test_what_is_no_json_object_is_refused(protocol: Protocol, text: str | bytes) -> None:
    with pytest.raises(WireError) as caught:
        protocol.decode(text)
    assert (caught.value.code, caught.value.param, caught.value.event_id) == ("invalid_json", None, None)


@every_protocol
@given(text=ANY_TEXT)
def test_no_text_does_worse_than_a_wire_error(protocol: Protocol, text: str | bytes) -> None:
    with pytest.raises(WireError):
        protocol.decode(text)


@every_protocol
def test_bytes_that_are_no_text_are_refused_where_they_are_read(protocol: Protocol) -> None:
    text = b'{"type": "\xff"}'
    if protocol.decode is gemini.decode_server:
        # To it, this is a key like any other.
        assert protocol.decode(text).type == "type"
        return
    with pytest.raises(WireError, match="not valid UTF-8"):
        protocol.decode(text)


class Event(msgspec.Struct, tag="event"):
    count: int
    inner: dict[str, int] = {}


DECODER = msgspec.json.Decoder(Event)


@pytest.mark.parametrize("text", ['{"n": 1}', '{"type": 3}', '{"type": null}', b'{"type": ["event"]}'])
def test_the_type_of_what_has_none_is_empty(text: str | bytes) -> None:
    got = known(text, DECODER)
    assert isinstance(got, Unknown)
    assert got.type == ""
    assert got.raw == (text if isinstance(text, str) else text.decode())


def test_bytes_that_are_no_text_are_still_shown_in_what_is_unknown() -> None:
    # Fields that nobody knows are not looked into, so that bad bytes in them pass both decoders.
    got = known(b'{"type": "other", "x": "\xff"}', DECODER)
    assert isinstance(got, Unknown)
    assert got.raw == '{"type": "other", "x": "\ufffd"}'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "A message must be a JSON object."),
        ("", "The message is not valid JSON: Input data was truncated."),
        ('{"type"; 1}', "The message is not valid JSON: JSON is malformed: expected ':' (byte 7)."),
        (b'{"type": "\xff"}', "The message is not valid UTF-8."),
        ('{"type": ' + "[" * 100_000, "The message is nested too deeply."),
    ],
    ids=["no object", "nothing", "no JSON", "no UTF-8", "deep"],
)
def test_an_envelope_says_what_is_wrong(text: str | bytes, message: str) -> None:
    with pytest.raises(WireError) as caught:
        envelope(text)
    assert (str(caught.value), caught.value.message, caught.value.code) == (message, message, "invalid_json")


def test_an_envelope_has_whatever_stands_in_its_place() -> None:
    found = envelope('{"type": [1], "event_id": {}, "more": 1}')
    assert (found.type, found.event_id) == ([1], {})
    assert envelope("{}").type is None


@pytest.mark.parametrize(
    ("text", "code", "param", "message"),
    [
        ('{"type": "event"}', "missing_required_parameter", "count", "Missing required parameter: 'count'."),
        (
            '{"type": "event", "count": "x"}',
            "invalid_type",
            "count",
            "Expected 'int', got 'str' for 'count'.",
        ),
        (
            '{"type": "event", "count": 1, "inner": {"a": null}}',
            "invalid_type",
            "inner[...]",
            "Expected 'int', got 'null' for 'inner[...]'.",
        ),
        ('{"type": "other"}', "invalid_value", "type", "Invalid value 'other' for 'type'."),
        ("[]", "invalid_type", None, "Expected 'object', got 'array'."),
    ],
)
def test_what_is_wrong_with_a_field_is_said_with_its_path(
    text: str, code: str, param: str | None, message: str
) -> None:
    with pytest.raises(msgspec.ValidationError) as found:
        DECODER.decode(text)
    error = explained(found.value, "e")
    assert (error.code, error.param, error.event_id, error.message) == (code, param, "e", message)


def test_a_missing_field_within_another_is_named_from_the_top() -> None:
    error = explained(msgspec.ValidationError("Object missing required field `b` - at `$.a`"), None)
    assert (error.message, error.param) == ("Missing required parameter: 'a.b'.", "a.b")


def test_an_error_names_the_field_and_whose_message_it_was() -> None:
    error = missing("item.role", "e")
    assert (error.code, error.param, error.event_id) == ("missing_required_parameter", "item.role", "e")
    error = not_one_of("item.role", "poet", ("user", "system"), "e")
    assert error.message == "Invalid value for 'item.role': 'poet'. Supported values are: 'user', 'system'."
    assert (error.code, error.param, error.event_id) == ("invalid_value", "item.role", "e")
    assert "''" in not_one_of("x", None, (), None).message


def test_of_a_long_value_only_the_beginning_is_quoted() -> None:
    message = not_one_of("x", "y" * (SHOWN + 1), ("z",), None).message
    assert "y" * SHOWN in message
    assert "y" * (SHOWN + 1) not in message


@pytest.mark.parametrize("field", ["item_id", "response_id", "output_index", "content_index", "event_id", "new"])
@pytest.mark.parametrize(
    "event",
    [
        realtime.InputAudioBufferSpeechStarted(item_id=""),
        realtime.InputAudioBufferSpeechStopped(item_id=""),
        realtime.InputAudioBufferCommitted(item_id=""),
        realtime.ConversationItemInputAudioTranscriptionCompleted("x", None, item_id=""),
        realtime.ResponseOutputAudioDelta(b"ab", item_id=""),
        realtime.ResponseOutputAudioTranscriptDelta("x", item_id=""),
        realtime.ResponseCreated(),
        realtime.ResponseDone(),
    ],
    ids=lambda event: str(event.__struct_config__.tag),
)
def test_null_where_an_id_or_a_number_is_not_needed_is_as_good_as_nothing(event: realtime.Message, field: str) -> None:
    told = msgspec.to_builtins(event) | {field: None}
    assert realtime.decode_server(json.dumps(told)) == event


@pytest.mark.parametrize("whole", ['{"response": null}', "{}"])
def test_a_response_that_is_null_is_one_of_which_nothing_is_said(whole: str) -> None:
    told = json.loads(whole) | {"type": "response.done"}
    assert realtime.decode_server(json.dumps(told)) == realtime.ResponseDone()


def test_an_id_may_be_a_number_and_a_number_is_no_other_text() -> None:
    told = {"type": "response.output_audio_transcript.delta", "item_id": 7, "response_id": 3, "delta": "x"}
    event = realtime.decode_server(json.dumps(told))
    assert event == realtime.ResponseOutputAudioTranscriptDelta("x", item_id="7", response_id="3")
    assert isinstance(realtime.decode_server(json.dumps(told | {"delta": 7})), Unknown)


def test_nulls_within_are_forgiven_in_every_protocol_that_reads_json() -> None:
    part = {"inlineData": {"mimeType": "audio/pcm", "data": "AAA="}, "text": None, "thought": None}
    message = gemini.decode_server(json.dumps({"serverContent": {"modelTurn": {"role": None, "parts": [part, None]}}}))
    assert isinstance(message, gemini.ServerMessage)
    assert message.server_content is not None
    event = live.decode_server('{"type": "session.started", "session": {"id": null, "expires_at": null}}')
    assert event == live.SessionStarted(live.Resource())
