"""The stock clients, as they are, in conversation with `parley engine`: a voice turn, a tool call, an interruption.

What each client got is what its program says (programs/scenes.py); what the engine made of it, its language model
knows. All clients talk at the same time, three at once, in real time.
"""

from __future__ import annotations

import re
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from clients.house import HERE, NOBODY, SAYS, STORY, Model, Performance, engine, record, run

from device.local.tts.espeak import EspeakVoice
from device.settings.tree import LocalSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.realtime

CLIENTS = ["openai_async", "openai_sync", "openai_agents", "pipecat_realtime", "livekit_realtime", "agents_js"]
AT_ONCE = 3
PROGRAMS = HERE / "programs"


class Conversations:
    """All that was said, by client."""

    def __init__(self, running: dict[str, Future[Performance]], model: Model) -> None:
        self._running = running
        self._model = model

    def scene(self, client: str, name: str) -> dict[str, Any]:
        """Return what a client reports of a scene."""
        performance = self._running[client].result()
        assert name in performance.scenes, performance.trouble
        return performance.scenes[name]

    def trouble(self, client: str) -> str:
        """Return what went wrong with a client, if anything did."""
        return self._running[client].result().trouble

    def asked(self, client: str) -> list[dict[str, Any]]:
        """Return the messages that the language model was asked with last; its instructions name the client."""
        return [said for said in self._model.asked if said[0]["content"].endswith(f" {client}.")][-1]


@pytest.fixture(scope="module")
def conversations(request, tmp_path_factory, models) -> Iterator[Conversations]:
    models("moonshine_tiny_en/encoder_model.ort")
    folder = tmp_path_factory.mktemp("clients")
    record(folder)
    chosen = {item.callspec.params["client"] for item in request.session.items if item.module is request.module}
    with (
        Model().serving() as model,
        engine(tmp_path_factory.mktemp("sentences")) as sentences,
        engine(tmp_path_factory.mktemp("chat"), model.url) as chat,
        ThreadPoolExecutor(AT_ONCE) as pool,
    ):
        arguments = [*(url.removesuffix("/realtime").replace("ws:", "http:") for url in (sentences, chat)), str(folder)]
        yield Conversations({name: pool.submit(run, PROGRAMS / f"{name}.py", *arguments) for name in chosen}, model)


def spoken_ms(text: str) -> float:
    """Return how long our voice speaks for a text."""
    voice = EspeakVoice("en-gb", LocalSettings().words_per_minute, "en")
    return sum(map(len, voice.speak(text))) * 1000 / voice.rate


def words(text: str) -> str:
    return re.sub(r"[^a-z ]", "", text.lower())


@pytest.mark.parametrize("client", CLIENTS)
def test_a_voice_turn(conversations, client):
    turn = conversations.scene(client, "turn")
    assert words(turn["heard"]) == SAYS["time"]
    assert re.fullmatch(r"It is .*(morning|afternoon|evening|night|noon|midnight)\.", turn["said"])
    assert turn["audio_ms"] == pytest.approx(spoken_ms(turn["said"]), rel=0.08)
    assert turn["calls"] == []


@pytest.mark.parametrize("client", CLIENTS)
def test_a_tool_call(conversations, client):
    tool = conversations.scene(client, "tool")
    assert words(tool["heard"]) == SAYS["timer"]
    assert tool["calls"] == [{"name": "set_timer", "arguments": {"seconds": 300}}]
    assert "5 minutes" in tool["said"]
    assert tool["audio_ms"] == pytest.approx(spoken_ms(tool["said"]), rel=0.08)


@pytest.mark.parametrize("client", CLIENTS)
def test_an_interruption(conversations, client):
    after = conversations.scene(client, "interruption")
    assert words(after["heard"]) == SAYS["castle"]
    assert after["said"].strip() == NOBODY
    # No audio of the story came after it was cut off.
    assert after["audio_ms"] == pytest.approx(spoken_ms(NOBODY), rel=0.08)
    story = after["story"]
    assert "story" in story["heard"]
    assert 1500 < story["audio_ms"] < 0.6 * sum(map(spoken_ms, STORY))
    roles = [(said["role"], said["content"]) for said in conversations.asked(client)][1:]
    assert [role for role, _ in roles] == ["user", "assistant", "user"]
    # The user heard some two seconds of it; four sentences or more were received.
    kept = roles[1][1]
    assert 0 < len(kept) < len(" ".join(STORY[:2]))
    assert " ".join(STORY).startswith(kept)
    if after["kept"]:
        assert after["kept"] == kept


@pytest.mark.parametrize("client", CLIENTS)
def test_it_ends_well(conversations, client):
    trouble = conversations.trouble(client)
    assert not trouble, trouble
