"""The buffers of a simulated card: what comes through, when, and what does not."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.simulation.buffers import Buffers, Late
from device.simulation.faults import Happening

BLOCK = 10
LATENCY = 20


class Played:
    """Blocks of a microphone that counts, through buffers to a device that says the number of each of its frames."""

    def __init__(
        self, blocks: int, *faults: Happening, latency: int = LATENCY, told: Callable[[int], int] | None = None
    ) -> None:
        buffers = self.buffers = Buffers(latency, BLOCK, past=100, told=told)
        waiting = list(faults)
        given: list[int] = []
        out: list[float] = []
        self.callbacks: list[int] = []
        self.latencies: list[int | None] = []
        for number in range(blocks):
            while waiting and waiting[0].frame < (number + 1) * BLOCK and not buffers.busy:
                buffers.begin(waiting.pop(0))
            heard = np.arange(number * BLOCK, (number + 1) * BLOCK, dtype=np.int16) + 1
            called = buffers.hear(heard)
            for block in called:
                if isinstance(block, int):
                    given += [0] * block
                    continue
                if isinstance(block, Late):
                    given += block.heard.tolist()
                    buffers.rest()
                    continue
                assert len(block) == BLOCK
                start = len(given)
                given += block.tolist()
                buffers.put(np.arange(start, start + BLOCK, dtype=np.float32) + 1)
            self.callbacks.append(sum(isinstance(block, np.ndarray) for block in called))
            out += buffers.take().tolist()
            self.latencies.append(None if buffers.busy else buffers.latency)
        self.heard = np.array(given) - 1
        """The room's frames that the device heard; -1: what it was told to be missing."""
        self.out = np.array(out, int) - 1
        """Of each of the room's frames, which of the device's frames the loudspeaker played; -1: silence."""


def fault(kind: str, frames: int, frame: int = 100) -> Happening:
    return Happening(frame, kind, frames)


def test_without_a_fault_all_is_heard_at_once_and_played_after_the_latency():
    played = Played(30)
    assert played.heard.tolist() == list(range(300))
    assert played.out.tolist() == [-1] * LATENCY + list(range(300 - LATENCY))
    assert played.callbacks == [1] * 30
    assert (played.buffers.lost, played.buffers.frame(123)) == (0, 123)


@pytest.mark.parametrize("frames", [20, 37, 125, 200])
def test_a_card_that_stalls_loses_both_ways_and_goes_on_as_late_as_before(frames):
    played = Played(60, fault("stall", frames))
    assert played.heard[:200].tolist() == [*range(100), *range(100 + frames, 200 + frames)]
    assert played.out[: 120 + frames + 100].tolist() == (
        [-1] * LATENCY + list(range(100)) + [-1] * frames + list(range(100, 200))
    )
    assert played.callbacks[10 : 10 + frames // BLOCK] == [0] * (frames // BLOCK)
    assert played.buffers.lost == frames
    assert (played.buffers.xruns.overruns, played.buffers.xruns.underruns) == (1, 1)
    assert [played.buffers.frame(at) for at in (99, 100, 150)] == [99, 100 + frames, 150 + frames]


def test_a_short_freeze_is_made_up_for_and_nothing_is_lost():
    played = Played(30, fault("freeze", 20))
    assert played.callbacks[9:14] == [1, 0, 2, 1, 1]
    assert played.heard.tolist() == list(range(300))
    assert played.out.tolist() == [-1] * LATENCY + list(range(300 - LATENCY))
    assert (played.buffers.lost, played.buffers.xruns.overruns, played.buffers.xruns.underruns) == (0, 0, 0)


@pytest.mark.parametrize("frames", [30, 44, 150])
def test_of_a_long_freeze_what_the_buffer_holds_is_worked_off_at_once(frames):
    played = Played(60, fault("freeze", frames))
    lost = frames - LATENCY
    assert played.heard[:200].tolist() == [*range(100 + LATENCY), *range(100 + frames, 180 + frames)]
    # What is buffered plays on, then nothing, and then what was worked off.
    assert played.out[: 220 + lost].tolist() == [-1] * LATENCY + [*range(100)] + [-1] * lost + [*range(100, 200)]
    assert max(played.callbacks) >= LATENCY // BLOCK
    assert played.buffers.lost == lost
    assert (played.buffers.xruns.overruns, played.buffers.xruns.underruns) == (1, 1)
    assert played.latencies[-1] == LATENCY


@pytest.mark.parametrize(("frames", "left"), [(10, 10), (20, 0), (120, 0)])
def test_a_microphone_that_loses_samples_comes_nearer_to_the_loudspeaker(frames, left):
    played = Played(60, fault("overrun", frames))
    assert played.heard[:200].tolist() == [*range(100), *range(100 + frames, 200 + frames)]
    assert played.latencies[-1] == left
    silent = max(0, frames - LATENCY)
    assert played.out[:300].tolist() == ([-1] * LATENCY + [*range(100)] + [-1] * silent + [*range(100, 300)])[:300]
    assert (played.buffers.xruns.overruns, played.buffers.xruns.underruns) == (1, int(silent > 0))


def test_a_loudspeaker_that_repeats_is_later_afterwards():
    played = Played(40, fault("repeat", 30))
    assert played.out[:200].tolist() == [-1] * LATENCY + [*range(100), *range(70, 100), *range(100, 150)]
    assert played.latencies[-1] == LATENCY + 30
    assert (played.buffers.lost, played.buffers.xruns.underruns) == (0, 1)


@pytest.mark.parametrize(
    ("frames", "left", "drops"), [(15, 5, [(120, 15)]), (50, 0, [(120, 30), (130, 10), (140, 10)])]
)
def test_what_is_dropped_is_never_played(frames, left, drops):
    played = Played(60, fault("drop", frames))
    silent = max(0, frames - LATENCY)
    whole = [-1] * LATENCY + [*range(100)] + [-1] * silent + [*range(100 + frames, 400)]
    assert played.out[:300].tolist() == whole[:300]
    assert played.latencies[-1] == left
    assert played.heard.tolist() == list(range(600))
    assert played.buffers.drops == drops


@pytest.mark.parametrize("frames", [0, 5, 20, 90])
def test_a_buffer_becomes_as_long_as_it_is_said(frames):
    played = Played(60, fault("buffer", frames), fault("buffer", 40, 300))
    assert played.latencies[25] == frames
    assert played.latencies[-1] == 40
    device = played.out[played.out >= 0]
    assert (np.diff(device) > 0).all()
    assert played.out[-1] == 600 - 1 - 40


@pytest.mark.parametrize("frames", [20, 37, 125])
@pytest.mark.parametrize(("kind", "kept"), [("stall", 0), ("overrun", 0), ("freeze", LATENCY), ("sleep", LATENCY)])
def test_what_was_lost_is_told_in_its_place(kind, kept, frames):
    played = Played(60, fault(kind, frames), told=lambda count: count)
    lost = max(0, frames - kept)
    there = [*range(100 + frames - lost), *[-1] * lost, *range(100 + frames, 500)]
    assert played.heard[:500].tolist() == there
    assert (played.buffers.lost, played.buffers.behind) == (lost, 0)
    assert [played.buffers.frame(at) for at in (0, 99, 300, 500)] == [0, 99, 300, 500]
    if kind != "overrun":
        at = np.flatnonzero(played.out >= 0)
        assert (played.out[at] == at - LATENCY).all(), "and what is played is as late as before"


def test_of_a_block_that_two_losses_tear_nothing_is_left():
    whole = Played(60, fault("stall", 37), fault("stall", 44, 200), told=lambda count: count)
    # 3 frames after the first one do not fill a block with the next 197; what is left of it is lost.
    assert whole.buffers.lost == 37 + 44 + 3
    assert whole.heard[:500].tolist() == [
        *range(100), *[-1] * 37, *range(137, 197), *[-1] * (3 + 44), *range(244, 500)
    ]  # fmt: skip
    at = np.flatnonzero(whole.out >= 0)
    assert (whole.out[at] == at - LATENCY).all()
    close = Played(60, fault("stall", 37), fault("stall", 44, 130), told=lambda count: count)
    assert close.heard[:500].tolist() == [*range(100), *[-1] * (37 + 3 + 44), *range(184, 500)]
    assert close.buffers.behind == 0


def test_a_card_that_counts_wrong_puts_the_clock_off_by_as_much():
    played = Played(
        60, fault("stall", 37), fault("stall", 44, 200), told=lambda count: count + (5 if count > 40 else -2)
    )
    assert played.buffers.behind == -5 + 2
    assert [played.buffers.frame(at) for at in (99, 135, 180, 400)] == [99, 137, 182, 397]


def test_an_unknown_fault_is_refused():
    with pytest.raises(ValueError, match="jump is no fault of a buffer"):
        Buffers(20, 10).begin(fault("jump", 10))


KINDS = st.sampled_from(["stall", "freeze", "sleep", "overrun", "repeat", "drop", "buffer"])


@given(
    latency=st.integers(0, 60),
    faults=st.lists(st.builds(Happening, st.integers(0, 1500), KINDS, st.integers(0, 99)), max_size=12),
    told=st.sampled_from([None, lambda count: count, lambda count: count + 3, lambda count: count - 3]),
)
def test_whatever_happens_the_books_balance(latency, faults, told):
    played = Played(300, *sorted(faults, key=lambda f: f.frame), latency=latency, told=told)
    buffers = played.buffers
    assert len(played.out) == 3000
    # Nothing is heard twice or before its time, and what is missing is known to the frame.
    there = np.flatnonzero(played.heard >= 0)
    assert (np.diff(played.heard[there]) > 0).all()
    assert 0 <= 3000 - len(there) - buffers.lost < BLOCK
    assert 0 <= 3000 - len(played.heard) - buffers.behind < BLOCK
    assert [buffers.frame(at) for at in there[::7]] == played.heard[there[::7]].tolist()
    # The loudspeaker plays in order, but for what it repeats, and in the end it is as late as the latency says.
    if not any(one.kind == "repeat" for one in faults):
        assert (np.diff(played.out[played.out >= 0]) > 0).all()
    if (
        played.latencies[-1] is not None
        and played.out[-1] >= 0
        and played.latencies[-50:] == [played.latencies[-1]] * 50
    ):
        assert 3000 - 1 - buffers.frame(int(played.out[-1])) == played.latencies[-1]
