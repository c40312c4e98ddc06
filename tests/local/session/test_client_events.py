"""Sessions with scripted stages, through the official openai client; every event is checked against its types."""

import base64

import numpy as np
import pytest
from support.scripted import MANUAL, Brain, Prosody, Recogniser, Scripted, Voice, audio_of, detection, happens, tone

from device.local.stages import BrainError, Call, Choice, Cost, Text

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
        # What the recogniser got on a guess: from there to the lull.
        assert server.recogniser.heard[0] / 16 == pytest.approx(1512 + 160 - 692, abs=64)


async def test_the_recogniser_runs_once_when_the_lull_was_the_end():
    async with Scripted() as server, server.connect() as client:
        await client.speak()
        await client.until("response.done")
        assert len(server.recogniser.heard) == 1
        assert len(server.brain.asked) == 1


async def test_a_guess_is_thrown_away_when_the_user_goes_on():
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


async def test_function_calls_and_their_outputs():
    def script(asked):
        if asked.turns[-1].role == "tool":
            return [Text(f"The tool says {asked.turns[-1].text}.")]
        return [Text("Let me see."), Call("get_time", '{"zone":"UTC"}'), Call("get_date", "{}")]

    tool = {"type": "function", "name": "get_time", "description": "Time", "parameters": {"type": "object"}}
    async with Scripted(brain=Brain(script)) as server, server.connect() as client:
        await client.update(tools=[tool], tool_choice="required")
        await client.speak()
        done = await client.until("response.done")
        assert [item.type for item in done.response.output] == ["message", "function_call", "function_call"]
        asked = server.brain.asked[-1]
        assert (asked.tools[0].name, asked.choice) == ("get_time", Choice("required"))
        calls = client.of("response.function_call_arguments.done")
        assert [(call.name, call.arguments, call.output_index) for call in calls] == [
            ("get_time", '{"zone":"UTC"}', 1),
            ("get_date", "{}", 2),
        ]
        assert client.of("response.function_call_arguments.delta")[0].delta == '{"zone":"UTC"}'
        order = [kind for kind in client.types if "function_call" in kind or "output_item" in kind]
        assert order[2:6] == [
            "response.output_item.added",
            "response.function_call_arguments.delta",
            "response.function_call_arguments.done",
            "response.output_item.done",
        ]
        for call, output in zip(calls, ("noon", "Monday"), strict=True):
            item = {"type": "function_call_output", "call_id": call.call_id, "output": output}
            await client.send(type="conversation.item.create", item=item)
        await client.send(type="response.create")
        done = await client.until("response.done")
        assert done.response.output[0].content[0].transcript == "The tool says Monday."
        turns = server.brain.asked[-1].turns
        assert [turn.role for turn in turns] == ["user", "assistant", "assistant", "assistant", "tool", "tool"]
        assert turns[2].name == "get_time"
        assert turns[2].call_id == turns[4].call_id == calls[0].call_id


async def test_written_replies():
    brain = Brain(lambda asked: [Text("It is noon."), Text("Anything else?"), Cost(11, 7)])
    async with Scripted(brain=brain) as server, server.connect() as client:
        await client.update(output_modalities=["text"])
        await client.user("what time is it")
        await client.send(type="response.create")
        done = await client.until("response.done")
        assert done.response.output_modalities == ["text"]
        assert done.response.output[0].content[0].text == "It is noon. Anything else?"
        assert "".join(event.delta for event in client.of("response.output_text.delta")) == "It is noon. Anything else?"
        assert client.of("response.output_text.done")[0].text == "It is noon. Anything else?"
        assert client.of("response.content_part.added")[0].part.type == "text"
        assert not client.of("response.output_audio.delta")
        assert (done.response.usage.input_tokens, done.response.usage.output_tokens) == (11, 7)
        assert done.response.usage.total_tokens == 18


async def test_options_of_one_response():
    async with Scripted() as server, server.connect() as client:
        await client.update(instructions="Be brief.", tools=[{"type": "function", "name": "f"}])
        await client.user("hello")
        await client.send(
            type="response.create",
            response={
                "instructions": "Be long.",
                "metadata": {"client_event_id": "abc"},
                "output_modalities": ["text"],
                "tools": [{"type": "function", "name": "g"}],
                "tool_choice": {"type": "function", "name": "g"},
            },
        )
        done = await client.until("response.done")
        assert client.of("response.created")[0].response.metadata == {"client_event_id": "abc"}
        assert done.response.metadata == {"client_event_id": "abc"}
        asked = server.brain.asked[0]
        assert (asked.instructions, asked.tools[0].name, asked.choice) == ("Be long.", "g", Choice("required", "g"))
        await client.send(type="response.create", response={"instructions": None})
        done = await client.until("response.done")
        assert server.brain.asked[1].instructions == "Be brief."
        assert done.response.output_modalities == ["audio"]


async def test_a_response_outside_the_conversation_runs_beside_it():
    async with Scripted() as server, server.connect() as client:
        server.voice.gate.clear()
        await client.user("hello")
        await client.send(type="response.create")
        await client.until("response.output_audio_transcript.delta")
        note = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Classify."}]}
        reference = {"type": "item_reference", "id": client.of("conversation.item.done")[0].item.id}
        await client.send(
            type="response.create",
            response={
                "conversation": "none",
                "input": [reference, note],
                "output_modalities": ["text"],
                "metadata": {"topic": "x"},
            },
        )
        aside = (await client.until("response.done")).response
        assert aside.metadata == {"topic": "x"}
        assert aside.conversation_id is None
        assert [turn.text for turn in server.brain.asked[-1].turns] == ["hello", "Classify."]
        assert len(client.of("conversation.item.added")) == 2
        server.voice.gate.set()
        await client.until("response.done")
        await client.send(type="conversation.item.retrieve", item_id=aside.output[0].id)
        assert (await client.error()).code == "item_retrieve_invalid_item_id"


async def test_an_empty_input_is_an_empty_context():
    async with Scripted() as server, server.connect() as client:
        await client.user("hello")
        await client.send(type="response.create", response={"input": [], "instructions": "Greet."})
        await client.until("response.done")
        assert server.brain.asked[0].turns == ()
        assert server.brain.asked[0].instructions == "Greet."


async def test_too_many_tokens_make_a_response_incomplete():
    brain = Brain(lambda asked: [Text("word " * 8)] * 50)
    async with Scripted(brain=brain) as server, server.connect() as client:
        await client.user("talk")
        await client.send(type="response.create", response={"max_output_tokens": 40})
        done = await client.until("response.done")
        assert (done.response.status, done.response.status_details.reason) == ("incomplete", "max_output_tokens")
        assert done.response.max_output_tokens == 40
        assert 40 < done.response.usage.output_tokens < 80


async def test_cancel_and_create_in_one_breath():
    async with Scripted(voice=Voice(words=10_000)) as server, server.connect() as client:
        await client.user("hello")
        await client.send(type="response.create")
        await client.until("response.output_audio.delta")
        await client.send(type="response.cancel")
        await client.send(type="response.create", response={"output_modalities": ["text"]})
        done = await client.until("response.done")
        assert (done.response.status, done.response.status_details.reason) == ("cancelled", "client_cancelled")
        assert (await client.until("response.done")).response.status == "completed"
        assert not client.of("error")
        await client.send(type="response.cancel", event_id="late")
        error = await client.error()
        assert (error.code, error.event_id) == ("response_cancel_not_active", "late")


async def test_only_one_response_at_a_time():
    async with Scripted(voice=Voice(words=10_000)) as server, server.connect() as client:
        await client.user("hello")
        await client.send(type="response.create")
        await client.send(type="response.create", event_id="second")
        error = await client.error()
        assert (error.code, error.event_id) == ("conversation_already_has_active_response", "second")


@pytest.mark.parametrize(
    ("fault", "code", "said"),
    [
        (BrainError("the model at x is away"), "brain_error", "the model at x is away"),
        (ValueError("secret"), "server_error", "see its log"),
    ],
)
async def test_a_failing_brain_makes_a_failed_response(fault, code, said):
    failing = [True]
    brain = Brain(lambda asked: [Text("Well."), fault] if failing[0] else [Text("Fine.")])
    async with Scripted(brain=brain) as server, server.connect() as client:
        await client.speak()
        done = await client.until("response.done")
        assert done.response.status == "failed"
        assert done.response.status_details.error.code == code
        assert said in done.response.status_details.error.message
        failing[0] = False
        await client.speak()
        assert (await client.until("response.done")).response.status == "completed"


async def test_items_are_created_in_place_and_deleted():
    def item(name):
        return {"id": name, "type": "message", "role": "user", "content": [{"type": "input_text", "text": name}]}

    async with Scripted() as server, server.connect() as client:
        await client.send(type="conversation.item.create", item=item("b"))
        await client.send(type="conversation.item.create", item=item("d"))
        await client.send(type="conversation.item.create", item=item("c"), previous_item_id="b")
        await client.send(type="conversation.item.create", item=item("a"), previous_item_id="root")
        await client.until("conversation.item.done", 4)
        assert [(e.item.id, e.previous_item_id) for e in client.of("conversation.item.added")] == [
            ("b", None),
            ("d", "b"),
            ("c", "b"),
            ("a", None),
        ]
        await client.send(type="conversation.item.delete", item_id="c")
        assert (await client.until("conversation.item.deleted")).item_id == "c"
        await client.send(type="conversation.item.retrieve", item_id="d")
        assert (await client.until("conversation.item.retrieved")).item.content[0].text == "d"
        await client.send(type="response.create")
        await client.until("response.done")
        assert [turn.text for turn in server.brain.asked[0].turns] == ["a", "b", "d"]


async def test_history_of_every_kind_reaches_the_brain():
    items = [
        {"type": "message", "role": "system", "content": [{"type": "input_text", "text": "You are a clock."}]},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Hello."}]},
        {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c1", "output": "1"},
        {
            "type": "message",
            "role": "user",
            "content": [{"type": "input_audio", "audio": base64.b64encode(tone(500).tobytes()).decode()}],
        },
    ]
    async with Scripted() as server, server.connect() as client:
        for item in items:
            await client.send(type="conversation.item.create", item=item)
        await client.send(type="response.create")
        await client.until("response.done")
        turns = server.brain.asked[0].turns
        assert [(turn.role, turn.text) for turn in turns] == [
            ("system", "You are a clock."),
            ("assistant", "Hello."),
            ("assistant", ""),
            ("tool", "1"),
            ("user", "what time is it"),
        ]
        assert server.recogniser.heard == [8000]


async def test_truncation_leaves_what_was_heard():
    brain = Brain(lambda asked: [Text("One two three four."), Text("Five six seven eight.")])
    async with Scripted(brain=brain) as server, server.connect() as client:
        await client.speak()
        done = await client.until("response.done")
        item_id = done.response.output[0].id
        await client.send(type="conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=620)
        truncated = await client.until("conversation.item.truncated")
        assert (truncated.item_id, truncated.audio_end_ms) == (item_id, 620)
        await client.send(type="conversation.item.retrieve", item_id=item_id)
        item = (await client.until("conversation.item.retrieved")).item
        assert item.content[0].transcript == "One two three four. Five six"
        await client.send(type="response.create")
        await client.until("response.done")
        assert server.brain.asked[-1].turns[-1].text == "One two three four. Five six"


async def test_harmless_truncates_are_no_errors():
    async with Scripted() as server, server.connect() as client:
        await client.speak()
        done = await client.until("response.done")
        item_id = done.response.output[0].id
        for end in (10**9, 300, 0, 0):
            await client.send(type="conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=end)
        await client.until("conversation.item.truncated", 4)
        assert [event.audio_end_ms for event in client.of("conversation.item.truncated")] == [300, 300, 0, 0]
        await client.send(type="response.create", response={"output_modalities": ["text"]})
        written = (await client.until("response.done")).response.output[0].id
        await client.send(type="conversation.item.truncate", item_id=written, content_index=0, audio_end_ms=500)
        await client.until("conversation.item.truncated")
        assert not client.of("error")


async def test_speed_reaches_the_voice_and_the_guess_knows_it():
    async with Scripted() as server, server.connect() as client:
        await client.update(audio={"output": {"speed": 1.5}})
        await client.speak()
        await client.until("response.done")
        assert set(server.voice.speeds) == {1.5}


def known(*texts):
    brain = Brain()
    brain.known = set(texts)
    return brain


async def ended_ms(server):
    """Hold a session with semantic turn detection; return how much silence ended the turn."""
    async with server.connect() as client:
        await client.update(**detection(type="semantic_vad"))
        await client.speak(ms=608, silence_ms=2000)
        stopped = await client.until("input_audio_buffer.speech_stopped")
        await client.until("response.done")
        return stopped.audio_end_ms - 608


@pytest.mark.parametrize(
    ("text", "sounds", "awaited"),
    [
        ("What time is it?", 0.9, 500),
        ("Who was the first woman on the moon?", 0.9, 640),
        ("Who was the first woman on the moon?", 0.1, 1000),
        ("Who was the first woman on the?", 0.9, 1400),
        ("Who was the first woman on the moon?", 0.01, 1400),
        ("The moon.", 0.9, 1000),
    ],
)
async def test_meaning_and_sound_say_how_much_silence_ends_a_turn(text, sounds, awaited):
    async with Scripted(Recogniser(text), known("What time is it?"), prosody=Prosody(sounds)) as server:
        assert awaited <= await ended_ms(server) < awaited + 64


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


async def test_an_answer_to_a_question_may_be_short():
    async with (
        Scripted(Recogniser("Paris."), Brain(lambda asked: [Text("Where to?")])) as server,
        server.connect() as client,
    ):
        await client.update(**detection(type="semantic_vad"))
        await client.speak(ms=608, silence_ms=2000)
        await client.until("response.done")
        await client.speak(ms=608, silence_ms=2000)
        await client.until("response.done")
        first, second = (event.audio_end_ms for event in client.of("input_audio_buffer.speech_stopped"))
        assert second - (608 + 2000) < first


async def test_a_recogniser_or_prosody_model_that_fails_ends_no_session():
    class Broken(Prosody):
        def probability(self, pcm):
            raise RuntimeError("scripted")

    async with Scripted(Recogniser("What time is it now in London?"), prosody=Broken()) as server:
        assert 640 <= await ended_ms(server) < 704
    recogniser = Recogniser()
    recogniser.fails = True
    async with Scripted(recogniser) as server, server.connect() as client:
        await client.update(**detection(type="semantic_vad"))
        await client.speak(ms=608, silence_ms=2000)
        await client.until("conversation.item.input_audio_transcription.failed")
        assert len(client.of("input_audio_buffer.speech_stopped")) == 1


async def test_plain_detection_asks_no_prosody():
    prosody = Prosody(0.0)
    async with Scripted(Recogniser("Set a timer for"), prosody=prosody) as server, server.connect() as client:
        await client.speak(ms=608, silence_ms=600)
        await client.until("response.done")
        assert not prosody.heard
