"""The responses of a session, through the official client."""

import pytest
from support.scripted import MANUAL, Brain, Scripted, Voice, detection

from device.local.session.responses import MOST_OUT_OF_BAND
from device.local.stages import BrainError, Choice, Text


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


async def test_speed_reaches_the_voice_and_the_speculation_knows_it():
    async with Scripted() as server, server.connect() as client:
        await client.update(audio={"output": {"speed": 1.5}})
        await client.speak()
        await client.until("response.done")
        assert set(server.voice.speeds) == {1.5}


async def test_responses_outside_the_conversation_are_not_without_number():
    async with Scripted() as server, server.connect() as client:
        server.voice.gate.clear()
        for n in range(MOST_OUT_OF_BAND + 1):
            await client.send(type="response.create", response={"conversation": "none"}, event_id=f"e{n}")
        error = await client.error()
        assert (error.code, error.event_id) == ("rate_limit_exceeded", f"e{MOST_OUT_OF_BAND}")
        running = client.of("response.created")[0].response.id
        await client.send(type="response.cancel", response_id=running)
        cancelled = (await client.until("response.done")).response
        assert (cancelled.id, cancelled.status) == (running, "cancelled")
        await client.send(type="response.create", response={"conversation": "none"})
        await client.until("response.created")


async def test_a_response_whose_items_are_not_heard_yet_waits_and_can_be_cancelled():
    async with Scripted() as server, server.connect() as client:
        server.recogniser.go.clear()
        await client.update(**MANUAL)
        await client.speak(silence_ms=0)
        await client.send(type="input_audio_buffer.commit")
        await client.send(type="response.create")
        await client.until("response.created")
        await client.send(type="response.cancel")
        assert (await client.until("response.done")).response.status == "cancelled"
        assert not server.brain.asked


async def test_a_turn_that_was_not_heard_waits_for_no_answer_while_another_is_given():
    async with Scripted(voice=Voice(words=10_000)) as server, server.connect() as client:
        await client.update(**detection(interrupt_response=False))
        await client.speak()
        await client.until("response.output_audio.delta")
        server.recogniser.fails = True
        await client.speak()
        await client.until("conversation.item.input_audio_transcription.failed")
        await client.send(type="response.cancel")
        assert (await client.until("response.done")).response.status == "cancelled"
        assert len(client.of("response.created")) == 1


async def test_a_sentence_of_blanks_is_none():
    brain = Brain(lambda asked: [Text(" "), Text("Yes.")])
    async with Scripted(brain=brain) as server, server.connect() as client:
        await client.user("hello")
        await client.send(type="response.create")
        done = await client.until("response.done")
        assert done.response.output[0].content[0].transcript == "Yes."
