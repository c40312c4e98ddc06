"""Replies in the making."""

import asyncio

import numpy as np
import pytest
from support.scripted import PATIENCE, Brain, Prosody, Recogniser, Vad, Voice, happens

from device.local.cascade import RUN_AHEAD, Cascade, Manner, Prompt, Sound, Stages
from device.local.session.speculation import Speculation
from device.local.stages import BrainError, Choice, Text, Turn

PROMPT = Prompt((Turn("user", "hello"),), (), "", Choice())
ALOUD = Manner(speak=True, rate=24_000, speed=1.0)


@pytest.fixture
async def cascade():
    made = []

    def make(recogniser=None, brain=None, voice=None):
        made.append(Cascade(Stages(recogniser or Recogniser(), brain or Brain(), voice or Voice(), Vad, Prosody())))
        return made[-1]

    yield make
    for one in made:
        one.stages.voice.gate.set()
        one.stages.recogniser.go.set()
        await one.close()


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


async def test_a_guess_serves_its_own_prompt_only(cascade):
    brain = Brain()
    one = cascade(brain=brain)
    guess = Speculation(one, one.transcribe(np.zeros(16_000, np.int16)), lambda text: (PROMPT, ALOUD))
    assert await asyncio.wait_for(guess.confirm(), PATIENCE) == "what time is it"
    # Confirmed before the words were known: the caller asks the brain itself.
    assert guess.take(PROMPT, ALOUD) is None

    for asked, served in ((PROMPT, True), (Prompt((), (), "", Choice()), False)):
        begun = asyncio.Event()

        def ask(text, begun=begun):
            begun.set()
            return PROMPT, ALOUD

        guess = Speculation(one, one.transcribe(np.zeros(16_000, np.int16)), ask)
        await asyncio.wait_for(begun.wait(), PATIENCE)
        await asyncio.sleep(0)
        reply = guess.take(asked, ALOUD)
        assert (reply is not None) == served
        if reply:
            assert (await pieces(reply))[0] == Text("It is noon.")
        guess.drop()


async def test_a_dropped_guess_leaves_a_confirmed_transcript_alone(cascade):
    recogniser = Recogniser("yes")
    recogniser.go.clear()
    one = cascade(recogniser)
    guess = Speculation(one, one.transcribe(np.zeros(16_000, np.int16)), lambda text: None)
    heard = guess.confirm()
    guess.drop()
    recogniser.go.set()
    assert await asyncio.wait_for(heard, PATIENCE) == "yes"
