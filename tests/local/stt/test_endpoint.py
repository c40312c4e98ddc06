import asyncio
import io
import wave

import numpy as np
import pytest
from aiohttp import web
from support.scripted import Scripted

from device.local.session import verdict
from device.local.stages import StageError
from device.local.stt.endpoint import EndpointRecogniser
from device.settings.local import TranscriptionSettings
from device.settings.types import Secret

KEY = "sk-very-secret-123456"
PCM = np.arange(16_000, dtype=np.int16)


class Endpoint:
    def __init__(self):
        self.forms = []
        self.requests = []
        self.answer = lambda: web.json_response({"text": " What time is it? "})

    async def handle(self, request):
        self.requests.append(request)
        form = dict(await request.post())
        self.forms.append({**form, "file": form["file"].file.read()})
        made = self.answer()
        return await made if asyncio.iscoroutine(made) else made


@pytest.fixture
async def endpoint():
    scripted = Endpoint()
    app = web.Application()
    app.router.add_post("/v1/audio/transcriptions", scripted.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.5, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    scripted.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    yield scripted
    await runner.cleanup()


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


async def test_a_piece_is_sent_as_a_wav_file(recogniser, endpoint):
    assert await recogniser().transcribe(PCM) == "What time is it?"
    form = endpoint.forms[0]
    assert (form["model"], form["language"], form["response_format"]) == ("tiny", "en", "json")
    with wave.open(io.BytesIO(form["file"])) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 16_000)
        assert np.array_equal(np.frombuffer(file.readframes(1 << 20), np.int16), PCM)
    assert endpoint.requests[0].headers["Authorization"] == f"Bearer {KEY}"


async def test_a_connection_is_used_again(recogniser, endpoint):
    one = recogniser(url=f"{endpoint.url}/audio/transcriptions", api_key=Secret())
    for _ in range(2):
        await one.transcribe(PCM)
    assert endpoint.requests[0].protocol is endpoint.requests[1].protocol
    assert "Authorization" not in endpoint.requests[0].headers


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda: web.Response(status=401, text=f"bad {KEY}"), "PARLEY_TRANSCRIPTION_API_KEY"),
        (lambda: web.Response(text="<html>"), "end in /v1.*<html>"),
        (lambda: web.json_response({"words": []}), "no transcription"),
    ],
)
async def test_what_is_wrong_is_told_with_its_mend(recogniser, endpoint, answer, said):
    endpoint.answer = answer
    with pytest.raises(StageError, match=said) as caught:
        await recogniser().transcribe(PCM)
    assert KEY not in str(caught.value)


async def test_an_endpoint_that_is_slow_or_not_there(recogniser, endpoint):
    async def never():
        await asyncio.Event().wait()

    endpoint.answer = never
    with pytest.raises(StageError, match=r"transcription\.timeout_s"):
        await recogniser(timeout_s=0.1).transcribe(PCM)
    with pytest.raises(StageError, match=r"out of reach.*is it running"):
        await recogniser(url="http://127.0.0.1:1/v1").transcribe(PCM)


async def test_a_session_with_an_endpoint(recogniser, endpoint):
    async with Scripted(recogniser()) as server, server.connect() as client:
        await client.speak()
        assert (await client.until("response.done")).response.status == "completed"
        assert client.of("conversation.item.input_audio_transcription.completed")[0].transcript == "What time is it?"
        endpoint.answer = lambda: web.Response(status=500, text="out of memory")
        await client.speak()
        failed = await client.until("conversation.item.input_audio_transcription.failed")
        assert "out of memory" in failed.error.message
        assert (await client.until("response.done")).response.status == "failed"
        endpoint.answer = lambda: web.json_response({"text": "hello"})
        await client.speak()
        assert (await client.until("response.done")).response.status == "completed"


async def test_words_that_are_late_do_not_hold_up_the_end_of_a_turn(recogniser, endpoint, monkeypatch):
    monkeypatch.setattr(verdict, "REMOTE_S", 0.01)
    written = asyncio.Event()

    async def late():
        await written.wait()
        return web.json_response({"text": "hello"})

    endpoint.answer = late
    async with Scripted(recogniser()) as server, server.connect() as client:
        await client.update(audio={"input": {"turn_detection": {"type": "semantic_vad"}}})
        await client.speak(silence_ms=3000)
        await client.until("input_audio_buffer.committed")
        written.set()
        assert (await client.until("response.done")).response.status == "completed"
