import threading
import time

import numpy as np

from device.bench.metronome import SAYS, Metronome, late, undisturbed


class Slow:
    """A source that is late for one block."""

    def __init__(self, number):
        self.blocks = 0
        self.done = threading.Event()
        self._number = number

    def render(self, out, position):
        if self.blocks == self._number:
            time.sleep(0.05)
        self.blocks += 1
        if self.blocks == self._number + 4:
            self.done.set()

    def skip(self, frames):
        raise AssertionError(frames)


def test_a_metronome_hears_how_late_it_is():
    card, source = Metronome(), Slow(3)
    said = card.mic.cursor(0)
    card.open(source)
    try:
        assert source.done.wait(10)
    finally:
        card.close()
    blocks = said.take(said.lag).reshape(-1, card.block)
    found = late(blocks[:, :SAYS])
    assert len(found.begun) == len(found.ended) == len(blocks) - 1
    assert found.ended[3] - found.begun[3] >= 50, "the block that was slow"
    assert found.begun[4] >= 40, "the one that had to wait for it"
    assert (found.ended >= found.begun).all()
    assert np.abs(blocks[:, SAYS:].astype(int)).max() > 0, "it hears a room besides"


def test_one_that_does_nothing_else_ticks_beside():
    with undisturbed() as beside:
        time.sleep(0.5)
    (found,) = beside
    assert len(found.begun) == len(found.ended) > 0
    assert (found.ended >= found.begun).all()
    assert found.begun.min() >= 0
