"""Replies in the making."""

import asyncio

import pytest
from support.scripted import Brain, Voice, happens

from device.local.cascade import RUN_AHEAD, Manner, Prompt, Sound
from device.local.stages import BrainError, Choice, Text, Turn

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
