"""The server on a real port: limits, bad clients, many clients; and as a program that starts and stops."""

import asyncio
import json
import socket
import ssl
import threading
from pathlib import Path

import aiohttp
import numpy as np
import pytest
from msgspec.structs import replace
from openai import AsyncOpenAI
from support.raw_client import append, raw, text_item
from support.scripted import PATIENCE, Brain, Client, Prosody, Recogniser, Scripted, Vad, Voice, happens, tone

from device.local import load
from device.local.cascade import Stages
from device.local.server import serve
from device.local.session.inbox import BURST
from device.local.session.outbox import Outbox
from device.local.stages import EngineStartError, Text
from device.model_files.files import ModelError
from device.settings.tree import LocalSettings, Settings

MIB = 1024 * 1024


UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
}


async def test_websocket_base_url():
    async with Scripted() as server:
        url = server.url.replace("http", "ws")
        async with (
            AsyncOpenAI(api_key="x", websocket_base_url=url) as openai,
            openai.realtime.connect(model="other") as connection,
        ):
            created = await Client(connection).until("session.created")
            assert created.session.model == "other"


async def test_browser_clients_get_their_subprotocol():
    async with (
        Scripted() as server,
        raw(server, protocols=("realtime", "openai-insecure-api-key.x", "openai-agents-sdk.1")) as client,
    ):
        assert client.ws.protocol == "realtime"


async def test_health():
    async with Scripted(sessions=3) as server, server.connect(), aiohttp.ClientSession() as http:
        async with http.get(server.url.replace("/v1", "/health")) as answer:
            assert answer.status == 200
            health = await answer.json()
        assert (health["ready"], health["sessions"], health["max_sessions"]) == (True, 1, 3)
        assert health["version"]


async def test_plain_http_is_told_that_this_is_a_websocket():
    async with Scripted() as server, aiohttp.ClientSession() as http, http.get(f"{server.url}/realtime") as answer:
        assert answer.status == 426
        assert (await answer.json())["error"]["code"] == "websocket_required"


async def test_an_absurd_frame_ends_the_connection():
    async with Scripted() as server, server.connect() as other:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(server.url.split(":")[2].split("/")[0]))
        head = "".join(f"{name}: {value}\r\n" for name, value in UPGRADE.items())
        writer.write(f"GET /v1/realtime HTTP/1.1\r\nHost: localhost\r\n{head}\r\n".encode())
        await reader.readuntil(b"session.created")
        # The head of a masked text frame of 33 MiB; the server need not see the rest.
        writer.write(b"\x81\xff" + (33 * MIB).to_bytes(8, "big") + bytes(4))
        rest = await asyncio.wait_for(reader.read(), PATIENCE)
        close = rest.index(b"\x88", rest.rindex(b"}"))
        assert int.from_bytes(rest[close + 2 : close + 4], "big") == 1009
        writer.close()
        await other.speak()
        assert (await other.until("response.done")).response.status == "completed"


async def test_one_session_more_than_the_limit_is_refused():
    async with Scripted(sessions=2) as server, aiohttp.ClientSession() as http:
        async with raw(server), raw(server):
            async with http.get(f"{server.url}/realtime", headers=UPGRADE) as answer:
                assert answer.status == 503
                message = (await answer.json())["error"]["message"]
            assert "local.sessions" in message
            assert "2 sessions" in message
        async with raw(server) as client:
            await client.lives()


async def test_a_hundred_sessions_at_once():
    brain = Brain(lambda asked: [Text(f"You are {asked.turns[-1].text}.")])
    async with Scripted(brain=brain, sessions=100) as server:

        async def talk(n):
            async with raw(server) as client:
                await client.send(type="conversation.item.create", item=text_item(f"number {n}"))
                await client.send(type="response.create")
                done = await client.until("response.done")
                return done.response.output[0].content[0].transcript

        said = await asyncio.gather(*(talk(n) for n in range(100)))
        assert said == [f"You are number {n}." for n in range(100)]


async def test_sessions_do_not_hear_each_other():
    async with Scripted(Recogniser("one", "two")) as server, server.connect() as first, server.connect() as second:
        await first.append(tone(400))
        await second.append(np.zeros(48_000, np.int16))
        await second.update()
        await first.speak(ms=200)
        await first.until("response.done")
        assert not second.of("input_audio_buffer.speech_started")
        await second.speak()
        await second.until("response.done")
        assert [turn.text for turn in server.brain.asked[-1].turns] == ["two"]


async def test_a_client_that_vanishes_in_mid_reply():
    voice = Voice(words=10**6)
    async with Scripted(voice=voice) as server, server.connect() as other:
        async with raw(server) as client:
            await client.send(type="response.create")
            await client.until("response.output_audio.delta")
            client.ws._response.connection.transport.abort()  # noqa: SLF001 - aiohttp's: cut off without a farewell
            await happens(voice.closed)
        voice.words = None
        await other.speak()
        assert (await other.until("response.done")).response.status == "completed"


async def test_a_client_that_never_reads_is_dropped_and_hogs_nothing():
    voice = Voice(words=10**6)
    async with Scripted(voice=voice, stall_s=1.0) as server, server.connect() as other:
        async with raw(server) as client:
            await client.send(type="response.create")
            await client.until("response.output_audio.delta")
            await happens(voice.closed)
        # Loopback sockets swallow some megabytes; 10 MiB of base64 are 16 minutes of audio.
        assert voice.pieces * 6400 < 10 * MIB
        voice.words = None
        await other.speak()
        assert (await other.until("response.done")).response.status == "completed"


async def test_a_client_that_asks_and_never_reads_is_not_heard_for_ever():
    async def ask(client):
        while True:
            await client.send(type="conversation.item.retrieve", item_id="big")
            await asyncio.sleep(0)

    async with Scripted(stall_s=1.0) as server, raw(server) as client:
        await client.send(type="conversation.item.create", item={**text_item("x" * 100_000), "id": "big"})
        with pytest.raises(ConnectionError):
            await asyncio.wait_for(ask(client), PATIENCE)


async def test_shutting_down_says_goodbye():
    async with Scripted() as server, raw(server) as client:
        await server.shut_down()
        frame = await client.ws.receive(PATIENCE)
        assert (frame.type, frame.data) == (aiohttp.WSMsgType.CLOSE, 1001)


async def test_what_is_not_served_is_said_in_json():
    not_there = {
        ("POST", "/realtime/calls"): "WebRTC",
        ("POST", "/realtime/sessions"): "beta",
        ("POST", "/realtime/transcription_sessions"): "beta",
        ("GET", "/models"): "any name",
        ("GET", "/../x"): "/x",
    }
    async with Scripted() as server, aiohttp.ClientSession() as http:
        for (method, path), named in not_there.items():
            async with http.request(method, f"{server.url}{path}") as answer:
                error = (await answer.json())["error"]
            assert (answer.status, error["code"], error["type"]) == (404, "not_found", "invalid_request_error")
            assert "/v1/realtime/client_secrets" in error["message"]
            assert named in error["message"]
        async with http.post(f"{server.url}/realtime") as answer:
            assert (answer.status, (await answer.json())["error"]["code"]) == (405, "method_not_allowed")
            assert "GET" in answer.headers["Allow"]


async def test_a_client_that_says_nothing_makes_room_for_others():
    async with Scripted(idle_s=0.3, sessions=1) as server:
        async with raw(server) as idle:
            frame = await idle.ws.receive(PATIENCE)
            assert (frame.type, frame.data) == (aiohttp.WSMsgType.CLOSE, 1008)
            assert "Idle" in frame.extra
        async with raw(server) as client:
            await client.lives()


async def test_a_storm_of_one_client_delays_nobody_else():
    storm = 3000
    brain = Brain(lambda asked: [Text("It is noon.")] if asked.turns else [])
    async with Scripted(brain=brain, voice=Voice(words=3)) as server, raw(server) as stormy, raw(server) as other:
        event = json.dumps({"type": "response.create"})
        await asyncio.gather(*(stormy.ws.send_str(event) for _ in range(storm)))
        await other.send(type="conversation.item.create", item=text_item("hello"))
        await other.send(type="response.create")
        assert (await other.until("response.done")).response.status == "completed"
        # By then next to nothing of the storm was answered; all of it would take the engine seconds.
        assert len(brain.asked) < BURST + 10


async def test_pings_are_answered_while_the_session_is_at_work():
    recogniser = Recogniser()
    recogniser.go.clear()
    vad = SlowVad()
    async with Scripted(recogniser, vad=lambda: vad) as server, raw(server, autoping=False) as client:
        await client.send(**append(bytes(48_000)))
        await happens(vad.asked)
        await client.ws.ping(b"there?")
        frame = await client.ws.receive(PATIENCE)
        assert (frame.type, frame.data) == (aiohttp.WSMsgType.PONG, b"there?")
        vad.go.set()
        await client.lives()


class SlowVad(Vad):
    """Is at work until it may go on."""

    def __init__(self):
        self.asked, self.go = threading.Event(), threading.Event()

    def probability(self, block):
        self.asked.set()
        assert self.go.wait(PATIENCE)
        return 0.0


ANY_PORT = Settings(local=LocalSettings(port=0))


@pytest.fixture
def stages(monkeypatch):
    made = Stages(Recogniser(), Brain(), Voice(), Vad, Prosody())
    monkeypatch.setattr(load, "load_stages", lambda settings: made)
    return made


async def start(settings):
    """Start a server and wait until it is ready; return its task and port."""
    port = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(serve(settings, ready=port.set_result))
    done, _ = await asyncio.wait([task, port], timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
    if task in done:
        await task
    return task, await port


async def test_it_serves_until_cancelled(stages):
    task, port = await start(ANY_PORT)
    async with aiohttp.ClientSession() as http, http.ws_connect(f"http://127.0.0.1:{port}/v1/realtime") as ws:
        created = await ws.receive_json(timeout=PATIENCE)
        assert created["session"]["audio"]["output"]["voice"] == "default"
        task.cancel()
        assert (await ws.receive(PATIENCE)).type is aiohttp.WSMsgType.CLOSE
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(OSError, match="refused"), socket.create_connection(("127.0.0.1", port)):
        pass


async def test_a_port_that_is_taken_is_named(stages):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(EngineStartError, match=rf"127\.0\.0\.1 port {port}.*local\.port"):
            await start(Settings(local=LocalSettings(port=port)))


async def test_an_address_that_is_not_ours_is_named(stages):
    with pytest.raises(EngineStartError, match=r"192\.0\.2\.1 .*no such address.*local\.host"):
        await start(replace(ANY_PORT, local=LocalSettings(host="192.0.2.1", port=0)))


async def test_it_refuses_sessions_while_it_loads(monkeypatch):
    loading = threading.Event()

    def load_slowly(settings):
        assert loading.wait(PATIENCE)
        return Stages(Recogniser(), Brain(), Voice(), Vad, Prosody())

    monkeypatch.setattr(load, "load_stages", load_slowly)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    ready = asyncio.Event()
    settings = Settings(local=LocalSettings(port=port))
    task = asyncio.create_task(serve(settings, ready=lambda _: ready.set()))
    async with aiohttp.ClientSession() as http:
        answer = await answered(http, f"http://127.0.0.1:{port}/health")
        assert (answer.status, (await answer.json())["ready"]) == (503, False)
        async with http.get(f"http://127.0.0.1:{port}/v1/realtime") as answer:
            assert (answer.status, (await answer.json())["error"]["code"]) == (503, "engine_loading")
        loading.set()
        await asyncio.wait_for(ready.wait(), PATIENCE)
        async with http.get(f"http://127.0.0.1:{port}/health") as answer:
            assert (answer.status, (await answer.json())["ready"]) == (200, True)
    task.cancel()


async def answered(http, url):
    """Ask until somebody listens."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                return await http.get(url)
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.01)


async def test_a_missing_model_ends_it_with_the_fix(tmp_path):
    with pytest.raises(ModelError, match="models fetch"):
        await start(replace(ANY_PORT, models_dir=str(tmp_path)))


async def test_a_session_that_breaks_off_is_told_in_the_log_and_ends(monkeypatch, caplog):
    async def broken(self):
        raise RuntimeError("scripted")

    monkeypatch.setattr(Outbox, "run", broken)
    async with Scripted() as server, aiohttp.ClientSession() as http:
        async with http.ws_connect(f"{server.url}/realtime") as ws:
            assert (await ws.receive(PATIENCE)).type in {aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED}
        assert "broke off" in caplog.text
        async with http.get(server.url.replace("/v1", "/health")) as answer:
            assert (await answer.json())["sessions"] == 0


async def test_ping_and_pong_are_no_events():
    async with Scripted() as server, raw(server) as client:
        await client.ws.ping()
        await client.ws.pong()
        await client.lives()


PEM = Path(__file__).parents[1] / "support" / "localhost.pem"


async def test_it_speaks_tls_to_clients_that_want_it(stages):
    settings = Settings(local=LocalSettings(port=0, tls_cert=str(PEM), tls_key=str(PEM)))
    task, port = await start(settings)
    context = ssl.create_default_context(cafile=PEM)
    url = f"wss://localhost:{port}/v1/realtime"
    async with aiohttp.ClientSession() as http, http.ws_connect(url, ssl=context) as ws:
        assert (await ws.receive_json(timeout=PATIENCE))["type"] == "session.created"
    task.cancel()


async def test_a_foreign_page_is_refused_by_the_program_too(stages):
    task, port = await start(ANY_PORT)
    async with aiohttp.ClientSession() as http:
        for headers, status in (({}, 200), ({"Origin": "http://evil.example"}, 403), ({"Host": "evil.example"}, 403)):
            async with http.get(f"http://127.0.0.1:{port}/health", headers=headers) as answer:
                assert answer.status == status
    task.cancel()
