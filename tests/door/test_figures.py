"""Figures at the door: numbers, and no word of anybody's."""

import msgspec

from device.door import figures as f
from device.door.messages import AnyReply, AnyRequest, encode


def test_they_are_asked_for_and_answered_at_the_door():
    assert msgspec.json.decode(encode(f.GetFigures(id=7)), type=AnyRequest) == f.GetFigures(id=7)
    told = f.FiguresAre("1.2.3", 4.5, turns=2, response=f.Spread((1, 1), 0.9), sessions={"local": 2}, id=7)
    assert msgspec.json.decode(encode(told), type=AnyReply) == told


def test_bounds_rise():
    for bounds in (f.RESPONSE_S, f.SILENCE_S):
        assert list(bounds) == sorted(set(bounds))
        assert bounds[0] > 0


def test_nothing_that_is_told_has_room_for_words():
    """Of texts there are the version, the names of engines, and the codes of faults."""
    texts = {
        one.encode_name
        for one in msgspec.structs.fields(f.FiguresAre)
        if "StrType" in str(msgspec.inspect.type_info(one.type))
    }
    assert texts == {"version", "sessions", "faults"}
