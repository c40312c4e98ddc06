import pytest
from support.scripted import Brain, audio_of
from support.scripted_cascade import KEY, ZEROS, engine, spoken

from device.local.stages import Text


async def test_a_turn_from_ink_to_sonic(cartesia):
    brain = Brain(lambda asked: [Text("It is noon."), Text("Is that all?")])
    async with engine(cartesia, brain, keyterms=("Jarvis", "Parley")) as server, server.connect() as client:
        await cartesia.until(lambda: cartesia.streams and cartesia.voices)
        stream, voice = (next(r for r in cartesia.handshakes if part in r.path) for part in ("stt", "tts"))
        query = stream.query
        assert (query["model"], query["encoding"], query["sample_rate"]) == ("ink-2", "pcm_s16le", "16000")
        assert [query[f"turn_{name}"] for name in ("start_threshold", "eager_end_threshold", "end_threshold")] == [
            "0.8",
            "0.4",
            "0.2",
        ]
        assert query["turn_end_timeout_ms"] == "5600"
        assert query.getall("keyterm") == ["Jarvis", "Parley"]
        for request in (stream, voice):
            assert request.headers["Authorization"] == f"Bearer {KEY}"
            assert request.headers["Cartesia-Version"] == "2026-08-14"
        await spoken(client, cartesia)
        done = await client.until("response.done")
        assert done.response.status == "completed"
        assert done.response.output[0].content[0].transcript == "It is noon. Is that all?"
        assert client.of("conversation.item.input_audio_transcription.completed")[0].transcript == "what time is it"
        assert len(audio_of(client)) == 6 * 100 * 48
        first, second, last = cartesia.requests
        assert [r["transcript"] for r in cartesia.requests] == ["It is noon. ", "Is that all? ", ""]
        assert [r["continue"] for r in cartesia.requests] == [True, True, False]
        same = {k: v for k, v in first.items() if k not in {"transcript", "continue"}}
        for other in (second, last):
            assert {k: v for k, v in other.items() if k not in {"transcript", "continue"}} == same
        assert same["max_buffer_delay_ms"] == 0
        assert same["add_timestamps"] is True
        assert same["voice"] == {"mode": "id", "id": "v"}
        assert same["output_format"] == {"container": "raw", "encoding": "pcm_s16le", "sample_rate": 24000}


@pytest.mark.parametrize(("status", "fix"), [(401, "CARTESIA_API_KEY"), (429, "quota"), (500, "later")])
async def test_a_refusal_is_told_with_its_fix_and_without_the_key(cartesia, status, fix, caplog):
    cartesia.refuse = {"/stt/turns/websocket": status}
    async with engine(cartesia) as server, server.connect() as client:
        error = await client.error()
        assert error.code == "recogniser_unavailable"
        assert f"({status})" in error.message
        assert fix in error.message
        del cartesia.refuse["/stt/turns/websocket"]
        await client.append(ZEROS)
        await cartesia.until(lambda: cartesia.streams and cartesia.heard)
        await cartesia.turn("turn.start")
        await cartesia.turn("turn.end", "hello")
        assert (await client.until("response.done")).response.status == "completed"
    assert KEY not in caplog.text
