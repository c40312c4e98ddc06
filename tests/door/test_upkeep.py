"""What is said to look after a device: bounded, and answered if it is wrong."""

from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.door import upkeep as u
from device.door.advice import refused
from device.door.messages import LONGEST_REPLY, AnyRequest, encode

KINDS = get_args(u.AnyUpkeepRequest)
DECODER = msgspec.json.Decoder(AnyRequest)
WRONG = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=300),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=20), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_wrong_types_are_refused_with_what_would_be_right_or_taken_as_they_are(kind, data):
    names = [name for name in kind.__struct_fields__ if name != "id"]
    fields = {name: data.draw(WRONG) for name in names} | data.draw(
        st.dictionaries(st.text(max_size=9), WRONG, max_size=1)
    )
    line = msgspec.json.encode({**fields, "type": kind.__struct_config__.tag, "id": 7})
    try:
        taken = DECODER.decode(line)
    except msgspec.DecodeError as error:
        told = refused(line, error)
        assert (told.code, bool(told.what and told.fix)) == ("bad_message", True)
    else:
        assert isinstance(taken, kind)
        assert DECODER.decode(encode(taken)) == taken


@pytest.mark.parametrize(
    "line",
    [
        b'{"type":"get_log","after":-1}',
        b'{"type":"get_log","most":501}',
        b'{"type":"get_findings","after":100000}',
        b'{"type":"export_transcripts","kind":"exe"}',
        b'{"type":"export_transcripts","most":51}',
        b'{"type":"update","version":"9.9.9"}',
        b'{"type":"update","url":"https://evil.example"}',
        b'{"type":"make_bundle","path":"/etc/shadow"}',
        b'{"type":"examine","config":"/etc/shadow"}',
        b'{"type":"reset"}',
        b'{"type":"reset","name":"' + b"x" * 201 + b'"}',
        b'{"type":"reset","name":"Ada","path":"/"}',
    ],
)
def test_nothing_that_needs_root_takes_an_argument_and_all_else_is_bounded(line):
    with pytest.raises(msgspec.ValidationError):
        DECODER.decode(line)


def test_the_largest_bundle_and_the_longest_log_fit_into_an_answer():
    assert len(encode(u.BundleIs("b", b"\xff" * u.LARGEST_BUNDLE))) < LONGEST_REPLY
    lines = tuple(u.LogLine(1e9 + n, "“" * u.LONGEST_LINE, "warning") for n in range(500))
    assert len(encode(u.LogIs(lines, 500))) < LONGEST_REPLY
