import pytest
from support import scripted_cascade
from support.scripted import Brain, Prosody, Recogniser, Vad, Voice

from device.local.cascade import Cascade, Stages
from device.local.end_of_turn.completeness import completeness_rules
from device.local.stt import ink


@pytest.fixture
async def cascade():
    """Make cascades of scripted stages, less what a test has of its own."""
    made = []

    def make(recogniser=None, brain=None, voice=None, prosody=None):
        stages = Stages(
            recogniser or Recogniser(),
            brain or Brain(),
            voice or Voice(),
            Vad,
            prosody or Prosody(),
            completeness_rules("en"),
        )
        made.append(Cascade(stages))
        return made[-1]

    yield make
    for one in made:
        for stage, gate in ((one.stages.voice, "gate"), (one.stages.recogniser, "go")):
            if hasattr(stage, gate):
                getattr(stage, gate).set()
        await one.close()


@pytest.fixture
async def cartesia(monkeypatch):
    """Cartesia's Ink and Sonic, scripted; a stream that fails is opened again at once."""
    monkeypatch.setattr(ink, "RETRY_S", 0.01)
    async with scripted_cascade.Cascade() as server:
        yield server
