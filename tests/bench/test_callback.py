import numpy as np

from device.bench import callback
from device.bench.callback import UrgentRoom, figures
from device.bench.metronome import Late
from device.simulation.scene import Scene


def test_a_rooms_thread_is_urgent_from_its_first_block_on(monkeypatch):
    urged = []
    monkeypatch.setattr(callback, "be_urgent", lambda: urged.append(room.frame))
    room = UrgentRoom(Scene(name="test", seconds=0.1), pace="step")

    class Silence:
        def render(self, out, position):
            out.fill(0)

    room.open(Silence())
    while room.step():
        pass
    assert urged == [0]
    assert len(room.callback_ns) == 10
    assert (np.asarray(room.callback_ns) > 0).all()


def test_callbacks_count_together_and_by_what_went_on_meanwhile():
    quiet, busy = np.full(9_000, 0.1), np.full(1_000, 7.0)
    found = {"quiet": Late(quiet, quiet + 1), "busy": Late(busy, busy + 1)}
    said = {figure.name: figure for figure in figures("here", found, Late(quiet + 2, quiet + 3), 5.0)}
    assert said["here, 10000 callbacks begun late by: median"].value == 0.1
    assert said["… p99.99"].value == 7.0
    assert not said["… p99.99"].reached
    assert said["… ended late by: p99.99"].value == 8.0
    assert said["… a thread that does nothing else, beside it: p99.99"].value == 2.1
    assert said["… quiet: p99.99"].value == 0.1
    assert said["… busy: p99.99"].value == 7.0
