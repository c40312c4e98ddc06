"""Transcripts as files; what `parley transcripts export` makes of them is in tests/commands."""

import json
from datetime import UTC, datetime

import pytest

from device.records.exported import exported, length, told
from device.records.transcripts import Line, Transcript


def conversation(number):
    lines = [
        Line(0, "engine", "openai"),
        Line(1000, "user", f"Question {number}?"),
        Line(2000, "tool", "get_time", arguments="{}"),
        Line(3000, "assistant", "It is", unheard="twelve", heard_ms=500),
        Line(4000, "error", "gone"),
    ]
    began = datetime(2026, 3, 2, 12, tzinfo=UTC)
    return Transcript(id=f"c{number}", began=began, profile="kiosk", length_ms=65_000, why="silence", lines=lines)


ALL = [conversation(n) for n in range(5)]


@pytest.mark.parametrize("kind", ["json", "csv", "txt"])
@pytest.mark.parametrize("cut", range(1, 6))
def test_two_pieces_are_the_whole(kind, cut):
    pieces = exported(ALL[:cut], kind, last=False) + exported(ALL[cut:], kind, first=False)
    whole = exported(ALL, kind)
    assert json.loads(pieces) == json.loads(whole) if kind == "json" else pieces.rstrip() == whole.rstrip()


def test_it_is_read_from_the_top():
    assert list(told(ALL[0])) == [
        "c0: Monday, 2026-03-02 12:00:00 +0000, profile kiosk",
        "   0:00  (engine openai)",
        "   0:01  You: Question 0?",
        "   0:02  (tool get_time {})",
        "   0:03  Assistant: It is [interrupted after 0.5 s; not heard: twelve]",
        "   0:04  (error: gone)",
        "   1:05  (over: silence)",
    ]


def test_a_length_is_minutes_and_seconds():
    assert [length(ms) for ms in (0, 59_999, 60_000, 3_600_000)] == ["0:00", "0:59", "1:00", "60:00"]
