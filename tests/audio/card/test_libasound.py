"""One direction of a device, on a real sound server: what is there, what is under way, and when it ran dry."""

import contextlib
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from numpy.typing import NDArray
from support.pulse import Pulse

from device.audio.card.base import CardError
from device.audio.card.libasound import BusyError, Pcm, StreamError, rates

pytestmark = pytest.mark.realtime

RATE, BLOCK = 48_000, 480

Cards = Callable[..., None]


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
    with pytest.raises(CardError, match=r"^Jabra cannot be opened \(No such file or directory\)"):
        Pcm("Jabra", "input", RATE, BLOCK, RATE)


def test_a_sound_server_that_is_gone_is_an_error(pulse: Pulse) -> None:
    with opened("input") as microphone:
        microphone.start()
        assert microphone.wait(5000)
        pulse.stop()
        with pytest.raises(StreamError, match="Loopback"):
            use(microphone, 20)


def heard(name: str, channel: int = 1) -> NDArray[np.int16]:
    """A tenth of a second of a microphone."""
    microphone = Pcm(name, "input", RATE, BLOCK, RATE, channel=channel)
    try:
        microphone.start()
        while (state := microphone.state()) is None or state[0] < RATE // 10:
            assert microphone.wait(5000)
        block = np.zeros(RATE // 10, np.int16)
        assert microphone.read(block)
    finally:
        microphone.close()
    return block


@pytest.mark.parametrize("format_", ["S16_LE", "S32_LE"])
def test_of_a_microphone_the_channel_that_is_asked_for_is_heard(cards: Cards, format_: str) -> None:
    cards(array=f"rate 48000 channels 8 channel 5 format {format_} direction capture")
    assert [channel for channel in range(1, 9) if heard("array", channel).any()] == [6]
    assert np.abs(heard("array", 6)).max() == pytest.approx(0.25 * 32767, abs=2)


def test_a_channel_that_is_not_there_is_named(cards: Cards) -> None:
    cards(stereo="rate 48000 channels 2 direction capture")
    with pytest.raises(CardError, match=r"^card\.channel: stereo has 2 channels, and no channel 3$"):
        Pcm("stereo", "input", RATE, BLOCK, RATE, channel=3)


@pytest.mark.parametrize(("rate", "expected"), [(48_000, 48_000), (44_100, 44_100), (96_000, 96_000), (8_000, 8_000)])
def test_a_device_is_opened_at_a_rate_of_its_own(cards: Cards, rate: int, expected: int) -> None:
    cards(one=f"rate {rate}")
    assert rates("one", "input") == rates("one", "output") == (rate,)
    loudspeaker = Pcm("one", "output", RATE, BLOCK, RATE)
    assert loudspeaker.rate == expected
    assert loudspeaker.capacity == pytest.approx(expected, rel=0.1), "a second, whatever its rate"
    loudspeaker.close()


def test_a_device_that_another_program_has_is_busy(cards: Cards) -> None:
    cards(held="busy 1")
    for look in (lambda: rates("held", "input"), lambda: Pcm("held", "input", RATE, BLOCK, RATE)):
        with pytest.raises(BusyError, match=r"^held is in use by another program$"):
            look()
