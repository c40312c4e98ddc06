"""What a terminal gets to see, and what the system's log must not."""

import io
from string import Formatter

import pytest
from rich.console import Console

from device.conversation import entries
from device.conversation.states import State
from device.records.timeline import TEXTS, WORDLESS, Timeline

SPOKEN = [
    entries.User(16_000, "my secret wish"),
    entries.Assistant(16_000, "i", "your secret wish"),
    entries.Tool(16_000, "set_timer", '{"name": "secret"}'),
    entries.Timer(16_000, "secret timer"),
]


HAPPENED = [*SPOKEN, entries.StateEntered(16_000, State.SPEAKING)]


def shown(happened=HAPPENED, **kwargs):
    text = io.StringIO()
    timeline = Timeline(Console(file=text, width=200), **kwargs)
    for entry in happened:
        timeline.show(entry)
    return text.getvalue().splitlines()


def test_a_terminal_sees_the_words():
    assert sum("secret" in line for line in shown()) == len(SPOKEN)


def test_the_log_of_a_service_sees_what_happened_and_no_word():
    lines = shown(words=False)
    assert not any("secret" in line for line in lines)
    assert [line.split()[2] for line in lines] == ["understood", "saying", "tool", "timer", "state"]
    assert lines[2].endswith("set_timer")


def test_what_only_machines_read_and_words_that_are_none_are_not_shown():
    assert shown(happened=[entries.ReplyReceived(0, "i"), entries.User(0, ""), entries.Assistant(0, "i", "")]) == []


@pytest.mark.parametrize("texts", [TEXTS, WORDLESS])
def test_what_is_said_of_an_entry_is_in_its_fields(texts):
    for kind, text in texts.items():
        named = {name for _, name, _, _ in Formatter().parse(text) if name}
        assert named <= set(kind.__struct_fields__)


def test_of_what_holds_words_something_is_said_without_them_or_nothing():
    assert all(kind.spoken for kind in WORDLESS)
    assert {kind for kind in TEXTS if kind.spoken} == WORDLESS.keys()


def times(lines):
    return [float(line.split()[0]) for line in lines]


def test_lines_are_in_order_of_time_though_some_are_known_late():
    speaking = entries.StateEntered(16_000, State.SPEAKING)
    late = [entries.User(32_000, "later"), speaking, entries.Wake(48_000, "hey", 1.0)]
    assert times(shown(late)) == [2.0, 2.0, 3.0]


def test_of_each_reply_is_said_how_soon_it_came():
    first, again = entries.ReplyFirstAudio(27_200, "i"), entries.ReplyFirstAudio(40_000, "j")
    last = [entries.VoiceEnd(48_000, 500), entries.Sleep(49_000, "x"), entries.ReplyFirstAudio(50_000, "k")]
    lines = shown([entries.VoiceEnd(16_000, 500), first, again, *last])
    assert [line.partition("begins")[2] for line in lines if "begins" in line] == [", 700 ms after the voice", "", ""]
