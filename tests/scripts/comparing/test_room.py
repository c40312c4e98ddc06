from pathlib import Path

import numpy as np
import pytest

from device.audio.measure import speech_level
from device.bench.sounds import Sound
from device.bench.virtual_card import CHANNELS, COUNTER, LOUDSPEAKER, MICROPHONE, RATE, VISITOR
from scripts.comparing.room import BLOCK, DELAY_MS, Line, Recording, Room, clock_of, spoken

VOICE = (9000 * np.random.default_rng(1).standard_normal(16_000)).astype(np.int16)
LINE = Line("complete", "hello", spoken(VOICE), 0, RATE)


class Loop:
    """A card of which what is written comes out again 30 ms later, with what a client plays."""

    def __init__(self):
        self.played = np.zeros(0, np.int16)
        self._tape = np.zeros((0, CHANNELS), np.int16)
        self._at = 0

    def write(self, block):
        self._tape = np.concatenate((self._tape, block))

    def read(self, frames):
        block = np.zeros((frames, CHANNELS), np.int16)
        written = self._tape[:frames]
        block[: len(written)], self._tape = written, self._tape[frames:]
        sound = self.played[:frames]
        block[: len(sound), LOUDSPEAKER], self.played = sound, self.played[frames:]
        return block


def blocks(count, then=()):
    for number in range(count):
        for at, act in then:
            if at == number:
                act()
        yield


def test_the_counter_shows_that_nothing_was_lost():
    recording = Room(Loop(), echo_db=-np.inf).run(blocks(300))
    assert recording.lost == 0
    assert len(recording.tracks) == 300 * BLOCK
    assert np.all(np.diff(recording.tracks[:, COUNTER].view(np.uint16)) == 1)


def test_frames_that_are_lost_are_counted():
    card = Loop()

    def drop():
        card._tape[100:150] = 0  # noqa: SLF001 - a stretch that nobody heard

    assert 49 <= Room(card, echo_db=-np.inf).run(blocks(100, [(50, drop)])).lost <= 50


def test_the_echo_comes_so_much_later_and_as_loud_as_asked():
    card = Loop()
    room = Room(card, echo_db=0.0)
    sound = (2600 * np.random.default_rng(2).standard_normal(RATE)).astype(np.int16)  # -22 dBFS

    def play():
        card.played = sound

    tracks = room.run(blocks(200, [(50, play)])).tracks
    start = np.flatnonzero(tracks[:, LOUDSPEAKER])[0]
    heard = tracks[start:, MICROPHONE].astype(float)
    likeness = np.correlate(heard[: RATE // 2], sound[: RATE // 8].astype(float), "valid")
    assert np.argmax(np.abs(likeness)) == round(DELAY_MS * RATE / 1000)
    assert speech_level(tracks[:, MICROPHONE], RATE) == pytest.approx(-26, abs=1.5)


def test_a_visitor_is_where_the_room_says():
    room = Room(Loop(), echo_db=-np.inf)
    visits = []
    recording = room.run(blocks(200, [(20, lambda: visits.append(room.say(LINE)))]))
    heard = np.flatnonzero(recording.tracks[:, VISITOR])
    assert visits[0].onset == pytest.approx(heard[0], abs=RATE // 500)
    assert visits[0].end == pytest.approx(heard[-1], abs=RATE // 500)
    assert recording.visits == visits


def test_one_visitor_speaks_at_a_time():
    room = Room(Loop(), echo_db=-np.inf)
    room.say(LINE)
    with pytest.raises(ValueError, match="somebody is speaking"):
        room.say(LINE)


def test_the_room_knows_what_plays():
    card = Loop()
    room = Room(card, echo_db=-np.inf)
    seen = []

    def play():
        card.played = VOICE[: 10 * BLOCK]

    room.run(blocks(60, [(10, play), (15, lambda: seen.append(room.playing_since)), (50, play)]))
    assert seen == [10 * BLOCK]
    assert room.playing_since == 50 * BLOCK


def test_a_line_knows_where_its_voice_is():
    class Padded(Sound):
        def samples(self):
            return np.concatenate((np.zeros(1600, np.int16), VOICE, np.zeros(3200, np.int16)))

    line = Line.of(Padded(file=Path("a.wav"), kind="complete", voice="a", text="hello", synthesizer="none"))
    assert line.first == pytest.approx(0.1 * RATE, abs=RATE // 500)
    assert line.last == pytest.approx(1.1 * RATE, abs=RATE // 500)


def test_sounds_are_spoken_at_a_level():
    assert speech_level((spoken(VOICE, -30.0) * 32768).astype(np.int16), RATE) == pytest.approx(-30, abs=0.3)


def test_the_clock_follows_a_sink_that_runs_fast_and_ignores_late_blocks():
    rng = np.random.default_rng(3)
    ends = BLOCK * np.arange(1, 3001)
    times = 500 + ends / RATE * (1 - 440e-6) + rng.uniform(0, 0.002, len(ends))
    times[rng.integers(0, 3000, 300)] += 0.1
    recording = Recording(np.zeros((1, CHANNELS), np.int16), [], clock_of(times), 0)
    for frame in (0, 7 * RATE, 30 * RATE):
        assert recording.moment(frame) == pytest.approx(500 + frame / RATE * (1 - 440e-6), abs=0.003)
        assert recording.at(recording.moment(frame)) == pytest.approx(frame, abs=1)
