import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.earshot.datagram import HEAD, LONGEST, MOST_PEERS, Envelope, Foreign, Forged, Told

HERE = Told(who="0" * 16, seq=1, kind="here", to=("1" * 16,))


def test_a_message_comes_out_as_it_went_in():
    ours = Envelope("ground floor", "hush")
    claim = Told(
        who="a" * 16, seq=7, kind="claim", to=("b" * 16,) * MOST_PEERS, number=3, age_ms=40, bid=-31.25, by_hand=True
    )
    assert ours.open(ours.seal(claim)) == claim
    assert len(ours.seal(claim)) <= LONGEST


def test_how_the_name_is_written_does_not_matter():
    assert Envelope("Ground  floor ").open(Envelope("ground floor").seal(HERE)) == HERE


@pytest.mark.parametrize("name", ['a "quoted" one', "tabs\tand\nlines", "\x00\x1b[31m", "Küche", "🏠" * 25, "'; DROP"])
def test_a_group_may_be_called_anything_and_its_name_is_not_told(name):
    datagram = Envelope(name).seal(HERE)
    assert Envelope(name).open(datagram) == HERE
    assert name.encode() not in datagram
    with pytest.raises(Foreign):
        Envelope("another").open(datagram)


def test_another_secret_is_told_from_another_group():
    datagram = Envelope("kitchen", "one").seal(HERE)
    for secret in ("", "two"):
        with pytest.raises(Forged):
            Envelope("kitchen", secret).open(datagram)
    with pytest.raises(Foreign):
        Envelope("cellar", "one").open(datagram)


def test_no_byte_of_a_datagram_can_be_changed():
    ours = Envelope("kitchen", "one")
    datagram = ours.seal(HERE)
    for place in range(len(datagram)):
        changed = bytearray(datagram)
        changed[place] ^= 1
        with pytest.raises((Foreign, Forged)):
            ours.open(bytes(changed))


@pytest.mark.parametrize("size", [0, 1, HEAD - 1, HEAD, LONGEST + 1, 65_507])
def test_what_is_too_short_or_too_long_is_nobodys(size):
    ours = Envelope("kitchen")
    with pytest.raises((Foreign, Forged)):
        ours.open(ours.seal(HERE)[:HEAD].ljust(size, b"x")[:size])


@given(st.binary(max_size=2000))
def test_garbage_is_nobodys(garbage):
    with pytest.raises((Foreign, Forged)):
        Envelope("kitchen").open(garbage)


@pytest.mark.parametrize(
    "change",
    [
        {"bid": 1e9}, {"bid": "near"}, {"age_ms": -1}, {"age_ms": 1e12}, {"who": "me"}, {"who": "A" * 16},
        {"to": ["1" * 16] * (MOST_PEERS + 1)}, {"kind": "obey"}, {"seq": -1}, {"seq": 1 << 60}, {"number": 1.5},
    ],
)  # fmt: skip
def test_what_no_message_says_is_not_taken_even_from_who_knows_the_secret(change):
    ours = Envelope("kitchen", "one")
    said = json.loads(ours.seal(HERE)[HEAD:]) | change
    text = json.dumps(said).encode()
    with pytest.raises(Foreign):
        ours.open(ours.wrap(text))


def test_deep_json_is_nobodys():
    ours = Envelope("kitchen")
    text = b"[" * (LONGEST - HEAD)
    with pytest.raises(Foreign):
        ours.open(ours.wrap(text))


def test_what_a_later_version_adds_is_passed_over():
    ours = Envelope("kitchen")
    text = json.dumps(json.loads(ours.seal(HERE)[HEAD:]) | {"mood": random.random()}).encode()
    assert ours.open(ours.wrap(text)) == HERE
