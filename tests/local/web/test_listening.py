"""Encryption; the rest is tried with the whole server."""

import asyncio
import os
import socket
import ssl
from pathlib import Path

import pytest
from support.scripted import PATIENCE

from device.local.stages import EngineStartError
from device.local.web.listening import listen
from device.settings.local import LocalSettings
from device.web.given import taken

PEM = Path(__file__).parents[2] / "support" / "localhost.pem"


class Guest(asyncio.Protocol):
    """A connection that came. A server may be closed when it has gone: one that is being accepted would be lost."""

    def __init__(self, gone):
        self._gone = gone

    def connection_lost(self, error):
        self._gone.put_nowait(error)


async def ended(writer, gone):
    """End a connection, on both sides."""
    writer.close()
    assert await asyncio.wait_for(gone.get(), PATIENCE) is None


async def test_it_encrypts():
    settings, gone = LocalSettings(port=0, tls_cert=str(PEM), tls_key=str(PEM)), asyncio.Queue()
    [listening] = await listen(lambda: Guest(gone), settings)
    context = ssl.create_default_context(cafile=PEM)
    port = listening.sockets[0].getsockname()[1]
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname="localhost")
    assert writer.get_extra_info("cipher")
    await ended(writer, gone)
    listening.close()


@pytest.mark.parametrize(
    ("cert", "key"), [("no.pem", str(PEM)), (str(PEM), "no.pem"), (__file__, str(PEM)), (str(PEM), __file__)]
)
async def test_files_that_do_not_do_are_named(cert, key):
    with pytest.raises(EngineStartError, match=r"local\.tls_cert.*local\.tls_key"):
        await listen(asyncio.Protocol, LocalSettings(port=0, tls_cert=cert, tls_key=key))


async def test_sockets_that_are_given_are_listened_at_instead(tmp_path):
    by_path = socket.socket(socket.AF_UNIX)
    by_path.bind(str(tmp_path / "socket"))
    by_port = socket.create_server(("127.0.0.1", 0))
    settings = LocalSettings(port=by_port.getsockname()[1], tls_cert=str(PEM), tls_key=str(PEM))
    gone = asyncio.Queue()
    servers = await listen(lambda: Guest(gone), settings, [by_path, by_port])
    _, writer = await asyncio.open_unix_connection(tmp_path / "socket")
    await ended(writer, gone)
    context = ssl.create_default_context(cafile=PEM)
    _, writer = await asyncio.open_connection(*by_port.getsockname(), ssl=context, server_hostname="localhost")
    await ended(writer, gone)
    for server in servers:
        server.close()
        await server.wait_closed()
    assert (tmp_path / "socket").is_socket(), "it is theirs who gave it"


async def test_clients_are_told_who_listened_first(tmp_path):
    """Who listens once more takes the place of systemd, which the assistant trusts."""
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(tmp_path / "socket"))
        given = taken(os.dup(one.fileno()))
        given.listen(5)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_unix_connection(tmp_path / "socket")
        one.listen()
        gone = asyncio.Queue()
        [server] = await listen(lambda: Guest(gone), LocalSettings(), [given])
        _, writer = await asyncio.open_unix_connection(tmp_path / "socket")
        await ended(writer, gone)
        server.close()
