"""Whether the servers of tools that the settings name answer, and how many tools they have for us."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Final

from device.doctor.finding import Finding
from device.doctor.service import machine_keys
from device.mcp.messages import McpError, RefusedError
from device.mcp.server import Server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from device.mcp.offered import Offers
    from device.settings.mcp import McpSettings
    from device.settings.tree import Settings

PROBE_S: Final = 45.0
"""How long a server may take altogether; longer than it may for one answer."""


async def check_mcp(settings: Settings, environ: Mapping[str, str] = os.environ) -> AsyncIterator[Finding]:
    """Reach every server once, all at a time, starting those that are programs, and say what each has."""
    keys = machine_keys(environ) if settings.mcp else {}
    asked = [asyncio.create_task(_check(name, one, keys)) for name, one in settings.mcp.items()]
    for one in asked:
        yield await one


async def _check(name: str, settings: McpSettings, environ: Mapping[str, str]) -> Finding:
    title = f"tools {name}"
    try:
        async with asyncio.timeout(PROBE_S):
            called, found = await Server(name, settings, environ).probe()
    except RefusedError as error:
        return Finding(title, "fail", str(error), f"set it, and then: restart Parley, which asks {name} rarely now")
    except (McpError, TimeoutError) as error:
        why = str(error) or f"it gave no answer for {PROBE_S:g} s"
        key = f"mcp.{name}.command" if settings.command else f"mcp.{name}.url"
        fix = f"run what {key} says by hand" if settings.command else f"see that it runs, and whether {key} is right"
        return Finding(title, "warn", f"{why}. What is asked of it fails until it is there", fix)
    return _said(title, name, called, found)


def _said(title: str, name: str, called: str, found: Offers) -> Finding:
    """Return what is said of a server that answers."""
    text = f"{called} has {found.there} tools, of which {len(found.offers)} are offered"
    if found.there and not found.meant:
        return Finding(title, "warn", text, f"mcp.{name}.tools fits none of their names: correct it")
    if not found.there:
        return Finding(
            title, "warn", text, f"see what {name} is to offer: in Home Assistant, what is exposed to Assist"
        )
    if found.left_out:
        text += f"; not offered: {'; '.join(found.left_out)}"
        return Finding(title, "warn", text, f"name those that you want in mcp.{name}.tools")
    return Finding(title, "ok", text)
