import pytest
from support.scripted import Brain, Prosody, Recogniser, Vad, Voice

from device.local.cascade import Cascade, Stages


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
