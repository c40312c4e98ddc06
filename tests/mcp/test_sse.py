"""Server-sent events, however they are cut."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.mcp import sse
from device.mcp.messages import McpError
from device.mcp.sse import Event, Events

STREAM = (
    b"\xef\xbb\xbf: hello\n\nid: 1\ndata:\n\nretry: 500\r\nevent: message\r\nid: 2\r\ndata: one\r\ndata:  two\r\n\r\n"
    b"data: three\rdata\r\rdata: l\xc3\xb6st\nid: bad\x00id\n\nevent: x\n\ndata: unfinished"
)
EVENTS = [Event("one\n two", "message", "2"), Event("three\n", "message", "2"), Event("löst", "message", "2")]


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_it_does_not_matter_how_a_stream_is_cut(cuts):
    events, found = Events(), []
    edges = [0, *sorted(cuts), len(STREAM)]
    for start, end in pairwise(edges):
        found += events.feed(STREAM[start:end])
    assert found == EVENTS
    assert (events.last_id, events.retry_ms) == ("2", 500)


@pytest.mark.parametrize("piece", [b"data: " + b"x" * 600, b"data: x\n" * 600])
def test_an_event_without_end_is_not_kept(piece, monkeypatch):
    monkeypatch.setattr(sse, "LONGEST", 500)
    with pytest.raises(McpError, match="more than 500 bytes"):
        list(Events().feed(piece))


@given(st.binary(max_size=200))
def test_nonsense_is_survived(data):
    list(Events().feed(data))
