"""What is said of servers that fail: each fault names the server and the mend."""

import pytest
from aiohttp import ClientConnectorCertificateError, ClientConnectorDNSError, ClientConnectorError, ServerTimeoutError
from aiohttp.client_reqrep import ConnectionKey

from device.engines import faults
from device.engines.wire.realtime_items import ErrorDetail

AT = faults.Endpoint("example.org", "some-model", "openai")
WHERE = ConnectionKey("example.org", 443, True, True, None, None, None)


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (TimeoutError(), "timeout", "does not answer"),
        (ServerTimeoutError(), "timeout", "does not answer"),
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
