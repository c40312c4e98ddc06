"""What a sound server's loudspeaker plays, of other programs, too, as the reference of the echo."""

import contextlib
import logging
import time

import numpy as np
import pytest
from support.pulse import RATE

from device.audio.card.alsa import AlsaCard
from device.audio.card.monitor import BEHIND_MS, MOST_MS, WINDOW, Played
from device.settings.tree import CardSettings

LOOP = CardSettings(input="Loopback", output="Loopback", music="lower")
BLOCK = 160
BEHIND = BEHIND_MS * 16


class Line:
    """A monitor at 16 kHz whose every sample tells its place."""

    def __init__(self):
        self.played = Played(16_000)
        self.written = 0
        self.out = np.zeros(BLOCK, np.int16)

    def write(self, blocks):
        for _ in range(blocks):
            self.played.write((self.written + np.arange(BLOCK)).astype(np.int16))
            self.written += BLOCK

    def take(self):
        """Return the place of the block taken, None if there is none, and whether it moved."""
        return (int(self.out[0]) if self.played.take(self.out) else None), self.played.moved


def test_it_begins_a_little_late_and_goes_on_without_a_break():
    line = Line()
    assert line.take() == (None, False)
    line.played.begin()
    line.write(BEHIND // BLOCK)
    assert line.take() == (None, False)
    line.write(1)
    assert line.take() == (0, True)
    for n in range(1, 30):
        line.write(1)
        assert line.take() == (n * BLOCK, False)


def test_what_is_late_is_silence_and_what_follows_stays_in_its_place():
    line = Line()
    line.played.begin()
    line.write(1 + BEHIND // BLOCK)
    assert line.take() == (0, True)
    assert line.take() == (BLOCK, False)
    assert line.take() == (2 * BLOCK, False)
    for _ in range(3):
        assert line.take() == (0, False)
        assert not line.out.any()
    line.write(4)
    assert line.take() == (6 * BLOCK, False)


@pytest.mark.parametrize("left", [-BLOCK, MOST_MS * 16 + BLOCK])
def test_too_little_or_too_much_to_read_for_long_begins_anew_and_says_so(left):
    line = Line()
    line.played.begin()
    line.write(1 + BEHIND // BLOCK)
    line.take()
    line.write(max(0, left // BLOCK))
    for _ in range(10 if left < 0 else 0):
        line.take()
    moves = 0
    for _ in range(WINDOW + 1):
        line.write(1)
        place, moved = line.take()
        moves += moved
    assert moves == 1
    assert line.written - BLOCK - place == BEHIND


def test_a_break_begins_anew_and_an_end_is_told():
    line = Line()
    line.played.begin()
    line.write(10)
    line.take()
    line.played.begin()
    assert line.take() == (None, True)
    line.write(1 + BEHIND // BLOCK)
    assert line.take() == (10 * BLOCK, True)
    line.played.end()
    assert line.take() == (None, True)
    assert line.take() == (None, False)


class Source:
    """Plays a level."""

    def __init__(self, level=0):
        self.level = level

    def render(self, out, position):
        out[:] = self.level

    def skip(self, frames):
        pass


def tone(seconds):
    return (8000 * np.sin(2 * np.pi * 440 * np.arange(round(RATE * seconds)) / RATE)).astype(np.int16)


def rms(track):
    return float(np.sqrt(np.mean(track.astype(float) ** 2)))


def read(card, seconds=0.3):
    """The next of the microphone and of the reference, at the same positions."""
    at = card.mic.position
    tracks = np.zeros((2, round(seconds * card.rate)), np.int16)
    assert card.mic.wait(at + tracks.shape[1], 30)
    card.mic.copy(at, tracks[0])
    card.reference.copy(at, tracks[1])
    return tracks


def until(card, what):
    end = time.monotonic() + 40
    while not what(*(tracks := read(card))):
        assert time.monotonic() < end
    return tracks


@contextlib.contextmanager
def opened(source, settings=LOOP):
    card = AlsaCard(settings)
    card.open(source)
    try:
        yield card
    finally:
        card.close()


def test_what_another_program_plays_is_in_the_reference_also_after_the_server_was_away(pulse):
    pulse.offer_monitor()
    with opened(Source()) as card:
        with pulse.playing(tone(60)):
            until(card, lambda heard, played: rms(heard) > 4000 and rms(played) > 4000)
            pulse.stop()
        until(card, lambda heard, played: not heard.any() and not played.any())
        pulse.start()
        with pulse.playing(tone(60)):
            until(card, lambda heard, played: rms(heard) > 4000 and rms(played) > 4000)


def test_it_is_hardly_later_than_what_comes_by_no_way_at_all(pulse):
    pulse.offer_monitor()
    step = np.concatenate((np.zeros(RATE), np.full(20 * RATE, 8000))).astype(np.int16)
    with opened(Source()) as card:
        until(card, lambda heard, played: True)
        at = card.mic.position
        with pulse.playing(step):
            until(card, lambda heard, played: heard.all() and played.all())
        tracks = np.zeros((2, card.mic.position - at), np.int16)
        card.mic.copy(at, tracks[0])
        card.reference.copy(at, tracks[1])
    heard, played = (int(np.argmax(track > 4000)) for track in tracks)
    # The loop is the monitor itself: what a card has ahead, and the way through the air, come on top of it.
    assert played - heard <= (BEHIND_MS + 10) * card.rate / 1000


def test_without_a_monitor_the_reference_is_what_the_device_itself_plays(pulse, caplog):
    with caplog.at_level(logging.WARNING), opened(Source(1234)) as card:
        _, played = until(card, lambda heard, played: heard.all())
        assert (played == 1234).all()
    assert [r.message for r in caplog.records if "What other programs play is not taken out" in r.message]
