"""Which requests are for a WebSocket."""

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from device.web.upgrade import can_upgrade

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
"""The one of RFC 6455, section 1.3."""


@pytest.mark.parametrize(
    ("key", "can"), [(KEY, True), ("", False), ("x", False), ("\N{LATIN SMALL LETTER E WITH ACUTE}" * 24, False)]
)
def test_a_handshake_that_is_whole_can(key, can):
    headers = {"Connection": "upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": key}
    assert can_upgrade(web.WebSocketResponse(), make_mocked_request("GET", "/", headers=headers)) is can
