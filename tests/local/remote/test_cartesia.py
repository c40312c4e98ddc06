"""Ink and Sonic as stages, in whole sessions through the official client."""

import asyncio

import numpy as np
import pytest
from msgspec.structs import replace
from support.scripted import MANUAL, Brain, Recogniser, Scripted, Voice, audio_of
from support.scripted_cascade import Cascade

from device.local.stages import Text
from device.local.stt import ink
from device.local.stt.ink import InkRecogniser
from device.local.tts.sonic import SonicVoice
from device.settings.local import CartesiaSettings
from device.settings.types import Secret

KEY = "sk_car_never_to_be_seen"
ZEROS = np.zeros(2400, np.int16)


@pytest.fixture
async def cascade(monkeypatch):
    monkeypatch.setattr(ink, "RETRY_S", 0.01)
    async with Cascade() as server:
        yield server


def settings(cascade, **more):
    made = CartesiaSettings(url=cascade.url, api_key=Secret(KEY), voice="v", timeout_s=5)
    return replace(made, **more)


def engine(cascade, brain=None, recogniser=None, voice=None, **more):
    chosen = settings(cascade, **more)
    return Scripted(recogniser or InkRecogniser(chosen), brain, voice or SonicVoice(chosen))


async def hear(client, cascade, count=1):
    """Append audio and wait until Ink has it."""
    before = len(cascade.heard)
    await client.append(ZEROS)
    await cascade.until(lambda: len(cascade.heard) > before)


async def spoken(client, cascade, text="what time is it"):
    await hear(client, cascade)
    await cascade.turn("turn.start")
    await cascade.turn("turn.end", text)


async def test_a_turn_from_ink_to_sonic(cascade):
    brain = Brain(lambda asked: [Text("It is noon."), Text("Is that all?")])
    async with engine(cascade, brain, keyterms=("Jarvis", "Parley")) as server, server.connect() as client:
        await cascade.until(lambda: cascade.streams and cascade.voices)
        stream, voice = (next(r for r in cascade.handshakes if part in r.path) for part in ("stt", "tts"))
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
        await spoken(client, cascade)
        done = await client.until("response.done")
        assert done.response.status == "completed"
        assert done.response.output[0].content[0].transcript == "It is noon. Is that all?"
        assert client.of("conversation.item.input_audio_transcription.completed")[0].transcript == "what time is it"
        assert len(audio_of(client)) == 6 * 100 * 48
        first, second, last = cascade.requests
        assert [r["transcript"] for r in cascade.requests] == ["It is noon. ", "Is that all? ", ""]
        assert [r["continue"] for r in cascade.requests] == [True, True, False]
        same = {k: v for k, v in first.items() if k not in {"transcript", "continue"}}
        for other in (second, last):
            assert {k: v for k, v in other.items() if k not in {"transcript", "continue"}} == same
        assert same["max_buffer_delay_ms"] == 0
        assert same["add_timestamps"] is True
        assert same["voice"] == {"mode": "id", "id": "v"}
        assert same["output_format"] == {"container": "raw", "encoding": "pcm_s16le", "sample_rate": 24000}


async def test_an_eager_end_begins_the_reply_and_a_resumption_takes_it_back(cascade):
    brain = Brain(lambda asked: [Text(f"You said {asked.turns[-1].text}.")])
    async with engine(cascade, brain) as server, server.connect() as client:
        await hear(client, cascade)
        await cascade.turn("turn.start")
        await cascade.turn("turn.eager_end", "set a timer")
        await cascade.until(lambda: len(cascade.requests) == 2)
        assert not client.of("response.created")
        await cascade.turn("turn.resume")
        await cascade.turn("turn.eager_end", "set a timer for tea")
        await cascade.until(lambda: len({r["context_id"] for r in cascade.requests}) == 2)
        begun = len(brain.asked)
        await cascade.turn("turn.end", "set a timer for tea")
        done = await client.until("response.done")
        assert done.response.output[0].content[0].transcript == "You said set a timer for tea."
        assert len(brain.asked) == begun == 2, "the reply that was begun is the one that is given"
        assert len(client.of("response.created")) == 1
        assert len(client.of("input_audio_buffer.speech_started")) == 1


async def test_another_end_than_the_eager_one_is_answered_anew(cascade):
    brain = Brain(lambda asked: [Text(f"You said {asked.turns[-1].text}.")])
    async with engine(cascade, brain) as server, server.connect() as client:
        await hear(client, cascade)
        await cascade.turn("turn.start")
        await cascade.turn("turn.eager_end", "to night")
        await cascade.until(lambda: len(cascade.requests) == 2)
        await cascade.turn("turn.end", "tonight")
        done = await client.until("response.done")
        assert done.response.output[0].content[0].transcript == "You said tonight."


async def test_silence_is_sent_while_a_turn_waits_for_its_end(cascade):
    async with engine(cascade) as server, server.connect() as client:
        await hear(client, cascade)
        await cascade.turn("turn.start")
        before = len(cascade.heard)
        # The client sends nothing more.
        await cascade.until(lambda: len(cascade.heard) >= before + 3 * 3200)
        assert not any(cascade.heard[before:])
        await cascade.turn("turn.end", "hello")
        assert (await client.until("response.done")).response.status == "completed"


async def test_a_barge_in_drops_what_still_comes_and_keeps_the_words_that_were_heard(cascade):
    brain = Brain(lambda asked: [Text("One two three four five six.")])
    async with engine(cascade, brain) as server, server.connect() as client:
        cascade.replies.append("nothing")
        await spoken(client, cascade, "count")
        await cascade.until(lambda: len(cascade.requests) == 2)
        context = cascade.requests[0]["context_id"]
        await cascade._speak(context, "One two three four")
        await client.until("response.output_audio.delta", 2)
        await cascade.turn("turn.start")
        done = await client.until("response.done")
        assert (done.response.status, done.response.status_details.reason) == ("cancelled", "turn_detected")
        await cascade.until(lambda: cascade.requests[-1].get("cancel"))
        assert cascade.requests[-1] == {"cancel": True, "context_id": context}
        item = done.response.output[0].id
        # The words are 100 ms each: the third is not heard to its end. By share it would be "One".
        await client.send(type="conversation.item.truncate", item_id=item, content_index=0, audio_end_ms=290)
        await client.until("conversation.item.truncated")
        await cascade.chunk(context)
        await cascade.done(context)
        brain.script = lambda asked: [Text("Fine.")]
        deltas = len(client.of("response.output_audio.delta"))
        await cascade.turn("turn.end", "stop")
        await client.until("response.done")
        assert [turn.text for turn in brain.asked[-1].turns] == ["count", "One two", "stop"]
        assert cascade.requests[-1]["context_id"] != context
        assert (
            sum(len(audio_of(client, e.response_id)) for e in client.of("response.output_audio.delta")[deltas:][:1])
            == 4800
        )


@pytest.mark.parametrize(
    ("act", "said"),
    [("error", "Bad voice: no such voice"), ("close", "closed the connection"), ("nothing", "no audio within")],
)
async def test_a_fault_of_sonic_ends_the_reply_and_the_next_one_works(cascade, act, said):
    more = {"timeout_s": 0.2} if act == "nothing" else {}
    async with engine(cascade, **more) as server, server.connect() as client:
        cascade.replies.append(act)
        await spoken(client, cascade)
        done = await client.until("response.done")
        assert done.response.status == "failed"
        assert done.response.status_details.error.code == "cartesia_error"
        assert said in done.response.status_details.error.message
        item = done.response.output[0]
        assert item.status == "incomplete"
        await spoken(client, cascade)
        assert (await client.until("response.done")).response.status == "completed"


async def test_sonic_is_reached_again_after_it_closed_for_want_of_use(cascade):
    async with engine(cascade) as server, server.connect() as client:
        await cascade.until(lambda: cascade.voices and cascade.streams)
        await cascade.voices[0].close()
        await cascade.streams[0].close()
        await client.append(ZEROS)
        await cascade.until(lambda: len(cascade.streams) == 2 and cascade.heard)
        await cascade.turn("turn.start")
        await cascade.until(lambda: len(cascade.voices) == 2)
        await cascade.turn("turn.end", "hello")
        assert (await client.until("response.done")).response.status == "completed"
        assert not client.of("error")


@pytest.mark.parametrize(("status", "fix"), [(401, "CARTESIA_API_KEY"), (429, "quota"), (500, "later")])
async def test_a_refusal_is_told_with_its_fix_and_without_the_key(cascade, status, fix, caplog):
    cascade.refuse = {"/stt/turns/websocket": status}
    async with engine(cascade) as server, server.connect() as client:
        error = await client.error()
        assert error.code == "recogniser_unavailable"
        assert f"({status})" in error.message
        assert fix in error.message
        del cascade.refuse["/stt/turns/websocket"]
        await client.append(ZEROS)
        await cascade.until(lambda: cascade.streams and cascade.heard)
        await cascade.turn("turn.start")
        await cascade.turn("turn.end", "hello")
        assert (await client.until("response.done")).response.status == "completed"
    assert KEY not in caplog.text


async def test_a_turn_whose_stream_breaks_ends_with_an_error_and_the_next_one_works(cascade):
    async with engine(cascade) as server, server.connect() as client:
        await hear(client, cascade)
        await cascade.turn("turn.start")
        await client.until("input_audio_buffer.speech_started")
        await cascade.streams[-1].close(code=1011, message=b"oops")
        failed = await client.until("conversation.item.input_audio_transcription.failed")
        assert failed.error.code == "transcription_failed"
        assert "1011, oops" in failed.error.message
        assert (await client.until("response.done")).response.status == "failed"
        await client.append(ZEROS)
        await cascade.until(lambda: len(cascade.streams) == 2)
        await cascade.turn("turn.start")
        await cascade.turn("turn.end", "hello")
        assert (await client.until("response.done")).response.status == "completed"


async def test_what_the_client_commits_is_written_down_by_itself(cascade):
    async with engine(cascade) as server, server.connect() as client:
        await client.update(**MANUAL)
        await client.append(np.full(24_000, 1000, np.int16))
        await client.send(type="input_audio_buffer.commit")
        await client.send(type="response.create")
        assert (await client.until("response.done")).response.status == "completed"
        assert client.of("conversation.item.input_audio_transcription.completed")[0].transcript == "what time is it"
        assert len(cascade.heard) == 2 * 16_000
        cascade.refuse = {"/stt/websocket": 403}
        await client.append(np.full(24_000, 1000, np.int16))
        await client.send(type="input_audio_buffer.commit")
        failed = await client.until("conversation.item.input_audio_transcription.failed")
        assert "CARTESIA_API_KEY" in failed.error.message


async def test_sonic_serves_any_recogniser_and_ink_any_voice(cascade):
    async with engine(cascade, recogniser=Recogniser()) as server, server.connect() as client:
        await client.speak()
        assert (await client.until("response.done")).response.status == "completed"
        assert not cascade.streams
    async with engine(cascade, voice=Voice()) as server, server.connect() as client:
        await cascade.until(lambda: cascade.streams)
        await spoken(client, cascade)
        assert (await client.until("response.done")).response.status == "completed"
    assert len(cascade.voices) == 1


async def test_two_sessions_share_a_socket_of_sonic(cascade):
    async with engine(cascade, recogniser=Recogniser()) as server, server.connect() as one, server.connect() as other:
        await asyncio.gather(one.speak(), other.speak())
        for client in (one, other):
            await client.until("response.done")
            assert len(audio_of(client)) == 300 * 48
    assert len(cascade.voices) == 1
    assert len({request["context_id"] for request in cascade.requests}) == 2
