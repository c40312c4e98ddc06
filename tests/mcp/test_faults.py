"""Why a server cannot be asked, and what to do."""

import errno

import aiohttp
import pytest

from device.mcp.faults import quoted, refused, unreached
from device.mcp.messages import ExpiredError, RefusedError, StatusError
from device.settings.types import Secret
from device.system.network import ProxyError

TOKEN = Secret("s3cret")


@pytest.mark.parametrize(
    ("status", "token", "kind", "told"),
    [
        (401, TOKEN, RefusedError, "refuses the token (401): set PARLEY_MCP_HOME_TOKEN, or mcp.home.token"),
        (401, Secret(), RefusedError, "wants a token (401): set PARLEY_MCP_HOME_TOKEN, or mcp.home.token"),
        (403, TOKEN, RefusedError, "does not allow this (403)"),
        (404, TOKEN, StatusError, "nothing at this address (404): check mcp.home.url"),
        (405, TOKEN, StatusError, "nobody takes requests at this address (405): check mcp.home.url"),
        (429, TOKEN, StatusError, "asked too often (429)"),
        (500, TOKEN, StatusError, "a fault of its own (500): see its log"),
        (418, TOKEN, StatusError, "it refuses (418)"),
    ],
)
def test_each_refusal_says_what_to_do(status, token, kind, told):
    found = refused("home", status, b"", token, session=False)
    assert isinstance(found, kind)
    assert told in str(found)


def test_a_session_that_is_forgotten_is_told_apart():
    assert isinstance(refused("home", 404, b"", TOKEN, session=True), ExpiredError)


def test_what_a_server_says_is_quoted_without_the_token():
    found = str(refused("home", 403, b"the token s3cret\n\x1b[2Jis of no use" + b"!" * 9999, TOKEN, session=False))
    assert "s3cret" not in found
    assert "It says: the token *** \\u001b[2Jis of no use" in found
    assert len(found) < 600
    assert quoted(b"<html>a whole page", TOKEN) == ""


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, "x"), "cannot be reached (Connection refused): check that it runs"),
        (ProxyError("HTTP_PROXY is none"), "not reached by the proxy: HTTP_PROXY is none. Check HTTPS_PROXY"),
        (aiohttp.InvalidURL("http://"), "mcp.home.url is no address"),
        (ValueError("port"), "mcp.home.url is no address"),
        (aiohttp.ServerDisconnectedError(), "cannot be reached (ServerDisconnectedError)"),
        (aiohttp.ServerTimeoutError(), "does not answer: check the network and mcp.home.url"),
    ],
)
def test_each_way_of_being_away_says_what_to_do(error, told):
    assert told in str(unreached("home", error))
