import asyncio

import numpy as np
import pytest
from msgspec.structs import replace
from support.scripted import PATIENCE, Brain, Recogniser

from device.local.cascade import Manner, Prompt
from device.local.session.speculation import Speculation
from device.local.stages import Choice, Text, Turn

PROMPT = Prompt((Turn("user", "hello"),), (), "", Choice())
ALOUD = Manner(speak=True, rate=24_000, speed=1.0)
PCM = np.zeros(16_000, np.int16)


class Asked:
    """Says what would be asked after some words, and keeps that it was wanted to know."""

    def __init__(self, prompt=PROMPT):
        self.prompt = prompt
        self.words = asyncio.get_running_loop().create_future()

    def __call__(self, text):
        self.words.set_result(text)
        return self.prompt and (self.prompt, ALOUD)


async def begun(cascade):
    """Return a speculation on a turn that is known, whose reply is in the making."""
    asked = Asked()
    made = Speculation(cascade, cascade.transcribe(PCM), asked)
    assert await asyncio.wait_for(asked.words, PATIENCE) == "what time is it"
    return made


async def test_a_reply_serves_its_own_prompt_and_is_given_once(cascade):
    speculation = await begun(cascade())
    reply = speculation.take(PROMPT, ALOUD)
    assert await anext(reply.pieces()) == Text("It is noon.")
    assert speculation.take(PROMPT, ALOUD) is None
    speculation.drop()
    reply.close()


@pytest.mark.parametrize(
    ("prompt", "manner"),
    [
        (replace(PROMPT, turns=()), ALOUD),
        (replace(PROMPT, instructions="Shout."), ALOUD),
        (PROMPT, replace(ALOUD, speed=1.5)),
    ],
)
async def test_a_reply_to_something_else_is_given_up(cascade, prompt, manner):
    speculation = await begun(cascade())
    assert speculation.take(prompt, manner) is None
    assert speculation.take(PROMPT, ALOUD) is None


async def test_a_turn_that_is_confirmed_before_its_words_are_known_is_for_its_owner_to_answer(cascade):
    brain = Brain()
    one = cascade(brain=brain)
    speculation = Speculation(one, one.transcribe(PCM), lambda text: pytest.fail("asked"))
    assert await asyncio.wait_for(speculation.confirm(), PATIENCE) == "what time is it"
    assert speculation.take(PROMPT, ALOUD) is None
    assert not brain.asked


async def test_nothing_is_begun_where_nothing_would_be_asked(cascade):
    one, asked = cascade(), Asked(None)
    speculation = Speculation(one, one.transcribe(PCM), asked)
    await asyncio.wait_for(asked.words, PATIENCE)
    assert speculation.take(PROMPT, ALOUD) is None


@pytest.mark.parametrize("fails", [True, False])
async def test_nothing_is_asked_about_silence_or_what_could_not_be_heard(cascade, fails):
    recogniser = Recogniser("")
    recogniser.fails = fails
    one = cascade(recogniser)
    speculation = Speculation(one, one.transcribe(PCM), lambda text: pytest.fail("asked"))
    await asyncio.wait([speculation.transcript])
    await asyncio.sleep(0)
    assert speculation.take(PROMPT, ALOUD) is None
    if fails:
        assert isinstance(speculation.transcript.exception(), RuntimeError)


async def test_dropping_gives_up_the_words_and_the_reply(cascade):
    recogniser = Recogniser()
    recogniser.go.clear()
    one = cascade(recogniser)
    unknown = Speculation(one, one.transcribe(PCM), lambda text: pytest.fail("asked"))
    unknown.drop()
    unknown.drop()
    recogniser.go.set()
    await asyncio.wait([unknown.transcript])
    assert unknown.transcript.cancelled()
    known = await begun(one)
    known.drop()
    assert known.take(PROMPT, ALOUD) is None


async def test_dropping_leaves_a_confirmed_transcript_alone(cascade):
    recogniser = Recogniser("yes")
    recogniser.go.clear()
    one = cascade(recogniser)
    speculation = Speculation(one, one.transcribe(PCM), lambda text: None)
    heard = speculation.confirm()
    speculation.drop()
    recogniser.go.set()
    assert await asyncio.wait_for(heard, PATIENCE) == "yes"
