import pytest
from support import scripted_cascade
from support.scripted import Brain, Prosody, Recogniser, Vad, Voice

from device.local.cascade import Cascade, Stages
from device.local.stt import ink


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


@pytest.fixture
async def cartesia(monkeypatch):
    """Cartesia's Ink and Sonic, scripted; a stream that fails is opened again at once."""
    monkeypatch.setattr(ink, "RETRY_S", 0.01)
    async with scripted_cascade.Cascade() as server:
        yield server
