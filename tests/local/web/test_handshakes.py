"""TLS handshakes on a real port: how many at once, for how long, and what comes of a connection then."""

import asyncio
import ssl
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from support.scripted import PATIENCE

from device.local.web.handshakes import Handshakes

PEM = Path(__file__).parents[2] / "support" / "localhost.pem"
HELLO = b"\x16\x03\x01\x02\x00\x01"
"""The beginning of a handshake."""


class Echo(asyncio.Protocol):
    """Says what it is told."""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(data)


@asynccontextmanager
async def serving(make=Echo, **limits):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(PEM)
    server = await asyncio.get_running_loop().create_server(Handshakes(make, context, **limits), "127.0.0.1", 0)
    yield server.sockets[0].getsockname()
    server.close()


async def silent(at, said=b""):
    reader, writer = await asyncio.open_connection(*at)
    writer.write(said)
    return reader, writer


async def ended(reader):
    """Wait until the server has ended a connection."""
    try:
        await asyncio.wait_for(reader.read(), PATIENCE)
    except ConnectionResetError:
        return


async def echoed(at, said=b"hello"):
    context = ssl.create_default_context(cafile=PEM)
    reader, writer = await asyncio.open_connection(*at, ssl=context, server_hostname="localhost")
    writer.write(said)
    told = await asyncio.wait_for(reader.readexactly(len(said)), PATIENCE)
    writer.close()
    return told


async def test_an_encrypted_connection_is_handed_over():
    async with serving() as at:
        assert await echoed(at) == b"hello"
        long = bytes(range(256)) * 4096
        assert await echoed(at, long) == long


async def test_what_comes_with_the_end_of_the_handshake_is_not_lost():
    context = ssl.create_default_context(cafile=PEM)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
    async with serving() as at:
        reader, writer = await silent(at)
        while True:
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                writer.write(outgoing.read())
                incoming.write(await asyncio.wait_for(reader.read(65536), PATIENCE))
        tls.write(b"early")
        writer.write(outgoing.read())  # the last of the handshake, and the first after it, at once
        told = b""
        while told != b"early":
            try:
                told += tls.read()
            except ssl.SSLWantReadError:
                incoming.write(await asyncio.wait_for(reader.read(65536), PATIENCE))
        writer.close()


async def test_one_that_goes_at_once_has_come_and_gone():
    told = asyncio.Queue()

    class Guest(asyncio.Protocol):
        def connection_made(self, transport):
            told.put_nowait("made")

        def data_received(self, data):
            told.put_nowait(data)

        def connection_lost(self, exc):
            told.put_nowait("lost")

    context = ssl.create_default_context(cafile=PEM)
    async with serving(Guest) as at:
        for said in (b"", b"hello"):
            _, writer = await asyncio.open_connection(*at, ssl=context, server_hostname="localhost")
            writer.write(said)
            writer.close()
            for expected in ("made", *filter(None, [said]), "lost"):
                assert await asyncio.wait_for(told.get(), PATIENCE) == expected


async def test_the_oldest_gives_way_and_the_newest_is_served():
    async with serving(most=3) as at:
        held = [await silent(at, HELLO * (n % 2)) for n in range(10)]
        assert await echoed(at) == b"hello"
        for reader, _ in held[:8]:
            await ended(reader)
        for _, writer in held:
            writer.close()


@pytest.mark.parametrize("said", [b"", HELLO])
async def test_one_that_does_not_shake_hands_is_ended(said):
    async with serving(patience_s=0.1) as at:
        reader, writer = await silent(at, said)
        await ended(reader)
        writer.close()


@pytest.mark.parametrize("said", [b"GET / HTTP/1.1\r\n\r\n", HELLO + b"\xff" * 600])
async def test_what_is_no_tls_ends_the_connection_and_no_other(said, caplog):
    async with serving() as at:
        reader, writer = await silent(at, said)
        await ended(reader)
        writer.close()
        assert await echoed(at) == b"hello"
    assert not caplog.records


async def test_one_that_hangs_up_in_the_handshake_makes_no_noise(caplog):
    async with serving(most=1) as at:
        for said in (b"", HELLO):
            _, writer = await silent(at, said)
            writer.transport.abort()
        assert await echoed(at) == b"hello"
    assert not caplog.records
