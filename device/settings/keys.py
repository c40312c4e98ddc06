"""To whom keys go: each to the server of its table, and to no other because somebody without it says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from device.settings.engines import RemoteEngine

if TYPE_CHECKING:
    from device.settings.tree import Settings


def recipients(settings: Settings) -> set[tuple[str, str]]:
    """Return each key with the server that is sent it: scheme, host and port, lest it goes unencrypted either."""
    tables: list[tuple[Any, str]] = [
        (one, one.url) for one in settings.engine.values() if isinstance(one, RemoteEngine)
    ]
    tables += [(settings.brain, settings.brain.address or settings.brain.url)]
    tables += [(one, one.url) for one in (settings.transcription, settings.cartesia)]
    keys = {(table.api_key.reveal(), server_of(url)) for table, url in tables if table.api_key and url}
    mqtt = settings.mqtt
    if mqtt.password and mqtt.host:
        keys.add((mqtt.password.reveal(), f"mqtt{'s' if mqtt.tls else ''}://{mqtt.host}:{mqtt.broker_port}".lower()))
    return keys | {(one.token.reveal(), server_of(one.url)) for one in settings.mcp.values() if one.token and one.url}


def diverted(before: Settings, after: Settings, given: Any) -> str:
    """Return the server that a change would have a key sent to which it was not sent to before; empty if there is none.

    A key that is in `given`, what is to be set, is that of whoever sets it.
    """
    known = _texts(given)
    new = recipients(after) - recipients(before)
    return min((server for key, server in new if key not in known), default="")


def started(before: Settings, after: Settings) -> str:
    """Return a server of tools that a change would have started as none is now; empty if there is none."""
    known = {(one.command, one.variables) for one in before.mcp.values()}
    new = (name for name, one in after.mcp.items() if one.command and (one.command, one.variables) not in known)
    return min(new, default="")


def is_key(text: str) -> bool:
    """Tell whether a text may be a key: what a header of HTTP can have, in one piece."""
    return text.isascii() and text.isprintable() and " " not in text


def server_of(url: str) -> str:
    """Return the server of an address: scheme, host and port."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}".lower() if parts.netloc else url


def _texts(value: Any) -> set[str]:
    """Return all texts in a value."""
    if isinstance(value, str):
        return {value.strip()}
    values = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return set().union(*map(_texts, values))
