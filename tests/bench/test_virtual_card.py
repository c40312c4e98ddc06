"""The virtual card on a sound server of its own."""

import numpy as np
import pytest

from device.bench.result import BenchError
from device.bench.soundserver import sound_server
from device.bench.virtual_card import CHANNELS, COUNTER, MICROPHONE, MODULES, RATE, VISITOR, Card

BLOCK = RATE // 100


@pytest.mark.realtime
def test_what_is_written_is_read_again_with_all_channels_aligned_to_the_sample():
    count = 0
    read = []
    with sound_server(MODULES) as environment, Card(environment["PULSE_SERVER"], fragment_ms=5, lead_ms=50) as card:
        for _ in range(150):
            block = np.zeros((BLOCK, CHANNELS), np.int16)
            ramp = (count + np.arange(BLOCK)) % 20_000
            block[:, COUNTER] = ramp
            block[:, MICROPHONE] = -ramp
            block[:, VISITOR] = 7
            card.write(block)
            count += BLOCK
            read.append(card.read(BLOCK))
    heard = np.concatenate(read)
    there = heard[:, VISITOR] == 7
    assert np.count_nonzero(there) > RATE // 2
    assert (heard[there, COUNTER] == -heard[there, MICROPHONE]).all()
    steps = np.diff(heard[there, COUNTER].astype(int)) % 20_000
    assert np.count_nonzero(steps == 1) > 0.95 * len(steps), "one after the other"


def test_a_server_that_is_not_there_is_named():
    with pytest.raises(BenchError, match=r"PulseAudio does not open card\.monitor: error \d+"):
        Card("unix:/nonexistent/native", fragment_ms=5, lead_ms=50)
