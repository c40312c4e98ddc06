import numpy as np
import pytest

from device.audio.duck import RESTORE_MS, Interrupted
from device.audio.reply import ReplyItem
from device.audio.resume import DIP_MS, HICCUP_MS, place_to_resume

RATE = 16_000
MS = RATE // 1000
WORD, PAUSE = np.full(200 * MS, 10_000, np.int16), np.full(60 * MS, 20, np.int16)


@pytest.mark.parametrize(
    ("ducked_ms", "rewound_ms", "back_ms"),
    [
        (DIP_MS, None, None),
        (DIP_MS + 1, None, 400 - RESTORE_MS),
        (HICCUP_MS, None, 400 - RESTORE_MS),
        (HICCUP_MS + 1, None, 200 + 30),  # the last 30 ms of the pause before the second word
        (1000, 60, 200 + 30),
        (1000, 150, 400 - 30),  # what was begun again before is not begun again, but for the last 30 ms
    ],
)
def test_a_reply_is_resumed_in_time_or_at_its_word(ducked_ms, rewound_ms, back_ms):
    item = ReplyItem("a", RATE, RATE)
    item.add(np.concatenate((WORD, PAUSE, WORD)))
    item.take(np.zeros(400 * MS, np.int16))
    if rewound_ms is not None:
        item.rewind(rewound_ms * MS)
        item.take(np.zeros((400 - rewound_ms) * MS, np.int16))
    interrupted = Interrupted(1, item, 400 * MS, 0)
    expected = None if back_ms is None else back_ms * MS
    assert place_to_resume(interrupted, ducked_ms * MS, RATE) == expected


def test_nothing_is_resumed_where_nothing_was_interrupted():
    assert place_to_resume(Interrupted(1, None, 0, 0), RATE, RATE) is None


def test_the_first_word_of_an_item_is_resumed_at_its_beginning():
    item = ReplyItem("a", RATE, RATE)
    item.add(WORD)
    item.take(np.zeros(120 * MS, np.int16))
    assert place_to_resume(Interrupted(1, item, 120 * MS, 0), RATE, RATE) <= 0
