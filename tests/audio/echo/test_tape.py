import numpy as np

from device.audio.echo.tape import Tape


def test_the_last_blocks_are_there_in_their_order_however_many_came():
    tape = Tape(2, 480)
    for number in range(50):
        tape.add(np.full(160, number, np.float32), np.full(160, -number, np.float32))
        one, other = tape.rows
        expected = [max(0, number - 2 + ago) for ago in range(3)]
        assert one[::160].tolist() == expected
        assert other[::160].tolist() == [-value for value in expected]


def test_it_forgets():
    tape = Tape(1, 320)
    tape.add(np.ones(160, np.float32))
    tape.clear()
    assert not tape.rows.any()
