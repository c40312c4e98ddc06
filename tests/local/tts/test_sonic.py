import asyncio

import pytest
from support.scripted import Brain, Recogniser, Voice, audio_of
from support.scripted_cascade import ZEROS, engine, spoken

from device.local.stages import Text


async def test_a_barge_in_drops_what_still_comes_and_keeps_the_words_that_were_heard(cartesia):
    brain = Brain(lambda asked: [Text("One two three four five six.")])
    async with engine(cartesia, brain) as server, server.connect() as client:
        cartesia.replies.append("nothing")
        await spoken(client, cartesia, "count")
        await cartesia.until(lambda: len(cartesia.requests) == 2)
        context = cartesia.requests[0]["context_id"]
        await cartesia.speak(context, "One two three four")
        await client.until("response.output_audio.delta", 2)
        await cartesia.turn("turn.start")
        done = await client.until("response.done")
        assert (done.response.status, done.response.status_details.reason) == ("cancelled", "turn_detected")
        await cartesia.until(lambda: cartesia.requests[-1].get("cancel"))
        assert cartesia.requests[-1] == {"cancel": True, "context_id": context}
        item = done.response.output[0].id
        # The words are 100 ms each: the third is not heard to its end. By share it would be "One".
        await client.send(type="conversation.item.truncate", item_id=item, content_index=0, audio_end_ms=290)
        await client.until("conversation.item.truncated")
        await cartesia.chunk(context)
        await cartesia.done(context)
        brain.script = lambda asked: [Text("Fine.")]
        deltas = len(client.of("response.output_audio.delta"))
        await cartesia.turn("turn.end", "stop")
        await client.until("response.done")
        assert [turn.text for turn in brain.asked[-1].turns] == ["count", "One two", "stop"]
        assert cartesia.requests[-1]["context_id"] != context
        assert (
            sum(len(audio_of(client, e.response_id)) for e in client.of("response.output_audio.delta")[deltas:][:1])
            == 4800
        )


@pytest.mark.parametrize(
    ("act", "said"),
    [("error", "Bad voice: no such voice"), ("close", "closed the connection"), ("nothing", "no audio within")],
)
async def test_a_fault_of_sonic_ends_the_reply_and_the_next_one_works(cartesia, act, said):
    more = {"timeout_s": 0.2} if act == "nothing" else {}
    async with engine(cartesia, **more) as server, server.connect() as client:
        cartesia.replies.append(act)
        await spoken(client, cartesia)
        done = await client.until("response.done")
        assert done.response.status == "failed"
        assert done.response.status_details.error.code == "cartesia_error"
        assert said in done.response.status_details.error.message
        item = done.response.output[0]
        assert item.status == "incomplete"
        await spoken(client, cartesia)
        assert (await client.until("response.done")).response.status == "completed"


async def test_sonic_is_reached_again_after_it_closed_for_want_of_use(cartesia):
    async with engine(cartesia) as server, server.connect() as client:
        await cartesia.until(lambda: cartesia.voices and cartesia.streams)
        await cartesia.voices[0].close()
        await cartesia.streams[0].close()
        await client.append(ZEROS)
        await cartesia.until(lambda: len(cartesia.streams) == 2 and cartesia.heard)
        await cartesia.turn("turn.start")
        await cartesia.until(lambda: len(cartesia.voices) == 2)
        await cartesia.turn("turn.end", "hello")
        assert (await client.until("response.done")).response.status == "completed"
        assert not client.of("error")


async def test_sonic_serves_any_recogniser_and_ink_any_voice(cartesia):
    async with engine(cartesia, recogniser=Recogniser()) as server, server.connect() as client:
        await client.speak()
        assert (await client.until("response.done")).response.status == "completed"
        assert not cartesia.streams
    async with engine(cartesia, voice=Voice()) as server, server.connect() as client:
        await cartesia.until(lambda: cartesia.streams)
        await spoken(client, cartesia)
        assert (await client.until("response.done")).response.status == "completed"
    assert len(cartesia.voices) == 1


async def test_two_sessions_share_a_socket_of_sonic(cartesia):
    async with engine(cartesia, recogniser=Recogniser()) as server, server.connect() as one, server.connect() as other:
        await asyncio.gather(one.speak(), other.speak())
        for client in (one, other):
            await client.until("response.done")
            assert len(audio_of(client)) == 300 * 48
    assert len(cartesia.voices) == 1
    assert len({request["context_id"] for request in cartesia.requests}) == 2
