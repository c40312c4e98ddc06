"""Sessions with the engines that the settings name."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from device.conversation.engine import EngineError, Fault, ToolSpec, Wanted
from device.engines.cartesia.session import CartesiaSession
from device.engines.factory import Engines, opening, session_with, wanted_by
from device.engines.gemini.session import GeminiSession
from device.engines.live.session import LiveSession
from device.engines.prompt import instructions
from device.engines.realtime.bare import BareSession
from device.engines.realtime.config import session_of
from device.engines.realtime.duplex import DuplexSession
from device.engines.realtime.session import RealtimeSession
from device.settings.tree import BargeInSettings, ListenSettings, LocalSettings, Settings
from device.settings.types import Secret
from device.wire.realtime_items import Transcription

if TYPE_CHECKING:
    from device.engines.realtime.config import RealtimeConfig

KEY = "sk-a-very-secret-key"
TOOL = ToolSpec("get_time", "Tell the time.", {"type": "object", "properties": {}})


def with_openai(**changes: Any) -> Settings:
    settings = Settings()
    openai = replace(settings.engine["openai"], api_key=Secret(KEY), **changes)
    return replace(settings, engines=("openai", "local"), engine={"openai": openai})


def config_of(settings: Settings, name: str, said: str = "", local_url: str = "") -> RealtimeConfig:
    session = session_with(settings, name, [TOOL], said, local_url=local_url)
    assert isinstance(session, RealtimeSession)
    return session.config


def test_a_session_with_openai_from_the_settings() -> None:
    settings = replace(with_openai(voice="cedar"), language="de", listen=ListenSettings(end_of_turn="semantic"))
    config = config_of(settings, "openai", "Be kind.")
    engine, wanted = config.engine, config.wanted
    assert (engine.url, engine.model) == ("wss://api.openai.com/v1/realtime", "gpt-realtime-2.1")
    assert engine.api_key.reveal() == KEY
    assert (engine.voice, wanted.instructions, wanted.language) == ("cedar", "Be kind.", "de")
    assert (config.end_of_turn, wanted.tools, engine.lifetime_s) == ("semantic", (TOOL,), 3600)
    assert engine.transcription_model == "gpt-live-transcribe"
    assert config.endpoint.key == "set OPENAI_API_KEY or engine.openai.api_key"


@pytest.mark.parametrize(
    ("engine", "wanted", "asked"),
    [
        ("local", "auto", "semantic"),
        ("openai", "auto", "server"),
        ("local", "server", "server"),
        ("openai", "semantic", "semantic"),
        ("local", "device", "device"),
    ],
)
def test_by_itself_only_the_local_engine_goes_by_meaning(engine: Any, wanted: Any, asked: str) -> None:
    config = config_of(replace(with_openai(), listen=ListenSettings(end_of_turn=wanted, eagerness="low")), engine)
    assert (config.end_of_turn, config.wanted.eagerness) == (asked, "low")


def test_a_session_with_the_local_engine_from_the_settings() -> None:
    settings = replace(with_openai(), name="Computer")
    config = config_of(settings, "local")
    assert config.engine.url == "ws://127.0.0.1:8765/v1/realtime"
    assert not config.engine.api_key
    assert (config.engine.voice, config.wanted.instructions, config.section) == (
        "",
        instructions(settings),
        "local",
    )
    assert config_of(settings, "local", local_url="ws://127.0.0.1:99/x").engine.url == "ws://127.0.0.1:99/x"
    elsewhere = Settings(local=LocalSettings(url="ws://box.lan:8765/v1/realtime"))
    assert config_of(elsewhere, "local").engine.url == "ws://box.lan:8765/v1/realtime"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("openai", RealtimeSession),
        ("vllm-omni", DuplexSession),
        ("vllm-omni-turns", BareSession),
        ("gpt-live", LiveSession),
        ("gemini", GeminiSession),
        ("cartesia", CartesiaSession),
    ],
)
def test_an_engines_protocol_makes_its_session(name: str, kind: type) -> None:
    settings = Settings(name="Computer", language="de")
    session = session_with(settings, name, [TOOL], "Be kind.")
    assert type(session) is kind
    assert isinstance(session, RealtimeSession | LiveSession | GeminiSession | CartesiaSession)
    assert session.config.engine == settings.engine[name]
    assert session.config.section == f"engine.{name}"
    assert session.config.wanted == wanted_by(settings, [TOOL], "Be kind.")


def test_only_the_local_engine_is_told_what_may_be_spoken_of() -> None:
    for name, told in (("local", ["lasagna"]), ("openai", None)):
        session = session_with(with_openai(), name, [TOOL], names=["lasagna"])
        assert isinstance(session, RealtimeSession)
        audio = session_of(session.config).audio
        assert audio
        assert audio.input
        assert isinstance(audio.input.transcription, Transcription)
        assert audio.input.transcription.keywords == told


def test_a_cartesia_agent_is_told_the_assistants_name() -> None:
    session = session_with(Settings(name="Computer"), "cartesia", [])
    assert isinstance(session, CartesiaSession)
    assert session.config.name == "Computer"


def test_a_protocol_without_a_session_is_an_error_of_ours() -> None:
    settings = replace(Settings(), engine={"odd": object()})
    with pytest.raises(NotImplementedError, match="odd"):
        session_with(settings, "odd", [])


@pytest.mark.parametrize(("decide", "interrupts"), [("device", False), ("engine", True)])
def test_what_is_wanted_is_what_the_settings_say(decide: Any, interrupts: bool) -> None:
    settings = Settings(
        language="fr",
        listen=ListenSettings(end_of_turn="server", silence_ms=700, eagerness="high"),
        barge_in=BargeInSettings(decide=decide),
    )
    assert wanted_by(settings, [TOOL]) == Wanted(
        instructions=instructions(settings),
        tools=(TOOL,),
        language="fr",
        end_of_turn="server",
        silence_ms=700,
        eagerness="high",
        interrupts=interrupts,
    )


class Local:
    """Stands in for the local engine's process."""

    def __init__(self, fault: Fault | None = None) -> None:
        self.asked = self.closed = 0
        self.fault = fault

    async def url(self) -> str:
        self.asked += 1
        if self.fault is not None:
            raise EngineError(self.fault)
        return "ws://127.0.0.1:99/v1/realtime"

    async def close(self) -> None:
        self.closed += 1


def engines_with(local: Local, *names: str) -> Engines:
    engines = Engines(replace(with_openai(), engines=names))
    engines.local = local  # type: ignore[assignment]
    return engines


@pytest.mark.parametrize(("names", "asked"), [(("openai", "local"), 1), (("openai",), 0)])
async def test_the_local_engine_is_started_ahead_only_if_it_is_in_use(names: tuple[str, ...], asked: int) -> None:
    local = Local()
    engines = engines_with(local, *names)
    await engines.prepare()
    assert local.asked == asked
    await engines.close()
    assert local.closed == 1


async def test_a_session_with_the_local_engine_goes_to_where_it_listens() -> None:
    local = Local()
    engines = engines_with(local, "local")
    session = await engines.session([TOOL], "local")
    assert isinstance(session, RealtimeSession)
    assert session.config.engine.url == "ws://127.0.0.1:99/v1/realtime"


async def test_a_session_with_another_engine_does_not_start_the_local_one() -> None:
    local = Local()
    session = await engines_with(local, "openai", "local").session([TOOL], "openai")
    assert isinstance(session, RealtimeSession)
    assert session.config.section == "engine.openai"
    assert local.asked == 0


async def test_a_local_engine_that_cannot_start_is_the_sessions_fault() -> None:
    fault = Fault("local_engine", "It cannot.", retry=True)
    with pytest.raises(EngineError) as caught:
        await engines_with(Local(fault), "local").session([], "local")
    assert caught.value.fault == fault


@pytest.mark.parametrize("name", ["local", *sorted(Settings().engine)])
def test_the_message_that_asks_for_a_session_is_json_and_says_what_is_wanted(name):
    message = json.loads(opening(Settings(), name, [TOOL]))
    told = json.dumps(message)
    assert message.get("type", "setup") in {"session.update", "session.start", "session_create", "setup"}
    if name not in {"cartesia", "vllm-omni-turns"}:  # they are not told
        assert instructions(Settings())[:40] in told


def test_a_key_that_somebody_put_into_the_instructions_is_not_told():
    settings = with_openai()
    settings = replace(settings, instructions=replace(settings.instructions, role=f"The key is {KEY}."))
    message = opening(settings, "openai", [TOOL])
    assert KEY not in message
    assert "The key is ***." in message
    assert "get_time" in message
