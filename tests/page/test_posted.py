"""What a script of the page sends; what the owner's view and Wi-Fi make of it is tried there."""

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from msgspec import Struct

from device.page.posted import posted


class Said(Struct, forbid_unknown_fields=True):
    what: str


def request(body, **headers):
    made = make_mocked_request(
        "POST", "/", headers={"Content-Type": "application/json", "Origin": "http://a"} | headers
    )
    made._read_bytes = body  # noqa: SLF001 - what was read
    return made


async def test_it_is_read():
    assert await posted(request(b'{"what": "this"}'), Said) == Said("this")


@pytest.mark.parametrize(
    ("made", "error"),
    [
        (request(b"{}"), web.HTTPBadRequest),
        (request(b"\xff"), web.HTTPBadRequest),
        (request(b"[" * 5000), web.HTTPBadRequest),
        (request(b'{"what": "this"}', **{"Content-Type": "text/plain"}), web.HTTPUnsupportedMediaType),
    ],
)
async def test_what_is_none_of_ours_is_not(made, error):
    with pytest.raises(error):
        await posted(made, Said)


async def test_what_is_no_browser_is_not():
    made = make_mocked_request("POST", "/", headers={"Content-Type": "application/json"})
    with pytest.raises(web.HTTPForbidden):
        await posted(made, Said)
