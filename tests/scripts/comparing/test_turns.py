import msgspec
import numpy as np
import pytest
from openai.types.realtime import SessionUpdatedEvent

from device.listen.endpointer import Offset, Onset
from device.wire.realtime_items import Session
from scripts.comparing.turns import Turns, detection_of, session


class Loud:
    """Takes for voice what is loud."""

    def probability(self, block):
        return 0.9 if np.abs(block).max() > 1000 else 0.0


def asked(**detection):
    return msgspec.convert({"type": "realtime", "audio": {"input": {"turn_detection": detection}}}, Session)


def sound(*parts):
    """Return s16le at 24 kHz: seconds of silence, of a voice, of silence …"""
    rng = np.random.default_rng(1)
    levels = [0, 8000] * len(parts)
    pieces = [rng.standard_normal(round(24_000 * s)) * level for s, level in zip(parts, levels, strict=False)]
    return np.concatenate(pieces).astype(np.int16).tobytes()


def found(turns, pcm, size=1920):
    return [event for at in range(0, len(pcm), size) for event in turns.push(pcm[at : at + size])]


def test_a_client_that_asks_for_nothing_is_interrupted_and_answered():
    detection = detection_of(session())
    assert (detection.type, detection.interrupt_response, detection.create_response) == ("server_vad", True, True)


def test_a_client_gets_what_it_asks_for_and_the_rest_by_default():
    detection = detection_of(session(asked(type="semantic_vad", interrupt_response=False)))
    assert (detection.type, detection.interrupt_response, detection.create_response) == ("semantic_vad", False, True)


def test_a_later_change_leaves_the_rest_as_it_was():
    before = session(asked(type="server_vad", interrupt_response=False))
    after = session(Session(type="realtime", tracing="auto"), before)
    assert detection_of(after).interrupt_response is False


def test_a_client_may_find_turns_itself():
    wanted = msgspec.convert({"audio": {"input": {"turn_detection": None}}}, Session)
    assert detection_of(session(wanted)) is None


def test_sessions_are_as_openai_describes_them():
    told = msgspec.to_builtins(session(asked(type="server_vad", silence_duration_ms=300)))
    SessionUpdatedEvent.model_validate({"type": "session.updated", "event_id": "event_1", "session": told})


def test_a_turn_begins_and_ends():
    onset, offset = found(Turns(Loud()), sound(0.5, 1.0, 1.0))
    assert isinstance(onset, Onset)
    assert isinstance(offset, Offset)
    assert onset.position == pytest.approx(8000, abs=600)
    assert onset.at - onset.position < 1700
    assert offset.at - offset.end == pytest.approx(8000, abs=600)


def test_the_client_says_how_much_silence_ends_a_turn():
    turns = Turns(Loud())
    turns.configure(detection_of(session(asked(type="server_vad", silence_duration_ms=200))))
    _, offset = found(turns, sound(0.5, 1.0, 0.4))
    assert offset.at - offset.end == pytest.approx(3200, abs=600)


@pytest.mark.parametrize("size", [2, 480, 9600])
def test_how_the_audio_is_cut_makes_no_difference(size):
    pcm = sound(0.3, 0.6, 0.8)
    assert found(Turns(Loud()), pcm, size) == found(Turns(Loud()), pcm)
