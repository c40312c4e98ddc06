"""What goes in comes out as much later as was wanted."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.audio.card.delay_line import DelayLine


@pytest.mark.parametrize("length", [0, 1, 9, 10, 25])
def test_a_block_comes_out_as_late_as_the_line_is_long(length):
    line, out, heard = DelayLine(length + 10), np.zeros(10, np.int16), []
    line.put(np.zeros(length, np.int16))
    for start in range(1, 1001, 10):
        line.put(np.arange(start, start + 10, dtype=np.int16))
        line.take(out)
        heard += out.tolist()
        assert line.length == length
    assert heard == [0] * length + list(range(1, 1001 - length))


@given(st.lists(st.integers(-20, 20), max_size=60))
def test_nothing_is_lost_or_turned_round(moves):
    line, given_, taken = DelayLine(50), 0, []
    for move in moves:
        if move > 0 and line.length + move <= 50:
            line.put(np.arange(given_, given_ + move, dtype=np.int16))
            given_ += move
        elif -line.length <= move < 0:
            out = np.zeros(-move, np.int16)
            line.take(out)
            taken += out.tolist()
        assert line.length == given_ - len(taken)
    assert taken == list(range(len(taken)))
