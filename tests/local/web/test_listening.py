"""Encryption; the rest is tried with the whole server."""

import asyncio
import ssl
from pathlib import Path

import pytest

from device.local.stages import EngineStartError
from device.local.web.listening import listen
from device.settings.local import LocalSettings

PEM = Path(__file__).parents[2] / "support" / "localhost.pem"


async def test_it_encrypts():
    settings = LocalSettings(port=0, tls_cert=str(PEM), tls_key=str(PEM))
    listening = await listen(asyncio.Protocol, settings)
    context = ssl.create_default_context(cafile=PEM)
    port = listening.sockets[0].getsockname()[1]
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname="localhost")
    assert writer.get_extra_info("cipher")
    writer.close()
    listening.close()


@pytest.mark.parametrize(
    ("cert", "key"), [("no.pem", str(PEM)), (str(PEM), "no.pem"), (__file__, str(PEM)), (str(PEM), __file__)]
)
async def test_files_that_do_not_do_are_named(cert, key):
    with pytest.raises(EngineStartError, match=r"local\.tls_cert.*local\.tls_key"):
        await listen(asyncio.Protocol, LocalSettings(port=0, tls_cert=cert, tls_key=key))
