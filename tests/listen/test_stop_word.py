"""Stop words while a timer rings, with a recogniser that does as it is told."""

import asyncio
import gc
import threading
import weakref

import numpy as np
import pytest

from device.audio.ring import RingBuffer
from device.conversation.events import Voice, VoiceEnd
from device.listen.shared_recogniser import SharedRecogniser
from device.listen.stop_word import STOP, StopWord, stop_words
from device.model_files.files import ModelError
from device.sample_clock import samples
from device.simulation.rehearsal import resident_mb


class Recogniser:
    """Says `text` of everything, once `go` is set."""

    def __init__(self, text):
        self.text = text
        self.heard = []
        self.busy = threading.Event()
        self.go = threading.Event()
        self.go.set()

    def transcribe(self, pcm, understood=None):
        self.heard.append(len(pcm))
        self.busy.set()
        assert self.go.wait(20)
        return self.text


@pytest.fixture
def stopword(monkeypatch):
    """Return a stop word detector, and the recognisers that it loaded."""
    loaded = []

    def load(directory):
        loaded.append(stop.make())
        return loaded[-1]

    monkeypatch.setattr("device.listen.moonshine.load_moonshine", load)
    ring = RingBuffer(16_000, 10)
    ring.write(np.zeros(samples(9000), np.int16))
    stop = StopWord("en", ring, SharedRecogniser(""))
    stop.make = lambda: Recogniser("Please stop it.")
    stop.loaded = loaded
    return stop


def voice(voiced_ms, at_ms=3000):
    return Voice(samples(at_ms), samples(at_ms - voiced_ms), voiced_ms)


async def test_nothing_is_recognised_unless_something_rings(stopword):
    assert await stopword.heard(voice(600)) is None
    assert stopword.loaded == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Stop.", STOP),
        ("please STOP it", STOP),
        ("stopping by woods", None),
        ("", None),
        ("Snooze.", 10),
        ("Five more minutes, please.", 5),
        ("not yet, stop", STOP),
    ],
)
async def test_a_stop_word_is_one_of_the_words_and_a_snooze_a_phrase_among_them(stopword, text, said):
    stopword.make = lambda: Recogniser(text)
    stopword.want(True)
    assert await stopword.heard(VoiceEnd(samples(3000), samples(2600), samples(2800), 200)) == said
    # And a quarter of a second before the onset; what was neither is heard once more, for what it else may have been.
    assert stopword.loaded[0].heard == [samples(400 + 250)] * (2 if said is None else 1)


@pytest.mark.parametrize(("text", "said"), [("Snooze.", None), ("Sons.", None), ("Stop.", STOP)])
async def test_where_nothing_is_to_be_put_off_a_voice_is_looked_at_once(stopword, text, said):
    stopword.make = lambda: Recogniser(text)
    stopword.want(True)
    end = VoiceEnd(samples(3000), samples(2600), samples(2800), 200)
    assert await stopword.heard(end, snooze=False) == said
    assert len(stopword.loaded[0].heard) == 1


async def test_a_snooze_that_was_misheard_is_found_among_what_else_it_may_have_been(stopword):
    class Doubtful(Recogniser):
        def transcribe(self, pcm, understood=None):
            super().transcribe(pcm)
            return next((text for text in ("Stop.", "Snooze.") if understood and understood(text)), "Sons.")

    stopword.make = lambda: Doubtful("")
    stopword.want(True)
    assert await stopword.heard(voice(600)) is None, "a voice that goes on may become anything"
    assert await stopword.heard(VoiceEnd(samples(3000), samples(2600), samples(2800), 200)) == 10


async def test_a_voice_that_goes_on_is_looked_at_now_and_then_and_not_all_of_it(stopword):
    stopword.make = lambda: Recogniser("la la la")
    stopword.want(True)
    for ms in range(100, 6000, 32):
        assert await stopword.heard(voice(ms, 1000 + ms)) is None
    (recogniser,) = stopword.loaded
    assert 10 <= len(recogniser.heard) <= 13
    assert max(recogniser.heard) == samples(4000)


@pytest.mark.parametrize("waiting", [1, 3])
async def test_when_the_ringing_ends_while_it_listens_the_recogniser_is_dropped(stopword, waiting):
    slow = Recogniser("stop")
    slow.go.clear()
    stopword.make = [slow].pop
    stopword.want(True)
    waiting_voices = [asyncio.create_task(stopword.heard(VoiceEnd(samples(3000), 0, 1, 200))) for _ in range(waiting)]
    await asyncio.to_thread(slow.busy.wait, 20)
    stopword.want(False)
    slow.go.set()
    assert set(await asyncio.gather(*waiting_voices)) == {None}
    assert len(stopword.loaded) == 1
    gone = weakref.ref(slow)
    del slow
    stopword.loaded.clear()
    gc.collect()
    assert gone() is None


async def test_without_its_model_a_warning_says_so(stopword, caplog):
    def make():
        raise ModelError("decoder is missing: run parley models fetch")

    stopword.make = make
    stopword.want(True)
    assert await stopword.heard(VoiceEnd(samples(3000), 0, 1, 200)) is None
    assert "parley models fetch" in caplog.text


async def test_the_memory_of_the_recogniser_goes_back_to_the_system(monkeypatch, stopword, models):
    models("moonshine_tiny_en/encoder_model.ort")
    monkeypatch.undo()
    for _ in range(2):  # the first time, libraries are loaded that stay
        before = resident_mb()
        stopword.want(True)
        await stopword.heard(VoiceEnd(samples(3000), samples(1000), samples(2800), 2000))
        grown = resident_mb() - before
        assert grown > 25  # less than it takes, where other tests have left room
        stopword.want(False)
        async with asyncio.timeout(20):
            while resident_mb() > before + grown / 2:  # noqa: ASYNC110 - memory sets no event
                await asyncio.sleep(0.01)


def test_words_that_stop_are_those_of_the_language_and_as_the_recogniser_writes_them():
    assert {"stopp", "ruhe", "stop"} <= stop_words("de")
    assert "ruhe" not in stop_words("en")
    assert stop_words("tlh") == stop_words("en")
