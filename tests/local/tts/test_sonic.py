import asyncio
import json

import pytest
from support.scripted import Brain, Recogniser, Voice, audio_of
from support.scripted_cascade import ZEROS, engine, settings_for, spoken

from device.local.remote.cartesia import CartesiaError
from device.local.stages import Text, Word
from device.local.tts.sonic import RATE, SonicVoice
from device.wire.sonic import FASTEST, SLOWEST


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


@pytest.fixture
async def voice(cartesia):
    made = []

    def make(**more):
        made.append(SonicVoice(settings_for(cartesia, **more), "en"))
        return made[-1]

    yield make
    for one in made:
        await one.close()


async def parts(context):
    return [part async for part in context.parts()]


async def test_sentences_of_a_message_are_said_in_one_breath_with_the_times_of_their_words(cartesia, voice):
    one = voice()
    one.warm_up()
    context = one.begin(1.2)
    for sentence in ("**It** is.", "\U0001f600", "Yes."):
        context.say(sentence)
    context.end()
    said = await parts(context)
    assert sum(len(part) for part in said if not isinstance(part, tuple)) == 3 * RATE // 10
    assert [word for part in said if isinstance(part, tuple) for word in part] == [
        Word("It", 0, 100),
        Word("is.", 100, 200),
        Word("Yes.", 200, pytest.approx(300)),
    ]
    # What nothing is left of to be spoken is not sent.
    assert [(request["transcript"], request["continue"]) for request in cartesia.requests] == [
        ("It is. ", True),
        ("Yes. ", True),
        ("", False),
    ]
    assert {request["generation_config"]["speed"] for request in cartesia.requests} == {1.2}


@pytest.mark.parametrize(("speed", "sent"), [(0.25, SLOWEST), (1.5, FASTEST), (9.0, FASTEST)])
async def test_a_speed_is_kept_within_what_sonic_can(cartesia, voice, speed, sent):
    context = voice().begin(speed)
    context.say("Yes.")
    await cartesia.until(lambda: cartesia.requests)
    assert cartesia.requests[0]["generation_config"]["speed"] == sent


async def test_a_message_without_words_asks_nothing_of_sonic(cartesia, voice):
    context = voice().begin(1.0)
    context.say("\U0001f600")
    context.end()
    assert await parts(context) == []
    assert cartesia.handshakes == []


async def test_a_message_that_ends_without_audio_is_an_error(cartesia, voice):
    cartesia.replies.append("nothing")
    context = voice().begin(1.0)
    context.say("Yes.")
    context.end()
    await cartesia.until(lambda: len(cartesia.requests) == 2)
    await cartesia.done(cartesia.requests[0]["context_id"])
    with pytest.raises(CartesiaError, match="no audio within"):
        await parts(context)


async def test_audio_that_stops_coming_once_all_is_said_is_an_error(cartesia, voice):
    cartesia.replies.append("nothing")
    context = voice(timeout_s=0.1).begin(1.0)
    context.say("Yes.")
    await cartesia.until(lambda: cartesia.requests)
    await cartesia.chunk(cartesia.requests[0]["context_id"])
    coming = context.parts()
    assert len(await anext(coming)) == RATE // 10
    context.end()
    with pytest.raises(CartesiaError, match="no audio within"):
        await anext(coming)


async def test_a_brain_may_take_its_time_between_two_sentences(cartesia, voice):
    context = voice(timeout_s=0.2).begin(1.0)
    context.say("One.")
    coming = context.parts()
    assert len(await anext(coming)) == RATE // 10
    rest = asyncio.create_task(anext(coming))
    assert await rest == (Word("One.", 0, 100),)
    waiting = asyncio.create_task(anext(coming))
    done, _ = await asyncio.wait([waiting], timeout=0.4)
    assert not done
    context.say("Two.")
    assert len(await waiting) == RATE // 10
    await coming.aclose()


async def test_a_message_that_is_dropped_is_cancelled_once(cartesia, voice):
    one = voice()
    cartesia.replies.extend(["nothing", "nothing"])
    context = one.begin(1.0)
    context.say("One.")
    await cartesia.until(lambda: cartesia.requests)
    coming = context.parts()
    await cartesia.chunk(cartesia.requests[0]["context_id"])
    await anext(coming)
    await coming.aclose()
    await cartesia.until(lambda: cartesia.requests[-1] == {"cancel": True, "context_id": context.id})
    one.forget(context, cancel=True)
    other = one.begin(1.0)
    other.say("Two.")
    await cartesia.until(lambda: cartesia.requests[-1].get("transcript") == "Two. ")
    assert sum("cancel" in request for request in cartesia.requests) == 1


async def test_an_error_of_the_connection_fails_all_that_is_being_said(cartesia, voice):
    one = voice()
    cartesia.replies.extend(["nothing", "nothing"])
    contexts = [one.begin(1.0), one.begin(1.0)]
    for context in contexts:
        context.say("Hello.")
    await cartesia.until(lambda: len(cartesia.requests) == 2)
    await cartesia.voices[0].send_str('{"type":"error","done":true,"title":"Too many","status_code":429}')
    for context in contexts:
        with pytest.raises(CartesiaError, match="reports: Too many"):
            await parts(context)


async def test_a_voice_that_cannot_be_reached_says_why(cartesia, voice):
    cartesia.refuse = {"/tts/websocket": 401}
    context = voice().begin(1.0)
    context.say("Hello.")
    with pytest.raises(CartesiaError, match=r"refused the connection \(401\)"):
        await parts(context)


async def test_events_that_say_nothing_are_passed_over(cartesia, voice):
    cartesia.replies.append("nothing")
    context = voice().begin(1.0)
    context.say("Hello.")
    await cartesia.until(lambda: cartesia.requests)
    for event in (
        {"type": "flush_done", "flush_id": 1, "flush_done": True},
        {"type": "chunk", "data": ""},
        {"type": "timestamps", "word_timestamps": None},
    ):
        await cartesia.voices[0].send_str(json.dumps({"context_id": context.id, "done": False, **event}))
    await cartesia.chunk(context.id)
    assert len(await anext(context.parts())) == RATE // 10
