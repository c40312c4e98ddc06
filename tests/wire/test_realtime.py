"""The wire of OpenAI Realtime against the vendor's own types, which are the truth."""

import json
from typing import Annotated, Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET
from openai.types.realtime import RealtimeClientEvent, RealtimeServerEvent
from pydantic import BaseModel, Field, TypeAdapter

from device.wire import realtime as wire
from device.wire import realtime_items as items
from device.wire.errors import Unknown, WireError

ORACLE: TypeAdapter[Any] = TypeAdapter(Annotated[RealtimeServerEvent, Field(discriminator="type")])
CLIENT_ORACLE: TypeAdapter[Any] = TypeAdapter(Annotated[RealtimeClientEvent, Field(discriminator="type")])


def classes(union: Any) -> list[type[BaseModel]]:
    """The members of one of the vendor's unions."""
    found: list[type[BaseModel]] = []
    for part in get_args(union):
        if isinstance(part, type):
            found.append(part)
        else:
            found += classes(part)
    return found


def theirs(union: Any) -> dict[str, type[BaseModel]]:
    return {get_args(kind.model_fields["type"].annotation)[0]: kind for kind in classes(union)}


def ours(union: Any) -> dict[str, type[wire.Message]]:
    return {str(kind.__struct_config__.tag): kind for kind in get_args(union)}


SERVER, CLIENT = ours(wire.ServerEvent), ours(wire.ClientEvent)
MESSAGE = items.Item("message", id="i", object="realtime.item", status="completed", role="assistant", content=[])
RESPONSE = items.Response(
    id="r",
    object="realtime.response",
    status="failed",
    status_details=items.StatusDetails(type="failed", error=items.ErrorDetail(type="server_error", code="x")),
    output=[MESSAGE],
    output_modalities=["audio"],
    metadata={"k": "v"},
    max_output_tokens="inf",
    audio=items.AudioConfig(output=items.AudioOutput(format=items.AudioFormat(rate=24_000), voice="marin")),
    usage=items.ResponseUsage(
        total_tokens=3, input_token_details=items.TokenDetails(cached_tokens_details=items.TokenDetails(text_tokens=1))
    ),
)
SESSION = items.Session(
    type="realtime",
    model="gpt-realtime-2.1",
    instructions="",
    output_modalities=["audio"],
    audio=items.AudioConfig(
        input=items.AudioInput(
            format=items.AudioFormat(rate=24_000),
            noise_reduction=items.NoiseReduction(type="far_field"),
            transcription=items.Transcription(model="gpt-live-transcribe", language="en"),
            turn_detection=items.TurnDetection(threshold=0.5, silence_duration_ms=500, interrupt_response=False),
        ),
        output=items.AudioOutput(format=items.AudioFormat(type="audio/pcmu"), voice=items.VoiceId(id="v"), speed=1.0),
    ),
    tools=[items.Tool(name="f", description="d", parameters={"type": "object"})],
    tool_choice=items.ToolChoice(type="function", name="f"),
    truncation=items.Truncation(retention_ratio=0.8),
    tracing=None,
    reasoning=items.Reasoning(effort="low"),
    max_output_tokens=100,
)
VALUES: dict[str, Any] = {
    "session": SESSION,
    "item": MESSAGE,
    "response": RESPONSE,
    "conversation": items.Conversation(id="c", object="realtime.conversation"),
    "error": items.ErrorDetail(message="m", code="c", param="p", event_id="e"),
    "part": items.Part(type="audio", transcript="t"),
    "rate_limits": [items.RateLimit(name="tokens", limit=1, remaining=1, reset_seconds=0.5)],
    "usage": items.TranscriptionUsage(type="duration", seconds=1.5),
    "audio": b"\x01\x02",
    "received_at": 5,
    "audio_end_ms": 40,
    "audio_start_ms": 20,
    "content_index": 0,
    "output_index": 0,
    "start": 0.5,
    "end": 1.5,
    "logprobs": [items.LogProb(token="t", bytes=[1], logprob=-1.0)],
    "languages": [items.Language(code="en")],
}


def sample(kind: type[wire.Message]) -> wire.Message:
    """An event with a value in every field."""
    values = {name: VALUES.get(name, name) for name in kind.__struct_fields__}
    if kind is wire.ResponseOutputAudioDelta:
        values["delta"] = b"\x00\x01\x02\x03"
    if kind is wire.ResponseCreate:
        values["response"] = items.ResponseParams(conversation="none", input=[], metadata={"a": "b"})
    return kind(**values)


def test_every_server_event_of_the_vendor_has_a_counterpart() -> None:
    assert set(SERVER) == set(theirs(RealtimeServerEvent))


def test_every_client_event_of_the_vendor_has_a_counterpart() -> None:
    assert set(CLIENT) == set(theirs(RealtimeClientEvent))
    assert len(CLIENT) == 11


@pytest.mark.parametrize(
    ("tag", "kind"), [*SERVER.items(), *CLIENT.items()], ids=lambda value: value if isinstance(value, str) else ""
)
def test_classes_have_the_vendors_fields_and_are_named_as_their_type(tag: str, kind: type[wire.Message]) -> None:
    model = {**theirs(RealtimeServerEvent), **theirs(RealtimeClientEvent)}[tag]
    assert {"event_id", "type", *kind.__struct_fields__} == {"event_id", *model.model_fields}
    name = tag.replace(".", "_").title().replace("_", "")
    assert kind.__name__ == ("ErrorEvent" if tag == "error" else name)


@pytest.mark.parametrize(
    ("shape", "model"),
    [
        (items.AudioInput, "RealtimeAudioConfigInput"),
        (items.Transcription, "AudioTranscription"),
        (items.Response, "RealtimeResponse"),
        (items.ResponseParams, "RealtimeResponseCreateParams"),
        (items.ResponseUsage, "RealtimeResponseUsage"),
        (items.Session, "RealtimeSessionCreateRequest"),
        (items.ErrorDetail, "RealtimeError"),
        (items.StatusDetails, "RealtimeResponseStatus"),
    ],
)
def test_shapes_have_the_vendors_fields(shape: type[items.Shape], model: str) -> None:
    from openai.types import realtime  # noqa: PLC0415  imported by name of what is under test

    # A server's session has an identity and an end besides.
    extra = {"id", "object", "expires_at"} if shape is items.Session else set()
    assert set(shape.__struct_fields__) - extra == set(getattr(realtime, model).model_fields)


@pytest.mark.parametrize("kind", SERVER.values(), ids=SERVER)
def test_server_events_validate_against_the_vendor_and_come_back(kind: type[wire.Message]) -> None:
    event = sample(kind)
    text = wire.encode(event)
    ORACLE.validate_json(text)
    assert wire.decode_server(text) == event


@pytest.mark.parametrize("kind", SERVER.values(), ids=SERVER)
def test_server_events_validate_with_required_fields_only(kind: type[wire.Message]) -> None:
    info = msgspec.structs.fields(kind)
    needed = {field.name for field in info if field.required} | {"event_id", "usage"} & set(kind.__struct_fields__)
    full = sample(kind)
    event = kind(**{name: getattr(full, name) for name in needed})
    ORACLE.validate_json(wire.encode(event))


@pytest.mark.parametrize("kind", CLIENT.values(), ids=CLIENT)
def test_client_events_validate_against_the_vendor_and_come_back(kind: type[wire.Message]) -> None:
    event = sample(kind)
    text = wire.encode(event)
    CLIENT_ORACLE.validate_json(text)
    assert wire.decode_client(text) == event


def test_what_is_not_set_is_not_sent() -> None:
    assert json.loads(wire.encode(wire.ResponseCreate())) == {"type": "response.create"}
    update = wire.SessionUpdate(items.Session(type="realtime", audio=items.AudioConfig(input=items.AudioInput())))
    assert json.loads(wire.encode(update))["session"] == {"type": "realtime", "audio": {"input": {}}}


def test_null_turn_detection_is_sent_and_told_from_absent() -> None:
    sent = wire.encode(
        wire.SessionUpdate(
            items.Session(type="realtime", audio=items.AudioConfig(input=items.AudioInput(turn_detection=None)))
        )
    )
    assert '"turn_detection":null' in sent
    back = wire.decode_client(sent)
    assert isinstance(back, wire.SessionUpdate)
    assert back.session.audio is not None
    assert back.session.audio.input is not None
    assert back.session.audio.input.turn_detection is None
    assert back.session.audio.input.transcription is UNSET


def test_audio_is_base64_on_the_wire() -> None:
    assert json.loads(wire.encode(wire.InputAudioBufferAppend(b"\x00\xff")))["audio"] == "AP8="


def test_unknown_server_events_survive() -> None:
    text = '{"type": "vendor.ping", "event_id": "e", "n": 1}'
    event = wire.decode_server(text)
    assert isinstance(event, Unknown)
    assert (event.type, event.raw) == ("vendor.ping", text)


@pytest.mark.parametrize(
    "text",
    [
        '{"type": "response.output_audio.delta", "item_id": "i", "delta": "not base64!"}',
        '{"type": "response.output_audio.delta", "delta": "AAA="}',
        '{"type": "response.done", "response": 7}',
        '{"type": "error"}',
    ],
)
def test_malformed_server_events_survive_and_say_why(text: str) -> None:
    event = wire.decode_server(text)
    assert isinstance(event, Unknown)
    assert event.type == json.loads(text)["type"]
    assert "$" in event.why or "missing" in event.why


@pytest.mark.parametrize("text", ['{"n": 1}', '{"type": 3}', '{"type": null}'])
def test_server_events_without_a_type_are_unknown(text: str) -> None:
    event = wire.decode_server(text)
    assert isinstance(event, Unknown)
    assert event.type == ""


@pytest.mark.parametrize(
    "text", ["", "{", "nonsense", "[1, 2]", '"text"', "7", b'{"type": "\xff"}', '{"type": "a", "x":' + "[" * 100_000]
)
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


@given(st.text() | st.binary())
def test_no_text_does_worse_than_a_wire_error(text: str | bytes) -> None:
    for decode in (wire.decode_server, wire.decode_client):
        with pytest.raises(WireError):
            decode(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(sorted(SERVER)), st.data())
def test_no_server_event_raises_whatever_its_fields(tag: str, data: st.DataObject) -> None:
    names = st.sampled_from(["item", "item_id", "delta", "response", "error", "session", "part", "event_id"])
    fields = data.draw(st.dictionaries(names, JSON, max_size=4))
    event = wire.decode_server(json.dumps({"type": tag, **fields}))
    assert isinstance(event, Unknown | SERVER[tag])
