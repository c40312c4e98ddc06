import asyncio
import io
import re
import wave

import numpy as np
import pytest
from support.scripted import Scripted
from support.scripted_endpoint import Endpoint, refuses, says, streams

from device.local.stages import StageError
from device.local.stt.endpoint import EndpointRecogniser, wav
from device.settings.local import TranscriptionSettings
from device.settings.types import Secret

KEY = "sk-very-secret-123456"
PCM = np.arange(16_000, dtype=np.int16)


@pytest.fixture
async def endpoint():
    async with Endpoint("/audio/transcriptions") as scripted:
        scripted.answer = says({"text": " What time is it? "})
        yield scripted


@pytest.fixture
async def recogniser(endpoint):
    made = []

    def make(**more):
        settings = {"url": endpoint.url, "model": "tiny", "api_key": Secret(KEY), "timeout_s": 10} | more
        made.append(EndpointRecogniser(TranscriptionSettings(**settings), "en-GB"))
        return made[-1]

    yield make
    for one in made:
        await one.close()


def fields(body):
    """Return the fields of a multipart form, by name."""
    parts = re.findall(rb'name="(\w+)"[^\r]*\r\n(?:[^\r]+\r\n)*\r\n(.*?)\r\n--', body, re.DOTALL)
    return {name.decode(): value for name, value in parts}


async def test_a_piece_is_sent_as_a_wav_file(recogniser, endpoint):
    assert await recogniser().transcribe(PCM) == "What time is it?"
    form = fields(endpoint.bodies[0])
    assert (form["model"], form["language"], form["response_format"]) == (b"tiny", b"en", b"json")
    assert form["file"] == wav(PCM)
    assert endpoint.requests[0].headers["Authorization"] == f"Bearer {KEY}"


def test_a_wav_file_has_every_sample_at_16_khz():
    with wave.open(io.BytesIO(wav(PCM))) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 16_000)
        assert np.array_equal(np.frombuffer(file.readframes(1 << 20), np.int16), PCM)


async def test_a_connection_is_used_again(recogniser, endpoint):
    one = recogniser(url=f"{endpoint.url}/audio/transcriptions", api_key=Secret())
    for _ in range(2):
        await one.transcribe(PCM)
    assert endpoint.requests[0].protocol is endpoint.requests[1].protocol
    assert "Authorization" not in endpoint.requests[0].headers


async def test_one_that_was_never_asked_closes():
    await EndpointRecogniser(TranscriptionSettings(url="http://127.0.0.1:1/v1")).close()


async def test_an_answer_that_comes_in_pieces_is_read_to_its_end(recogniser, endpoint):
    more = asyncio.Event()
    endpoint.answer = streams(b'{"text": "What ti', more, b'me is it?"}', kind="application/json")
    # The second piece comes after whatever reads only what is there has read the first.
    asyncio.get_running_loop().call_later(0.05, more.set)
    assert await recogniser().transcribe(PCM) == "What time is it?"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (refuses(401, f"bad {KEY}"), "PARLEY_TRANSCRIPTION_API_KEY"),
        (refuses(200, "<html>"), "end in /v1.*<html>"),
        (says({"words": []}), "no transcription"),
    ],
)
async def test_what_is_wrong_is_told_with_its_fix(recogniser, endpoint, answer, said):
    endpoint.answer = answer
    with pytest.raises(StageError, match=said) as caught:
        await recogniser().transcribe(PCM)
    assert KEY not in str(caught.value)


async def test_an_endpoint_that_is_slow_or_not_there(recogniser, endpoint):
    endpoint.answer = streams(asyncio.Event())
    with pytest.raises(StageError, match=r"transcription\.timeout_s"):
        await recogniser(timeout_s=0.1).transcribe(PCM)
    with pytest.raises(StageError, match=r"out of reach.*is it running"):
        await recogniser(url="http://127.0.0.1:1/v1").transcribe(PCM)


async def test_a_session_with_an_endpoint(recogniser, endpoint):
    async with Scripted(recogniser()) as server, server.connect() as client:
        await client.speak()
        assert (await client.until("response.done")).response.status == "completed"
        assert client.of("conversation.item.input_audio_transcription.completed")[0].transcript == "What time is it?"
        endpoint.answer = refuses(500, "out of memory")
        await client.speak()
        failed = await client.until("conversation.item.input_audio_transcription.failed")
        assert "out of memory" in failed.error.message
        assert (await client.until("response.done")).response.status == "failed"
        endpoint.answer = says({"text": "hello"})
        await client.speak()
        assert (await client.until("response.done")).response.status == "completed"
