"""GPT-Live's messages: ours against the SDK's types, the server's as the SDK writes them."""

import json
from typing import Annotated, get_args

import pytest
from hypothesis import given
from msgspec.structs import replace
from openai.types.live import ClientEvent, ServerEvent
from pydantic import Field, TypeAdapter
from support.messages import messages
from support.scripted_live import strange

from device.conversation.engine import Said, ToolSpec, Wanted
from device.engines.live.config import LiveConfig, session_of
from device.settings.engines import LiveEngine
from device.wire import live as wire
from device.wire.errors import Unknown, WireError

CLIENT = TypeAdapter(Annotated[ClientEvent, Field(discriminator="type")])
TOOL = ToolSpec("f", "does", {"type": "object", "properties": {}})
CONFIG = LiveConfig(
    engine=LiveEngine(url="ws://x/", model="gpt-live-1", backend="b", voice="ash"),
    wanted=Wanted(tools=(TOOL,), instructions="Be brief."),
)
SAID = (Said("user", "hello"), Said("assistant", "hi"))


@pytest.mark.parametrize(
    "event",
    [
        wire.SessionStart(session_of(CONFIG, SAID)),
        wire.SessionStart(session_of(LiveConfig(engine=LiveEngine(url="ws://x/", model="m")), ())),
        wire.SessionInputAudioAppend(b"ab"),
        wire.SessionInstructionsAppend(content="x", delegation_id=None),
        wire.SessionThinkingAppend(content="x", delegation_id="d"),
        wire.SessionCommentaryAppend(content="x", delegation_id=None),
        wire.ResponseItemCreate(wire.CallOutput(type="function_call_output", call_id="c", output="{}")),
        wire.ResponseCreate(event_id="e"),
        wire.SessionClose(),
    ],
    ids=lambda event: type(event).__name__,
)
def test_what_we_say_is_of_the_sdks_types_and_has_nothing_else(event):
    raw = json.loads(wire.encode(event))
    assert not strange(CLIENT.validate_python(raw))
    assert ("delegation_id" in raw) == isinstance(event, wire.Append)


@given(messages(wire.ClientEvent).filter(lambda event: not isinstance(event, wire.SessionStart)))
def test_whatever_we_say_once_started_is_of_the_sdks_types(event):
    assert not strange(CLIENT.validate_python(json.loads(wire.encode(event))))


NEWER = {"session.paused", "session.resumed"}
"""What openai 3.57 has more than the SDK that is pinned here."""


def test_every_event_of_the_sdk_is_known_or_known_to_mean_nothing():
    tags = {get_args(kind.model_fields["type"].annotation)[0] for kind in get_args(get_args(ServerEvent)[0])}
    known = {kind.__struct_config__.tag for kind in get_args(wire.ServerEvent)}
    assert known | wire.IDLE == tags | NEWER
    assert not known & wire.IDLE


@pytest.mark.parametrize(
    ("usage", "billed"),
    [
        ('{"seconds": 7}', 7),
        ('{"seconds": 7, "active_seconds": 5, "paused_seconds": 2}', 7),
        ('{"active_seconds": 5, "paused_seconds": 2}', 7),
        ('{"seconds": null, "active_seconds": 5, "paused_seconds": null}', 5),
        ("{}", 0),
    ],
)
def test_what_a_session_has_cost_is_known_whatever_is_said_of_its_parts(usage, billed):
    event = wire.decode_server(f'{{"type": "session.usage.updated", "usage": {usage}}}')
    assert event.usage.billed == billed


def test_what_is_missing_or_new_is_forgiven():
    event = wire.decode_server('{"type": "session.started", "session": {"id": "x", "new": 1}, "more": []}')
    assert event.session.id == "x"
    event = wire.decode_server('{"type": "response.event", "event": {"type": "response.created", "response": {}}}')
    assert event.delegation_id is None
    event = wire.decode_server('{"type": "response.event", "event": {"type": "x", "delta": "y", "item_id": "z"}}')
    assert event.event.type == "x"


def test_what_cannot_be_read_is_unknown():
    for text in ('{"type": "no.such"}', '{"type": "session.output_audio.delta", "delta": 3}', "{}"):
        assert isinstance(wire.decode_server(text), Unknown)
    with pytest.raises(WireError):
        wire.decode_server("[1]")


def test_the_model_that_speaks_is_told_what_can_be_handed_over():
    assert "- f: does" in session_of(CONFIG, ()).instructions
    without = replace(CONFIG, engine=replace(CONFIG.engine, backend=""))
    assert session_of(without, ()).instructions == "Be brief."
    assert session_of(without, ()).delegation.type == "client"
