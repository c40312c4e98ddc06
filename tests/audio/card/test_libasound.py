"""One direction of a device, on a real sound server: what is there, what is under way, and when it ran dry."""

import contextlib
import time
from collections.abc import Iterator

import numpy as np
import pytest
from support.pulse import Pulse

from device.audio.card.base import CardError
from device.audio.card.libasound import Pcm, StreamError

RATE, BLOCK = 48_000, 480


@contextlib.contextmanager
def opened(direction: str, seconds: float = 1.0) -> Iterator[Pcm]:
    pcm = Pcm("Loopback", direction, RATE, BLOCK, round(seconds * RATE))  # type: ignore[arg-type]
    try:
        yield pcm
    finally:
        pcm.close()
        pcm.close()


def use(pcm: Pcm, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pcm.wait(100)
        if pcm.state() is None:
            pcm.prepare()


def test_a_buffer_is_as_long_as_was_asked_for(pulse: Pulse) -> None:
    for seconds in (0.3, 2.0):
        with opened("input", seconds) as microphone:
            assert microphone.capacity == pytest.approx(seconds * RATE, rel=0.1)


def test_what_came_during_a_stall_is_still_there(pulse: Pulse) -> None:
    with opened("input", 2.0) as microphone:
        microphone.start()
        assert microphone.wait(5000)
        heard = np.zeros(BLOCK, np.int16)
        state = microphone.state()
        assert state is not None
        for _ in range(state[0] // BLOCK):
            assert microphone.read(heard)
        time.sleep(0.5)
        state = microphone.state()
        assert state is not None
        assert state[0] == pytest.approx(0.5 * RATE, abs=0.2 * RATE)


def test_nothing_to_wait_for_is_no_failure(pulse: Pulse) -> None:
    with opened("input") as microphone:
        microphone.start()
        assert microphone.wait(5000)
        pulse.pactl("suspend-sink", "spk", "1")
        heard = np.zeros(BLOCK, np.int16)
        while microphone.wait(100):
            if (state := microphone.state()) is not None and state[0] >= BLOCK:
                assert microphone.read(heard)


def test_a_loudspeaker_tells_what_waits_to_be_played_and_that_it_ran_dry(pulse: Pulse) -> None:
    with opened("output") as loudspeaker:
        loudspeaker.prepare()
        assert loudspeaker.write(np.zeros(RATE // 2, np.int16))
        state = loudspeaker.state()
        assert state is not None
        assert state[0] == pytest.approx(loudspeaker.capacity - RATE // 2, abs=RATE // 10)
        assert state[1] == pytest.approx(RATE // 2, abs=RATE // 10)
        end = time.monotonic() + 10
        while loudspeaker.state() is not None:
            assert time.monotonic() < end
            time.sleep(0.02)
        loudspeaker.prepare()
        assert loudspeaker.write(np.zeros(RATE // 2, np.int16))
        assert loudspeaker.state() is not None


def test_what_is_played_arrives_whole(pulse: Pulse) -> None:
    sound = (np.arange(RATE // 2) % 30_000 + 1).astype(np.int16)
    with opened("input") as microphone, opened("output") as loudspeaker:
        microphone.start()
        loudspeaker.prepare()
        assert loudspeaker.write(sound)
        heard = [np.zeros(BLOCK, np.int16) for _ in range(RATE // BLOCK)]
        for block in heard:
            while (state := microphone.state()) is None or state[0] < BLOCK:
                microphone.wait(100)
                time.sleep(0.001)
            assert microphone.read(block)
    track = np.concatenate(heard)
    first = np.flatnonzero(track)[0]
    assert (track[first : first + len(sound)] == sound).mean() > 0.9


def test_a_device_that_is_not_there_is_named(pulse: Pulse) -> None:
    with pytest.raises(CardError, match=r"^Jabra cannot be opened \(No such file or directory\); is another program"):
        Pcm("Jabra", "input", RATE, BLOCK, RATE)


def test_a_sound_server_that_is_gone_is_an_error(pulse: Pulse) -> None:
    with opened("input") as microphone:
        microphone.start()
        assert microphone.wait(5000)
        pulse.stop()
        with pytest.raises(StreamError, match="Loopback"):
            use(microphone, 20)
