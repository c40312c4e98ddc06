"""Requests as they are sent, and what an answer says."""

import json

import pytest

from device.mcp.messages import (
    MODERN,
    McpError,
    NonsenseError,
    RpcError,
    SilentError,
    answer,
    header,
    notification,
    parse,
    request,
    result_of,
)


def test_a_request_of_the_newest_revision_says_who_asks_and_how():
    sent = json.loads(request(3, "tools/call", {"name": "x"}, MODERN, progress=True))
    meta = sent["params"].pop("_meta")
    assert sent == {"jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": {"name": "x"}}
    assert meta["io.modelcontextprotocol/protocolVersion"] == MODERN
    assert meta["io.modelcontextprotocol/clientInfo"]["name"] == "parley"
    assert meta["io.modelcontextprotocol/clientCapabilities"] == {}
    assert meta["progressToken"] == 3


def test_one_of_an_older_revision_does_not():
    assert json.loads(request(1, "tools/list", {}, "2025-06-18"))["params"] == {}


def test_a_notification_has_no_number():
    assert json.loads(notification("notifications/initialized")) == {
        "jsonrpc": "2.0",
        "method": "notifications/initialized",
    }


def test_a_server_is_told_that_we_are_there_and_that_we_do_nothing_for_it():
    assert json.loads(answer(parse('{"id": "p", "method": "ping"}'))) == {"jsonrpc": "2.0", "id": "p", "result": {}}
    assert json.loads(answer(parse('{"id": 7, "method": "sampling/createMessage"}')))["error"]["code"] == -32601


@pytest.mark.parametrize(
    "text",
    ["", "nonsense", "[]", "{}", "3", "null", '{"id": {}}', '{"method": 5}', "\udc80", "[" * 5000, '{"id": 1e99}'],
)
def test_what_is_no_message_is_named_as_such(text):
    with pytest.raises(NonsenseError):
        parse(text)


@pytest.mark.parametrize(
    ("text", "kind", "told"),
    [
        (
            '{"id": 1, "error": {"code": -32602, "message": "no\\nsuch \\u001b[31mtool"}}',
            RpcError,
            r"\\u001b.*\(-32602\)",
        ),
        ('{"id": 1, "error": {"code": -1}}', RpcError, "it does not say why"),
        ('{"id": 1, "error": "unauthorised"}', NonsenseError, "no message"),
        ('{"id": 1, "result": [1]}', NonsenseError, "no result"),
        ('{"id": 1}', NonsenseError, "no result"),
    ],
)
def test_an_answer_that_is_none_is_an_error_of_its_kind(text, kind, told):
    with pytest.raises(kind, match=told) as found:
        result_of(parse(text))
    assert "\n" not in str(found.value)


def test_a_long_complaint_is_shortened():
    assert len(str(RpcError(-1, "x" * 9999))) < 400


def test_every_fault_is_of_one_kind():
    assert issubclass(NonsenseError, McpError)
    assert "2.5 s" in str(SilentError(2.5))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("us-west1", "us-west1"),
        ("Hello, 世界", "=?base64?SGVsbG8sIOS4lueVjA==?="),
        (" padded ", "=?base64?IHBhZGRlZCA=?="),
        ("line1\nline2", "=?base64?bGluZTEKbGluZTI=?="),
        ("=?base64?literal?=", "=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?="),
        ("", "=?base64??="),
    ],
)
def test_headers_are_written_as_the_specification_shows(text, value):
    assert header(text) == value
