"""The whole local engine, with real models, through the official client."""

import re

import numpy as np
import pytest
from support.scripted import Scripted, audio_of
from support.speech import say

from device.audio.resample import resample
from device.local.load import load_stages
from device.settings.tree import Settings


@pytest.fixture(scope="module")
def stages(models):
    models("moonshine_tiny_en/encoder_model.ort")
    made = load_stages(Settings())
    for stage in (made.recogniser, made.brain, made.voice):
        stage.warm_up()
    return made


@pytest.mark.parametrize(
    ("question", "heard", "answer"),
    [
        ("what time is it", r"what time is it", r"morning|afternoon|evening|at night|noon|midnight"),
        ("what is twelve times seven", r"twelve times seven|12 times 7", r"84"),
    ],
)
async def test_a_spoken_question_is_answered_aloud(stages, question, heard, answer):
    server = Scripted(stages.recogniser, stages.brain, stages.voice, vad=stages.vad)
    async with server, server.connect() as client:
        await client.append(np.zeros(12_000, np.int16))
        await client.append(resample(say(question), 16_000, 24_000))
        await client.append(np.zeros(24_000, np.int16))
        done = await client.until("response.done")
    assert len(client.of("input_audio_buffer.speech_started")) == 1
    transcript = client.of("conversation.item.input_audio_transcription.completed")[0].transcript
    assert re.search(heard, transcript, re.IGNORECASE)
    assert done.response.status == "completed"
    said = done.response.output[0].content[0].transcript
    assert re.search(answer, said)
    pcm = np.frombuffer(audio_of(client), "<i2").astype(float)
    assert len(pcm) > 24_000 * 0.5
    assert np.sqrt(np.mean(pcm**2)) > 300
