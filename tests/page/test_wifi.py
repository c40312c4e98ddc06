"""Wi-Fi in a real browser: a telephone in the access point, and the owner's view. `parley wifi` is the test's."""

import asyncio
import socket
from contextlib import asynccontextmanager

import msgspec
import pytest
from page.test_portal import NETWORKS, OPEN, Wifi
from support.chromium import DESK, PATIENCE, PHONE
from support.owner_page import looked_through, opened

from device.wifi import messages as m
from device.wifi.server import Server

NARROW = (320, 568, 2)
LISTED = "document.querySelectorAll('.networks > li').length"
ROW = "[...document.querySelectorAll('.networks > li')].find((one) => one.querySelector('.name').textContent === {!r})"
TOLD = "document.querySelector('[role=status]').innerText"


@pytest.fixture
async def wifi(page):
    one = Wifi()
    async with Server(page.wifi, one.answer).open():
        yield one


@asynccontextmanager
async def telephone(page, browser, size=PHONE, language="en"):
    """Have a telephone in the access point; yield what it shows."""
    page.language = language
    one = socket.create_server(("127.0.0.2", 0))
    page.given = [one]
    async with page.serving():
        tab = await browser.tab(f"http://127.0.0.2:{one.getsockname()[1]}/", size)
        await tab.until(f"{LISTED} > 0 || document.querySelector('.problem')")
        yield tab


async def choose(tab, name):
    await tab.run(f"{ROW.format(name)}.querySelector('button').click()")
    await tab.until("document.querySelector('.join')")


async def send(tab, password=None, name=None):
    if name is not None:
        await tab.run(f"document.getElementById('wifi-name').value = {name!r}")
    if password is not None:
        await tab.run(f"document.getElementById('wifi-password').value = {password!r}")
    await tab.run("document.querySelector('.join').requestSubmit()")


async def asked(wifi):
    """Return which network was to be joined."""
    async with asyncio.timeout(PATIENCE):
        await wifi.joins.wait()
    return next(one for one in wifi.asked if isinstance(one, m.Join))


async def test_a_telephone_sees_networks_as_they_are_called(browser, page, wifi):
    async with telephone(page, browser) as tab:
        names = await tab.run("[...document.querySelectorAll('.networks .name')].map((one) => one.textContent)")
        assert names == [one.name for one in NETWORKS]
        assert await tab.run("document.querySelectorAll('.networks b').length") == 0
        assert await tab.run(f"{ROW.format('Home')}.querySelector('.bars').ariaLabel") == "Signal 82 %"
        assert "WPA2 · saved" in await tab.run(f"{ROW.format('Home')}.innerText")
        for name, why in (("Office", "Enterprise"), ("Old", "protects nobody")):
            assert await tab.run(f"{ROW.format(name)}.querySelector('button').disabled")
            assert why in await tab.run(f"{ROW.format(name)}.innerText")
        assert tab.complaints == []


async def test_it_joins_one_and_says_what_happens_then(browser, page, wifi):
    async with telephone(page, browser) as tab:
        await choose(tab, "Home")
        assert await tab.run("document.activeElement.id") == "wifi-password"
        assert await tab.run("document.getElementById('wifi-password').type") == "password"
        await tab.run("document.getElementById('wifi-see').click()")
        assert await tab.run("document.getElementById('wifi-password').type") == "text"
        await send(tab, 'it\'s "quoted" \\ 🦇')
        assert await asked(wifi) == m.Join(NETWORKS[0].ssid, 'it\'s "quoted" \\ 🦇')
        await tab.until(f"{TOLD}.includes('joins “Home”') && {TOLD}.includes('Parley-1a2b')")
        wifi.now = msgspec.structs.replace(OPEN, trouble=m.Trouble("Home", "password"))
        await tab.until(f"{TOLD}.includes('password is wrong')")
        await choose(tab, "Home")
        wifi.now = msgspec.structs.replace(OPEN, doing="online", here="Home")
        await tab.until(f"{TOLD}.includes('is in the network “Home”')")


async def test_an_open_one_is_warned_of_and_asks_for_no_password(browser, page, wifi):
    async with telephone(page, browser) as tab:
        name = NETWORKS[1].name
        await choose(tab, name)
        assert await tab.run("document.getElementById('wifi-password')") is None
        assert "whoever is near" in await tab.run("document.querySelector('.join').innerText")
        await send(tab)
        assert await asked(wifi) == m.Join(NETWORKS[1].ssid)


async def test_one_that_hides_is_joined_by_the_bytes_of_its_name(browser, page, wifi):
    async with telephone(page, browser) as tab:
        await tab.run("document.querySelector('.section > button').click()")
        await tab.until("document.getElementById('wifi-name')")
        await send(tab, "a password", "🦇" * 9)
        await tab.until("document.querySelector('.join .problem')?.innerText.includes('32 bytes')")
        await send(tab, "a password", "Bücher 🦇")
        assert await asked(wifi) == m.Join("Bücher 🦇".encode().hex(), "a password", hidden=True)


async def test_what_is_refused_is_told_where_it_was_typed(browser, page, wifi):
    wifi.refuses = m.Refused("Home: its password has 8 to 63 characters, and this one 5")
    async with telephone(page, browser) as tab:
        await choose(tab, "Home")
        await send(tab, "short")
        await tab.until("document.querySelector('.join [role=alert]')?.innerText.includes('8 to 63')")
        assert not await tab.run("document.querySelector('.join button').disabled")


async def test_while_the_access_point_is_away_the_page_says_why(browser, page, wifi):
    async with telephone(page, browser) as tab:
        await choose(tab, "Home")
        await send(tab, "a password")
        await tab.until(f"{TOLD}.includes('joins “Home”')")
        await tab.call("Network.emulateNetworkConditions", offline=True, latency=0, downloadThroughput=0,
                       uploadThroughput=0)  # fmt: skip
        await tab.until(f"{TOLD}.includes('usual network')")


@pytest.mark.parametrize("size", [NARROW, PHONE, DESK], ids=str)
@pytest.mark.parametrize("language", ["en", "de"])
async def test_it_fits_and_axe_finds_nothing(browser, page, wifi, size, language):
    async with telephone(page, browser, size, language) as tab:
        assert await looked_through(tab) == []
        await choose(tab, "Home")
        assert await tab.run("document.documentElement.lang") == language
        assert await looked_through(tab) == []


async def test_without_a_password_the_access_point_leads_to_the_code(browser, page, wifi):
    wifi.now = msgspec.structs.replace(OPEN, protected=False)
    one = socket.create_server(("127.0.0.2", 0))
    page.given = [one]
    async with page.serving():
        tab = await browser.tab(f"http://127.0.0.2:{one.getsockname()[1]}/", PHONE)
        await tab.until("document.getElementById('code')")


async def test_it_is_a_section_of_the_owner_s_view(browser, page, wifi):
    wifi.now = msgspec.structs.replace(OPEN, doing="online", here="Home")
    async with page.owner_door("") as daemon, page.serving():
        tab = await opened(browser, page, daemon, DESK, "wifi")
        await tab.until(f"{LISTED} === {len(NETWORKS)}")
        assert "is in the network “Home”" in await tab.run("document.getElementById('main').innerText")
        assert tab.complaints == []


async def test_without_parley_wifi_the_owner_is_told_how_to_switch_it_on(browser, page):
    async with page.owner_door("") as daemon, page.serving():
        tab = await opened(browser, page, daemon, DESK, "wifi")
        await tab.until("document.querySelector('#main .note')?.innerText.includes('enable --now parley-wifi')")
        assert not await tab.run("[...document.querySelectorAll('#main button')].some((one) => one.offsetHeight)")
