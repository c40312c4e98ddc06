import threading
import time

import numpy as np
import pytest

from device.bench.metronome import SAYS, Metronome, late, undisturbed

pytestmark = pytest.mark.realtime


class Slow:
    """A source that is late for one block, by some seconds."""

    def __init__(self, number, seconds):
        self.blocks = 0
        self.done = threading.Event()
        self._number = number
        self._seconds = seconds

    def render(self, out, position):
        if self.blocks == self._number:
            time.sleep(self._seconds)
        self.blocks += 1
        if self.blocks == self._number + 4:
            self.done.set()

    def skip(self, frames):
        raise AssertionError(frames)


@pytest.mark.parametrize(("seconds", "waits"), [(0.035, True), (0.2, False)])
def test_a_metronome_hears_how_late_it_is_until_it_has_run_dry(seconds, waits):
    card, source = Metronome(), Slow(3, seconds)
    said = card.mic.cursor(0)
    card.open(source)
    try:
        assert source.done.wait(10)
    finally:
        card.close()
    blocks = said.take(said.lag).reshape(-1, card.block)
    found = late(blocks[:, :SAYS])
    assert len(found.begun) == len(found.ended) == len(blocks) - 1
    assert found.ended[3] - found.begun[3] >= 1000 * seconds, "the block that was slow"
    late_by = found.begun[4] - (found.ended[3] - 10)
    assert (abs(late_by) < 5) == waits, "the one that had to wait for it"
    assert (found.ended >= found.begun).all()
    assert np.abs(blocks[:, SAYS:].astype(int)).max() > 0, "it hears a room besides"


def test_one_that_does_nothing_else_ticks_beside():
    with undisturbed() as beside:
        time.sleep(0.5)
    (found,) = beside
    assert len(found.begun) == len(found.ended) > 0
    assert (found.ended >= found.begun).all()
    assert found.begun.min() >= 0
