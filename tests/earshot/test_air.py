"""Real datagrams, on loopback."""

import asyncio
import os
import socket
import sys
from pathlib import Path

import pytest
from support import in_earshot

import device
from device.earshot import air as module
from device.earshot.air import GROUP, Multicast, interfaces
from device.earshot.datagram import LONGEST

pytestmark = pytest.mark.realtime
IP_RECVTTL = 12
"""Of Linux, in <linux/in.h>; Python has no name for it before 3.14."""


@pytest.fixture
def port():
    """Two that nobody has."""
    while True:
        with (
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one,
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as two,
        ):
            one.bind(("", 0))
            free = one.getsockname()[1]
            try:
                two.bind(("", free + 1))
            except (OSError, OverflowError):
                continue
            return free


class Heard:
    def __init__(self):
        self.all = []
        self.more = asyncio.Event()

    def __call__(self, datagram, address):
        self.all.append((datagram, address))
        self.more.set()

    async def until(self, count):
        async with asyncio.timeout(5):
            while len(self.all) < count:
                self.more.clear()
                await self.more.wait()


@pytest.fixture
async def two(port):
    pair = [(Multicast(["lo"], port=port), Heard()) for _ in range(2)]
    for one, heard in pair:
        one.open(heard)
    yield pair
    for one, _ in pair:
        one.close()


async def test_what_goes_to_all_comes_to_all_and_can_be_answered_to_one(two):
    (one, first), (other, second) = two
    one.send(b"hello", ())
    await first.until(1)
    await second.until(1)
    (datagram, address) = second.all[0]
    assert datagram == b"hello"
    other.send(b"and you", [address], everybody=False)
    await first.until(2)
    assert first.all[1][0] == b"and you"
    assert len(second.all) == 1


async def test_what_is_too_long_is_cut_and_a_flood_lets_others_have_their_turn(two):
    (one, first), (_, second) = two
    one.send(bytes(65_000), ())
    await second.until(1)
    assert len(second.all[0][0]) == LONGEST + 1
    for _ in range(2_000):
        one.send(b"x" * 100, ())
    turns = 0
    while len(second.all) < 200:
        await asyncio.sleep(0)
        turns += 1
        assert turns < 1_000_000
    assert turns > 3
    assert first.all


async def test_none_is_heard_once_it_is_closed(two):
    (one, _), (other, second) = two
    other.close()
    other.close()
    one.send(b"hello", ())
    other.send(b"hello", ())
    await asyncio.sleep(0.05)
    assert second.all == []


async def test_who_is_not_there_breaks_nothing(two, caplog):
    (one, first), _ = two
    one.send(b"hello", [("127.0.0.1", 9), ("203.0.113.1", 9), ("255.255.255.255", 9)])
    await first.until(1)
    one.send(b"hello", [("255.255.255.255", 9)])
    assert len([line for line in caplog.messages if "255.255.255.255" in line]) == 1


async def test_without_a_network_it_tries_again(port, monkeypatch, tmp_path):
    there = {}
    monkeypatch.setattr(module, "interfaces", lambda _: there)
    one, heard = Multicast(port=port), Heard()
    one.open(heard)
    one.send(b"hello", ())
    there[socket.if_nametoindex("lo")] = "lo"
    one.refresh()
    one.send(b"again", ())
    await heard.until(1)
    assert [datagram for datagram, _ in heard.all] == [b"again"]
    one.close()


async def test_nothing_leaves_the_local_network(two):
    (one, _), _ = two
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.setsockopt(socket.IPPROTO_IP, IP_RECVTTL, 1)
        other.settimeout(5)
        other.bind(("127.0.0.1", 0))
        one.send(b"hello", [other.getsockname()], everybody=False)
        _, ((_, kind, ttl),), *_ = other.recvmsg(100, 100)
    assert (kind, int.from_bytes(ttl, sys.byteorder)) == (socket.IP_TTL, 1)
    assert GROUP.startswith("239.255.")


def test_interfaces_are_those_that_are_up_and_can_multicast(tmp_path):
    for name, flags, index in (("eth0", "0x1003", "2"), ("wlan0", "0x1002", "3"), ("tun0", "0x91", "4"),
                               ("lo", "0x1009", "1"), ("gone", "", "5")):  # fmt: skip
        (tmp_path / name).mkdir()
        (tmp_path / name / "flags").write_text(flags)
        (tmp_path / name / "ifindex").write_text(index)
    assert interfaces(below=tmp_path) == {2: "eth0"}
    assert interfaces(frozenset(["lo"]), below=tmp_path) == {1: "lo"}
    assert interfaces(below=tmp_path / "nothing") == {}


async def test_two_processes_decide_by_real_datagrams(port):
    command = (sys.executable, str(Path(in_earshot.__file__)), str(port))
    pipes = {"stdin": asyncio.subprocess.PIPE, "stdout": asyncio.subprocess.PIPE}
    environment = os.environ | {"PYTHONPATH": str(Path(device.__file__).parents[1])}
    both = [await asyncio.create_subprocess_exec(*command, bid, env=environment, **pipes) for bid in ("-30.0", "-40.0")]

    async def say(process, line):
        process.stdin.write(f"{line}\n".encode())
        await process.stdin.drain()

    async def told(process):
        async with asyncio.timeout(30):
            return (await process.stdout.readline()).decode().split()

    try:
        met = [["0"], ["0"]]
        while met != [["1"], ["1"]]:
            for process in both:
                await say(process, "here")
            met = [await told(process) for process in both]
        for process in both:
            await say(process, "wake")
        (near, near_ms), (far, _) = [await told(process) for process in both]
        assert (near, far) == ("answer", "yield")
        assert int(near_ms) <= 150
    finally:
        for process in both:
            process.stdin.close()
            await process.wait()
