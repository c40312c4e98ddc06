"""What every stage keeps of its contract: what clients are told of its faults, and that warming up asks nothing."""

import asyncio

import pytest

from device.local.brain.completions import CompletionsError
from device.local.remote.cartesia import CartesiaError
from device.local.stages import BrainError, RemoteRecogniser, RemoteVoice, StageError
from device.local.stt.endpoint import EndpointRecogniser, TranscriptionError
from device.local.stt.ink import InkRecogniser
from device.local.tts.sonic import SonicVoice
from device.settings.local import CartesiaSettings, TranscriptionSettings
from device.settings.types import Secret

CLOUD = CartesiaSettings(url="ws://127.0.0.1:1", api_key=Secret("x"), voice="v")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (StageError, "stage_error"),
        (BrainError, "brain_error"),
        (TranscriptionError, "transcription_failed"),
        (CartesiaError, "cartesia_error"),
    ],
)
def test_a_fault_has_a_code_for_the_client(error, code):
    assert issubclass(error, StageError)
    assert error("why").code == code


def test_what_a_model_fails_at_is_apologised_for_and_no_fault_of_the_stage():
    assert not issubclass(CompletionsError, StageError)


@pytest.mark.parametrize(
    "make",
    [
        lambda: EndpointRecogniser(TranscriptionSettings(url="http://127.0.0.1:1/v1")),
        lambda: InkRecogniser(CLOUD),
        lambda: SonicVoice(CLOUD),
    ],
)
async def test_a_stage_elsewhere_is_warmed_up_and_closed_without_the_network(make):
    stage = make()
    assert isinstance(stage, RemoteRecogniser | RemoteVoice)
    await asyncio.to_thread(stage.warm_up)
    await stage.close()
