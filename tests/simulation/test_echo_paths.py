"""Where the echo of a click arrives: late, moved, jumped, and twice."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device.simulation import acoustics
from device.simulation.echo_paths import EchoPaths
from device.simulation.faults import Fault
from device.simulation.scene import Acoustics, ClockEvent, Move, Scene

RATE, BLOCK = 16_000, 160
DRY = {"rate": RATE, "rt60": 0, "clip": np.inf, "loudspeaker_db": -26}
"""With visitors at -26 dBFS: an echo of 0 dB is as loud as what was played."""


def heard(scene: Scene, played: np.ndarray, jumps: dict[int, int] | None = None) -> np.ndarray:
    """Return what the microphone hears of `played`; `jumps` are the frames by which it jumps, by the block."""
    paths = EchoPaths(scene, RATE, BLOCK, np.random.default_rng(0))
    known = np.concatenate((played, np.zeros(paths.ahead + BLOCK))).astype(np.float32)
    out = []
    for start in range(0, len(played), BLOCK):
        if jumps and start // BLOCK in jumps:
            paths.jump(jumps[start // BLOCK])
        out.append(paths.read(start))
        paths.write(known[start + paths.ahead : start + paths.ahead + BLOCK])
    return np.concatenate(out)


def clicks(seconds: float, *at: float) -> np.ndarray:
    played = np.zeros(round(seconds * RATE))
    played[[round(t * RATE) for t in at]] = 0.5
    return played


def arrivals(sound: np.ndarray) -> list[tuple[int, float]]:
    return [(int(at), round(float(sound[at]), 3)) for at in np.flatnonzero(np.abs(sound) > 0.01)]


def scene(room: dict | None = None, **rest) -> Scene:
    return Scene(seconds=9, room=Acoustics(**(DRY | (room or {}))), **rest)


@pytest.mark.parametrize("delay_ms", [0, 3, 10, 100, 200, 500])
def test_it_begins_as_late_as_it_is_said(delay_ms):
    found = heard(scene({"delay_ms": delay_ms}), clicks(1, 0.2))
    assert arrivals(found) == [(3200 + 16 * delay_ms, 0.5)]


@pytest.mark.parametrize("second_ms", [4, 80, 480])
def test_it_comes_twice(second_ms):
    room = {"delay_ms": 60, "second_delay_ms": second_ms, "second_echo_db": -12, "clip": 0.2, "rt60": 0.3}
    twice = heard(scene(room), clicks(1, 0.2))
    once = heard(scene(room | {"second_delay_ms": None}), clicks(1, 0.2))
    # The second one is neither distorted nor reverberant.
    np.testing.assert_allclose(arrivals(twice - once), [(3200 + 16 * second_ms, 0.5 * acoustics.ratio(-12))], atol=1e-3)


def test_the_clocks_begin_to_differ():
    clocks = (ClockEvent(at=1, drift_ppm=500), ClockEvent(at=3, drift_ppm=0))
    found = heard(scene({"delay_ms": 100}, clocks=clocks), clicks(6, 0.5, 2.5, 4.5))
    peaks = [int(np.argmax(np.abs(found[16_000 * n : 16_000 * (n + 2)]))) + 16_000 * n for n in (0, 2, 4)]
    # 500 ppm of 1.6 s and of 2 s.
    assert peaks == [9600, 41_600 + round(1.6 * 8), 73_600 + 16]


def test_it_moves():
    moves = (Move(at=2, delay_ms=220, echo_db=-6, over=0), Move(at=4, delay_ms=30), Move(at=6, echo_db=0))
    found = heard(scene({"delay_ms": 100}, moves=moves), clicks(8, 1, 3, 5, 7))
    lower = round(0.5 * acoustics.ratio(-6), 3)
    assert arrivals(found) == [
        *((16_000 + 1600, 0.5), (48_000 + 3520, lower), (80_000 + 480, lower), (112_000 + 480, 0.5))
    ]


def test_one_echo_fades_into_the_other():
    found = heard(scene({"delay_ms": 20}, moves=(Move(at=2, echo_db=-20, over=1),)), np.full(3 * RATE, 0.5))
    assert found[RATE - 1] == pytest.approx(0.5, abs=0.01)
    assert found[RATE + RATE // 2] == pytest.approx(0.275, abs=0.01)
    assert found[2 * RATE + 1] == pytest.approx(0.05, abs=0.01)
    assert (np.diff(found[RATE : 2 * RATE]) < 0.01).all()


def test_another_place_responds_in_another_way():
    room = {"rt60": 0.3, "delay_ms": 20}
    found = heard(scene(room, moves=(Move(at=2, other_room=True),)), clicks(4, 1, 3))
    one, other = found[RATE + 320 : RATE + 5120], found[3 * RATE + 320 : 3 * RATE + 5120]
    assert np.linalg.norm(one) == pytest.approx(np.linalg.norm(other), rel=0.01)
    assert np.linalg.norm(one - other) > 0.3 * np.linalg.norm(one)
    np.testing.assert_allclose(heard(scene(room), clicks(4, 1, 3))[: 2 * RATE], found[: 2 * RATE], atol=1e-6)


@pytest.mark.parametrize("ms", [-400, -90, 90, 400])
def test_it_jumps_and_back(ms):
    fault = Fault(at=1, kind="jump", ms=(min(ms, 0), max(ms, 0)))
    found = heard(scene({"delay_ms": 450}, faults=(fault,)), clicks(7, 1, 3, 5), {200: 16 * ms, 400: 0})
    assert [at for at, _ in arrivals(found)] == [16_000 + 7200, 48_000 + 7200 + 16 * ms, 80_000 + 7200]


@settings(max_examples=30, deadline=None)
@given(
    delays=st.lists(st.integers(10, 500), min_size=2, max_size=5),
    second=st.none() | st.integers(0, 500),
    data=st.data(),
)
def test_whatever_moves_the_echo_is_where_it_is_said_to_be(delays, second, data):
    jump = data.draw(st.integers(10 - min(delays), 400))
    first, *rest = delays
    moves = tuple(Move(at=2 * n, delay_ms=delay, over=0.05) for n, delay in enumerate(rest, 1))
    room = {"delay_ms": first, "second_delay_ms": None if second is None else max(second, 10 - min(0, jump))}
    made = Scene(
        seconds=20,
        room=Acoustics(**(DRY | room)),
        moves=moves,
        faults=(Fault(at=0, kind="jump", ms=jump),),
    )
    at = [2 * n + 0.5 for n in range(len(delays))]
    found = heard(made, clicks(2 * len(delays), *at), {0: 16 * jump})
    expected = {round(t * RATE) + 16 * (delay + jump) for t, delay in zip(at, delays, strict=True)}
    if room["second_delay_ms"] is not None:
        expected |= {round(t * RATE) + 16 * (room["second_delay_ms"] + jump) for t in at}
    assert {place for place, _ in arrivals(found)} == expected
