"""The local engine by its socket: the whole way to it, and who is believed at the other end."""

import os
import socket
import struct

import pytest
from aiohttp import web
from support.scripted import Scripted
from yarl import URL

from device.engines import unix_socket
from device.engines.connection import Connection, Transport
from device.engines.faults import Endpoint

AT = Endpoint("The engine", "m", "local", "")


class Says:
    """A connected socket of which the system says that user `uid` listens at the other end."""

    def __init__(self, uid, family=socket.AF_UNIX):
        self.uid, self.family = uid, family

    def getsockopt(self, level, option, size):
        assert (level, option) == (socket.SOL_SOCKET, socket.SO_PEERCRED)
        return struct.pack("3i", 1, self.uid, 1)


@pytest.mark.parametrize("uid", [0, os.geteuid()])
def test_root_and_this_user_are_trusted(uid):
    assert unix_socket.trusted(Says(uid))


@pytest.mark.parametrize("peer", [Says(os.geteuid() + 1), Says(65534), Says(0, socket.AF_INET), None])
def test_nobody_else_is(peer):
    assert not unix_socket.trusted(peer)


def test_the_system_tells_who_listens(tmp_path):
    path = tmp_path / "socket"
    assert not unix_socket.listens(path)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        assert not unix_socket.listens(path)
        listening.listen()
        assert unix_socket.listens(path)
    assert not unix_socket.listens(path)


@pytest.fixture
async def place(tmp_path):
    """A scripted engine at a Unix socket."""
    async with Scripted() as server:
        path = tmp_path / "engine.socket"
        await web.UnixSite(server._runner, str(path)).start()  # noqa: SLF001 - beside its port
        yield path


async def test_a_session_goes_by_the_socket(place):
    url = URL(unix_socket.address(place)).with_query(model="x")
    transport = Transport(Connection(url=str(url), at=AT))
    assert await transport.connect(url) is None
    created = await transport.socket.receive_json(timeout=10)
    assert (created["type"], created["session"]["model"]) == ("session.created", "x")
    await transport.close()


async def test_an_impostor_is_told_nothing(place, monkeypatch):
    monkeypatch.setattr(unix_socket, "trusted", lambda socket: False)
    url = URL(unix_socket.address(place))
    transport = Transport(Connection(url=str(url), at=AT))
    fault = await transport.connect(url)
    assert (fault.code, fault.retry) == ("impostor", False)
    assert transport.socket.closed
    await transport.close()


def test_other_addresses_are_reached_as_ever():
    url = URL("wss://example.org/v1/realtime?model=x")
    assert unix_socket.way_to(url) == (None, url)
