"""What is answered by plain HTTP: JSON, an error in the shape that OpenAI's has."""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

SHOWN: Final = 100
"""How many characters of what a client sent an answer repeats. A choice: enough to recognise it."""


def error(status: int, code: str, message: str, param: str | None = None) -> dict[str, Any]:
    """Return the body of an answer that says what is wrong and what to do."""
    kind = "server_error" if status >= 500 else "invalid_request_error"
    return {"error": {"message": message, "type": kind, "code": code, "param": param}}


def refusal(status: int, code: str, message: str, param: str | None = None) -> web.Response:
    """Return an answer that says what is wrong and what to do."""
    return web.json_response(error(status, code, message, param), status=status)


def quoted(text: str) -> str:
    """Return what a client sent so that it can stand in an answer or in the log: short, and in one line."""
    return repr(text[:SHOWN])
