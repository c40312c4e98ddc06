"""Who may see the kiosk view."""

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from device.page.access import COOKIE, PASSED_ON, Access
from device.page.link import FILE, ensure, renew
from device.page.owners import Owners


def access(folder):
    return Access(folder, Owners(folder))


class Peer:
    def __init__(self, address):
        self.address = address

    def get_extra_info(self, name, default=None):
        return (self.address, 4711) if name == "peername" else default


def request(address, cookie="", **headers):
    given = {"Cookie": f"{COOKIE}={cookie}"} if cookie else {}
    return make_mocked_request("GET", "/", headers={**given, **headers}, transport=Peer(address))


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.0.1", "::1", "::ffff:127.0.0.1"])
def test_this_machine_s_browsers_may(tmp_path, address):
    assert access(tmp_path).sees_kiosk(request(address))


@pytest.mark.parametrize("header", PASSED_ON)
def test_who_comes_by_a_proxy_on_this_machine_is_not_here(tmp_path, header):
    assert not access(tmp_path).sees_kiosk(request("127.0.0.1", **{header: "for=192.0.2.7"}))


@pytest.mark.parametrize("cookie", ["", "x", "x" * 22, "\N{LATIN SMALL LETTER E WITH ACUTE}" * 22])
def test_others_may_not(tmp_path, cookie):
    ensure(tmp_path)
    assert not access(tmp_path).sees_kiosk(request("192.0.2.7", cookie))


def test_without_a_link_no_cookie_does(tmp_path):
    assert not access(tmp_path).sees_kiosk(request("192.0.2.7", ""))
    (tmp_path / FILE).mkdir()  # it cannot be read
    assert not access(tmp_path).sees_kiosk(request("192.0.2.7", "x" * 22))


def test_who_came_by_the_link_may_until_there_is_another(tmp_path):
    view, token = access(tmp_path), ensure(tmp_path)
    answer = view.admit(token)
    cookie = answer.cookies[COOKIE]
    assert (answer.status, answer.headers["Location"]) == (303, "/")
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    assert view.sees_kiosk(request("192.0.2.7", cookie.value))
    renew(tmp_path)
    assert not view.sees_kiosk(request("192.0.2.7", cookie.value))


@pytest.mark.parametrize("token", ["", "x" * 22, "../kiosk-link"])
def test_a_void_link_leads_nowhere(tmp_path, token):
    ensure(tmp_path)
    with pytest.raises(web.HTTPForbidden):
        access(tmp_path).admit(token)
