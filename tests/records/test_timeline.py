"""What a terminal gets to see, and what the system's log must not."""

import io

from rich.console import Console

from device.conversation import entries
from device.conversation.states import State
from device.records.timeline import Timeline

SPOKEN = [
    entries.User(16_000, "my secret wish"),
    entries.Assistant(16_000, "i", "your secret wish"),
    entries.Tool(16_000, "set_timer", '{"name": "secret"}'),
    entries.Timer(16_000, "secret timer"),
]


def shown(**kwargs):
    text = io.StringIO()
    timeline = Timeline(Console(file=text, width=200), **kwargs)
    for entry in [*SPOKEN, entries.StateEntered(16_000, State.SPEAKING)]:
        timeline.show(entry)
    return text.getvalue().splitlines()


def test_a_terminal_sees_the_words():
    assert sum("secret" in line for line in shown()) == len(SPOKEN)


def test_the_log_of_a_service_sees_what_happened_and_no_word():
    lines = shown(words=False)
    assert not any("secret" in line for line in lines)
    assert [line.split()[2] for line in lines] == ["understood", "saying", "tool", "timer", "state"]
    assert lines[2].endswith("set_timer")
