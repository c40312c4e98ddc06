"""The ledger's own entries, as lines of its file."""

import msgspec
import pytest

from device.records.entry import SentFirst, Turn


@pytest.mark.parametrize(
    ("entry", "line", "spoken"),
    [
        (SentFirst(16_000, 0.25), '{"t":1.0,"event":"sent_first","source":0.25}', False),
        (
            Turn(16_000, {"wake": 0.5, "user": "what?", "tools": ["get_time"], "voice_start": None, "sent_s": 1.5}),
            '{"t":1.0,"event":"turn","wake":0.5,"user":"what?","tools":["get_time"],"voice_start":null,"sent_s":1.5}',
            True,
        ),
    ],
)
def test_a_line_of_the_file_is_as_it_always_was(entry, line, spoken):
    assert msgspec.json.encode(entry.line()).decode() == line
    assert entry.spoken is spoken
