"""From a press to silence, on sounds whose times are known."""

import pytest

from device.bench.button import NotingRoom, lights, silent_at
from device.simulation.scene import Acoustics, Scene


class Tone:
    """A reply of so many frames, and silence after it."""

    def __init__(self, frames):
        self.frames = frames

    def render(self, out, position):
        out.fill(0)
        out[: max(0, min(len(out), self.frames - position))] = 1000


@pytest.fixture
def room():
    return NotingRoom(Scene(name="test", seconds=1.0, room=Acoustics(rate=48_000)))


def test_a_room_notes_where_the_sound_of_each_block_ends(room):
    room.open(Tone(480 * 3 + 100))
    assert room.block == 480
    room.finished.wait(10)
    room.close()
    assert [frames for _, frames in room.sounds] == [480, 480, 480, 100]
    times = [at for at, _ in room.sounds]
    assert times == sorted(times)
    assert times == room.times[:4]


@pytest.mark.parametrize(
    ("sounds", "silent"),
    [
        ([], 5.0),
        # A reply that ends 24 ms after the press.
        ([(4.99, 480), (5.0, 480), (5.01, 480), (5.02, 192)], 5.024),
        # The next reply, half a second later, is another matter.
        ([(4.99, 480), (5.0, 480), (5.5, 480)], 5.01),
        # A pause of less than 100 ms is within the reply.
        ([(5.0, 480), (5.1, 480)], 5.11),
        # Long before it.
        ([(1.0, 480)], 5.0),
    ],
)
def test_a_reply_is_silent_after_its_last_sound(room, sounds, silent):
    room.sounds = sounds
    assert silent_at(room, 5.0) == pytest.approx(silent)


def test_lights_cost_something_and_not_a_core():
    assert 0 < lights(0.5) < 1
