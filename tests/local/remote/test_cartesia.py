import asyncio

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.scripted import Brain, audio_of
from support.scripted_cascade import KEY, ZEROS, engine, settings_for, spoken

from device.local.remote.cartesia import QUOTED, REMEDIES, Cartesia, CartesiaError
from device.local.stages import Text
from device.settings.local import CartesiaSettings
from device.settings.types import Secret
from device.wire import sonic


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


@pytest.fixture
async def http():
    async with aiohttp.ClientSession() as made:
        yield made


async def test_a_socket_is_asked_for_with_the_key_and_the_version(cartesia, http):
    socket = await Cartesia(settings_for(cartesia, api_key=Secret())).connect(http, "/tts/websocket", {"a": "b"})
    await socket.close()
    request = cartesia.handshakes[0]
    assert "Authorization" not in request.headers
    assert request.headers["Cartesia-Version"] == "2026-08-14"
    assert request.query["a"] == "b"


@pytest.mark.parametrize("status", [*REMEDIES, 418, 500, 503])
async def test_a_handshake_that_is_refused_is_told_with_what_to_do(cartesia, http, status):
    cartesia.refuse = {"/tts/websocket": status}
    other = "try again later" if status >= 500 else "check cartesia.url and the models"
    with pytest.raises(CartesiaError, match=rf"127\.0\.0\.1 refused the connection \({status}\)") as caught:
        await Cartesia(settings_for(cartesia)).connect(http, "/tts/websocket")
    assert str(caught.value).endswith(REMEDIES.get(status, other))
    assert KEY not in str(caught.value)
    assert not caught.value.idle


async def test_a_server_that_is_not_there_is_told_of(http, unused_tcp_port):
    away = Cartesia(CartesiaSettings(url=f"ws://127.0.0.1:{unused_tcp_port}", api_key=Secret(KEY), voice="v"))
    with pytest.raises(CartesiaError, match=r"out of reach .*check the network and cartesia\.url"):
        await away.connect(http, "/tts/websocket")


async def test_a_handshake_without_an_answer_is_given_up_in_time(http):
    async def nothing(reader, writer):
        await reader.read()  # to the end: from Python 3.12 on, a server closes only once its connections have
        writer.close()

    async with await asyncio.start_server(nothing, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        silent = Cartesia(CartesiaSettings(url=f"ws://127.0.0.1:{port}", api_key=Secret(KEY), voice="v", timeout_s=0.1))
        with pytest.raises(CartesiaError, match=r"no answer to a handshake within 0\.1 s.*cartesia\.timeout_s"):
            await silent.connect_in_time(http, "/tts/websocket")


async def test_what_cannot_be_understood_is_passed_over(cartesia, http, caplog):
    one = Cartesia(settings_for(cartesia))
    socket = await one.connect(http, "/tts/websocket")
    await cartesia.until(lambda: cartesia.voices)
    for text in ("{", '{"type":"news","context_id":"c"}', '{"type":"done","context_id":"c","done":true}'):
        await cartesia.voices[0].send_str(text)
    with caplog.at_level("DEBUG"):
        event = await one.receive(socket, sonic.decode_server, "Sonic")
    assert event == sonic.Done(context_id="c")
    assert "Sonic sends what is no JSON object (invalid_json); it is passed over" in caplog.text
    assert "Sonic sent an event that is not understood: news" in caplog.text
    await cartesia.voices[0].close(code=1001, message=f"restart {KEY}\nnow".encode())
    with pytest.raises(CartesiaError, match=r"closed the connection \(1001, restart \*\*\* now\)") as caught:
        await one.receive(socket, sonic.decode_server, "Sonic")
    assert caught.value.idle


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (("Bad voice", "no such voice", "voice_not_found"), "reports: Bad voice: no such voice: voice_not_found"),
        ((None, "no such voice", None), "reports: no such voice"),
        ((None, None, None), "reports: no reason"),
        ((f"Bad key {KEY}", None, None), "reports: Bad key ***"),
        (("x" * 2 * QUOTED, None, None), "x" * QUOTED),
    ],
)
def test_what_a_server_reports_is_told_without_the_key(said, told):
    one = Cartesia(CartesiaSettings(url="wss://api.cartesia.ai", api_key=Secret(KEY), voice="v"))
    message = str(one.said(*said))
    assert message.startswith("api.cartesia.ai reports: ")
    assert message.endswith(told)


@given(st.text())
def test_what_is_passed_on_fits_one_line_of_a_log(text):
    assert Cartesia(CartesiaSettings(url="wss://api.cartesia.ai", voice="v")).clean(text).isprintable()
