"""What a client of OpenAI Realtime says, against the vendor's own types, which are the truth."""

import json
from typing import Annotated, Any

import msgspec
import pytest
from hypothesis import given
from openai.types.realtime import RealtimeClientEvent
from pydantic import Field, TypeAdapter
from support.messages import messages
from support.realtime_events import CLIENT, THEIR_CLIENT, sample

from device.wire import realtime as wire
from device.wire import realtime_items as items
from device.wire.realtime_client import ClientEvent

ORACLE: TypeAdapter[Any] = TypeAdapter(Annotated[RealtimeClientEvent, Field(discriminator="type")])


def test_every_event_of_the_vendor_has_a_counterpart() -> None:
    assert set(CLIENT) == set(THEIR_CLIENT)
    assert len(CLIENT) == 11


@pytest.mark.parametrize(("tag", "kind"), CLIENT.items(), ids=CLIENT)
def test_classes_have_the_vendors_fields_and_are_named_as_their_type(tag: str, kind: type[wire.Message]) -> None:
    assert {"event_id", "type", *kind.__struct_fields__} == {"event_id", *THEIR_CLIENT[tag].model_fields}
    assert kind.__name__ == tag.replace(".", "_").title().replace("_", "")


@pytest.mark.parametrize("kind", CLIENT.values(), ids=CLIENT)
def test_events_validate_against_the_vendor_and_come_back(kind: type[wire.Message]) -> None:
    event = sample(kind)
    text = wire.encode(event)
    ORACLE.validate_json(text)
    assert wire.decode_client(text) == event


@given(messages(ClientEvent))
def test_whatever_is_in_an_event_is_read_again(event: ClientEvent) -> None:
    assert msgspec.json.decode(wire.encode(event), type=ClientEvent) == event


def test_what_is_not_set_is_not_sent() -> None:
    assert json.loads(wire.encode(wire.ResponseCreate())) == {"type": "response.create"}
    update = wire.SessionUpdate(items.Session(type="realtime", audio=items.AudioConfig(input=items.AudioInput())))
    assert json.loads(wire.encode(update))["session"] == {"type": "realtime", "audio": {"input": {}}}


def test_audio_is_base64_on_the_wire() -> None:
    assert json.loads(wire.encode(wire.InputAudioBufferAppend(b"\x00\xff")))["audio"] == "AP8="
