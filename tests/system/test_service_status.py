"""The line that a service says of itself, written and read again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.system.service_status import ENGINE_FAULT, HEARS_ITSELF, UNUSABLE, Doing, Status

LINES = st.text(st.characters(exclude_categories=("Cc", "Cs"))).filter(
    lambda text: not any(mark in text for mark in (UNUSABLE, HEARS_ITSELF, ENGINE_FAULT))
)


@pytest.mark.parametrize(
    ("status", "line"),
    [
        (Status(Doing.LISTENING, "USB"), "Listening on USB"),
        (Status(Doing.LISTENING, "port 5", f"{UNUSABLE}; x"), "Listening on port 5. The settings cannot be used; x"),
        (Status(Doing.LISTENING, "USB", "", "so"), "Listening on USB. It hears itself: so"),
        (
            Status(Doing.LISTENING, "USB", "", "so", "no key"),
            "Listening on USB. Not every engine can answer: no key. It hears itself: so",
        ),
        (
            Status(Doing.LISTENING, "USB", f"{UNUSABLE}; x", "so"),
            "Listening on USB. It hears itself: so. The settings cannot be used; x",
        ),
        (Status(Doing.WAITING_FOR_CARD, "none is called Jabra"), "Waiting for the sound card: none is called Jabra"),
        (Status(Doing.CANNOT_START, "parley.toml:1: not TOML"), "Cannot start: parley.toml:1: not TOML"),
    ],
)
def test_each_is_a_line(status, line):
    assert str(status) == line


@given(
    doing=st.sampled_from(Doing), what=LINES, fault=st.just("") | LINES.map(UNUSABLE.__add__), hears=LINES, engine=LINES
)
def test_what_was_written_is_read(doing, what, fault, hears, engine):
    status = Status(doing, what, fault, hears, engine)
    assert Status.read(str(status)) == status


@pytest.mark.parametrize("line", ["", "Hold on", "I am Listening on USB", f"{UNUSABLE}; x"])
def test_a_line_of_something_else_is_none(line):
    assert Status.read(line) is None
