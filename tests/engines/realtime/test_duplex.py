"""vLLM-Omni's duplex, against a server scripted from the types of `vllm_omni` 0.30.0."""

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace
from support.network import vanish
from support.scripted_omni import MINICPM, Omni
from support.sessions import SOON, until

from device.conversation.engine import (
    Audio,
    AudioDone,
    EngineError,
    Fault,
    ReplyEnded,
    ReplyStarted,
    Said,
    SpeechStarted,
    ToolSpec,
    Wanted,
)
from device.conversation.events import Heard
from device.engines.realtime import duplex
from device.engines.realtime.config import RealtimeConfig, remote_config
from device.engines.realtime.duplex import DuplexSession, realtime_session
from device.engines.realtime.session import RealtimeSession
from device.settings.engines import RealtimeEngine, known_engines

QWEN = MINICPM | {"supports_model_native_turn_policy": False, "supports_text_only_turn": True}
NEMOTRON = MINICPM | {"supports_barge_in": False, "supports_audio_truncate": False}


Open = Callable[..., Awaitable[DuplexSession]]


@pytest.fixture
async def server() -> AsyncIterator[Omni]:
    async with Omni() as running:
        yield running


def config(server: Omni, wanted: Wanted | None = None, **fields: Any) -> RealtimeConfig:
    engine = RealtimeEngine(url=server.url, dialect="vllm-omni", model="mini", **fields)
    return remote_config("vllm-omni", engine, wanted or Wanted(instructions="Be brief."))


@pytest.fixture
async def opened(server: Omni) -> AsyncIterator[Open]:
    sessions = []

    async def start(history: tuple[Said, ...] = (), *, unheard_s: float = 2.0, **fields: Any) -> DuplexSession:
        session = DuplexSession(replace(config(server, **fields), unheard_s=unheard_s))
        sessions.append(session)
        async with asyncio.timeout(SOON):
            await session.open(history)
        return session

    yield start
    for session in sessions:
        await session.close()


def test_the_known_engine_is_duplex() -> None:
    config = remote_config("vllm-omni", known_engines()["vllm-omni"], Wanted())
    assert type(realtime_session(config)) is DuplexSession
    config = remote_config("openai", known_engines()["openai"], Wanted())
    assert type(realtime_session(config)) is RealtimeSession


async def test_the_session_begins_with_our_settings(server: Omni, opened: Open) -> None:
    await opened((Said("user", "I am Ada."), Said("assistant", "Hello Ada.")))
    assert server.queries == [{"duplex": "1", "autostart": "0", "model": "mini"}]
    (update,) = server.all("session.update")
    assert update["session"] == {
        "model": "mini",
        "instructions": "Be brief.\n\nThe conversation so far:\nUser: I am Ada.\nYou: Hello Ada.",
        "modalities": ["audio", "text"],
        "input_audio_format": "pcm16",
        "output_audio_format": "pcm16",
        "sample_rate_hz": 16_000,
        "audio": {"input": {"sample_rate_hz": 16_000}, "output": {"sample_rate_hz": 24_000}},
        "input_audio_transcription": None,
        "turn_detection": None,
        "extra_body": {"auto_response": True},
    }


async def test_a_native_model_is_a_stream_that_is_fed_all_the_time(opened: Open) -> None:
    able = (await opened()).capabilities
    assert (able.family, able.continuous, able.playback, able.truncation) == ("stream", True, True, True)
    assert (able.hear_rate, able.server_vad, able.prompted) == (16_000, True, False)


async def test_a_model_of_turns_is_told_to_find_them(server: Omni, opened: Open) -> None:
    server.capabilities = QWEN
    able = (await opened()).capabilities
    assert (able.family, able.continuous, able.prompted) == ("turns", False, True)
    first, second = server.all("session.update")
    assert first["session"]["turn_detection"] is None
    assert second["session"] == {
        "turn_detection": {"type": "server_vad", "silence_duration_ms": 500},
        "overlap_policy": "barge_in_on_speech",
    }


async def test_a_server_without_duplex_is_named(server: Omni) -> None:
    server.capabilities = None
    session = DuplexSession(config(server))
    with pytest.raises(EngineError) as caught:
        await session.open(())
    assert (caught.value.fault.code, caught.value.fault.retry) == ("no_duplex", False)
    assert "engine.vllm-omni.dialect" in caught.value.fault.message


@pytest.mark.parametrize(
    ("greeting", "code", "retry"),
    [
        ({"type": "error", "error": "VAD realtime is not enabled", "code": "unsupported"}, "unsupported", False),
        (
            {"type": "error", "error": {"code": "resource_exhausted", "type": "rate_limit_error", "message": "full"}},
            "resource_exhausted",
            True,
        ),
    ],
)
async def test_a_refusal_in_either_shape(server: Omni, greeting: dict[str, Any], code: str, retry: bool) -> None:
    server.greeting = greeting
    session = DuplexSession(config(server))
    with pytest.raises(EngineError) as caught:
        async with asyncio.timeout(SOON):
            await session.open(())
    assert (caught.value.fault.code, caught.value.fault.retry) == (code, retry)


async def test_a_voice_to_speak_in_is_sent(server: Omni, opened: Open, tmp_path: Any) -> None:
    (tmp_path / "voice.wav").write_bytes(b"RIFF\x04\0\0\0WAVE")
    await opened(reference_audio=str(tmp_path / "voice.wav"))
    assert server.all("session.update")[0]["session"]["ref_audio"] == "data:audio/wav;base64,UklGRgQAAABXQVZF"


async def test_a_voice_that_is_not_there_is_named(server: Omni) -> None:
    session = DuplexSession(config(server, reference_audio="/nowhere/voice.wav"))
    with pytest.raises(EngineError) as caught:
        await session.open(())
    assert "engine.vllm-omni.reference_audio cannot be read: No such file" in caught.value.fault.message


async def test_a_file_that_is_no_voice_is_not_sent(server: Omni, tmp_path: Any) -> None:
    (tmp_path / "key").write_text("sk-secret")
    session = DuplexSession(config(server, reference_audio=str(tmp_path / "key")))
    with pytest.raises(EngineError) as caught:
        await session.open(())
    assert caught.value.fault.message == "engine.vllm-omni.reference_audio cannot be read: it is no WAV file"
    assert server.all("session.update") == []


async def test_a_reply(server: Omni, opened: Open) -> None:
    session = await opened()
    await server.begin()
    await server.delta(b"\1\2" * 240)
    await server.send("playback.acknowledged", event={"item_id": "item_r1"})
    await server.send("response.output_audio.done", response_id="r1", item_id="item_r1")
    await server.send("response.output_item.done", response_id="r1", item={"type": "message", "id": "item_r1"})
    await server.done()
    assert await until(session, ReplyEnded) == [
        ReplyStarted("r1"),
        Audio("r1", "item_r1", b"\1\2" * 240),
        AudioDone("r1", "item_r1"),
        ReplyEnded("r1", "completed"),
    ]


async def test_a_reply_that_turns_into_listening_is_over(server: Omni, opened: Open) -> None:
    session = await opened()
    await server.begin()
    await server.send("response.listen", response_id="r1", response={"status": "listening"})
    assert await until(session, ReplyEnded) == [ReplyStarted("r1"), ReplyEnded("r1", "completed")]


async def test_listening_of_no_reply_is_nothing(server: Omni, opened: Open) -> None:
    session = await opened()
    await server.send("response.listen", response={"status": "listening"})
    await server.send("input_audio_buffer.speech_started", item_id=None, audio_start_ms=0)
    assert await until(session, SpeechStarted) == [SpeechStarted()]


async def test_audio_of_another_rate_comes_at_ours(server: Omni, opened: Open) -> None:
    session = await opened()
    tone = (8000 * np.sin(np.arange(22_050) * 2 * np.pi * 440 / 22_050)).astype(np.int16)
    await server.begin()
    await server.delta(tone.tobytes(), rate=22_050)
    await server.send("response.output_item.done", response_id="r1", item={"type": "message", "id": "item_r1"})
    await server.done()
    got = b"".join(one.pcm for one in await until(session, ReplyEnded) if isinstance(one, Audio))
    samples = np.frombuffer(got, np.int16).astype(float)
    assert abs(len(samples) - 24_000) < 480
    spectrum = np.abs(np.fft.rfft(samples[2400:21_600]))
    assert np.argmax(spectrum) * 24_000 / 19_200 == pytest.approx(440, abs=2)


async def test_what_the_card_played_is_told_and_only_when_it_is_news(server: Omni, opened: Open) -> None:
    session = await opened()
    await server.begin()
    await server.delta(bytes(48_000))
    await until(session, Audio)
    for ms in (100, 100, 250):
        await session.played(Heard("item_r1", ms, whole=False))
    await session.played(Heard("stranger", 50, whole=False))
    await session.played(Heard("item_r1", 400, whole=False))
    await server.wait("playback.ack", 3)
    acks = server.all("playback.ack")
    assert [one["played_ms"] for one in acks] == [100, 250, 400]
    assert {(one["response_id"], one["item_id"]) for one in acks} == {("r1", "item_r1")}


async def test_an_interruption_is_told_by_what_was_played(server: Omni, opened: Open) -> None:
    session = await opened()
    await server.begin()
    await server.delta(bytes(48_000))
    await until(session, Audio)
    await session.interrupt([Heard("item_r1", 320, whole=False)])
    cancel = await server.wait("response.cancel")
    assert cancel["response_id"] == "r1"
    (ack,) = server.all("playback.ack")
    assert (ack["played_ms"], ack["committed_ms"]) == (320, 320)
    assert server.received.index(ack) < server.received.index(cancel)
    assert (await server.wait("conversation.item.truncate"))["audio_end_ms"] == 320


async def test_a_model_that_is_not_to_be_interrupted_is_not_asked_to_stop(server: Omni, opened: Open) -> None:
    server.capabilities = NEMOTRON
    session = await opened()
    await server.begin()
    await server.delta(bytes(48_000))
    await until(session, Audio)
    await session.interrupt([Heard("item_r1", 320, whole=False)])
    await session.hear(bytes(320))
    await server.wait("input_audio_buffer.append")
    assert server.all("playback.ack")
    assert not server.all("response.cancel")
    assert not server.all("conversation.item.truncate")


@pytest.mark.parametrize(("model", "offered"), [("mini", False), ("nvidia/Nemotron-VoiceChat", True)])
async def test_tools_are_offered_to_a_model_that_calls_them(server: Omni, model: str, offered: bool) -> None:
    tool = ToolSpec("get_time", "Tell the time.", {"type": "object", "properties": {}})
    engine = RealtimeEngine(url=server.url, dialect="vllm-omni", model=model)
    session = DuplexSession(remote_config("x", engine, Wanted(tools=(tool,))))
    await session.open(())
    assert ("tools" in server.all("session.update")[0]["session"]) is offered
    assert session.capabilities.tools is offered
    await session.close()


async def test_events_with_nulls_in_them_count_too(server: Omni, opened: Open) -> None:
    await opened()
    await server.send("overlap.decision", session_id="s", epoch=None, policy=None, action=None, reason=None)
    await server.send("session.updated", session=None)
    server.drop()
    assert (await server.wait("session.resume"))["last_received_server_event_seq"] == 4


async def test_a_dropped_connection_goes_on_where_it_was(server: Omni, opened: Open) -> None:
    session = await opened()
    await server.begin()
    await server.delta(b"\1\0")
    got = await until(session, Audio)
    server.ready.clear()
    server.drop()
    await server.delta(b"\2\0")
    resume = await server.wait("session.resume")
    await session.hear(b"\5\0" * 160)
    assert not server.all("input_audio_buffer.append")
    server.ready.set()
    assert resume["last_received_server_event_seq"] == 5  # of created, updated, response.created, speak and a delta
    await server.delta(b"\3\0")
    await server.done()
    got += await until(session, ReplyEnded)
    assert b"".join(one.pcm for one in got if isinstance(one, Audio)) == b"\1\0\2\0\3\0"
    append = await server.wait("input_audio_buffer.append")
    assert base64.b64decode(append["audio"]) == b"\5\0" * 160
    assert "autostart" in server.queries[1]


async def test_a_connection_that_goes_nowhere_is_left_for_another(server: Omni, opened: Open) -> None:
    session = await opened(unheard_s=0.3)
    await server.begin()
    await server.delta(b"\1\0")
    got = await until(session, Audio)
    assert server.transport is not None
    vanish(server.transport.get_extra_info("socket"), session.transport.socket.get_extra_info("socket"))
    await session.hear(bytes(320))  # which is not acknowledged
    await server.wait("session.resume")
    await server.delta(b"\2\0")
    await server.done()
    got += await until(session, ReplyEnded)
    assert b"".join(one.pcm for one in got if isinstance(one, Audio)) == b"\1\0\2\0"
    await session.hear(b"\5\0" * 160)
    assert base64.b64decode((await server.wait("input_audio_buffer.append"))["audio"]) == b"\5\0" * 160


async def test_the_token_of_the_last_connection_is_the_one_that_counts(server: Omni, opened: Open) -> None:
    await opened()
    for count in (1, 2, 3):
        server.drop()
        assert (await server.wait("session.resume", count))["resume_token"] == f"token-{count}"


async def test_events_that_come_twice_count_once(server: Omni, opened: Open) -> None:
    session = await opened()
    await server.begin()
    await server.delta(b"\1\0")
    assert server.socket is not None
    await server.socket.send_json(server.journal[-1])
    await server.delta(b"\2\0")
    await server.done()
    got = await until(session, ReplyEnded)
    assert [one.pcm for one in got if isinstance(one, Audio)] == [b"\1\0", b"\2\0"]


@pytest.mark.parametrize("code", ["session_resume_expired", "invalid_resume_token", "session_resume_conflict"])
async def test_a_session_that_was_not_kept_is_lost_at_once(server: Omni, opened: Open, code: str) -> None:
    session = await opened()
    server.refuse_resume = code
    server.drop()
    (fault,) = await until(session, Fault)
    assert isinstance(fault, Fault)
    assert (fault.code, fault.retry) == ("lost", True)
    assert len(server.all("session.resume")) == 1


async def test_a_server_that_keeps_no_sessions_is_not_asked(server: Omni, opened: Open) -> None:
    session = await opened()
    await server.send("session.resync_required", reason="journal_overflow")
    await server.send("input_audio_buffer.speech_started", item_id="u", audio_start_ms=0)
    await until(session, SpeechStarted)
    server.drop()
    (fault,) = await until(session, Fault)
    assert isinstance(fault, Fault)
    assert not server.all("session.resume")


async def test_a_server_that_is_gone_is_given_up_in_time(
    server: Omni, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duplex, "RESUME_S", 0.3)
    monkeypatch.setattr(duplex, "RETRY_S", 0.02)
    session = await opened()
    server.refuse_resume = "internal_error"  # which may pass, but does not
    server.drop()
    (fault,) = await until(session, Fault)
    assert isinstance(fault, Fault)
    assert fault.retry
    assert len(server.all("session.resume")) > 1


@pytest.mark.parametrize(
    ("kind", "fields", "code"),
    [
        ("session.closed", {"reason": "client_close"}, "session_closed"),
        ("session.expired", {"reason": "idle_ttl_expired"}, "session_expired"),
        ("session.replaced", {"attachment_generation": 2}, "session_replaced"),
    ],
)
async def test_a_session_that_the_server_ends(
    server: Omni, opened: Open, kind: str, fields: dict[str, Any], code: str
) -> None:
    session = await opened()
    await server.send(kind, session_id="duplex-1", **fields)
    (fault,) = await until(session, Fault)
    assert isinstance(fault, Fault)
    assert (fault.code, fault.retry) == (code, True)
    assert fields.get("reason", "") in fault.message


async def test_the_server_learns_what_came(server: Omni, opened: Open) -> None:
    await opened()
    for _ in range(2 * duplex.ACKNOWLEDGE):
        await server.send("turn.event", event="user_started", turn_state="listening")
    assert (await server.wait("session.event_ack", 2))["server_event_seq"] == 2 * duplex.ACKNOWLEDGE


async def test_a_heartbeat(server: Omni, opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplex, "HEARTBEAT_S", 0.01)
    await opened()
    await server.wait("session.heartbeat", 2)


async def test_closing_ends_the_session_at_the_server(server: Omni, opened: Open) -> None:
    session = await opened()
    await session.close()
    await server.wait("session.close")


@pytest.mark.parametrize(
    ("capabilities", "sent"),
    [(MINICPM, ["item", "item", "response"]), (QWEN, ["item", "response", "item"])],
)
async def test_only_a_model_of_turns_is_asked_to_speak_of_a_result(
    server: Omni, opened: Open, capabilities: dict[str, Any], sent: list[str]
) -> None:
    server.capabilities = capabilities
    session = await opened()
    await server.begin()
    item = {"type": "function_call", "id": "i", "call_id": "c", "name": "f", "arguments": "{}", "status": "completed"}
    await server.send("response.output_item.done", response_id="r1", item=item)
    await server.done()
    await until(session, ReplyEnded)
    await session.tool_result("c", "{}", reply=True)
    await session.say("Go on.")
    await server.wait("conversation.item.create", 2)
    await server.wait("response.create")
    kinds = {"conversation.item.create": "item", "response.create": "response"}
    assert [kinds[one["type"]] for one in server.received if one["type"] in kinds] == sent


async def test_a_session_that_cannot_be_resynchronized_is_not_resumed(server: Omni, opened: Open) -> None:
    session = await opened()
    await server.send("session.resync_required")
    await server.begin()
    await until(session, ReplyStarted)
    server.drop()
    async with asyncio.timeout(SOON):
        events = [event async for event in session.events()]
    assert isinstance(events[-1], Fault)
    assert not server.all("session.resume")
