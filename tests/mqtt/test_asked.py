"""What is asked for at a broker, of which nothing is trusted."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.door import messages as door
from device.door.upkeep import Update
from device.mqtt.asked import LARGEST, NotAsked, request


@pytest.mark.parametrize(
    ("what", "payload", "asked"),
    [
        ("wake", b"PRESS", door.Wake()),
        ("stop", b"", door.Stop()),
        ("repeat", b"PRESS", door.Repeat()),
        ("update", b"PRESS", Update()),
        ("mute", b"ON", door.Mute()),
        ("mute", b"off", door.Unmute()),
        ("volume", b"0", door.SetVolume(percent=0)),
        ("volume", b"40.0", door.SetVolume(percent=40)),
        ("volume", b" 100\n", door.SetVolume(percent=100)),
        (
            "say",
            "Das Essen ist fertig, kommt zu Tisch, \N{FORK AND KNIFE WITH PLATE}!".encode(),
            door.Say(text="Das Essen ist fertig, kommt zu Tisch, \N{FORK AND KNIFE WITH PLATE}!", wait=False),
        ),
        ("ask", b"what time is it?", door.Ask(text="what time is it?")),
        ("say", b"x" * door.LONGEST_SPOKEN, door.Say(text="x" * door.LONGEST_SPOKEN, wait=False)),
    ],
)
def test_what_can_be_asked_for(what, payload, asked):
    assert request(what, payload) == asked


@pytest.mark.parametrize(
    ("what", "payload", "why"),
    [
        ("sing", b"", "there are ask, mute"),
        ("mute", b"perhaps", '"perhaps" is neither ON nor OFF'),
        ("volume", b"101", "no number from 0 to 100"),
        ("volume", b"-1", "no number"),
        ("volume", b"1e9", "no number"),
        ("volume", b"nan", "no number"),
        ("volume", "٤٠".encode(), "no number"),
        ("volume", b"", "no number"),
        ("volume", b"9" * 5000, "no number"),
        ("say", b" \n", "no words"),
        ("say", b"x" * (door.LONGEST_SPOKEN + 1), "too many"),
        ("ask", b"x" * (door.LONGEST_TEXT + 1), "too many"),
        ("ask", b"x" * (LARGEST + 1), "bytes are too many"),
        ("say", b"\xff\xfe", "not text"),
    ],
)
def test_all_else_is_refused_in_words(what, payload, why):
    with pytest.raises(NotAsked, match=why) as error:
        request(what, payload)
    assert len(str(error.value)) < 200


@given(what=st.sampled_from(["mute", "volume", "say", "ask", "wake"]), payload=st.binary(max_size=100))
def test_whatever_comes_is_a_request_that_the_door_takes_or_refused(what, payload):
    try:
        asked = request(what, payload)
    except NotAsked:
        return
    assert msgspec.json.decode(door.encode(asked), type=door.AnyRequest) == asked
