"""What is made of a server's messages, good and bad."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from device.engines.incoming import Incoming
from device.wire import bare, cartesia, gemini, live, realtime
from device.wire.errors import Unknown

if TYPE_CHECKING:
    from collections.abc import Callable

READERS: dict[str, Callable[[str | bytes], object]] = {
    "realtime": realtime.decode_server,
    "bare": bare.decode_server,
    "live": live.decode_server,
    "gemini": gemini.decode_server,
    "cartesia": cartesia.decode_server,
}


class Warnings(list[tuple[str, str]]):
    """What was warned of."""

    def __call__(self, what: str, text: str) -> None:
        self.append((what, text))


def test_what_is_understood_goes_on_without_a_warning() -> None:
    warned = Warnings()
    incoming = Incoming(decode=bare.decode_server)
    assert incoming.understood('{"type": "transcription.delta", "delta": "Hi"}', warned) == bare.TranscriptionDelta(
        "Hi"
    )
    assert warned == []


@pytest.mark.parametrize("protocol", READERS)
@pytest.mark.parametrize(
    ("data", "code"),
    [
        ("Hello?", "invalid_json"),
        ("[1, 2]", "invalid_json"),
        ("", "invalid_json"),
        (b"\xff\xfe", "invalid_json"),
        ("[" * 100_000, "invalid_json"),
    ],
)
def test_what_is_no_json_object_is_passed_over(protocol: str, data: str | bytes, code: str) -> None:
    warned = Warnings()
    incoming = Incoming(decode=READERS[protocol])
    assert incoming.read(data, warned) is None
    assert warned == [("json", f"The engine sends what is no JSON object ({code}); it is passed over")]


@pytest.mark.parametrize(
    ("called", "text"),
    [
        ("an event", "The engine sent an event that is not understood: a.new.one: "),
        ("a message", "The engine sent a message that is not understood: a.new.one: "),
    ],
)
def test_what_is_not_understood_is_warned_of_by_its_type(called: str, text: str) -> None:
    warned = Warnings()
    incoming = Incoming(decode=bare.decode_server, called=called)
    assert incoming.understood('{"type": "a.new.one"}', warned) is None
    [(what, said)] = warned
    assert what == "a.new.one"
    assert said.startswith(text)
    assert said.removeprefix(text)


def test_a_known_type_in_an_unknown_shape_is_warned_of_too() -> None:
    warned = Warnings()
    assert Incoming(decode=bare.decode_server).understood('{"type": "error", "error": 1}', warned) is None
    [(what, said)] = warned
    assert what == "error"
    assert "str" in said


def test_the_idle_need_not_be_understood() -> None:
    warned = Warnings()
    incoming = Incoming(decode=bare.decode_server, idle={"ping"})
    found = incoming.read('{"type": "ping"}', warned)
    assert isinstance(found, Unknown)
    assert found.type == "ping"
    assert incoming.understood('{"type": "ping"}', warned) is None
    assert warned == []


def test_binary_frames_are_read_unless_the_protocol_has_none() -> None:
    warned = Warnings()
    data = b'{"type": "response.output_audio.done"}'
    assert Incoming(decode=bare.decode_server).understood(data, warned) == bare.AudioDone()
    assert warned == []
    assert Incoming(decode=bare.decode_server, text_only=True).understood(data, warned) is None
    assert warned == [("binary", "The engine sends binary frames, which are no part of the protocol")]
