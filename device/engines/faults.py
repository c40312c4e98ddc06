"""What went wrong with an engine's server, told as a `Fault` that says what to do about it.

Codes and their meaning: OpenAI's `error` events, `response.done` with status failed, handshake answers and close codes.
"""

from __future__ import annotations

import os
import re
import time
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec
from aiohttp import (
    ClientConnectorCertificateError,
    ClientConnectorDNSError,
    ClientHttpProxyError,
    ClientProxyConnectionError,
    ClientSSLError,
)
from msgspec import Struct

from device.conversation.engine import Fault
from device.system.network import ProxyError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from device.wire.realtime_items import ErrorDetail

HARMLESS = frozenset(
    {
        "response_cancel_not_active",
        "conversation_already_has_active_response",
        "input_audio_buffer_commit_empty",
        "item_truncate_invalid_item_id",
        "item_create_duplicate_item_id",
        "item_delete_invalid_item_id",
        "item_retrieve_invalid_item_id",
        "unsupported_content_type",
        # vLLM-Omni's (vllm_omni 0.30.0, protocol/duplex/errors.py)
        "item_not_found",
        "playback_ack_too_late",
        "playback_item_mismatch",
        "playback_item_not_found",
        "response_not_active",
    }
)
"""Errors that come from two ends talking at once; nothing is lost by them."""

PASSING = frozenset({"rate_limit_exceeded", "inference_rate_limit_exceeded", "server_error", "session_expired"})
"""Errors that a later attempt may not meet."""
_PASSING_TYPES = frozenset({"server_error", "rate_limit_error"})

_CREDIT = "{host} says that the account has no credit left ({code}): see its billing page"
FATAL = {
    "invalid_api_key": "{host} refused the key ({code}): {key}",
    "account_deactivated": "{host} says that the account is closed ({code}): use the key of another one; {key}",
    "insufficient_quota": _CREDIT,
    "credit_balance_exhausted": _CREDIT,
    "billing_hard_limit_reached": _CREDIT,
    "model_not_found": "{host} has no model {model} for this key ({code}): set {section}.model to one that it has",
    "beta_api_shape_disabled": "{host} no longer speaks the protocol's beta ({code}): check {section}.url",
}
"""Errors that no attempt gets round, each with its fix."""

LONGEST_WAIT_S: Final = 3600.0
"""The longest that a server can ask to be left alone. A choice: one that means a day is asked again within the hour."""
_AGAIN_IN = re.compile(r"try again in (\d+(?:\.\d+)?) ?(ms|s|m)\b", re.IGNORECASE)
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0}

_REFUSALS = {
    401: "{host} refused the key (401): {key}",
    403: "{host} does not allow this (403): check what the key may do, {section}.model and {section}.url",
    404: "{host} has nothing at this address (404): check {section}.url and {section}.model",
}


class Endpoint(Struct, frozen=True):
    """Which server it is about, in words of the settings."""

    host: str
    model: str
    section: str
    """The table of the settings that describes it."""
    variable: str = ""
    """The environment variable for its key, if there is one."""

    @property
    def key(self) -> str:
        """How to set its key."""
        if self.section == "local":
            return "local.url names a server that asks for a key"
        return f"set {f'{self.variable} or ' if self.variable else ''}{self.section}.api_key"

    def fatal(self, code: str) -> Fault:
        """Return the fault for one of the codes of `FATAL`."""
        text = FATAL[code].format(
            host=self.host, code=code, key=self.key, model=self.model or "(none set)", section=self.section
        )
        return Fault(code, text, retry=False)


def unreachable(error: Exception, at: Endpoint) -> Fault:
    """Return the fault for a connection that could not be made."""
    if isinstance(error, TimeoutError):
        return Fault("timeout", f"{at.host} does not answer: check the network and {at.section}.url", retry=True)
    if isinstance(error, (ProxyError, ClientHttpProxyError, ClientProxyConnectionError)):
        return _behind_proxy(error, at)
    if isinstance(error, ClientConnectorCertificateError):
        text = f"{at.host} has a certificate that cannot be trusted: check {at.section}.url, this machine's clock, "
        text += "and whether the network wants you to log in first, with a browser"
        return Fault("certificate", text, retry=True)
    if isinstance(error, ClientSSLError):
        text = f"{at.host} does not speak TLS, or none that this machine does: check {at.section}.url, wss:// or ws://"
        return Fault("tls", text, retry=True)
    if isinstance(error, ClientConnectorDNSError):
        return Fault("dns", f"{at.host} has no address: check the network and {at.section}.url", retry=True)
    why = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else type(error).__name__
    return Fault(
        "unreachable", f"{at.host} cannot be reached ({why}): check that it runs and {at.section}.url", retry=True
    )


def impostor(at: Endpoint) -> Fault:
    """Return the fault for a listener on the local engine's socket that is neither root nor this user."""
    text = f"somebody else listens where {at.host.lower()} should: nothing was said to it; see who may write there"
    return Fault("impostor", text, retry=False)


def _behind_proxy(error: Exception, at: Endpoint) -> Fault:
    if isinstance(error, ClientHttpProxyError):
        why = f"it refuses to ({error.status})"
    elif isinstance(error, ProxyError):
        why = str(error)
    else:
        why = "it is out of reach"
    return Fault("proxy", f"{at.host} is not reached by the proxy: {why}. Check HTTPS_PROXY and NO_PROXY", retry=True)


def redirected(status: int, target: str, at: Endpoint) -> Fault:
    """Return the fault for a handshake that was answered by sending us on to `target`."""
    text = (
        f"{at.host} sends us on to {target} ({status}), where no key follows. If that is the page by which the network "
        f"wants you to log in (a captive portal), do so with a browser; else check {at.section}.url"
    )
    return Fault("redirected", text, retry=True)


def refused(status: int, body: bytes, at: Endpoint, headers: Mapping[str, str] | None = None) -> Fault:
    """Return the fault for a handshake that was answered with an HTTP status other than 101.

    `headers` are the answer's, their names in lower case; `retry-after` counts.
    """
    said = _body(body)
    code = str(said.get("code") or "")
    if (status < 300 or status == 511) and "html" in (headers or {}).get("content-type", "").lower():
        text = (
            f"{at.host} answers with a web page ({status}), not as an engine's server. If it is the page by which the "
            f"network wants you to log in (a captive portal), do so with a browser; else check {at.section}.url"
        )
        return Fault("captive_portal", text, retry=True)
    if code in FATAL:
        return at.fatal(code)
    name = f"http_{status}"
    detail = f": {said['message']}" if isinstance(said.get("message"), str) else ""
    if status in _REFUSALS:
        text = _REFUSALS[status].format(host=at.host, key=at.key, section=at.section)
        return Fault(name, text, retry=False)
    if status in {408, 425, 429} or status >= 500:
        wait = _asked(headers or {}) or _told_to_wait(detail)
        text = f"{at.host} is busy or in trouble ({status}){detail}"
        return Fault(name, text, retry=True, retry_after_s=wait)
    if status < 400:
        text = f"{at.host} answers, but not as an engine's server ({status}): check {at.section}.url"
        return Fault("no_engine", text, retry=False)
    return Fault(name, f"{at.host} refused the session ({status}){detail}: check [{at.section}]", retry=False)


def told(error: ErrorDetail, at: Endpoint) -> Fault | None:
    """Return the fault for an error that ends the session; None if the session goes on."""
    if error.code in FATAL:
        return at.fatal(error.code)
    if error.code == "session_expired":
        return Fault("session_expired", f"{at.host} ended the session: it had reached its longest duration", retry=True)
    return None


def unwanted(error: ErrorDetail, at: Endpoint) -> Fault:
    """Return the fault for an error that answers our settings of the session."""
    if (known := told(error, at)) is not None:
        return known
    where = f" ({error.param})" if error.param else ""
    text = f"{at.host} did not accept the session's settings{where}: {error.message or error.code}"
    if error.code in PASSING or error.type in _PASSING_TYPES:
        wait = _told_to_wait(error.message)
        return Fault(error.code or "session_refused", text, retry=True, retry_after_s=wait)
    return Fault(error.code or "session_refused", f"{text}; see [{at.section}]", retry=False)


def closed(code: int | None, reason: str, at: Endpoint) -> Fault:
    """Return the fault for a server that closed the connection, by the close code and reason that it gave."""
    for known in FATAL:
        if known in reason:
            return at.fatal(known)
    if code == 1009:
        return Fault("too_big", f"{at.host} sent a message that is too big to be one of the protocol's", retry=True)
    if code is None or code == 1006:
        return Fault("lost", f"The connection to {at.host} was lost", retry=True)
    why = f"{code}, {reason}" if reason else str(code)
    return Fault(f"closed_{code}", f"{at.host} closed the session ({why})", retry=True)


def _asked(headers: Mapping[str, str]) -> float:
    """Return the seconds that an HTTP answer asks to wait: `retry-after-ms`, or `retry-after` as seconds or a date."""
    with suppress(ValueError):
        if "retry-after-ms" in headers:
            return _bounded(float(headers["retry-after-ms"]) / 1000)
        if "retry-after" not in headers:
            return 0.0
        text = headers["retry-after"]
        if text.strip().replace(".", "", 1).isdigit():
            return _bounded(float(text))
        # The server's own clock is the one that counts: ours may be wrong after a boot without network.
        now = parsedate_to_datetime(headers["date"]).timestamp() if "date" in headers else time.time()
        return _bounded(parsedate_to_datetime(text).timestamp() - now)
    return 0.0


def _told_to_wait(text: str) -> float:
    """Return the seconds of a "try again in 1.3s", as OpenAI's errors for rate limits have it."""
    found = _AGAIN_IN.search(text)
    return _bounded(float(found[1]) * _UNITS[found[2].lower()]) if found else 0.0


def _bounded(seconds: float) -> float:
    return min(max(0.0, seconds), LONGEST_WAIT_S) if seconds == seconds else 0.0  # noqa: PLR0124 - nan is no time


def _body(body: bytes) -> dict[str, Any]:
    """Return the error object of an HTTP answer of OpenAI's kind, or nothing."""
    try:
        whole = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return {}
    error = whole.get("error") if isinstance(whole, dict) else None
    return error if isinstance(error, dict) else {}
