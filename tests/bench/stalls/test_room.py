"""The room in real time, on a loop that stands in for the virtual card, and once on a real sound server."""

import multiprocessing

import numpy as np
import pytest

from device.audio.measure import dbfs
from device.bench.result import BenchError
from device.bench.soundserver import sound_server
from device.bench.stalls.room import BLOCK, Recording, Room, RoomProcess
from device.bench.virtual_card import CHANNELS, LOUDSPEAKER, MICROPHONE, MODULES, RATE, VISITOR
from device.simulation.scene import Acoustics

DRY = Acoustics(delay_ms=100, rt60=0.0, noise_db=-np.inf, clip=np.inf)
SOUND = (2068 * np.random.default_rng(2).standard_normal(RATE)).astype(np.int16)  # -24 dBFS


class Loop:
    """A card of which what is written comes out again as much later as was written ahead, with what a client plays."""

    def __init__(self):
        self.played = np.zeros(0, np.int16)
        self.tape = np.zeros((0, CHANNELS), np.int16)

    def write(self, block):
        self.tape = np.concatenate((self.tape, block))

    def read(self, frames):
        block = np.zeros((frames, CHANNELS), np.int16)
        written = self.tape[:frames]
        block[: len(written)], self.tape = written, self.tape[frames:]
        sound = self.played[:frames]
        block[: len(sound), LOUDSPEAKER], self.played = sound, self.played[frames:]
        return block


class Lossy(Loop):
    """A card that loses a sample of each of its first blocks."""

    def __init__(self, left):
        super().__init__()
        self.left = left

    def read(self, frames):
        block = super().read(frames)
        if self.left:
            self.left -= 1
            block[100] = 0
        return block


class Loud:
    value = 0.0


def room(acoustics, card=None):
    return Room(card or Loop(), acoustics, 60.0, Loud())


def pass_(place, blocks):
    for _ in range(blocks):
        place.step()
    return place.recording()


@pytest.mark.parametrize("delay_ms", [80.0, 100.0, 500.0])
def test_the_echo_comes_as_much_later_and_as_loud_as_asked(delay_ms):
    card = Loop()
    place = room(Acoustics(delay_ms=delay_ms, rt60=0.0, noise_db=-np.inf, clip=np.inf, echo_db=6.0), card)
    card.played = SOUND
    tracks = pass_(place, 200).tracks
    played, heard = (np.flatnonzero(tracks[:, track]) for track in (LOUDSPEAKER, MICROPHONE))
    assert heard[0] - played[0] == pytest.approx(delay_ms * RATE / 1000, abs=2)
    assert dbfs(tracks[heard[0] : heard[0] + RATE, MICROPHONE]) == pytest.approx(-20.0, abs=0.1)


def test_an_echo_that_would_come_sooner_than_the_room_can_write_is_refused():
    with pytest.raises(BenchError, match=r"needs \d+ ms, more than 30"):
        room(Acoustics(delay_ms=30))


def test_a_card_that_loses_samples_at_first_is_waited_for_and_one_that_goes_on_so_is_refused():
    lossy = Lossy(30)
    assert room(DRY, lossy).ahead == room(DRY).ahead
    assert lossy.left == 0
    with pytest.raises(BenchError, match="loses samples"):
        room(DRY, Lossy(10_000))


def test_the_echo_jumps():
    card = Loop()
    place = room(DRY, card)
    card.played = np.resize(SOUND, 3 * RATE)
    pass_(place, 100)
    place.jump(200.0)
    tracks = pass_(place, 100).tracks
    now, then = tracks[150 * BLOCK : 151 * BLOCK, MICROPHONE], tracks[: 151 * BLOCK, LOUDSPEAKER]
    at = len(then) - BLOCK - 300 * RATE // 1000
    assert np.corrcoef(now, then[at : at + BLOCK])[0, 1] > 0.99


def test_a_visitor_is_heard_where_it_is_said_and_nothing_else_is():
    place = room(DRY)
    pass_(place, 10)
    place.say("question", np.full(RATE, 0.1, np.float32))
    recording = pass_(place, 150)
    (visit,) = recording.visits
    there = np.flatnonzero(recording.tracks[:, VISITOR])
    assert (visit.label, visit.onset, visit.end) == ("question", there[0], there[-1] + 1)
    assert (np.flatnonzero(recording.tracks[:, MICROPHONE]) >= visit.onset).all()


def test_blocks_in_which_something_is_lost_are_named():
    card = Loop()
    place = room(DRY, card)
    assert not len(pass_(place, 20).lost)
    card.tape[BLOCK : BLOCK + 10] = 0
    assert pass_(place, 20).lost.tolist() == [21]


def test_a_recording_begins_anew():
    place = room(DRY)
    pass_(place, 20)
    place.begin()
    assert len(pass_(place, 5).tracks) == 5 * BLOCK


def test_frames_and_moments_are_those_of_the_blocks():
    times = np.array([10.0, 10.01, 10.5, 10.51])  # it was stopped
    recording = Recording(np.zeros((4 * BLOCK, 4), np.int16), [], times, np.zeros(0, np.int64), 30.0)
    assert recording.moment(BLOCK) == pytest.approx(10.0)
    assert recording.moment(3 * BLOCK) == pytest.approx(10.5)
    assert recording.frame(10.51) == 4 * BLOCK
    assert recording.frame(10.495) == pytest.approx(2.5 * BLOCK, abs=1)
    assert recording.frame(11.0) == 4 * BLOCK


@pytest.mark.realtime
def test_on_a_sound_server_it_is_a_process_that_tells_when_the_loudspeaker_was_loud():
    loud = multiprocessing.get_context("spawn").Value("d", -1.0)
    with sound_server(MODULES) as environment, RoomProcess(environment["PULSE_SERVER"], DRY, loud) as place:
        place.say("question", np.full(RATE // 10, 0.1, np.float32))
        recording = place.end()
        assert loud.value == -1.0, "nothing was played"
    assert recording.tracks.shape == (len(recording.times) * BLOCK, CHANNELS)
    assert 80 < recording.ahead_ms <= DRY.delay_ms


def test_a_server_that_is_not_there_is_told():
    loud = multiprocessing.get_context("spawn").Value("d", 0.0)
    with pytest.raises(BenchError, match="PulseAudio does not open"), RoomProcess("unix:/nonexistent", DRY, loud):
        pass
