"""A stream on a pretended ALSA, whose microphone hears what its loudspeaker plays: how late, and what is lost."""

import os
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from numpy.typing import NDArray
from support.air import BLOCK, RATE, Air, Loudspeaker

from device.audio.card.base import CardError
from device.audio.card.buffer_size import MOST_MS, SOUND_S, BufferSize
from device.audio.card.devices import Device
from device.audio.card.stream import HEARD_MS, SilenceError, Stream, be_urgent

MICROPHONE, LOUDSPEAKER = Device(3, "Jabra (hw:1,0)", 1, 0), Device(4, "HDMI", 0, 2)


class Card:
    """Plays its positions, counted from 1, and keeps what it plays and hears at its positions."""

    def __init__(self, *, plays: Callable[[int], bool] = lambda _: True) -> None:
        self.heard: list[NDArray[np.int16]] = []
        self.played: list[NDArray[np.int16]] = []
        self.missed: list[tuple[int, int]] = []
        self.silences: list[int] = []
        self.position = 0
        self._plays = plays

    def exchange_block(self, stream: Stream, heard: NDArray[np.int16]) -> NDArray[np.int16]:
        assert stream.writing
        block = (np.arange(self.position, self.position + len(heard)) % 30_000 + 1).astype(np.int16)
        block *= self._plays(self.position)
        self._take(heard, block)
        return block

    def hear_block(self, stream: Stream, heard: NDArray[np.int16]) -> None:
        assert stream.writing
        self.silences.append(self.position)
        self._take(heard, np.zeros_like(heard))

    def miss_frames(self, stream: Stream, frames: int) -> None:
        self.missed.append((self.position, frames))
        self._take(np.zeros(frames, np.int16), np.zeros(frames, np.int16))

    def _take(self, heard: NDArray[np.int16], played: NDArray[np.int16]) -> None:
        self.heard.append(heard.copy())
        self.played.append(played)
        self.position += len(heard)

    def echoes(self) -> dict[int, int]:
        """From which position on the echo comes how many frames late."""
        found: dict[int, int] = {}
        heard = np.concatenate(self.heard)
        at = np.flatnonzero(heard)
        late = (at + 1 - heard[at]) % 30_000
        for where in np.flatnonzero(np.diff(late, prepend=-1)):
            found[int(at[where])] = int(late[where])
        return found


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Stream]:
    """Let a stream run in the air until its end."""

    def run(air: Air, card: Card, ms: int = 40) -> Stream:
        monkeypatch.setattr("device.audio.card.stream.open_pcm", air.device)
        monkeypatch.setattr("device.audio.card.stream.time", air)
        stream = Stream(RATE, BLOCK, BufferSize(ms), card)
        stream.open(MICROPHONE, LOUDSPEAKER)
        assert air.over.wait(60)
        stream.close()
        assert not stream.active
        return stream

    return run


def freezing(*stalls: tuple[float, float], end: float) -> Air:
    """Air in which the process stands still at so many seconds for so many."""
    air = Air(end)
    for at, seconds in stalls:
        air.at(at, partial(air.stop_process, seconds))
    return air


Run = Callable[[Air, Card], Stream]


def test_the_echo_comes_as_late_as_the_buffer_is_long(run: Callable[..., Stream]) -> None:
    for ms in (20, 40, 100):
        card = Card()
        stream = run(Air(1), card, ms)
        assert set(card.echoes().values()) == {BLOCK * ms // 10}
        assert stream.latency.frames == pytest.approx(BLOCK * (ms // 10 - 1), abs=20)
        assert not card.missed
        assert card.silences == [0]
        assert not stream.stalls


@pytest.mark.parametrize("ms", [10, 20, 25])
def test_what_the_buffer_bridges_is_no_stall(run: Run, ms: int) -> None:
    card = Card()
    stream = run(freezing((0.5, ms / 1000), end=2), card)
    assert set(card.echoes().values()) == {640}
    assert not stream.stalls
    assert card.position == pytest.approx(2 * RATE, abs=2 * BLOCK)


@pytest.mark.parametrize("ms", [45, 60, 100, 151, 200, 400, 1000, 1700])
def test_a_process_that_stood_still_has_lost_nothing_and_hears_the_echo_as_late_as_before(run: Run, ms: int) -> None:
    card = Card()
    stream = run(freezing((0.5, ms / 1000), end=4), card)
    assert set(card.echoes().values()) == {640}
    assert not card.missed
    (stall,) = stream.stalls
    assert stall.seconds * 1000 == pytest.approx(ms + 5, abs=16)
    assert stall.dry
    assert not stall.missing
    assert card.position == pytest.approx(4 * RATE, abs=2 * BLOCK)
    # The reply waited for as long as nothing was there to be played, and no longer.
    assert (len(card.silences) - 1) * 10 == pytest.approx(ms + 5 - 40, abs=16)


def test_what_does_not_fit_the_microphone_s_buffer_is_missing_to_the_frame(run: Run) -> None:
    card = Card()
    stream = run(freezing((0.5, 3), end=5), card)
    assert set(card.echoes().values()) == {640}
    ((position, frames),) = card.missed
    assert position == pytest.approx(RATE // 2, abs=2 * BLOCK)
    assert frames == pytest.approx(3 * RATE, abs=2 * BLOCK)
    assert card.position == pytest.approx(5 * RATE, abs=2 * BLOCK)
    (stall,) = stream.stalls
    assert stall.missing == frames / RATE


@pytest.mark.parametrize("ms", [50, 200])
def test_a_sound_server_that_was_late_has_lost_nothing(run: Run, ms: int) -> None:
    air = Air(3)

    def lag() -> None:
        air.lag = min(ms / 1000, air.lag + 0.001)

    # It stands still: what it has is older by the millisecond, until all comes at once.
    for i in range(ms):
        air.at(1 + i / 1000, lag)
    air.at(1 + ms / 1000, lambda: setattr(air, "lag", 0.0))
    card = Card()
    run(air, card)
    assert not card.missed
    assert set(card.echoes().values()) == {640}
    assert card.position == pytest.approx(3 * RATE, abs=2 * BLOCK)


@pytest.mark.parametrize("frames", [800, 3200])
def test_what_a_card_lost_without_a_word_is_told_by_the_clock(run: Run, frames: int) -> None:
    air = Air(3)
    air.at(1.0, lambda: setattr(air, "lost", frames))
    card = Card()
    stream = run(air, card)
    ((position, missing),) = card.missed
    assert missing == pytest.approx(frames, abs=BLOCK)
    assert position == pytest.approx(RATE, abs=BLOCK)
    assert card.position == pytest.approx(3 * RATE, abs=2 * BLOCK)
    assert stream.stalls[0].missing == missing / RATE


def test_a_loudspeaker_that_stood_still_is_written_less_until_the_echo_is_where_it_was(run: Run) -> None:
    air = Air(4)
    air.at(1.0, lambda: setattr(air, "speaker_stands", True))
    air.at(1.2, lambda: setattr(air, "speaker_stands", False))
    card = Card()
    run(air, card)
    assert len(card.silences) * 10 == pytest.approx(200, abs=20)
    assert list(card.echoes().values())[-1] == pytest.approx(640, abs=BLOCK)


def test_a_loudspeaker_that_takes_nothing_for_good_ends_the_stream(run: Run) -> None:
    air = Air(60)
    air.at(1.0, lambda: setattr(air, "speaker_stands", True))
    run(air, Card())
    assert air.now == pytest.approx(3.2, abs=0.5)


def test_the_buffer_grows_with_the_second_stall_and_shrinks_again_once_nothing_is_played(run: Run) -> None:
    end = SOUND_S + 40
    card = Card(plays=lambda position: position < 4 * RATE or position > (end - 8) * RATE)
    stream = run(freezing((1, 0.07), (2, 0.07), end=end), card)
    late = list(card.echoes().values())
    assert late[0] == 640
    assert max(late) == pytest.approx((70 + 20) * BLOCK // 10, abs=BLOCK)
    assert late[-1] == pytest.approx(640, abs=BLOCK // 2)
    assert len(stream.stalls) == 2
    assert not card.missed


def test_it_waits_for_its_first_block(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("device.audio.card.stream.FIRST_BLOCK_S", 0.05)
    air = Air(0)
    with pytest.raises(SilenceError, match=r"^Jabra \(hw:1,0\) and HDMI opened, but no sound came in 0.05 s"):
        run(air, Card())
    assert [device.closed for device in air.opened] == [1, 1]


def test_buffers_are_long_on_both_sides(run: Run) -> None:
    air = Air(0.1)
    run(air, Card())
    microphone, loudspeaker = air.opened
    assert microphone.capacity == RATE * HEARD_MS // 1000
    assert loudspeaker.capacity > RATE * MOST_MS // 1000
    assert isinstance(loudspeaker, Loudspeaker)


def test_the_microphone_s_channel_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    air = Air(0.1)
    monkeypatch.setattr("device.audio.card.stream.open_pcm", air.device)
    monkeypatch.setattr("device.audio.card.stream.time", air)
    stream = Stream(RATE, BLOCK, BufferSize(40), Card(), channel=6)
    stream.open(MICROPHONE, LOUDSPEAKER)
    assert air.over.wait(60)
    stream.close()
    assert air.channels == {"input": 6, "output": 1}


def test_of_a_loudspeaker_that_cannot_be_opened_the_microphone_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    air = Air(1)

    def open_one(name: str, direction: str, *sizes: int, channel: int = 1) -> object:
        if direction == "output":
            raise CardError(f"{name} cannot be opened")
        return air.device(name, direction, *sizes, channel=channel)

    monkeypatch.setattr("device.audio.card.stream.open_pcm", open_one)
    stream = Stream(RATE, BLOCK, BufferSize(40), Card())
    with pytest.raises(CardError, match="HDMI cannot be opened"):
        stream.open(MICROPHONE, LOUDSPEAKER)
    assert [device.closed for device in air.opened] == [1]


@pytest.mark.parametrize("refusal", [None, PermissionError()])
def test_to_be_urgent_is_asked_for_and_may_be_refused(
    monkeypatch: pytest.MonkeyPatch, refusal: PermissionError | None
) -> None:
    asked = []

    def schedule(pid: int, policy: int, parameters: os.sched_param) -> None:
        asked.append((pid, policy, parameters.sched_priority))
        if refusal is not None:
            raise refusal

    monkeypatch.setattr(os, "sched_setscheduler", schedule)
    be_urgent()
    assert asked == [(0, os.SCHED_RR, 5)]
