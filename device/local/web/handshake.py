"""What a client asks for when it connects, and what of it the local engine does not serve."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiohttp import hdrs, web

from device.web.answers import quoted, refusal

if TYPE_CHECKING:
    from multidict import CIMultiDictProxy

SUBPROTOCOL: Final = "realtime"
KEY: Final = "openai-insecure-api-key."
"""How a subprotocol begins that is a key: browsers can send no headers."""
BETA_HEADER: Final = "OpenAI-Beta"
BETA_SUBPROTOCOL: Final = "openai-beta.realtime-v1"
BETA: Final = (
    "This is the beta of the Realtime API, which OpenAI has ended; the local engine speaks the one that followed: "
    "leave out {what}, and use a client of the present API."
)
INTENTS: Final = ("conversation",)
"""Values of `intent` that are served: what a client without one means."""


def unserved(request: web.Request) -> web.Response | None:
    """Return the answer to a handshake that asks for what is not served; None if all of it is."""
    query = request.query
    if "realtime=v1" in request.headers.get(BETA_HEADER, ""):
        return _beta(f"the header {BETA_HEADER}")
    if BETA_SUBPROTOCOL in _offered(request.headers):
        return _beta(f"the subprotocol {BETA_SUBPROTOCOL}")
    if "call_id" in query:
        return refusal(
            404,
            "call_id_not_found",
            "The local engine takes no telephone or WebRTC calls, which a 'call_id' joins: connect without it.",
            "call_id",
        )
    if (intent := query.get("intent", INTENTS[0])) not in INTENTS:
        return refusal(
            400,
            "invalid_value",
            f"Invalid value for 'intent': {quoted(intent)}. The local engine holds conversations only: connect "
            "without it.",
            "intent",
        )
    return None


def offered_key(headers: CIMultiDictProxy[str]) -> str:
    """Return the key that a client offers, "" if it offers none."""
    scheme, _, key = headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    if scheme.lower() == "bearer" and key:
        return key.strip()
    return next((one.removeprefix(KEY) for one in _offered(headers) if one.startswith(KEY)), "")


def agreeing(request: web.Request) -> web.Request:
    """Return the request without subprotocols of which none is ours: aiohttp would write them into the log."""
    offered = _offered(request.headers)
    if not offered or SUBPROTOCOL in offered:
        return request
    return request.clone(
        headers=[
            (name, value)
            for name, value in request.headers.items()
            if name.lower() != hdrs.SEC_WEBSOCKET_PROTOCOL.lower()
        ]
    )


def _offered(headers: CIMultiDictProxy[str]) -> list[str]:
    return [one.strip() for line in headers.getall(hdrs.SEC_WEBSOCKET_PROTOCOL, []) for one in line.split(",")]


def _beta(what: str) -> web.Response:
    return refusal(400, "beta_api_shape_disabled", BETA.format(what=what))
