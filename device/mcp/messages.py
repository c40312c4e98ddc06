"""The messages of the Model Context Protocol, which are JSON-RPC: how requests are made, and what an answer says. Pure.

Specification: modelcontextprotocol.io, revisions 2026-07-28 (without a handshake: each request says its version) and
2025-11-25, 2025-06-18 and 2025-03-26 (`initialize` first).
"""

from __future__ import annotations

import base64
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

import msgspec
from msgspec import Struct

from device.system.harmless import line

MODERN: Final = "2026-07-28"
"""The newest revision, which is tried first."""
HANDSHAKE: Final = ("2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05")
"""Those that begin with `initialize`, the newest first; of the last, which many programs speak, without its HTTP."""
UNSUPPORTED_VERSION: Final = -32022
HEADER_MISMATCH: Final = -32020
MISSING_CAPABILITY: Final = -32021
METHOD_NOT_FOUND: Final = -32601
_PREFIX: Final = "io.modelcontextprotocol/"
QUOTED: Final = 300
"""Characters of a server's text that are passed on. A choice: a sentence or two, which a line of a log can hold."""


class McpError(Exception):
    """A server is away, refuses, or answers nonsense; the message says what to do, and holds no secret."""


class NonsenseError(McpError):
    """What a server sends is no message of the protocol."""

    def __init__(self, what: str = "it answers with something that is no message of the protocol") -> None:
        super().__init__(what)


class SilentError(McpError):
    """A server gives no answer in time."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"it gave no answer for {seconds:g} s")


class RefusedError(McpError):
    """A server refuses the token, or everything: to ask again soon is of no use."""


class ExpiredError(McpError):
    """A server no longer knows the session."""


class StatusError(McpError):
    """A server answers by HTTP with something that is no message of the protocol."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class RpcError(McpError):
    """A server answered a request with an error."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(f"{line(message)[:QUOTED]} ({code})")
        self.code = code
        self.data = data


class Message(Struct, frozen=True):
    """What a server sends: the answer to a request, a notification, or (in older revisions) a request of its own."""

    id: str | int | None = None
    method: str = ""
    params: dict[str, Any] = {}
    result: msgspec.Raw = msgspec.Raw()
    """Not read yet: a list of 5,000 tools would take 40 MB."""
    error: Any = None


def request(number: int, method: str, params: dict[str, Any], revision: str, *, progress: bool = False) -> bytes:
    """Return a request; in a revision without a handshake it says who asks, and which revision it is."""
    meta: dict[str, Any] = {}
    if revision == MODERN:
        meta = {
            f"{_PREFIX}protocolVersion": revision,
            f"{_PREFIX}clientInfo": us(),
            f"{_PREFIX}clientCapabilities": {},
        }
    if progress:
        meta["progressToken"] = number
    whole = {**params, "_meta": meta} if meta else params
    return msgspec.json.encode({"jsonrpc": "2.0", "id": number, "method": method, "params": whole})


def notification(method: str, params: dict[str, Any] | None = None) -> bytes:
    """Return a notification."""
    return msgspec.json.encode({"jsonrpc": "2.0", "method": method, **({"params": params} if params else {})})


def answer(message: Message) -> bytes:
    """Return the answer to a request of a server's: that we are there, or that we cannot do it."""
    if message.method == "ping":
        return msgspec.json.encode({"jsonrpc": "2.0", "id": message.id, "result": {}})
    error = {"code": METHOD_NOT_FOUND, "message": "this client only calls tools"}
    return msgspec.json.encode({"jsonrpc": "2.0", "id": message.id, "error": error})


def us() -> dict[str, str]:
    """Return how we call ourselves."""
    try:
        return {"name": "parley", "version": version("parley")}
    except PackageNotFoundError:
        return {"name": "parley", "version": "0"}


def parse(data: bytes | str) -> Message:
    """Return what a server sent. Raises McpError for what is no message."""
    try:
        decoded = msgspec.json.decode(data, type=Message)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise NonsenseError from None
    if decoded.id is None and not decoded.method and decoded.error is None:
        raise NonsenseError
    return decoded


def result_of(message: Message) -> msgspec.Raw:
    """Return the result that an answer has, an object in JSON. Raises RpcError or NonsenseError."""
    match message.error:
        case None:
            pass
        case {"code": int(code)} as error:
            raise RpcError(code, str(error.get("message", "it does not say why")), error.get("data"))
        case _:
            raise NonsenseError
    if not bytes(message.result).startswith(b"{"):
        raise NonsenseError("it answers a request with no result")
    return message.result


def header(text: str) -> str:
    """Return a text as the value of a header, in base64 where it cannot be one (2026-07-28, "Value Encoding").

    >>> header("HassTurnOn")
    'HassTurnOn'
    >>> header("größer")
    '=?base64?Z3LDtsOfZXI=?='
    """
    fit = text.isascii() and text.isprintable() and text == text.strip() and text
    if fit and not (text.startswith("=?base64?") and text.endswith("?=")):
        return text
    return f"=?base64?{base64.b64encode(text.encode('utf-8', 'replace')).decode()}?="
