import asyncio

import numpy as np
import pytest
from support.scripted_cascade import KEY, PATIENCE, engine, hear, settings_for

from device.local.remote.cartesia import CartesiaError
from device.local.stages import TurnBegan, TurnEnded, TurnLost, TurnPaused, TurnResumed
from device.local.stt import ink
from device.local.stt.ink import BACKLOG, InkRecogniser

SPEECH = np.full(1600, 1000, np.int16)


@pytest.fixture
async def listen(cartesia):
    """Open a stream; return it and the queue of what it tells."""
    streams = []

    def opened(**more):
        told = asyncio.Queue()
        streams.append(InkRecogniser(settings_for(cartesia, **more)).listen(told.put_nowait))
        return streams[-1], told

    yield opened
    for stream in streams:
        await stream.close()


@pytest.fixture
async def speak():
    """Let a stream hear a microphone."""
    tasks = []

    def begin(stream):
        async def go():
            while True:
                stream.hear(SPEECH)
                await asyncio.sleep(0.01)

        tasks.append(asyncio.create_task(go()))

    yield begin
    for task in tasks:
        task.cancel()


async def next_of(told):
    return await asyncio.wait_for(told.get(), PATIENCE)


async def test_a_stream_tells_of_turns(cartesia, listen):
    _, told = listen()
    await cartesia.until(lambda: cartesia.streams)
    for kind, text in (
        ("turn.start", None),
        ("turn.update", "what"),
        ("turn.eager_end", " what time "),
        ("turn.resume", None),
        ("turn.end", " what time is it "),
    ):
        await cartesia.turn(kind, text)
    assert [await next_of(told) for _ in range(4)] == [
        TurnBegan(),
        TurnPaused("what time"),
        TurnResumed(),
        TurnEnded("what time is it"),
    ]


async def test_audio_is_sent_in_frames_of_100_ms_at_most(cartesia, listen):
    stream, _ = listen()
    stream.hear(np.empty(0, np.int16))
    stream.hear(np.arange(4000, dtype=np.int16))
    await cartesia.until(lambda: len(cartesia.heard) >= 8000)
    assert cartesia.heard[:8000] == np.arange(4000, dtype="<i2").tobytes()


async def test_while_there_is_no_connection_the_newest_audio_waits(cartesia, listen):
    cartesia.refuse = {"/stt/turns/websocket": 500}
    stream, told = listen()
    assert isinstance(await next_of(told), TurnLost)
    for n in range(2 * BACKLOG // 1600):
        stream.hear(np.full(1600, n, np.int16))
    cartesia.refuse = {}
    await cartesia.until(lambda: len(cartesia.heard) >= 2 * BACKLOG)
    assert np.frombuffer(cartesia.heard, "<i2")[0] == BACKLOG // 1600


async def test_silence_is_sent_while_a_turn_waits_for_its_end(cartesia):
    async with engine(cartesia) as server, server.connect() as client:
        await hear(client, cartesia)
        await cartesia.turn("turn.start")
        before = len(cartesia.heard)
        # The client sends nothing more.
        await cartesia.until(lambda: len(cartesia.heard) >= before + 3 * 3200)
        assert not any(cartesia.heard[before:])
        await cartesia.turn("turn.end", "hello")
        assert (await client.until("response.done")).response.status == "completed"


async def test_a_turn_that_never_ends_is_lost(cartesia, listen):
    stream, told = listen(end_timeout_ms=1600, timeout_s=0.1)
    stream.hear(SPEECH)
    await cartesia.until(lambda: cartesia.heard)
    await cartesia.turn("turn.start")
    assert await next_of(told) == TurnBegan()
    lost = await next_of(told)
    assert "did not end a turn within 1.7 s of silence" in str(lost.error)


async def test_an_error_of_the_server_s_ends_the_stream_and_the_next_one_hears(cartesia, listen, speak):
    stream, told = listen()
    await cartesia.until(lambda: cartesia.streams)
    await cartesia.streams[0].send_str('{"type":"error","title":"Busy","message":"later"}')
    lost = await next_of(told)
    assert "reports: Busy: later" in str(lost.error)
    speak(stream)
    await cartesia.until(lambda: len(cartesia.streams) == 2 and cartesia.heard)
    await cartesia.turn("turn.start")
    assert await next_of(told) == TurnBegan()


async def test_a_stream_that_closed_for_want_of_use_is_nothing_to_tell_of(cartesia, listen, speak):
    stream, told = listen()
    await cartesia.until(lambda: cartesia.streams)
    await cartesia.streams[0].close()
    speak(stream)
    await cartesia.until(lambda: len(cartesia.streams) == 2 and cartesia.heard)
    assert told.empty()


async def test_a_stream_that_held_is_opened_again_at_once(cartesia, listen, speak, monkeypatch):
    monkeypatch.setattr(ink, "STEADY_S", 0.0)
    monkeypatch.setattr(ink, "RETRY_S", 10 * PATIENCE)
    stream, _ = listen()
    await cartesia.until(lambda: cartesia.streams)
    await cartesia.streams[0].close()
    speak(stream)
    await cartesia.until(lambda: len(cartesia.streams) == 2)


async def test_a_stream_that_is_closed_says_so_to_ink(cartesia, listen):
    stream, _ = listen()
    stream.hear(SPEECH)
    await cartesia.until(lambda: cartesia.heard)
    await stream.close()
    await stream.close()
    await cartesia.until(lambda: cartesia.texts)
    assert cartesia.texts == ['{"type":"close"}']


async def test_a_piece_is_written_down_by_itself(cartesia):
    recogniser = InkRecogniser(settings_for(cartesia))
    recogniser.warm_up()
    cartesia.written = " what time is it "
    assert await recogniser.transcribe(np.full(4000, 7, np.int16)) == "what time is it"
    assert cartesia.heard == np.full(4000, 7, "<i2").tobytes()
    await recogniser.close()


@pytest.mark.parametrize(
    ("act", "said"),
    [
        ("error", "reports: Busy"),
        ("close", r"closed the connection \(1001\)"),
        ("nothing", r"no transcript within 0\.2 s"),
    ],
)
async def test_a_piece_that_is_not_written_down_is_an_error(cartesia, act, said):
    cartesia.pieces.append(act)
    with pytest.raises(CartesiaError, match=said) as caught:
        await InkRecogniser(settings_for(cartesia, timeout_s=0.2)).transcribe(SPEECH)
    assert KEY not in str(caught.value)
