"""Whom encrypted connections trust; the broker's are tried with `mqtt`."""

import ssl

import pytest
from aiohttp import ClientConnectorCertificateError, web
from support.certificates import authority, signed
from yarl import URL

from device.system import network
from device.system.trust import trusting_system


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificates")
    authority(folder)
    signed(folder, "good", "localhost")
    return folder


@pytest.fixture
async def server(house):
    async def answer(_request):
        return web.Response(text="here")

    app = web.Application()
    app.router.add_get("/", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(house / "good.pem", house / "good.key")
    await web.TCPSite(runner, "localhost", 0, ssl_context=context).start()
    yield URL(f"https://localhost:{runner.addresses[0][1]}/")
    await runner.cleanup()


@pytest.fixture(autouse=True)
def anew():
    trusting_system.cache_clear()
    yield
    trusting_system.cache_clear()


async def test_a_house_s_own_authority_among_the_system_s_is_trusted(house, server, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(house / "ca.pem"))
    async with network.session(server) as http, http.get(server) as response:
        assert await response.text() == "here"


async def test_no_other_is(server):
    async with network.session(server) as http:
        with pytest.raises(ClientConnectorCertificateError):
            await http.get(server)


def test_it_is_read_once_for_all():
    assert trusting_system() is trusting_system()
