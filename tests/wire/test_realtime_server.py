"""What a server of OpenAI Realtime says, against the vendor's own types, which are the truth."""

from typing import Annotated, Any

import msgspec
import pytest
from openai.types.realtime import RealtimeServerEvent
from pydantic import Field, TypeAdapter
from support.realtime_events import SERVER, THEIR_SERVER, sample

from device.wire import realtime as wire

ORACLE: TypeAdapter[Any] = TypeAdapter(Annotated[RealtimeServerEvent, Field(discriminator="type")])
every_event = pytest.mark.parametrize("kind", SERVER.values(), ids=SERVER)


def test_every_event_of_the_vendor_has_a_counterpart() -> None:
    assert set(SERVER) == set(THEIR_SERVER)


@pytest.mark.parametrize(("tag", "kind"), SERVER.items(), ids=SERVER)
def test_classes_have_the_vendors_fields_and_are_named_as_their_type(tag: str, kind: type[wire.Message]) -> None:
    assert {"event_id", "type", *kind.__struct_fields__} == {"event_id", *THEIR_SERVER[tag].model_fields}
    name = tag.replace(".", "_").title().replace("_", "")
    assert kind.__name__ == ("ErrorEvent" if tag == "error" else name)


@every_event
def test_events_validate_against_the_vendor_and_come_back(kind: type[wire.Message]) -> None:
    event = sample(kind)
    text = wire.encode(event)
    ORACLE.validate_json(text)
    assert wire.decode_server(text) == event


@every_event
def test_events_validate_with_required_fields_only(kind: type[wire.Message]) -> None:
    info = msgspec.structs.fields(kind)
    needed = {field.name for field in info if field.required} | {"event_id", "usage"} & set(kind.__struct_fields__)
    full = sample(kind)
    event = kind(**{name: getattr(full, name) for name in needed})
    ORACLE.validate_json(wire.encode(event))
