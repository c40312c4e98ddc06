import numpy as np
import pytest
from support.speech import say

from device.audio.echo.again import BEFORE, DOUBTED, Again
from device.audio.echo.align import LONGEST_AGAIN, Alignment
from device.audio.echo.canceller import EchoCanceller
from device.audio.echo.filter import BLOCK, EchoFilter
from device.simulation import acoustics

SECOND = 16_000
LAG = 1600
WORDS = "Once upon a time there was a small house near the sea, and in the house lived an old man who liked to talk."


class Room:
    """The device talks for 6 s; its echo jumps by `jump` samples at 4 s, and somebody may speak from `at` on."""

    def __init__(self, jump, *, at=None, shift=0):
        far = np.resize(say(WORDS, "en-us", 165, -20), 6 * SECOND)
        response = acoustics.impulse_response(SECOND, 0.4, -6, np.random.default_rng(5))
        moved = 4 * SECOND + shift
        # The loudspeaker says it later from then on, and the room goes on with what it had.
        said = np.concatenate((np.zeros(LAG), far))[: len(far)]
        later = np.concatenate((np.zeros(LAG + jump), far))[: len(far)]
        said[moved:] = later[moved:]
        echo = acoustics.convolve(said.astype(np.float32), response)[: len(far)]
        self.far = far
        self.near = np.zeros(len(far), np.int16)
        if at is not None:
            words = say("stop it, please", "en-gb", 150, -20)[:SECOND]
            self.near[round(at * SECOND) :][: len(words)] = words
        hiss = np.random.default_rng(1).normal(0, 10, len(far))
        self.mic = np.clip(echo + self.near + hiss, -32768, 32767).astype(np.int16)

    def hear(self):
        """Return the canceller, what came out of it, and each `Revised` with the frame after which it came."""
        canceller, clean, found = EchoCanceller(250, hears_again=True), [], []
        for start in range(0, len(self.mic), BLOCK):
            part = slice(start, start + BLOCK)
            clean.append(canceller.cancel(self.mic[part], self.far[part]))
            if canceller.revised is not None:
                found.append((start, canceller.revised))
        return canceller, np.concatenate(clean), found


def level(pcm):
    return 10 * np.log10(np.square(pcm.astype(float)).mean() + 1)


@pytest.mark.parametrize("jump", [-1200, 400, 3200])
@pytest.mark.parametrize("shift", [0, 77])
def test_what_jumped_is_cancelled_from_the_jump_on(jump, shift):
    room = Room(jump, shift=shift)
    canceller, clean, found = room.hear()
    assert canceller.place.jumps == 1
    first, revised = next((start, one) for start, one in found if start > 4 * SECOND)
    end = first  # of what came out, a block after it went in
    begin = end - len(revised.clean)
    assert begin <= 4 * SECOND + shift + 1600
    assert level(clean[4 * SECOND : end]) > level(room.mic[4 * SECOND : end]) - 3  # it was taken for nothing but echo
    assert level(revised.clean) < level(room.mic[begin:end]) - 12
    assert max(np.convolve(revised.excess, np.full(4, 0.25), "valid")) < 2.5


def test_who_spoke_meanwhile_is_heard_from_the_first_word_on():
    room = Room(3200, at=4.1)
    _, _, found = room.hear()
    first, revised = next((start, one) for start, one in found if start > 4 * SECOND)
    spoken = room.near[first - len(revised.clean) : first].astype(float)
    assert spoken[: len(spoken) // 2].any()
    alike = float(spoken @ revised.clean) / float(np.linalg.norm(spoken) * np.linalg.norm(revised.clean))
    assert alike > 0.9
    assert revised.excess.max() > 5


def test_no_more_is_heard_again_than_is_remembered_and_at_least_the_last_block():
    echo = EchoFilter(10)
    again = Again(Alignment(echo))
    block = np.zeros(BLOCK, np.float32)
    for number in range(LONGEST_AGAIN + 20):
        again.step(block, block, echo.doubt, lost=number % 7 == 0, plays=True)
        assert 1 <= len(again.hear().errors) <= LONGEST_AGAIN
    again.known()
    again.step(block, block, echo.doubt, lost=True, plays=False)
    past = again.hear()
    assert (past.lost, past.plays) == ([True], [False])
    again.rest()
    again.step(block, block, echo.doubt, lost=False, plays=True)
    assert len(again.hear().errors) == 1


def test_of_an_echo_that_is_where_it_was_all_is_heard_again_in_which_that_was_not_known():
    echo = EchoFilter(10)
    alignment = Alignment(echo)
    alignment.lag = 400.0
    again = Again(alignment)
    rng = np.random.default_rng(2)

    def steps(count):
        for _ in range(count):
            heard = rng.normal(0, 0.1, BLOCK).astype(np.float32)
            again.step(heard, heard / 2, echo.doubt, lost=False, plays=True)

    steps(BEFORE + 10)
    again.known()
    steps(20)
    past = again.hear()
    assert past.errors == pytest.approx(past.heard / 2)  # which is less than without any echo estimate
    assert past.estimates == pytest.approx(past.heard / 2)
    assert len(past.errors) == 20
    assert not past.moved
    steps(LONGEST_AGAIN)
    again.known()
    steps(20)
    assert len(again.hear(doubted=True).errors) == DOUBTED + 20


def test_who_was_taken_for_the_echo_for_nothing_is_heard_again_from_the_onset_on():
    room = Room(0, at=4.1)
    canceller, found = EchoCanceller(250, hears_again=True), []
    for start in range(0, len(room.mic), BLOCK):
        if start == round(4.4 * SECOND):
            canceller.place.taken_back += 1
            canceller.place.doubt()
        canceller.cancel(room.mic[start : start + BLOCK], room.far[start : start + BLOCK])
        if canceller.revised is not None:
            found.append((start, canceller.revised))
    first, revised = next((start, one) for start, one in found if start > 4.4 * SECOND)
    begin = first // BLOCK + 1 - len(revised.excess)
    assert begin * BLOCK < 4.1 * SECOND
    assert revised.excess[: 410 - begin].max() < 2
    assert revised.excess[410 - begin : 440 - begin].max() > 5
