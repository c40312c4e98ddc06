"""Which wake words are heard again, and what comes of it, with a recogniser that does as it is told."""

import asyncio
import threading

import numpy as np
import pytest

from device.audio.ring import RingBuffer
from device.conversation.events import Wake
from device.listen import wake_check
from device.listen.first_words import PAD
from device.listen.moonshine import Begins
from device.listen.shared_recogniser import SharedRecogniser
from device.listen.wake_check import LEAST, SPELLED, SURE, WINDOWS, WRITTEN, WakeCheck, is_wake_word
from device.model_files.files import ModelError
from device.sample_clock import samples

AT = samples(4000)
DOUBTFUL = Wake(AT, "hey_jarvis", 0.8)


class Recogniser:
    """Answers with one of `nats` after the other, once `go` is set."""

    def __init__(self, *nats):
        self.nats = list(nats)
        self.heard = []
        self.go = threading.Event()
        self.go.set()

    def begins_with(self, audio, phrase):
        assert self.go.wait(20)
        self.heard.append((len(audio), phrase))
        return Begins(WRITTEN + self.nats.pop(0), WRITTEN)


def heard(noise=1):
    """Return 5 s in which something is said at the end of the fourth, over `noise`."""
    pcm = np.full(samples(5000), noise, np.int16)
    pcm[AT - samples(800) : AT] = 1000
    return pcm


@pytest.fixture
def check(monkeypatch):
    """Return a check of a ring in which 5 s were heard; `recognisers` has those that are loaded in turn."""
    monkeypatch.setattr("device.listen.moonshine.load_moonshine", lambda _: made.recognisers.pop(0))
    ring = RingBuffer(16_000, 10)
    ring.write(heard())
    shared = SharedRecogniser("")
    made = WakeCheck(ring, shared)
    made.ring, made.shared, made.confirmed = ring, shared, []
    return made


def test_only_what_is_doubtful_and_known_is_heard_again(check):
    assert check.doubts(DOUBTFUL)
    assert check.doubts(Wake(AT, "hey_jarvis", SURE - 0.01))
    assert not check.doubts(Wake(AT, "hey_jarvis", SURE))
    assert not check.doubts(Wake(AT, "alexa", 0.6)), "the recogniser knows it too seldom"
    assert not WakeCheck(check.ring, SharedRecogniser(""), wanted=False).doubts(DOUBTFUL)


async def test_the_wake_word_counts_with_the_first_hearing(check):
    check.recognisers = [recogniser := Recogniser(LEAST)]
    await check.hear(DOUBTFUL, check.confirmed.append)
    assert check.confirmed == [DOUBTFUL]
    ((length, phrase),) = recogniser.heard
    assert phrase == SPELLED["hey_jarvis"]
    assert length == WINDOWS[0][0] + PAD


async def test_a_word_that_goes_on_is_heard_again(check):
    check.recognisers = [recogniser := Recogniser(LEAST - 1, LEAST + 1)]
    await check.hear(DOUBTFUL, check.confirmed.append)
    assert check.confirmed == [DOUBTFUL]
    assert [length - PAD for length, _ in recogniser.heard] == [before + after for before, after in WINDOWS]


async def test_what_is_no_wake_word_does_not_count(check, caplog):
    check.recognisers = [Recogniser(*[LEAST - 1] * len(WINDOWS))]
    with caplog.at_level("INFO"):
        await check.hear(DOUBTFUL, check.confirmed.append)
    assert check.confirmed == []
    assert "hey_jarvis" in caplog.text


async def test_in_noise_it_counts_at_once_and_nothing_is_loaded(check):
    check.recognisers = []
    check.ring.write(heard(noise=60))
    later = Wake(AT + samples(5000), "hey_jarvis", 0.8)
    await check.hear(later, check.confirmed.append)
    assert check.confirmed == [later]


def test_a_guess_at_other_words_refutes_nothing():
    class Guessing:
        def begins_with(self, audio, phrase):
            return Begins(-30.0, WRITTEN - 0.1)

    assert is_wake_word("hey_jarvis", heard(), Guessing())


async def test_whoever_opens_a_session_finds_the_recogniser_still_there(check):
    check.recognisers = [recogniser := Recogniser(0.0)]
    used = []

    def confirmed(_):
        check.shared.want("first words", True)
        used.append(asyncio.ensure_future(check.shared.use(lambda one: one)))

    await check.hear(DOUBTFUL, confirmed)
    assert await used[0] is recogniser


async def test_without_the_recogniser_it_counts(check, monkeypatch):
    def load(_):
        raise ModelError("decoder is missing: run parley models fetch")

    monkeypatch.setattr("device.listen.moonshine.load_moonshine", load)
    await check.hear(DOUBTFUL, check.confirmed.append)
    assert check.confirmed == [DOUBTFUL]


async def test_a_machine_that_takes_too_long_has_it_count(check, monkeypatch):
    monkeypatch.setattr(wake_check, "LATEST_S", 0.01)
    check.recognisers = [recogniser := Recogniser(-30.0, -30.0)]
    recogniser.go.clear()
    await check.hear(DOUBTFUL, check.confirmed.append)
    assert check.confirmed == [DOUBTFUL]
    recogniser.go.set()
