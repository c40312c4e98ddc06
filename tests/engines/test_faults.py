"""What is said of servers that fail: each fault names the server and the fix."""

import ssl

import pytest
from aiohttp import (
    ClientConnectorCertificateError,
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientConnectorSSLError,
    ServerTimeoutError,
)
from aiohttp.client_reqrep import ConnectionKey

from device.engines import faults
from device.wire.realtime_items import ErrorDetail

AT = faults.Endpoint("example.org", "some-model", "openai")
WHERE = ConnectionKey("example.org", 443, True, True, None, None, None)


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (TimeoutError(), "timeout", "does not answer"),
        (ServerTimeoutError(), "timeout", "does not answer"),
        (ClientConnectorSSLError(WHERE, ssl.SSLError("no")), "tls", "wss:// or ws://"),
        (ClientConnectorDNSError(WHERE, OSError(-2, "Name not known")), "dns", "has no address"),
        (ClientConnectorCertificateError(WHERE, ValueError("expired")), "certificate", "clock"),
        (ClientConnectorError(WHERE, OSError(113, "no way")), "unreachable", "(No route to host)"),
        (ConnectionResetError(104, "reset"), "unreachable", "(Connection reset by peer)"),
        (ValueError("odd"), "unreachable", "(ValueError)"),
    ],
)
def test_what_cannot_be_reached_may_be_tried_again(error: Exception, code: str, words: str) -> None:
    fault = faults.unreachable(error, AT)
    assert (fault.code, fault.retry) == (code, True)
    assert fault.message.startswith("example.org ")
    assert words in fault.message
    assert "openai.url" in fault.message


@pytest.mark.parametrize("code", sorted(faults.FATAL))
def test_fatal_codes_are_fatal_wherever_they_come_from(code: str) -> None:
    told = faults.told(ErrorDetail(code=code), AT)
    assert told is not None
    assert not told.retry
    assert "{" not in told.message
    assert faults.closed(1008, f"error {code}.", AT) == told
    assert faults.refused(403, b'{"error": {"code": "%s"}}' % code.encode(), AT) == told
    assert faults.unwanted(ErrorDetail(code=code), AT) == told


def test_a_server_of_the_lan_is_not_asked_for_openais_key() -> None:
    fault = faults.refused(401, b"", faults.Endpoint("box.lan", "", "local"))
    assert fault.message == "box.lan refused the key (401): local.url names a server that asks for a key"


@pytest.mark.parametrize(
    ("headers", "body", "seconds"),
    [
        ({"retry-after": "7"}, b"", 7),
        ({"retry-after": "1.5"}, b"", 1.5),
        ({"retry-after-ms": "1500", "retry-after": "2"}, b"", 1.5),
        (
            {"retry-after": "Sun, 22 Nov 2026 10:00:30 GMT", "date": "Sun, 22 Nov 2026 10:00:00 GMT"},
            b"",
            30,
        ),
        ({"retry-after": "Sun, 22 Nov 2020 10:00:00 GMT"}, b"", 0),
        ({"retry-after": "-3"}, b"", 0),
        ({"retry-after": "nan"}, b"", 0),
        ({"retry-after-ms": "nan"}, b"", 0),
        ({"retry-after": "1e99"}, b"", 0),
        ({"retry-after": "9" * 30}, b"", faults.LONGEST_WAIT_S),
        ({"retry-after": "soon"}, b"", 0),
        ({}, b'{"error": {"message": "Rate limit reached. Please try again in 1.3s."}}', 1.3),
        ({}, b'{"error": {"message": "Please try again in 250ms."}}', 0.25),
        ({}, b"busy", 0),
    ],
)
def test_when_a_busy_server_wants_to_be_asked_again(headers: dict[str, str], body: bytes, seconds: float) -> None:
    fault = faults.refused(429, body, AT, headers)
    assert fault.retry
    assert fault.retry_after_s == pytest.approx(seconds)


def test_a_limit_that_answers_our_settings_says_when_too() -> None:
    error = ErrorDetail(message="Please try again in 2s.", code="rate_limit_exceeded")
    assert faults.unwanted(error, AT).retry_after_s == 2


def test_a_crowd_of_another_vendors_wording_is_one_too() -> None:
    error = ErrorDetail(message="full", code="resource_exhausted", type="rate_limit_error")
    assert faults.unwanted(error, AT).retry


def test_what_goes_on_is_no_fault() -> None:
    assert faults.told(ErrorDetail(code="server_error"), AT) is None
    assert faults.told(ErrorDetail(), AT) is None


@pytest.mark.parametrize(
    ("code", "reason", "expected"),
    [(1009, "", "too_big"), (1006, "", "lost"), (None, "", "lost"), (1012, "restarting", "closed_1012")],
)
def test_closed_connections_may_be_opened_again(code: int | None, reason: str, expected: str) -> None:
    fault = faults.closed(code, reason, AT)
    assert (fault.code, fault.retry) == (expected, True)
    assert reason in fault.message


def test_a_wrong_setting_is_named() -> None:
    error = ErrorDetail(message="No such voice", code="invalid_value", param="session.audio.output.voice")
    fault = faults.unwanted(error, AT)
    assert not fault.retry
    assert "(session.audio.output.voice): No such voice; see [openai]" in fault.message
