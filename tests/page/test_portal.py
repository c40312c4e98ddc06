"""Wi-Fi by the page: who gets there, who may choose a network, what telephones see. The access point is loopback."""

import asyncio
import json
import socket
from contextlib import asynccontextmanager

import aiohttp
import msgspec
import pytest

from device.page.portal import PAGE
from device.page.server import LARGEST_POSTED
from device.wifi import messages as m
from device.wifi.server import Server

NETWORKS = (
    m.Network(b"Home".hex(), "Home", 82, "wpa2", saved=True),
    m.Network(b'Caf\xc3\xa9 "x" <b>'.hex(), 'Café "x" <b>', 55, "open"),
    m.Network(b"Office".hex(), "Office", 44, "enterprise"),
    m.Network(b"\xf0\x9f\xa6\x87".hex(), "🦇", 20, "wpa3"),
    m.Network(b"Old".hex(), "Old", 12, "wep"),
)
OPEN = m.Wifi("open", access_point="Parley-1a2b", networks=NETWORKS, left_s=900)
PROBES = (
    ("captive.apple.com", "/hotspot-detect.html"),
    ("connectivitycheck.gstatic.com", "/generate_204"),
    ("www.msftconnecttest.com", "/connecttest.txt"),
    ("detectportal.firefox.com", "/canonical.html"),
    ("www.example.org", "/"),
)


class Wifi:
    """`parley wifi` of the test's; `now` is how it is, `asked` what was asked."""

    def __init__(self):
        self.now = OPEN
        self.refuses = None
        self.asked = []
        self.joins = asyncio.Event()

    def answer(self, request):
        self.asked.append(request)
        if isinstance(request, m.Join):
            self.joins.set()
            if self.refuses:
                return self.refuses
            self.now = msgspec.structs.replace(self.now, doing="joining", joining="Home", trouble=None)
        return self.now


@pytest.fixture
async def wifi(page):
    one = Wifi()
    async with Server(page.wifi, one.answer).open():
        yield one


@asynccontextmanager
async def joined(page):
    """Serve at an access point, too; yield its address, to which this machine comes as 127.0.0.1."""
    one = socket.create_server(("127.0.0.2", 0))
    page.given = [one]
    async with page.serving():
        yield f"http://127.0.0.2:{one.getsockname()[1]}"


def post(http, url, body, **headers):
    headers = {"Origin": url, "Content-Type": "application/json"} | headers
    return http.post(
        f"{url}/wifi/join", data=body if isinstance(body, (bytes, str)) else json.dumps(body), headers=headers
    )


@pytest.mark.parametrize(("host", "path"), PROBES)
async def test_what_a_telephone_asks_of_its_maker_leads_to_the_page(page, http, wifi, host, path):
    async with joined(page) as url:
        for method in ("GET", "HEAD"):
            async with http.request(method, url + path, headers={"Host": host}, allow_redirects=False) as answer:
                assert (answer.status, answer.headers["Location"]) == (302, url + PAGE)
                assert answer.headers["Cache-Control"] == "no-store"
                assert "Set-Cookie" not in answer.headers


async def test_this_machine_s_own_users_have_joined_nothing(page, wifi):
    body = {"ssid": b"Home".hex()}
    async with joined(page) as url:
        for source, status in (("127.0.0.2", 401), ("127.0.0.1", 200)):
            here = aiohttp.TCPConnector(local_addr=(source, 0))
            async with aiohttp.ClientSession(connector=here) as http, post(http, url, body) as answer:
                assert answer.status == status


async def test_nothing_else_of_another_host_is_answered(page, http, wifi):
    async with joined(page) as url:
        for method in ("POST", "PUT", "OPTIONS"):
            async with http.request(method, f"{url}/wifi/join", headers={"Host": "captive.apple.com"}) as answer:
                assert answer.status == 403
        assert wifi.asked == []


async def test_where_telephones_do_not_come_nobody_is_led(page, http, wifi):
    async with joined(page), http.get(page.url, headers={"Host": "captive.apple.com"}, allow_redirects=False) as answer:
        assert answer.status == 403


async def test_at_the_access_point_the_first_page_is_this_one(page, http, wifi):
    async with joined(page) as url, http.get(url) as answer:
        assert (answer.status, answer.url.path) == (200, PAGE)
        assert "shell.js" in await answer.text()


async def test_whoever_has_joined_sees_networks_and_no_more(page, http, wifi):
    async with joined(page) as url:
        async with http.get(f"{url}/wifi.json") as answer:
            told = await answer.json()
            assert answer.headers["Cache-Control"] == "no-store"
        assert [one["name"] for one in told["networks"]] == [one.name for one in NETWORKS]
        assert "password" not in json.dumps(told)
        assert wifi.asked[-1] == m.Look(visitor=True), "so that it stays open"
        async with http.get(f"{url}/owner", headers={"Origin": url}) as answer:
            assert answer.status == 401


async def test_elsewhere_it_takes_the_owner(page, http, wifi):
    async with joined(page):
        async with http.get(f"{page.url}/wifi.json") as answer:
            assert answer.status == 401
        async with post(http, page.url, {"ssid": NETWORKS[0].ssid}) as answer:
            assert answer.status == 401
        assert wifi.asked == []


async def test_the_owner_may_from_everywhere(page, http, wifi):
    async with page.door(), joined(page):
        headers = {"Origin": page.url}
        async with http.post(f"{page.url}/owner/sign-in", json={"code": "123456"}, headers=headers) as answer:
            assert answer.status == 204
        async with http.get(f"{page.url}/wifi.json") as answer:
            assert (await answer.json())["doing"] == "open"
        assert wifi.asked == [m.Look(visitor=False)]


async def test_where_the_access_point_has_no_password_it_takes_the_owner(page, http, wifi):
    wifi.now = msgspec.structs.replace(OPEN, protected=False)
    async with joined(page) as url:
        async with http.get(f"{url}/wifi.json") as answer:
            assert answer.status == 401
        async with post(http, url, {"ssid": NETWORKS[0].ssid}) as answer:
            assert answer.status == 401
        assert not any(isinstance(one, m.Join) for one in wifi.asked)


async def test_a_network_is_joined(page, http, wifi, caplog):
    body = {"ssid": NETWORKS[1].ssid, "password": 'it\'s "secret" \\ 🦇', "hidden": True}
    async with joined(page) as url, post(http, url, body) as answer:
        assert (answer.status, (await answer.json())["doing"]) == (200, "joining")
    assert wifi.asked[-1] == m.Join(**body)
    assert "secret" not in caplog.text


async def test_why_it_is_not_is_told(page, http, wifi):
    wifi.refuses = m.Refused("Office: it asks for a user", "choose another")
    async with joined(page) as url, post(http, url, {"ssid": NETWORKS[2].ssid, "password": "x"}) as answer:
        assert answer.status == 409
        assert await answer.json() == {"what": "Office: it asks for a user", "fix": "choose another"}


async def test_without_parley_wifi_that_is_told(page, http):
    async with joined(page) as url, http.get(f"{url}/wifi.json") as answer:
        assert answer.status == 503
        assert "parley-wifi" in (await answer.json())["fix"]


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (("{", {}), 400),
        (({"ssid": "zz"}, {}), 400),
        (({"ssid": ""}, {}), 400),
        (({"ssid": "41" * 33}, {}), 400),
        (({"ssid": "41", "more": 1}, {}), 400),
        (({"ssid": "41", "password": "x" * LARGEST_POSTED}, {}), 413),
        (("[" * 2000, {}), 400),
        (("ssid=41", {"Content-Type": "application/x-www-form-urlencoded"}), 415),
        (({"ssid": "41"}, {"Origin": "http://evil.example"}), 403),
        (({"ssid": "41"}, {"Origin": "null"}), 403),
    ],
)
async def test_what_no_page_of_ours_sends_asks_for_nothing(page, http, wifi, sent, status):
    body, headers = sent
    async with joined(page) as url, post(http, url, body, **headers) as answer:
        assert answer.status == status
    assert not any(isinstance(one, m.Join) for one in wifi.asked)


async def test_telephones_are_let_go_when_the_page_ends(page, http, wifi):
    async with joined(page) as url, http.get(f"{url}/wifi.json"):
        pass
    with pytest.raises(OSError):
        await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
