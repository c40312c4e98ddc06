"""`[mcp.NAME]`: servers of the Model Context Protocol, whose tools every engine is offered."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

from msgspec import Meta

from device.settings.tools import TIMEOUT_S
from device.settings.types import Name, OptionalAddress, Seconds, Secret, Section

if TYPE_CHECKING:
    from collections.abc import Mapping

    from device.settings.toml import Table

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,23}")
"""What a server may be called: a tool's name, of 64 characters at most, may begin with it."""


class McpSettings(Section, frozen=True):
    """`[mcp.NAME]`: a server of the Model Context Protocol, at an address or as a program that is started here."""

    url: OptionalAddress = ""
    """Where it is, for one that is reached by HTTP, such as Home Assistant's: "http://homeassistant.local:8123/api/mcp"."""
    command: tuple[Name, ...] = ()
    """The program and its arguments, for one that is started here and spoken to by its standard input and output."""
    token: Secret = Secret()
    """Sent to `url` as a bearer token. Better in the environment, as PARLEY_MCP_NAME_TOKEN."""
    variables: tuple[Name, ...] = ()
    """The environment variables that `command` gets of Parley's, such as a key of its own; it gets no others but PATH,
    HOME, the language and the like."""
    tools: Annotated[tuple[Name, ...], Meta(min_length=1)] = ("*",)
    """Which of its tools are offered to the engine's model, by their names there; * and ? stand for any characters."""
    timeout_s: Seconds = TIMEOUT_S
    """How long a call may take, or be silent if it tells of its progress."""
    slow: bool = False
    """The model says that it is looking before it calls a tool of this server."""


def token_variable(name: str) -> str:
    """Return the environment variable that holds the token of the server `name`.

    >>> token_variable("home-assistant")
    'PARLEY_MCP_HOME_ASSISTANT_TOKEN'
    """
    return f"PARLEY_MCP_{name.upper().replace('-', '_')}_TOKEN"


def mcp_faults(tables: Any) -> list[str]:
    """Say what of the tables of servers does not go together, a line each; their keys are checked elsewhere."""
    found: list[str] = []
    for name, table in tables.items() if isinstance(tables, dict) else ():
        if not isinstance(table, dict):
            continue
        path = f"mcp.{name}"
        if not _NAME.fullmatch(name):
            found.append(f"{path}: is a server's name: a letter, then up to 23 letters, digits, _ and -")
        if bool(table.get("url")) == bool(table.get("command")):
            which = "both are set" if table.get("url") else "neither is set"
            found.append(f"{path}: has either a url, where the server is, or a command that starts it; {which}")
        elif table.get("command") and table.get("token"):
            found.append(f"{path}.token: goes to a url; what a command is to know is named in {path}.variables")
        if isinstance(table.get("url"), str) and table["url"] and not _is_address(table["url"]):
            found.append(f"{path}.url: is no address of a machine, such as http://box.local:8123/api/mcp")
        if isinstance(table.get("token"), str) and not _is_token(table["token"]):
            found.append(f"{path}.token: is no token: it has spaces or signs in it that none has")
    return found


def with_tokens(tables: Table, environ: Mapping[str, str]) -> tuple[Table, dict[str, str]]:
    """Return the tables with the tokens that the environment has, and the variable for each that it set."""
    origins = {}
    for name, table in tables.items():
        token = environ.get(token_variable(name), "").strip()
        if token and table.get("url"):
            tables = {**tables, name: {**table, "token": token}}
            origins[f"mcp.{name}.token"] = token_variable(name)
    return tables, origins


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _is_token(text: str) -> bool:
    token = text.strip()
    return token.isascii() and token.isprintable() and " " not in token
