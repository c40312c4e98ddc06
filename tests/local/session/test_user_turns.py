"""What becomes of the user's turns, through the official client; every event is checked against its types."""

import asyncio

import numpy as np
from support.scripted import Brain, Recogniser, Scripted, Voice, audio_of, detection, happens, tone

from device.local.brain.sentences import Sentences
from device.local.stages import Text

SPOKEN_TURN = [
    "input_audio_buffer.speech_started",
    "input_audio_buffer.speech_stopped",
    "input_audio_buffer.committed",
    "conversation.item.added",
    "conversation.item.done",
    "conversation.item.input_audio_transcription.completed",
    "response.created",
    "rate_limits.updated",
    "response.output_item.added",
    "conversation.item.added",
    "response.content_part.added",
    "response.output_audio_transcript.delta",
    "response.output_audio.delta",
    "response.output_audio.done",
    "response.output_audio_transcript.done",
    "response.content_part.done",
    "response.output_item.done",
    "conversation.item.done",
    "response.done",
]


def once(types):
    """Leave out repeats of the same type in a row."""
    return [kind for n, kind in enumerate(types) if n == 0 or types[n - 1] != kind]


async def test_a_spoken_turn_has_every_event_in_order():
    async with Scripted() as server, server.connect() as client:
        await client.speak()
        done = await client.until("response.done")
        assert client.types[0] == "session.created"
        assert once(client.types[1:]) == SPOKEN_TURN
        assert done.response.status == "completed"
        assert done.response.output[0].content[0].transcript == "It is noon."
        user = client.of("conversation.item.done")[0].item
        assert client.of("input_audio_buffer.speech_started")[0].item_id == user.id
        assert client.of("input_audio_buffer.committed")[0].item_id == user.id
        assert client.of("conversation.item.done")[1].previous_item_id == user.id
        assert client.of("conversation.item.input_audio_transcription.completed")[0].transcript == "what time is it"
        # 3 words of 100 ms.
        assert len(audio_of(client)) == 300 * 48
        assert done.response.usage.output_token_details.audio_tokens == 300 // 50


async def test_noise_makes_an_empty_transcript_and_no_response():
    async with Scripted(Recogniser("", "hello")) as server, server.connect() as client:
        await client.speak()
        heard = await client.until("conversation.item.input_audio_transcription.completed")
        assert heard.transcript == ""
        assert heard.usage.type == "duration"
        assert heard.usage.seconds > 1
        await client.speak()
        await client.until("response.done")
        assert len(client.of("response.created")) == 1
        assert [turn.text for turn in server.brain.asked[-1].turns] == ["hello"]


async def test_transcripts_can_be_turned_off():
    async with Scripted() as server, server.connect() as client:
        updated = await client.update(audio={"input": {"transcription": None}})
        assert updated.session.audio.input.transcription is None
        assert updated.session.audio.input.turn_detection.type == "server_vad"
        await client.speak()
        await client.until("response.done")
        assert not client.of("conversation.item.input_audio_transcription.completed")


async def test_a_failing_recogniser_is_reported_and_the_session_lives():
    async with Scripted() as server, server.connect() as client:
        server.recogniser.fails = True
        await client.speak()
        failed = await client.until("conversation.item.input_audio_transcription.failed")
        assert failed.error.code == "transcription_failed"
        done = await client.until("response.done")
        assert done.response.status == "failed", "whoever waits for an answer is told"
        assert done.response.status_details.error.code == "transcription_failed"
        server.recogniser.fails = False
        await client.speak()
        assert (await client.until("response.done")).response.status == "completed"


async def test_speech_interrupts_a_reply_and_stops_its_synthesis():
    voice = Voice(words=10_000)
    async with Scripted(voice=voice) as server, server.connect() as client:
        await client.speak()
        await client.until("response.output_audio.delta", 3)
        await client.speak(ms=300, silence_ms=0)
        done = await client.until("response.done")
        assert (done.response.status, done.response.status_details.reason) == ("cancelled", "turn_detected")
        assert done.response.output[0].status == "incomplete"
        started = client.types.index("input_audio_buffer.speech_started", 3)
        assert client.types.index("response.done") > started
        assert once(client.types[started + 1 :])[-6:] == [
            "response.output_audio.done",
            "response.output_audio_transcript.done",
            "response.content_part.done",
            "response.output_item.done",
            "conversation.item.done",
            "response.done",
        ]
        await happens(voice.closed)
        assert voice.pieces < 10_000
        assert server.brain.closed == 1


async def test_without_interruption_a_new_turn_waits_for_the_reply_to_end():
    voice = Voice()
    brain = Brain(lambda asked: [Text(f"You said {asked.turns[-1].text}.")])
    async with Scripted(Recogniser("one", "two"), brain, voice) as server, server.connect() as client:
        await client.update(**detection(interrupt_response=False))
        voice.gate.clear()
        await client.speak()
        await client.until("response.created")
        await client.speak()
        await client.until("conversation.item.input_audio_transcription.completed")
        assert not client.of("response.done")
        voice.gate.set()
        await client.until("response.done", 2)
        assert [event.response.status for event in client.of("response.done")] == ["completed", "completed"]
        assert [event.transcript for event in client.of("response.output_audio_transcript.done")] == [
            "You said one.",
            "You said two.",
        ]
        assert server.brain.asked[-1].turns[-1].text == "two"


async def test_words_after_a_pause_that_was_too_long_are_answered_together():
    recogniser = Recogniser("set a timer", "for ten minutes")
    recogniser.go.clear()
    async with Scripted(recogniser) as server, server.connect() as client:
        await client.speak(ms=400)
        await client.until("input_audio_buffer.committed")
        await client.append(tone(400))
        await client.until("input_audio_buffer.speech_started")
        recogniser.go.set()
        await client.append(np.zeros(24_000, np.int16))
        await client.until("response.done")
        assert len(client.of("response.created")) == 1
        assert [turn.text for turn in server.brain.asked[-1].turns] == ["set a timer", "for ten minutes"]


async def test_vad_without_responses():
    async with Scripted() as server, server.connect() as client:
        await client.update(**detection(create_response=False, interrupt_response=False))
        await client.speak()
        await client.until("conversation.item.input_audio_transcription.completed")
        assert not server.brain.asked
        await client.send(type="response.create")
        assert (await client.until("response.done")).response.status == "completed"


async def test_idle_timeout_lets_the_assistant_speak():
    async with Scripted(brain=Brain(lambda asked: [Text("Still there?")])) as server, server.connect() as client:
        await client.update(**detection(idle_timeout_ms=200))
        await client.append(np.zeros(24_000, np.int16))
        await client.user("hello")
        await client.send(type="response.create")
        timeout = await client.until("input_audio_buffer.timeout_triggered")
        # The resampler holds the last few milliseconds back.
        assert 985 <= timeout.audio_end_ms < 1000
        assert timeout.audio_end_ms - timeout.audio_start_ms == 200
        committed = await client.until("input_audio_buffer.committed")
        assert committed.item_id == timeout.item_id
        await client.until("response.done")
        assert [turn.text for turn in server.brain.asked[-1].turns] == ["hello", "Still there?", ""]


async def test_who_speaks_again_is_not_prompted_to():
    async with Scripted() as server, server.connect() as client:
        await client.update(**detection(idle_timeout_ms=300))
        await client.speak()
        await client.until("response.done")
        await client.append(tone(400))
        await client.until("input_audio_buffer.speech_started")
        await client.append(np.zeros(24_000, np.int16))
        await client.until("response.done")
        assert not client.of("input_audio_buffer.timeout_triggered")


async def test_no_answer_is_begun_on_a_turn_that_shall_have_none():
    async with Scripted() as server, server.connect() as client:
        await client.update(**detection(create_response=False))
        await client.speak()
        await client.until("conversation.item.input_audio_transcription.completed")
        assert not server.brain.asked


async def test_while_a_response_is_given_nobody_is_prompted_to_speak():
    async with Scripted() as server, server.connect() as client:
        await client.update(**detection(idle_timeout_ms=200))
        await client.user("hello")
        await client.send(type="response.create", response={"output_modalities": ["text"]})
        await client.until("response.done")
        # The idle timeout of the first response runs out while the second is spoken.
        server.voice.gate.clear()
        await client.send(type="response.create")
        asyncio.get_running_loop().call_later(0.4, server.voice.gate.set)
        await client.until("response.done")
        assert not client.of("input_audio_buffer.timeout_triggered")
        assert await client.until("input_audio_buffer.timeout_triggered")


async def test_the_built_in_brain_speaks_up_when_nobody_does():
    async with Scripted(brain=Sentences()) as server, server.connect() as client:
        await client.update(**detection(idle_timeout_ms=100))
        await client.user("hello")
        await client.send(type="response.create")
        await client.until("response.done")
        await client.until("input_audio_buffer.timeout_triggered")
        done = await client.until("response.done")
        assert done.response.output[0].content[0].transcript == "Is there anything else?"
