"""A simulated room whose card goes wrong, and whose echo moves: when a click is played, and when it is heard."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.rooms import QUIET, Tape, changed, play, room_of, white

from device.audio.card import latency
from device.simulation import recording
from device.simulation.faults import Fault
from device.simulation.recording import Recording, Tracks
from device.simulation.room import LATENCY_SMOOTHING, Room
from device.simulation.scene import Acoustics, Move, Visitor

DRY = Acoustics(rt60=0, noise_db=-np.inf, clip=np.inf, visitor_reverb_db=-np.inf)


class Clicks(Tape):
    """A click at the beginning of every so many frames of the device's clock."""

    def __init__(self, every: int) -> None:
        super().__init__()
        self.every = every

    def render(self, out, position):
        out.fill(0)
        if position % self.every == 0:
            out[0] = 16_000


def with_faults(*faults: Fault, tmp_path: Path, seconds: float = 4.0, moves=(), **keys) -> tuple[Room, Tracks]:
    """Play a click every 500 ms in a dry room at 16 kHz, with faults."""
    acoustics = changed(DRY, **({"rate": 16_000, "delay_ms": 100, "latency_ms": 40} | keys))
    path = tmp_path / "conversation.wav"
    with Recording(path, 16_000) as made:
        room = Room(room_of(seconds, acoustics, faults=faults, moves=moves), pace="step", recording=made)
        room.open(Clicks(8000))
        while room.step():
            pass
    return room, recording.load(path)


def ms_of_clicks(track: np.ndarray) -> list[float]:
    return (np.flatnonzero(np.abs(track) > 3000) / 16).tolist()


@pytest.mark.parametrize("kind", ["stall", "freeze", "sleep"])
def test_a_card_that_stalls_tells_what_it_missed_and_stays_true_to_the_room(tmp_path, kind):
    lost = 150 if kind == "stall" else 110
    room, tracks = with_faults(Fault(at=1.2, kind=kind, ms=150), tmp_path=tmp_path)
    played = [40 + 500 * n for n in range(8)]
    assert ms_of_clicks(tracks.loudspeaker) == played
    assert ms_of_clicks(tracks.microphone) == [at + 100 for at in played]
    assert (room.lost, room.behind) == (lost * 16, 0)
    assert room.now == room.frame == 4000 * 16
    start = 1200 * 16 if kind == "stall" else 1240 * 16
    assert room.gaps.since(0) == ((start, start + lost * 16),)
    heard = np.zeros(room.now, np.int16)
    assert room.mic.copy(0, heard) == 0
    np.testing.assert_array_equal(heard, tracks.microphone)


def test_what_the_source_has_goes_on_from_where_it_was(tmp_path):
    class Skipping(Clicks):
        skipped = 0

        def skip(self, frames):
            self.skipped += frames

    source = Skipping(8000)
    acoustics = changed(DRY, rate=16_000, delay_ms=100)
    room = Room(room_of(2.0, acoustics, faults=(Fault(at=0.5, kind="stall", ms=(40, 90), every=0.3),)), pace="step")
    room.open(source)
    while room.step():
        pass
    assert room.lost <= source.skipped < room.lost + 160
    assert source.skipped == sum(end - start for start, end in room.gaps.since(0))


@pytest.mark.parametrize("error", [0, 5, 30])
def test_a_card_may_not_know_exactly_what_it_missed(tmp_path, error):
    fault = Fault(at=0.5, kind="stall", ms=100, every=0.5)
    room, tracks = with_faults(fault, tmp_path=tmp_path, losses_error_ms=error)
    gaps = room.gaps.since(0)
    assert len(gaps) == 7
    said = np.array([end - start for start, end in gaps])
    assert (np.abs(said - 1600) <= error * 16 + 160).all()
    assert (len(set(said.tolist())) > 1) == (error > 0)
    # Up to a torn block at the end, the books balance.
    assert 0 <= room.frame - room.now - room.behind < 160
    assert (room.behind != 0) == (error > 0)
    heard = np.zeros(room.now, np.int16)
    room.mic.copy(0, heard)
    for at in np.flatnonzero(heard):
        assert tracks.microphone[room.scene_position(int(at))] == heard[at]


def test_a_card_that_stalls_and_does_not_tell_is_late_for_good_and_its_echo_is_not(tmp_path):
    fault = Fault(at=1.2, kind="stall", ms=150)
    room, tracks = with_faults(fault, tmp_path=tmp_path, losses_told=False)
    played = [40, 540, 1040, 1690, 2190, 2690, 3190, 3690]
    assert ms_of_clicks(tracks.loudspeaker) == played
    assert ms_of_clicks(tracks.microphone) == [at + 100 for at in played]
    assert room.lost == room.behind == 150 * 16
    assert not room.gaps.since(0)
    assert (room.xruns.overruns, room.xruns.underruns) == (1, 1)
    assert (room.now, room.frame) == (3850 * 16, 4000 * 16)
    assert len(tracks.microphone) == len(tracks.loudspeaker) == len(tracks.visitors) == 4000 * 16
    heard = np.zeros(3850 * 16, np.int16)
    assert room.mic.copy(0, heard) == 0
    assert ms_of_clicks(heard) == [140, 640, 1140, 1640, 2140, 2640, 3140, 3640]


def test_positions_of_the_device_are_found_in_the_recording(tmp_path):
    faults = (Fault(at=1.2, kind="stall", ms=150), Fault(at=2.2, kind="freeze", ms=95))
    room, tracks = with_faults(*faults, tmp_path=tmp_path, losses_told=False)
    heard = np.zeros(room.now // 160 * 160, np.int16)
    room.mic.copy(0, heard)
    for at in np.flatnonzero(heard):
        assert tracks.microphone[room.scene_position(int(at))] == heard[at]
    assert room.scene_position(100) == 100
    assert room.scene_position(48_000) == 48_000 + (150 + 55) * 16


@pytest.mark.parametrize("told", [True, False])
def test_what_a_visitor_says_in_a_stall_is_lost(tmp_path, told):
    quiet = changed(QUIET, losses_told=told)
    visitor = Visitor(at=0.5, text="what can you do", level_db=-20)
    fault = Fault(at=1.0, kind="stall", ms=200)
    room, tracks = play(room_of(3.0, quiet, visitors=(visitor,), faults=(fault,)), tmp_path)
    whole = play(room_of(3.0, QUIET, visitors=(visitor,)), tmp_path)[1]
    np.testing.assert_array_equal(tracks.visitors, whole.visitors)
    gap = slice(48_000, 48_000 + 9600)
    assert whole.microphone[gap].any()
    assert not tracks.microphone[gap].any()
    heard = np.zeros(room.frame - room.behind, np.int16)
    assert room.mic.copy(0, heard) == 0
    there = whole.microphone.copy()
    there[gap] = 0
    np.testing.assert_array_equal(heard, there if told else np.delete(there, np.r_[gap]))


@pytest.mark.parametrize("ms", [-90, -30, 50, 400])
def test_microphone_and_loudspeaker_jump_apart(tmp_path, ms):
    room, tracks = with_faults(Fault(at=1.7, kind="jump", ms=ms), tmp_path=tmp_path)
    heard = ms_of_clicks(tracks.microphone)
    assert heard[:4] == [140, 640, 1140, 1640]
    # What a later echo repeats, a click of 1540 ms, is not counted.
    assert [at for at in heard if at >= 2050 + ms][:3] == [2140 + ms + 500 * n for n in range(3)]
    assert ms_of_clicks(tracks.loudspeaker) == [40 + 500 * n for n in range(8)]
    assert (room.lost, room.xruns.overruns, room.xruns.underruns) == (0, 0, 0)


@pytest.mark.parametrize(
    ("kind", "ms", "later"), [("overrun", 30, -30), ("overrun", 200, -40), ("repeat", 130, 130), ("drop", 30, -30)]
)
def test_one_direction_alone_moves_the_echo_in_the_device_s_eyes(tmp_path, kind, ms, later):
    room, _ = with_faults(Fault(at=1.7, kind=kind, ms=ms), tmp_path=tmp_path)
    heard = np.zeros(room.now // 160 * 160, np.int16)
    room.mic.copy(0, heard)
    # Seen from the device, the echo of what it plays at 2000 ms comes so much later.
    assert [at for at in ms_of_clicks(heard) if 2000 < at < 2500] == [2140 + later]
    assert room.lost == (16 * ms if kind == "overrun" else 0)


def test_a_buffer_that_changes_is_told_as_portaudio_tells_it(tmp_path):
    faults = (Fault(at=1, kind="buffer", ms=160), Fault(at=4, kind="buffer", ms=20))
    told = []
    for keys in ({}, {"latency_told": False}):
        acoustics = changed(DRY, rate=16_000, delay_ms=100, latency_ms=40, **keys)
        room = Room(room_of(8.0, acoustics, faults=faults), pace="step")
        room.open(Tape())
        told.append([room.output_latency // 16 for _ in range(800) if room.step()])
    assert told[0][:101] == [40] * 101
    assert told[0][110] < 80 < told[0][180] < 160
    assert told[0][395] == pytest.approx(160, abs=7)  # half a block is but a tremor
    assert told[0][-1] == pytest.approx(20, abs=7)
    assert set(told[1]) == {40}


def test_the_latency_is_smoothed_as_the_real_card_does():
    assert latency.SMOOTHING == LATENCY_SMOOTHING


@pytest.mark.parametrize("delay_ms", [0, 200, 500])
def test_an_echo_may_begin_half_a_second_late_and_come_twice(tmp_path, delay_ms):
    _, tracks = with_faults(tmp_path=tmp_path, delay_ms=delay_ms, second_delay_ms=60, second_echo_db=0)
    first = {40 + 500 * n + delay for n in range(8) for delay in (delay_ms, 60)}
    assert ms_of_clicks(tracks.microphone) == sorted(at for at in first if at < 4000)


def test_somebody_carries_the_speaker(tmp_path):
    moves = (Move(at=1.9, delay_ms=180), Move(at=2.9, delay_ms=20, echo_db=-40))
    _, tracks = with_faults(tmp_path=tmp_path, moves=moves)
    assert ms_of_clicks(tracks.microphone) == [140, 640, 1140, 1640, 2220, 2720]
    assert ms_of_clicks(tracks.loudspeaker) == [40 + 500 * n for n in range(8)]


ANY = [
    Fault(at=0.3, kind="stall", ms=(20, 400), every=1.1, spread=0.2),
    Fault(at=0.5, kind="freeze", ms=(20, 400), every=1.3, spread=0.4),
    Fault(at=0.6, kind="sleep", ms=(20, 400), every=1.9, spread=0.4),
    Fault(at=0.2, kind="overrun", ms=(20, 60), every=1.7),
    Fault(at=0.7, kind="repeat", ms=(20, 100), every=2.1),
    Fault(at=0.9, kind="drop", ms=(20, 100), every=1.9),
    Fault(at=0.4, kind="buffer", ms=(0, 300), every=0.9, spread=0.3),
    Fault(at=0.1, kind="jump", ms=(-90, 400), every=0.7),
]


def test_the_same_seed_makes_the_same_faults(tmp_path):
    def once(seed: int) -> tuple[int, Tracks]:
        room, tracks = with_faults(*ANY, tmp_path=tmp_path, seed=seed, noise_db=-40, losses_told=False)
        return room.lost, tracks

    (lost, first), (again, second), (other, third) = once(0), once(0), once(1)
    assert lost == again != other
    np.testing.assert_array_equal(first.microphone, second.microphone)
    np.testing.assert_array_equal(first.loudspeaker, second.loudspeaker)
    assert not np.array_equal(first.loudspeaker, third.loudspeaker)


@settings(max_examples=15, deadline=None)
@given(
    chosen=st.lists(st.sampled_from(ANY), unique=True),
    seed=st.integers(0, 999),
    latency=st.sampled_from([0, 5, 20, 300]),
    keys=st.fixed_dictionaries(
        {
            "drift_ppm": st.sampled_from([0, 200, -200]),
            "losses_told": st.booleans(),
            "losses_error_ms": st.sampled_from([0, 10]),
        }
    ),
)
def test_whatever_goes_wrong_the_clock_goes_on_and_the_tracks_are_aligned(
    tmp_path_factory, chosen, seed, latency, keys
):
    acoustics = Acoustics(rate=16_000, delay_ms=130, latency_ms=latency, seed=seed, second_delay_ms=122, **keys)
    scene = room_of(3.0, acoustics, faults=tuple(chosen), visitors=(Visitor(at=0.3, text="good morning"),))
    with Recording(tmp_path_factory.mktemp("room") / "conversation.wav", 16_000) as made:
        room = Room(scene, pace="step", recording=made)
        room.open(Tape(white(48_000, -30)))
        clock = [0]
        while room.step():
            clock.append(room.now)
            assert room.reference.position == room.mic.position
            assert 0 <= room.frame - room.behind - room.mic.position <= room.scene.room.latency_ms * 16 + 1600 * 16
            assert room.behind == 0 or not keys["losses_told"] or keys["losses_error_ms"]
    tracks = recording.load(made.path)
    assert clock == sorted(clock)
    assert len(tracks.microphone) == len(tracks.loudspeaker) == len(tracks.visitors) == 48_000
    heard = np.zeros(room.mic.position, np.int16)
    assert room.mic.copy(0, heard) == 0
    places = [room.frame_of(at) for at in range(len(heard))]
    known = np.ones(len(heard), np.bool_)
    for start, end in room.gaps.since(0):
        known[start:end] = False
        assert not heard[start:end].any()
    np.testing.assert_array_equal(tracks.microphone[places][known], heard[known])
