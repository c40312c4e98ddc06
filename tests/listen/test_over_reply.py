import numpy as np
import pytest

from device.audio.ring import RingBuffer
from device.listen.first_words import BEFORE, FirstWords
from device.listen.over_reply import LONGEST, OverReply
from device.listen.shared_recogniser import SharedRecogniser
from device.model_files.files import ModelError
from device.sample_clock import samples


@pytest.fixture
def ring():
    ring = RingBuffer(16_000, 10)
    ring.write((np.arange(samples(4000)) // 16).astype(np.int16))  # each sample is its own time in ms
    return ring


@pytest.fixture
def judged(monkeypatch):
    """Return a list to which what is listened to is added: its first and last ms, and whether it has ended."""
    seen = []

    def listen_to(pcm, recogniser, by_sound, lexicon, *, ended):
        seen.append((int(pcm[0]), int(pcm[-1]) + 1, ended))
        return FirstWords("stop", "Stop.")

    monkeypatch.setattr("device.listen.over_reply.listen_to", listen_to)
    monkeypatch.setattr("device.listen.moonshine.load_moonshine", lambda _: object())
    return seen


async def test_it_listens_from_a_little_before_the_onset(ring, judged):
    over = OverReply("en-GB", ring, SharedRecogniser(""))
    over.want(wanted=True)
    assert (await over.recognise(samples(1000), samples(1500), ended=True)).kind == "stop"
    assert (await over.recognise(samples(0), samples(3900), ended=False)).text == "Stop."
    assert judged == [(1000 - BEFORE // 16, 1500, True), (0, LONGEST // 16, False)]


async def test_what_goes_on_from_an_earlier_voice_is_heard_with_it(ring, judged):
    over = OverReply("en", ring, SharedRecogniser(""))
    over.want(wanted=True)
    await over.recognise(samples(2000), samples(2500), ended=True, since=samples(1200))
    assert judged == [(1200 - BEFORE // 16, 2500, True)]


@pytest.mark.parametrize(("language", "by_words"), [("tlh", False), ("de", False), ("en-GB", True)])
async def test_in_a_language_that_is_not_heard_the_words_do_not_count(ring, monkeypatch, language, by_words):
    monkeypatch.setattr("device.listen.moonshine.load_moonshine", lambda _: object())
    known = []

    def listen_to(pcm, recogniser, by_sound, lexicon, *, ended):
        known.append(lexicon is not None)
        return FirstWords("speech")

    monkeypatch.setattr("device.listen.over_reply.listen_to", listen_to)
    over = OverReply(language, ring, SharedRecogniser(""))
    over.want(wanted=True)
    assert (await over.recognise(samples(1000), samples(1500), ended=True)).kind == "speech"
    assert known == [by_words]


async def test_it_does_not_know_when_it_is_not_wanted(ring, judged):
    over = OverReply("en", ring, SharedRecogniser(""))
    assert await over.recognise(samples(1000), samples(1500), ended=True) == FirstWords("unknown")
    assert judged == []


async def test_without_the_models_a_warning_says_so(ring, monkeypatch, caplog):
    def load(_):
        raise ModelError("decoder is missing: run parley models fetch")

    monkeypatch.setattr("device.listen.moonshine.load_moonshine", load)
    over = OverReply("en", ring, SharedRecogniser(""))
    over.want(wanted=True)
    assert await over.recognise(samples(1000), samples(1500), ended=True) == FirstWords("unknown")
    assert "parley models fetch" in caplog.text
