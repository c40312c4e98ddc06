import asyncio
import threading

import numpy as np
import pytest
from support.scripted import PATIENCE, Brain, Prosody, Recogniser, Scripted, detection

from device.local.end_of_turn.endpointing import EndpointingDelays
from device.local.session import verdict
from device.local.session.verdict import Verdict
from device.local.stages import RemoteRecogniser, Text


def known(*texts):
    brain = Brain()
    brain.known = set(texts)
    return brain


async def ended_ms(server):
    """Hold a session with semantic turn detection; return how much silence ended the turn."""
    async with server.connect() as client:
        await client.update(**detection(type="semantic_vad"))
        await client.speak(ms=608, silence_ms=2000)
        stopped = await client.until("input_audio_buffer.speech_stopped")
        await client.until("response.done")
        return stopped.audio_end_ms - 608


@pytest.mark.parametrize(
    ("text", "sounds", "awaited"),
    [
        ("What time is it?", 0.9, 352),
        ("What time is it?", 0.4, 500),
        ("Who was the first woman on the moon?", 0.9, 640),
        ("Who was the first woman on the moon?", 0.1, 1000),
        ("Who was the first woman on the?", 0.9, 1400),
        ("Who was the first woman on the moon?", 0.01, 1400),
        ("The moon.", 0.9, 1000),
    ],
)
async def test_meaning_and_sound_say_how_much_silence_ends_a_turn(text, sounds, awaited):
    async with Scripted(Recogniser(text), known("What time is it?"), prosody=Prosody(sounds)) as server:
        assert awaited <= await ended_ms(server) < awaited + 64


@pytest.mark.parametrize(("sounds", "awaited"), [(0.9, 640), (0.2, 1000), (0.01, 1400)])
async def test_how_doubtful_words_end_says_nothing(sounds, awaited):
    recogniser = Recogniser("What a sermon time he did.")
    recogniser.doubtful = dict.fromkeys(recogniser.texts, "ending")
    async with Scripted(recogniser, prosody=Prosody(sounds)) as server:
        assert awaited <= await ended_ms(server) < awaited + 64


@pytest.mark.parametrize(("doubt", "awaited"), [("ending", 352), ("words", 640)])
async def test_a_whole_request_is_one_unless_its_words_are_in_doubt(doubt, awaited):
    text = "What is the time in London?"
    recogniser = Recogniser(text)
    recogniser.doubtful = {text: doubt}
    async with Scripted(recogniser, known(text), prosody=Prosody(0.9)) as server:
        assert awaited <= await ended_ms(server) < awaited + 64


async def test_an_answer_to_a_question_may_be_short():
    async with (
        Scripted(Recogniser("Paris."), Brain(lambda asked: [Text("Where to?")])) as server,
        server.connect() as client,
    ):
        await client.update(**detection(type="semantic_vad"))
        await client.speak(ms=608, silence_ms=2000)
        await client.until("response.done")
        await client.speak(ms=608, silence_ms=2000)
        await client.until("response.done")
        first, second = (event.audio_end_ms for event in client.of("input_audio_buffer.speech_stopped"))
        assert second - (608 + 2000) < first


async def test_a_recogniser_or_prosody_model_that_fails_ends_no_session():
    class Broken(Prosody):
        def probability(self, pcm):
            raise RuntimeError("scripted")

    async with Scripted(Recogniser("What time is it now in London?"), prosody=Broken()) as server:
        assert 640 <= await ended_ms(server) < 704
    recogniser = Recogniser()
    recogniser.fails = True
    async with Scripted(recogniser) as server, server.connect() as client:
        await client.update(**detection(type="semantic_vad"))
        await client.speak(ms=608, silence_ms=2000)
        await client.until("conversation.item.input_audio_transcription.failed")
        assert len(client.of("input_audio_buffer.speech_stopped")) == 1


async def test_words_that_are_late_do_not_hold_up_the_end_of_a_turn(monkeypatch):
    monkeypatch.setattr(verdict, "REMOTE_S", 0.01)
    written = asyncio.Event()

    class Late(RemoteRecogniser):
        async def transcribe(self, pcm, names=()):
            await written.wait()
            return "hello"

        async def close(self):
            pass

    async with Scripted(Late()) as server, server.connect() as client:
        await client.update(**detection(type="semantic_vad"))
        await client.speak(silence_ms=3000)
        await client.until("input_audio_buffer.committed")
        written.set()
        assert (await client.until("response.done")).response.status == "completed"


DELAYS = EndpointingDelays(sure=400, known=500, complete=700, uncertain=1000, incomplete=1400)
PCM = np.zeros(16_000, np.int16)


def future(result=None, error=None):
    made = asyncio.get_running_loop().create_future()
    if error:
        made.set_exception(error)
    elif result is not None:
        made.set_result(result)
    return made


@pytest.mark.parametrize(
    ("text", "sounds", "asked", "awaited"),
    [
        ("What time is it?", 0.9, False, 400),
        ("What time is it?", 0.4, False, 500),
        ("Who was the first woman on the moon?", 0.9, False, 700),
        ("Paris.", 0.9, False, 1000),
        ("Paris.", 0.9, True, 700),
        ("Put the milk and", 0.9, False, 1400),
        (None, 0.9, False, 700),
        (None, 0.01, False, 1400),
    ],
)
async def test_all_that_is_known_counts(cascade, text, sounds, asked, awaited):
    one = cascade(brain=known("What time is it?"), prosody=Prosody(sounds))
    verdict_of = Verdict(one, PCM, None if text is None else future(text), asked=asked)
    assert await verdict_of.silence_ms(DELAYS) == awaited


async def test_what_was_given_up_or_failed_does_not_count(cascade):
    one = cascade()
    gone = future()
    gone.cancel()
    for transcript in (gone, future(error=RuntimeError("scripted"))):
        assert await Verdict(one, PCM, transcript, asked=False).silence_ms(DELAYS) == 700


async def test_where_the_engine_ends_before_the_sound_is_judged_only_the_words_count(cascade):
    go = threading.Event()

    class Slow(Prosody):
        def probability(self, pcm):
            assert go.wait(PATIENCE)
            return super().probability(pcm)

    one = cascade(prosody=Slow(0.01))
    first, second = (Verdict(one, PCM, future("Put the milk and"), asked=False) for _ in range(2))
    closing = asyncio.create_task(one.close())
    await closing
    assert await second.silence_ms(DELAYS) == 1400
    go.set()
    assert await first.silence_ms(DELAYS) == 1400
