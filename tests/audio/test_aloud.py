import threading

import numpy as np
import pytest
from support.still_card import StillCard

from device.audio import aloud
from device.audio.card.base import CardError, ignore


class RunningCard(StillCard):
    """A card on which time passes as fast as it can, until `vanishes_at`."""

    def __init__(self, vanishes_at=None):
        super().__init__()
        self.vanishes_at = vanishes_at
        self.played = []

    def open(self, source, on_presence=ignore):
        super().open(source, on_presence)
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        silence = np.zeros(self.block, np.int16)
        while self.is_open:
            if self.vanishes_at is not None and self.mic.position >= self.vanishes_at:
                self.on_presence(False)
                return
            self.played.append(self.exchange(silence).copy())


@pytest.mark.parametrize("rate", [16_000, 22_050])
def test_all_of_it_is_played_before_the_card_is_closed(rate):
    card = RunningCard()
    tone = (8000 * np.sin(np.arange(rate * 2) * 2 * np.pi * 300 / rate)).astype(np.int16)
    aloud.play(card, tone, rate)
    card.thread.join(10)
    assert not card.is_open
    played = np.concatenate(card.played)
    assert np.count_nonzero(np.abs(played) > 100) / card.rate == pytest.approx(2.0, abs=0.05)


def test_a_card_that_vanishes_is_told_of(monkeypatch):
    monkeypatch.setattr(aloud, "STALL_S", 0.2)
    card = RunningCard(vanishes_at=8000)
    with pytest.raises(CardError, match="Still vanished or stands still"):
        aloud.play(card, np.ones(160_000, np.int16), 16_000)
    assert not card.is_open


def test_a_card_that_stands_still_is_told_of(monkeypatch):
    monkeypatch.setattr(aloud, "STALL_S", 0.05)
    with pytest.raises(CardError, match="stands still"):
        aloud.play(StillCard(), np.ones(1600, np.int16), 16_000)
