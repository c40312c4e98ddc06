"""The user's side of a session where the recogniser finds the turns: Ink, through the official client."""

import numpy as np
from support.scripted import MANUAL, Brain
from support.scripted_cascade import ZEROS, engine, hear

from device.local.stages import Text


async def test_an_eager_end_begins_the_reply_and_a_resumption_takes_it_back(cartesia):
    brain = Brain(lambda asked: [Text(f"You said {asked.turns[-1].text}.")])
    async with engine(cartesia, brain) as server, server.connect() as client:
        await hear(client, cartesia)
        await cartesia.turn("turn.start")
        await cartesia.turn("turn.eager_end", "set a timer")
        await cartesia.until(lambda: len(cartesia.requests) == 2)
        assert not client.of("response.created")
        await cartesia.turn("turn.resume")
        await cartesia.turn("turn.eager_end", "set a timer for tea")
        await cartesia.until(lambda: len({r["context_id"] for r in cartesia.requests}) == 2)
        begun = len(brain.asked)
        await cartesia.turn("turn.end", "set a timer for tea")
        done = await client.until("response.done")
        assert done.response.output[0].content[0].transcript == "You said set a timer for tea."
        assert len(brain.asked) == begun == 2, "the reply that was begun is the one that is given"
        assert len(client.of("response.created")) == 1
        assert len(client.of("input_audio_buffer.speech_started")) == 1


async def test_another_end_than_the_eager_one_is_answered_anew(cartesia):
    brain = Brain(lambda asked: [Text(f"You said {asked.turns[-1].text}.")])
    async with engine(cartesia, brain) as server, server.connect() as client:
        await hear(client, cartesia)
        await cartesia.turn("turn.start")
        await cartesia.turn("turn.eager_end", "to night")
        await cartesia.until(lambda: len(cartesia.requests) == 2)
        await cartesia.turn("turn.end", "tonight")
        done = await client.until("response.done")
        assert done.response.output[0].content[0].transcript == "You said tonight."


async def test_a_turn_whose_stream_breaks_ends_with_an_error_and_the_next_one_works(cartesia):
    async with engine(cartesia) as server, server.connect() as client:
        await hear(client, cartesia)
        await cartesia.turn("turn.start")
        await client.until("input_audio_buffer.speech_started")
        await cartesia.streams[-1].close(code=1011, message=b"oops")
        failed = await client.until("conversation.item.input_audio_transcription.failed")
        assert failed.error.code == "transcription_failed"
        assert "1011, oops" in failed.error.message
        assert (await client.until("response.done")).response.status == "failed"
        await client.append(ZEROS)
        await cartesia.until(lambda: len(cartesia.streams) == 2)
        await cartesia.turn("turn.start")
        await cartesia.turn("turn.end", "hello")
        assert (await client.until("response.done")).response.status == "completed"


async def test_what_the_client_commits_is_written_down_by_itself(cartesia):
    async with engine(cartesia) as server, server.connect() as client:
        await client.update(**MANUAL)
        await client.append(np.full(24_000, 1000, np.int16))
        await client.send(type="input_audio_buffer.commit")
        await client.send(type="response.create")
        assert (await client.until("response.done")).response.status == "completed"
        assert client.of("conversation.item.input_audio_transcription.completed")[0].transcript == "what time is it"
        assert len(cartesia.heard) == 2 * 16_000
        cartesia.refuse = {"/stt/websocket": 403}
        await client.append(np.full(24_000, 1000, np.int16))
        await client.send(type="input_audio_buffer.commit")
        failed = await client.until("conversation.item.input_audio_transcription.failed")
        assert "CARTESIA_API_KEY" in failed.error.message
