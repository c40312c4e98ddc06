"""Replies in the making."""

import asyncio

import numpy as np
import pytest
from support.scripted import Brain, Prosody, Vad, Voice, happens

from device.local.cascade import RUN_AHEAD, Manner, Prompt, Sound, Times
from device.local.stages import BrainError, Call, Choice, Cost, RemoteVoice, StageError, Text, Turn, Word

PROMPT = Prompt((Turn("user", "hello"),), (), "", Choice())


ALOUD = Manner(speak=True, rate=24_000, speed=1.0)


async def rest(stream):
    return [piece async for piece in stream]


async def pieces(reply):
    return await rest(reply.pieces())


async def test_the_first_piece_is_short_and_none_is_long(cascade):
    brain = Brain(lambda asked: [Text("One two three four five."), Text("Six.")])
    got = await pieces(cascade(brain=brain).reply(PROMPT, ALOUD))
    lengths = [len(piece.pcm) // 24 if isinstance(piece, Sound) else piece.text for piece in got]
    assert lengths == ["One two three four five.", 40, 100, 200, 160, "Six.", 100]


async def test_nothing_is_spoken_in_writing(cascade):
    voice = Voice()
    got = await pieces(cascade(voice=voice).reply(PROMPT, Manner(speak=False, rate=24_000, speed=1.0)))
    assert got == [Text("It is noon.")]
    assert not voice.pieces


async def test_a_reply_runs_ahead_of_its_reader_by_so_much_only(cascade):
    voice = Voice(words=1000)
    reply = cascade(voice=voice).reply(PROMPT, ALOUD)
    stream = reply.pieces()
    for _ in range(10):
        await anext(stream)
    # 200 ms a piece, 100 ms a word of the scripted voice.
    assert voice.pieces <= 2 * (10 + RUN_AHEAD + 2)
    reply.close()
    await happens(voice.closed)


async def test_closing_stops_a_synthesis_that_is_at_work(cascade):
    voice = Voice(words=1000)
    voice.gate.clear()
    reply = cascade(voice=voice).reply(PROMPT, ALOUD)
    assert await anext(reply.pieces()) == Text("It is noon.")
    reply.close()
    reply.close()
    await asyncio.sleep(0)
    voice.gate.set()
    await happens(voice.closed)
    assert voice.pieces <= 1


async def test_faults_reach_the_reader_after_what_came_before(cascade):
    reply = cascade(brain=Brain(lambda asked: [Text("Well."), BrainError("away")])).reply(PROMPT, ALOUD)
    stream = reply.pieces()
    assert await anext(stream) == Text("Well.")
    with pytest.raises(BrainError, match="away"):
        await rest(stream)


class Utterance:
    """Says 100 ms a sentence, with the time of its first word, once it is over."""

    def __init__(self, voice):
        self.voice = voice
        self.said = asyncio.Queue()
        self.sentences = []

    def say(self, text):
        self.sentences.append(text)
        self.said.put_nowait(text)

    def end(self):
        self.said.put_nowait(None)

    async def parts(self):
        while text := await self.said.get():
            if self.voice.fault:
                raise self.voice.fault
            yield np.zeros(2400, np.int16)
            yield (Word(text.split()[0], 0, 100),)


class Elsewhere(RemoteVoice):
    """A voice that is elsewhere."""

    rate = 24_000

    def __init__(self, fault=None):
        self.fault = fault
        self.utterances = []
        self.prepared = 0

    def prepare(self):
        self.prepared += 1

    def begin(self, speed):
        self.utterances.append(Utterance(self))
        return self.utterances[-1]

    async def close(self):
        pass


async def test_a_voice_elsewhere_says_the_sentences_between_two_calls_in_one_breath(cascade):
    told = [Text("One."), Text(" "), Text("Two."), Call("f", "{}"), Text("Three."), Cost(1, 2)]
    voice = Elsewhere()
    one = cascade(brain=Brain(lambda asked: told), voice=voice)
    one.prepare()
    got = await pieces(one.reply(PROMPT, ALOUD))
    assert voice.prepared == 1
    assert [utterance.sentences for utterance in voice.utterances] == [["One.", "Two."], ["Three."]]
    assert [piece for piece in got if not isinstance(piece, Sound | Times)] == told
    call = got.index(Call("f", "{}"))
    assert [piece.words[0].text for piece in got[:call] if isinstance(piece, Times)] == ["One.", "Two."]
    assert sum(len(piece.pcm) for piece in got if isinstance(piece, Sound)) == 3 * 2400


async def test_a_call_alone_needs_no_voice_elsewhere(cascade):
    voice = Elsewhere()
    got = await pieces(cascade(brain=Brain(lambda asked: [Call("f", "{}")]), voice=voice).reply(PROMPT, ALOUD))
    assert (got, voice.utterances) == ([Call("f", "{}")], [])


@pytest.mark.parametrize(
    ("brain", "voice", "said"),
    [
        ([Text("One.")], StageError("no such voice"), "no such voice"),
        ([Text("One."), BrainError("away")], None, "away"),
        ([Text("One."), ValueError("scripted")], None, "scripted"),
    ],
)
async def test_a_fault_of_either_breaks_the_reply_off(cascade, brain, voice, said):
    reply = cascade(brain=Brain(lambda asked: brain), voice=Elsewhere(voice)).reply(PROMPT, ALOUD)
    with pytest.raises((StageError, ValueError), match=said):
        await pieces(reply)


async def test_a_voice_of_another_rate_is_resampled_to_its_very_end(cascade):
    got = await pieces(cascade(voice=Voice(rate=16_000)).reply(PROMPT, Manner(speak=True, rate=8_000, speed=1.0)))
    assert sum(len(piece.pcm) for piece in got if isinstance(piece, Sound)) == 3 * 800


async def test_warming_up_uses_every_stage(cascade):
    one = cascade(prosody=Prosody())
    one.warm_up()
    assert await one.detect_voice(Vad(), [np.full(512, 8000, np.int16), np.zeros(512, np.int16)]) == [0.95, 0.02]
    assert await one.judge_prosody(np.zeros(1600, np.int16)) == 1.0
