"""Which chat server and model the local engine's brain finds, where the settings have it look for one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from device.doctor.finding import Finding
from device.local.brain.discovery import search
from device.local.brain.server import not_found
from device.settings.loading import able

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from device.settings.tree import Settings

_FIX: Final = (
    "start Ollama or llama.cpp's server with a model, or name the server in brain.url, its machine in brain.host"
)


async def check_brain(settings: Settings) -> AsyncIterator[Finding]:
    """Say what is found for `brain.url = "auto"`; nothing if the local engine does not look for a server here."""
    brain = settings.brain
    if brain.url != "auto" or settings.local.url or "local" not in able(settings)[0].engines:
        return
    found = await search(brain)
    if found.found is None:
        yield Finding("language model", "warn", not_found(brain, found), _FIX)
        return
    others = f" ({'; '.join(found.passed_over)})" if found.passed_over else ""
    yield Finding("language model", "ok", f"{found.found.called}: what is said goes there{others}")
