import asyncio

import pytest

from device.doctor import earshot as module
from device.doctor.earshot import check_earshot
from device.earshot.datagram import Envelope, Told
from device.settings.house import HouseSettings
from device.settings.types import Secret


class Air:
    """In which others answer what is asked: each a datagram, and its address."""

    def __init__(self, *answers):
        self.answers = answers
        self.closed = False

    def open(self, receive):
        self.receive = receive

    def send(self, datagram, known, *, everybody=True):
        self.receive(datagram, ("192.168.1.2", 48077))  # one's own comes back
        for answer in self.answers:
            self.receive(*answer)

    def close(self):
        self.closed = True


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    monkeypatch.setattr(module, "LISTENS_S", 0.0)
    monkeypatch.setattr(module, "interfaces", lambda: {2: "eth0"})


def here(secret, address, group="house"):
    told = Told(who="a" * 16, seq=1, kind="here")
    return Envelope(group, secret).seal(told), (address, 48077)


def found(air, secret="s", group="house"):
    async def check():
        settings = HouseSettings(group=group, secret=Secret(secret))
        return [(one.status, one.message, one.fix) async for one in check_earshot(settings, air)]

    return asyncio.run(check())


def test_without_a_group_there_is_nothing_to_say():
    assert found(Air(), group="") == []


def test_others_are_told_by_their_addresses():
    air = Air(here("s", "192.168.1.7"), here("s", "192.168.1.5"), here("s", "192.168.1.9", group="cellar"))
    ((status, text, fix),) = found(air)
    assert (status, fix) == ("ok", "")
    assert text.endswith("192.168.1.5, 192.168.1.7")
    assert air.closed


def test_whoever_answers_from_this_machine_is_no_other():
    ((status, _, fix),) = found(Air(here("s", "192.168.1.2")))
    assert status == "warn"
    assert "house.group" in fix


def test_another_secret_is_told():
    nobody, stranger = found(Air(here("other", "192.168.1.7")))
    assert nobody[0] == stranger[0] == "warn"
    assert "192.168.1.7" in stranger[1]
    assert "house.secret" in stranger[2]


def test_no_secret_is_told():
    *_, last = found(Air(here("", "192.168.1.7")), secret="")
    assert last[0] == "warn"
    assert "openssl rand" in last[2]


def test_no_network_is_told(monkeypatch):
    monkeypatch.setattr(module, "interfaces", dict)
    ((status, text, _),) = found(Air())
    assert status == "warn"
    assert "no network" in text


def test_many_are_not_all_told():
    ((_, text, _),) = found(Air(*(here("s", f"192.168.1.{n}") for n in range(10, 40))))
    assert text.endswith("…")
    assert text.count("192.168") == module.MOST_TOLD
