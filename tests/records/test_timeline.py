"""What a terminal gets to see, and what the system's log must not."""

import io

from rich.console import Console

from device.records.entry import Entry
from device.records.timeline import Timeline

SPOKEN = [
    ("user", {"text": "my secret wish"}),
    ("assistant", {"item": "i", "text": "your secret wish"}),
    ("tool", {"name": "set_timer", "arguments": '{"name": "secret"}'}),
    ("timer", {"name": "secret timer"}),
]


def shown(**kwargs):
    text = io.StringIO()
    timeline = Timeline(Console(file=text, width=200), **kwargs)
    for event, fields in [*SPOKEN, ("state", {"state": "speaking"})]:
        timeline.show(Entry(event, 16_000, fields))
    return text.getvalue().splitlines()


def test_a_terminal_sees_the_words():
    assert sum("secret" in line for line in shown()) == len(SPOKEN)


def test_the_log_of_a_service_sees_what_happened_and_no_word():
    lines = shown(words=False)
    assert not any("secret" in line for line in lines)
    assert [line.split()[2] for line in lines] == ["understood", "saying", "tool", "timer", "state"]
    assert lines[2].endswith("set_timer")
