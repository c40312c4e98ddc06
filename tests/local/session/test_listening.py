"""The user's side of a session with server VAD, through the official client."""

import numpy as np
import pytest
from support.scripted import MANUAL, Brain, Prosody, Recogniser, Scripted, audio_of, detection, happens, tone

from device.local.session.listening import LONGEST_SPECULATION


async def test_speech_positions_are_ms_of_what_was_appended():
    async with Scripted() as server, server.connect() as client:
        await client.append(np.zeros(24_000, np.int16))
        await client.speak(ms=512, silence_ms=1000)
        await client.until("response.done")
        started = client.of("input_audio_buffer.speech_started")[0]
        stopped = client.of("input_audio_buffer.speech_stopped")[0]
        # Frames of 32 ms: the voice is in the frame that starts at 992 ms, less 300 ms of padding.
        assert started.audio_start_ms == 992 - 300
        assert 1512 + 500 <= stopped.audio_end_ms <= 1512 + 500 + 64
        # What the recogniser got speculatively: from there to the pause.
        assert server.recogniser.heard[0] / 16 == pytest.approx(1512 + 160 - 692, abs=64)


async def test_the_recogniser_runs_once_when_the_pause_was_the_end():
    async with Scripted() as server, server.connect() as client:
        await client.speak()
        await client.until("response.done")
        assert len(server.recogniser.heard) == 1
        assert len(server.brain.asked) == 1


async def test_a_speculation_is_thrown_away_when_the_user_goes_on():
    async with Scripted(Recogniser("what", "what time is it")) as server, server.connect() as client:
        await client.append(tone(400))
        await client.append(np.zeros(24 * 300, np.int16))
        await happens(server.recogniser.used)
        await client.speak(ms=400)
        done = await client.until("response.done")
        assert done.response.status == "completed"
        assert len(client.of("input_audio_buffer.speech_started")) == 1
        assert client.of("conversation.item.input_audio_transcription.completed")[0].transcript == "what time is it"
        assert server.brain.asked[-1].turns[-1].text == "what time is it"
        assert len(client.of("response.created")) == 1


async def test_semantic_vad_is_taken_and_eagerness_changes_the_silence():
    async with Scripted() as server, server.connect() as client:
        stops = []
        for eagerness in ("high", "low"):
            vad = {"type": "semantic_vad", "eagerness": eagerness}
            updated = await client.update(audio={"input": {"turn_detection": vad}})
            assert updated.session.audio.input.turn_detection.eagerness == eagerness
            await client.speak(ms=320, silence_ms=2000)
            stops.append(await client.until("input_audio_buffer.speech_stopped"))
            await client.until("response.done")
        starts = client.of("input_audio_buffer.speech_started")
        lengths = [stop.audio_end_ms - start.audio_start_ms for stop, start in zip(stops, starts, strict=True)]
        assert lengths[1] - lengths[0] > 900


async def test_a_pause_in_the_middle_of_a_sentence_is_no_end_of_turn():
    recogniser = Recogniser()
    recogniser.by_length = lambda n: "Set a timer for" if n < 16_000 else "Set a timer for ten minutes."
    async with (
        Scripted(recogniser, known("Set a timer for ten minutes.")) as server,
        server.connect() as client,
    ):
        await client.update(**detection(type="semantic_vad"))
        await client.speak(ms=600, silence_ms=900)
        await client.speak(ms=600, silence_ms=900)
        await client.until("response.done")
        assert len(client.of("input_audio_buffer.speech_stopped")) == 1
        heard = client.of("conversation.item.input_audio_transcription.completed")
        assert [event.transcript for event in heard] == ["Set a timer for ten minutes."]


async def test_plain_detection_asks_no_prosody():
    prosody = Prosody(0.0)
    async with Scripted(Recogniser("Set a timer for"), prosody=prosody) as server, server.connect() as client:
        await client.speak(ms=608, silence_ms=600)
        await client.until("response.done")
        assert not prosody.heard


async def test_a_manual_turn():
    async with Scripted() as server, server.connect() as client:
        updated = await client.update(**MANUAL)
        assert updated.session.audio.input.turn_detection is None
        await client.speak()
        await client.send(type="input_audio_buffer.commit")
        await client.send(type="response.create")
        await client.until("response.done")
        assert "input_audio_buffer.speech_started" not in client.types
        assert server.recogniser.heard == [1400 * 16]
        assert server.brain.asked[0].turns[-1].text == "what time is it"


async def test_clear_forgets_and_an_empty_commit_is_an_error():
    async with Scripted() as server, server.connect() as client:
        await client.update(**MANUAL)
        await client.append(tone(500))
        await client.send(type="input_audio_buffer.clear")
        await client.until("input_audio_buffer.cleared")
        await client.append(tone(50))
        await client.send(type="input_audio_buffer.commit", event_id="mine")
        error = await client.error()
        assert (error.code, error.event_id) == ("input_audio_buffer_commit_empty", "mine")
        await client.append(tone(50))
        await client.send(type="input_audio_buffer.commit")
        await client.until("input_audio_buffer.committed")


@pytest.mark.parametrize("kind", ["audio/pcmu", "audio/pcma"])
async def test_g711_both_ways(kind):
    recogniser = Recogniser()
    async with Scripted(recogniser) as server, server.connect() as client:
        await client.update(audio={"input": {"format": {"type": kind}}, "output": {"format": {"type": kind}}})
        byte = {"audio/pcmu": b"\xff", "audio/pcma": b"\xd5"}[kind]
        loud = {"audio/pcmu": b"\x80\x00", "audio/pcma": b"\xaa\x2a"}[kind]
        await client.append((loud[:1] * 4 + loud[1:] * 4) * 600)
        await client.append(byte * 8000)
        done = await client.until("response.done")
        assert done.response.audio.output.format.type == kind
        assert done.response.status == "completed"
        assert len(audio_of(client)) == 300 * 8
        assert recogniser.heard[0] / 16 == pytest.approx(600 + 160, abs=64)


def known(*texts):
    brain = Brain()
    brain.known = set(texts)
    return brain


async def test_a_large_append_is_heard_whole():
    recogniser = Recogniser()
    async with Scripted(recogniser) as server, server.connect() as client:
        await client.append(np.concatenate([tone(60_000), np.zeros(24_000 * 60, np.int16)]))
        await client.until("response.done")
        assert recogniser.heard[0] / 16 == pytest.approx(60_000 + 500, abs=64)


async def test_half_a_sample_is_refused_and_the_rest_is_heard():
    async with Scripted() as server, server.connect() as client:
        await client.append(b"abc")
        error = await client.error()
        assert (error.code, error.param) == ("invalid_value", "audio")
        await client.speak()
        assert (await client.until("response.done")).response.status == "completed"


async def test_turning_detection_off_in_a_turn_leaves_it_to_the_client():
    async with Scripted() as server, server.connect() as client:
        await client.append(tone(400))
        await client.until("input_audio_buffer.speech_started")
        await client.update(**MANUAL)
        await client.append(np.zeros(24_000, np.int16))
        await client.send(type="input_audio_buffer.commit")
        await client.until("conversation.item.input_audio_transcription.completed")
        assert not client.of("input_audio_buffer.speech_stopped")
        assert not client.of("response.created")


async def test_a_long_turn_is_heard_once_at_its_end():
    recogniser = Recogniser()
    async with Scripted(recogniser) as server, server.connect() as client:
        await client.append(tone(LONGEST_SPECULATION // 16 + 1000))
        await client.append(np.zeros(24_000, np.int16))
        await client.until("response.done")
        assert len(recogniser.heard) == 1
        assert recogniser.heard[0] > LONGEST_SPECULATION
