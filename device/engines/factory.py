"""The engines that the settings name: makes sessions with them, and starts the local one when it is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from device.conversation.engine import Wanted
from device.engines.cartesia.session import CartesiaConfig, CartesiaSession
from device.engines.gemini.config import GeminiConfig
from device.engines.gemini.session import GeminiSession
from device.engines.live.config import LiveConfig
from device.engines.live.session import LiveSession
from device.engines.local_process import LocalProcess
from device.engines.prompt import instructions
from device.engines.realtime.config import local_config, remote_config
from device.engines.realtime.duplex import realtime_session
from device.engines.realtime.session import RealtimeSession
from device.settings.engines import CartesiaEngine, GeminiEngine, LiveEngine, RealtimeEngine

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from device.conversation.engine import EngineSession, ToolSpec
    from device.settings.tree import Settings


AnySession = RealtimeSession | LiveSession | GeminiSession | CartesiaSession


class Engines:
    """Sessions with the engines that the settings name; `config` is handed to a local engine that is started here."""

    def __init__(self, settings: Settings, config: Path | None = None, *, reuse: bool = True) -> None:
        self._settings = settings
        self.local = LocalProcess(settings.local, config, reuse=reuse)

    async def prepare(self) -> None:
        """Start what takes time to start. Raises EngineError."""
        if "local" in self._settings.engines:
            await self.local.url()

    async def session(self, tools: Sequence[ToolSpec], name: str, names: Sequence[str] = ()) -> EngineSession:
        """Return a session, yet to be opened, with the engine `name`; `tools` may be called in it, `names` spoken of.

        Raises EngineError.
        """
        settings = self._settings
        url = await self.local.url() if name == "local" else ""
        return session_with(settings, name, tools, local_url=url, names=names)

    async def close(self) -> None:
        """End what was started here; harmless when repeated."""
        await self.local.close()


def session_with(
    settings: Settings,
    name: str,
    tools: Sequence[ToolSpec],
    said: str = "",
    *,
    local_url: str = "",
    names: Sequence[str] = (),
) -> AnySession:
    """Return a session, yet to be opened, with the engine that the settings call `name`.

    `said` are other instructions than those of the settings. `local_url` is where the local engine really
    listens, if Parley started it beside itself on a free port; `names` are told to no other.
    """
    local, wanted = settings.local, wanted_by(settings, tools, said)
    if name == "local":
        url = local_url or local.url or f"ws://{local.host}:{local.port}/v1/realtime"
        return RealtimeSession(local_config(local.voice, replace(wanted, names=tuple(names)), url))
    engine = settings.engine[name]
    match engine:
        case RealtimeEngine():
            return realtime_session(remote_config(name, engine, wanted))
        case LiveEngine():
            return LiveSession(LiveConfig(engine=engine, wanted=wanted, section=f"engine.{name}"))
        case GeminiEngine():
            return GeminiSession(GeminiConfig(engine=engine, wanted=wanted, section=f"engine.{name}"))
        case CartesiaEngine():
            section = f"engine.{name}"
            return CartesiaSession(CartesiaConfig(engine=engine, wanted=wanted, section=section, name=settings.name))
        case _:
            raise NotImplementedError(name)


def opening(settings: Settings, name: str, tools: Sequence[ToolSpec]) -> str:
    """Return the message by which the engine `name` would be asked for a session: JSON text, with no secret in it.

    What was said before is not in it, nor the sound of `reference_audio`.
    """
    message = session_with(settings, name, tools).opening()
    engine = settings.engine.get(name)
    key = engine.api_key.reveal() if engine else ""
    return message.replace(key, "***") if key else message


def wanted_by(settings: Settings, tools: Sequence[ToolSpec], said: str = "") -> Wanted:
    """Return what the settings want of any session; `said` are other instructions than theirs."""
    listen = settings.listen
    return Wanted(
        instructions=said or instructions(settings),
        tools=tuple(tools),
        language=settings.language,
        end_of_turn=listen.end_of_turn,
        silence_ms=listen.silence_ms,
        eagerness=listen.eagerness,
        interrupts=settings.barge_in.decide == "engine",
    )
