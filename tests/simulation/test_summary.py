"""The figures of a conversation as machines and as people read them."""

import io

import msgspec
import numpy as np
import pytest
from rich.console import Console

from device.simulation.figures import Restored, Turn
from device.simulation.recording import Tracks
from device.simulation.summary import Summary, render, summarise

ASKED = Turn(
    at=0.52, wake_ms=180, user="What can you do?", assistant="I can tell you the time.", reply_ms=611,
    tools=["convert", "clock"], interrupted=True, duck_ms=94, silence_ms=131, heard_ms=2480, heard_true_ms=2475,
)  # fmt: skip
UNASKED = Turn(at=7.5, assistant="Your timer is over.")
QUESTION = Turn(at=9.0)
RESTORED = Restored(at=11.3, duck_ms=88, restore_ms=632, lost_ms=40)


def summary(turns=(), restored=(), **known):
    known = {"xruns": 1, "lost_samples": 2, "cpu": 0.123, "rss_mb": 100, **known}
    return Summary(scene="test", seconds=18.0, turns=list(turns), restored=list(restored), **known)


def shown(made):
    console = Console(width=180, file=io.StringIO())
    console.print(render(made))
    return console.file.getvalue()


def silence(seconds):
    return Tracks(16_000, *(np.zeros(round(16_000 * seconds), np.int16) for _ in range(3)))


def test_the_json_has_the_agreed_shape():
    data = msgspec.json.decode(msgspec.json.encode(summary([ASKED], [RESTORED], missed=["nobody"])))
    assert list(data) == [
        "scene", "seconds", "xruns", "lost_samples", "cpu", "rss_mb", "turns", "restored", "missed",
    ]  # fmt: skip
    assert list(data["turns"][0]) == [
        "at", "wake_ms", "user", "assistant", "reply_ms", "tools", "interrupted", "duck_ms", "silence_ms", "heard_ms",
        "heard_true_ms",
    ]  # fmt: skip
    assert list(data["restored"][0]) == ["at", "duck_ms", "restore_ms", "lost_ms"]


def test_numbers_are_as_exact_as_they_are_worth():
    made = summarise(
        "test", silence(18.004), [], [], {}, xruns=1, lost_samples=2, cpu=0.1234, rss_mb=99.6, missed=["nobody"]
    )
    assert made == summary(missed=["nobody"])


def test_nobody_who_had_no_occasion_is_not_told():
    made = summarise("test", silence(1), [], [], {}, missed=())
    assert made.missed is msgspec.UNSET
    assert "missed" not in msgspec.json.decode(msgspec.json.encode(made))
    assert "No occasion" not in shown(made)


def test_the_table_shows_the_figures():
    text = shown(summary([ASKED], [RESTORED], missed=["nobody", "the aunt"]))
    for words in (
        "The conversation “test”",
        "What can you do?  [convert, clock]",
        "→ I can tell you the time.  (interrupted)",
        "2480 / 2475",
        "came back after 632 ms, without 40 ms of what it said",
        "18.0 s, 1 xruns, 2 samples lost, 12 % of a core, 100 MB",
        "No occasion to speak had: nobody, the aunt",
    ):
        assert words in text
    (row,) = (line for line in text.splitlines() if "What can you do?" in line)
    assert [word for word in row.split() if word.isdigit()] == ["180", "611", "94", "131", "2480", "2475"]


@pytest.mark.parametrize(
    ("turn", "words"),
    [
        (UNASKED, "(unasked)"),
        (QUESTION, "(not understood)"),
        (Turn(at=1.0, assistant="Hm?", reply_ms=500), "(not understood)"),
        (Turn(at=1.0, user="Stop.", assistant="And", interrupted=True), "? / ?"),
    ],
)
def test_what_is_not_known_is_told_as_such(turn, words):
    assert words in shown(summary([turn]))


def test_a_reply_that_came_back_whole_lost_nothing():
    text = shown(summary(restored=[Restored(at=1.0, restore_ms=None, lost_ms=0)]))
    assert "came back after ? ms" in text
    assert "without" not in text


@pytest.mark.parametrize("width", [40, 60, 80, 100, 180])
def test_words_and_figures_can_be_read_at_every_width(width):
    words = "I can tell you the time and the date, and set timers"
    turn = Turn(at=2.2, user="What can you do?", assistant=words, reply_ms=641, duck_ms=90, silence_ms=110,
                interrupted=True, heard_ms=2770, heard_true_ms=2769)  # fmt: skip
    made = Summary(scene="s", seconds=3.0, xruns=0, lost_samples=0, cpu=0.1, rss_mb=1, turns=[turn], restored=[])
    out = io.StringIO()
    Console(width=width, file=out).print(render(made))
    lines = out.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    told = " ".join(" ".join(lines).split())
    assert all(figure in told for figure in ("641", "90", "110", "2770 / 2769"))
    longest = max(lines, key=lambda line: sum(word in line.split() for word in words.split()))
    assert len(set(longest.split()) & set(words.split())) >= min(6, width // 10), "the words have room"
