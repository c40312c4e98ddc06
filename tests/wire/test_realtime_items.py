"""What the messages of OpenAI Realtime are made of: the vendor's fields, and what a client's items must have."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET
from openai.types import realtime as vendor
from support.messages import messages

from device.wire import realtime as wire
from device.wire import realtime_items as items
from device.wire.errors import WireError


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
    # A server's session has an identity and an end besides.
    extra = {"id", "object", "expires_at"} if shape is items.Session else set()
    assert set(shape.__struct_fields__) - extra == set(getattr(vendor, model).model_fields)


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


@pytest.mark.parametrize(("transcript", "sent"), [(None, "null"), ("hi", '"hi"')])
def test_a_server_always_tells_the_transcript_of_what_was_spoken(transcript: str | None, sent: str) -> None:
    content = items.SpokenContent(type="input_audio", transcript=transcript)
    item = items.Item(type="message", role="user", content=[content])
    assert f'"transcript":{sent}' in wire.encode(wire.ConversationItemDone(item=item))


COMPLETE = {
    "message": {"role": "user", "content": []},
    "function_call": {"name": "f", "arguments": "{}"},
    "function_call_output": {"call_id": "c", "output": ""},
    "mcp_approval_response": {"approval_request_id": "a", "approve": False},
    "mcp_approval_request": {"server_label": "s", "name": "f", "arguments": "{}"},
    "mcp_list_tools": {"server_label": "s", "tools": []},
    "mcp_call": {"server_label": "s", "name": "f", "arguments": "{}"},
    "item_reference": {"id": "i"},
}
"""For each type of item what it must have, and no more."""


@pytest.mark.parametrize("kind", COMPLETE)
def test_an_item_with_what_it_needs_is_taken_and_without_any_of_it_is_not(kind: str) -> None:
    needed = COMPLETE[kind]
    items.check_item(items.Item(type=kind, **needed), "item")
    for absent in needed:
        rest = {name: value for name, value in needed.items() if name != absent}
        with pytest.raises(WireError) as caught:
            items.check_item(items.Item(type=kind, **rest), "item", "e")
        error = caught.value
        assert (error.code, error.param, error.event_id) == ("missing_required_parameter", f"item.{absent}", "e")


def test_an_item_of_a_type_that_nobody_has_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(WireError) as caught:
        items.check_item(items.Item(type="poem"), "response.input[3]", "e")
    assert (caught.value.code, caught.value.param) == ("invalid_value", "response.input[3].type")
    assert all(f"'{kind}'" in caught.value.message for kind in COMPLETE)


ROLES = {
    "system": {"input_text"},
    "user": {"input_text", "input_audio", "input_image"},
    "assistant": {"output_text", "output_audio"},
}
KINDS = sorted(set().union(*ROLES.values()))


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("kind", [*KINDS, "poem", None])
def test_a_part_must_be_of_a_kind_that_its_speaker_has(role: str, kind: str | None) -> None:
    good = items.Content(type=min(ROLES[role]))
    item = items.Item(type="message", role=role, content=[good, items.Content(type=kind)])
    if kind in ROLES[role]:
        items.check_item(item, "item")
        return
    with pytest.raises(WireError) as caught:
        items.check_item(item, "item", "e")
    code = "missing_required_parameter" if kind is None else "invalid_value"
    assert (caught.value.code, caught.value.param) == (code, "item.content[1].type")


def test_a_message_of_nobody_known_is_refused() -> None:
    with pytest.raises(WireError) as caught:
        items.check_item(items.Item(type="message", role="poet", content=[]), "item")
    assert (caught.value.code, caught.value.param) == ("invalid_value", "item.role")


def refused(item: items.Item, path: str) -> WireError | None:
    try:
        items.check_item(item, path, "e")
    except WireError as error:
        return error
    return None


@given(messages(items.Item), st.text(max_size=3))
def test_an_item_is_taken_or_named_whatever_is_in_it(item: items.Item, path: str) -> None:
    error = refused(item, path)
    if error is None:
        assert item.type in COMPLETE
    else:
        assert (error.param or "").startswith(f"{path}.")
        assert error.event_id == "e"


@pytest.mark.parametrize(
    ("kind", "code"), [("realtime", ""), ("transcription", ""), ("beta", "invalid_value"), (None, "missing")]
)
def test_a_session_says_of_which_type_it_is(kind: str | None, code: str) -> None:
    session = items.Session(type=kind)
    if not code:
        items.check_session(session)
        return
    with pytest.raises(WireError) as caught:
        items.check_session(session, "e")
    assert caught.value.code.startswith(code)
    assert (caught.value.param, caught.value.event_id) == ("session.type", "e")
