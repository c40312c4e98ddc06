import asyncio

import numpy as np
from support.scripted import PATIENCE, Brain, Recogniser

from device.local.cascade import Manner, Prompt
from device.local.session.speculation import Speculation
from device.local.stages import Choice, Text, Turn

PROMPT = Prompt((Turn("user", "hello"),), (), "", Choice())


ALOUD = Manner(speak=True, rate=24_000, speed=1.0)


async def test_a_speculation_serves_its_own_prompt_only(cascade):
    brain = Brain()
    one = cascade(brain=brain)
    speculation = Speculation(one, one.transcribe(np.zeros(16_000, np.int16)), lambda text: (PROMPT, ALOUD))
    assert await asyncio.wait_for(speculation.confirm(), PATIENCE) == "what time is it"
    # Confirmed before the words were known: the caller asks the brain itself.
    assert speculation.take(PROMPT, ALOUD) is None

    for asked, served in ((PROMPT, True), (Prompt((), (), "", Choice()), False)):
        begun = asyncio.Event()

        def ask(text, begun=begun):
            begun.set()
            return PROMPT, ALOUD

        speculation = Speculation(one, one.transcribe(np.zeros(16_000, np.int16)), ask)
        await asyncio.wait_for(begun.wait(), PATIENCE)
        await asyncio.sleep(0)
        reply = speculation.take(asked, ALOUD)
        assert (reply is not None) == served
        if reply:
            assert await anext(reply.pieces()) == Text("It is noon.")
        speculation.drop()


async def test_a_dropped_speculation_leaves_a_confirmed_transcript_alone(cascade):
    recogniser = Recogniser("yes")
    recogniser.go.clear()
    one = cascade(recogniser)
    speculation = Speculation(one, one.transcribe(np.zeros(16_000, np.int16)), lambda text: None)
    heard = speculation.confirm()
    speculation.drop()
    recogniser.go.set()
    assert await asyncio.wait_for(heard, PATIENCE) == "yes"
