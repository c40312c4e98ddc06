"""When the access point is open, with a NetworkManager that does what the test has it do, on a clock of the test's."""

import asyncio
import time
from contextlib import asynccontextmanager, suppress

import pytest

from device.settings.wifi import WifiSettings
from device.wifi import keeper as module
from device.wifi import messages as m
from device.wifi.bus import BusError
from device.wifi.keeper import Keeper, own_name
from device.wifi.manager import JoinError, Seen

HOME = m.Network(b"home".hex(), "home", 80, "wpa2")
OFFICE = m.Network(b"office".hex(), "office", 60, "enterprise")
CAFE = m.Network(b"caf\xe9".hex(), "café", 40, "open")


class Manager:
    """Sees what the test has it see; `fails` is why networks are not joined."""

    def __init__(self):
        self.here = ""
        self.radio = "/radio"
        self.enabled = True
        self.connecting = False
        self.finds, self.begins = "", False
        self.serving = ""
        self.fails = []
        self.serves = True
        self.broken = None
        self.done = []
        self.looked = asyncio.Event()

    async def look(self, own=""):
        self.looked.set()
        if self.broken:
            raise self.broken
        return Seen(self.radio, "wlan0", self.enabled, self.connecting, self.here, bool(own) and own == self.serving)

    async def scan(self, radio, but=b""):
        self.done.append("scan")
        self.here = self.here or self.finds
        self.connecting = self.connecting or self.begins
        return HOME, OFFICE, CAFE

    async def serve(self, radio, profile):
        if not self.serves:
            raise JoinError("failed")
        self.done.append("serve")
        self.serving = f"/ap/{len(self.done)}"
        self.profile = profile
        return self.serving

    async def close(self, radio, active):
        assert self.serving in (active, ""), "what is closed is its own"
        self.done.append("close")
        self.serving = ""

    async def join(self, radio, profile):
        assert not self.serving, "a chip does not do both"
        self.done.append("join")
        self.profile = profile
        if self.fails:
            raise JoinError(self.fails.pop(0))
        self.here = bytes(profile["802-11-wireless"]["ssid"][1]).decode("latin-1")


class Herald:
    def __init__(self):
        self.said = []

    def say(self, *what, **values):
        self.said.append((what, values))

    @property
    def keys(self):
        return [key for what, _ in self.said for key in what]


class House:
    """A keeper that runs, and its surroundings."""

    def __init__(self, monkeypatch, **settings):
        monkeypatch.setattr(module, "LOOK_S", 0.001)
        monkeypatch.setattr(module, "AGAIN_S", 0.001)
        monkeypatch.setattr(module, "GOODBYE_S", 0.0)
        self.manager, self.herald, self.at, self.changes = Manager(), Herald(), 1000.0, []
        self.reached = 0
        self.keeper = Keeper(
            WifiSettings(**{"wait_s": 60, "minutes": 15, **settings}),
            self.reach,
            self.herald,
            changed=lambda now: self.changes.append(now.doing),
            now=lambda: self.at,
            name="Parley-1a2b",
        )

    @asynccontextmanager
    async def reach(self):
        self.reached += 1
        yield self.manager

    @property
    def told(self):
        return self.keeper.answer(m.Look())

    async def steps(self, count=3):
        """Let it look around so many times."""
        for _ in range(count):
            self.manager.looked.clear()
            await self.manager.looked.wait()

    async def becomes(self, doing):
        async with asyncio.timeout(10):
            while self.told.doing != doing:
                await self.steps(1)

    async def open(self):
        self.at += 61
        await self.becomes("open")


@pytest.fixture
async def house(monkeypatch, request):
    one = House(monkeypatch, **getattr(request, "param", {}))
    keeping = asyncio.create_task(one.keeper.keep())
    yield one
    keeping.cancel()
    with suppress(asyncio.CancelledError):
        await keeping


async def test_without_a_network_it_opens_after_a_while_and_says_how_to_join(house):
    await house.becomes("waiting")
    house.at += 59
    await house.steps()
    assert (house.told.doing, house.manager.done) == ("waiting", [])
    house.at += 1
    await house.becomes("open")
    assert house.manager.done == ["scan", "serve"], "seen before it serves"
    [(what, values)] = house.herald.said
    assert what == ("opened",)
    assert values["name"] == "Parley-1a2b"
    assert values["password"] == ", ".join(house.keeper.password)
    assert values["digits"] == house.keeper.password
    assert [one.name for one in house.told.networks] == ["home", "office", "café"]
    assert house.told.left_s == 15 * 60


async def test_a_network_that_comes_while_it_scans_is_not_put_off_by_it(house):
    """The router has power again: NetworkManager joins what it keeps as soon as a scan has found it."""
    await house.becomes("waiting")
    house.manager.finds = "home"
    house.at += 61
    await house.becomes("online")
    assert house.manager.done == ["scan"]


async def test_one_that_is_begun_while_it_scans_has_its_time(house):
    await house.becomes("waiting")
    house.manager.begins = True
    house.at += 61
    await house.steps(4)
    assert house.manager.done == ["scan"]
    house.at += 120
    await house.becomes("open")


async def test_beside_a_network_it_never_opens(house):
    house.manager.here = "eth0"
    await house.becomes("online")
    house.at += 10_000
    await house.steps()
    assert house.manager.done == []
    refused = house.keeper.answer(m.SetUp())
    assert isinstance(refused, m.Refused)
    assert "eth0" in refused.what


async def test_a_network_that_comes_closes_it(house):
    await house.open()
    house.manager.here = "eth0"
    await house.becomes("online")
    assert house.manager.done[-1] == "close"
    house.manager.here = ""
    await house.becomes("waiting")
    house.at += 61
    await house.becomes("open")


async def test_a_wrong_password_brings_it_back_and_says_so(house):
    await house.open()
    house.manager.fails = ["password"]
    assert house.keeper.answer(m.Join(HOME.ssid, "wrong password")).doing == "joining"
    await house.becomes("open")
    assert house.manager.done == ["scan", "serve", "close", "join", "scan", "serve"]
    assert house.told.trouble == m.Trouble("home", "password")
    assert house.herald.said[-1][0] == ("not_password", "again")
    assert house.herald.said[-1][1]["network"] == "home"
    house.keeper.answer(m.Join(HOME.ssid, "right password"))
    await house.becomes("online")
    assert house.told.trouble is None
    assert house.herald.keys[-1] == "joined"
    assert house.manager.done[-2:] == ["close", "join"]


async def test_it_keeps_its_password_so_that_a_telephone_comes_back_by_itself(house):
    await house.open()
    first = house.manager.profile
    house.manager.fails = ["late"]
    house.keeper.answer(m.Join(HOME.ssid, "wrong password"))
    await house.becomes("open")
    assert house.manager.profile["802-11-wireless-security"] == first["802-11-wireless-security"]


async def test_once_there_was_a_network_its_password_is_another(house):
    await house.open()
    first = house.keeper.password
    house.manager.here = "eth0"
    await house.becomes("online")
    second = house.keeper.password
    await house.steps()
    assert first != second == house.keeper.password


async def test_unused_it_closes_and_stays_closed_until_somebody_asks(house):
    await house.open()
    house.at += 15 * 60
    await house.becomes("resting")
    assert (house.manager.serving, house.herald.keys[-1]) == ("", "closed")
    house.at += 10_000
    await house.steps()
    assert house.told.doing == "resting"
    house.keeper.set_up()
    await house.becomes("open")


async def test_used_it_stays_for_a_while_but_not_for_ever(house):
    await house.open()
    for _ in range(11):
        house.at += 290
        house.keeper.answer(m.Look(visitor=True))
        await house.steps(1)
        assert house.told.doing == "open"
    house.at += 420
    house.keeper.answer(m.Look(visitor=True))
    await house.becomes("resting")


async def test_who_only_looks_does_not_keep_it_open(house):
    await house.open()
    house.at += 14 * 60 + 59
    house.keeper.answer(m.Look())
    house.at += 1
    await house.becomes("resting")


async def test_while_a_network_is_being_joined_it_waits_longer(house):
    house.manager.connecting = True
    await house.becomes("waiting")
    house.at += 100
    await house.steps()
    assert house.told.doing == "waiting"
    house.at += 100
    await house.becomes("open")


async def test_somebody_who_asks_does_not_wait(house):
    await house.becomes("waiting")
    house.keeper.set_up()
    await house.becomes("open")


@pytest.mark.parametrize(
    ("lacks", "doing", "why"),
    [({"radio": ""}, "no_radio", "no Wi-Fi"), ({"enabled": False}, "blocked", "country")],
)
async def test_what_keeps_it_from_opening_is_told(house, lacks, doing, why):
    for key, value in lacks.items():
        setattr(house.manager, key, value)
    await house.becomes(doing)
    house.at += 1000
    await house.steps()
    assert house.manager.done == []
    assert why in house.keeper.answer(m.SetUp()).what
    house.manager.radio, house.manager.enabled = "/radio", True
    await house.becomes("open")


async def test_a_manager_that_goes_and_comes_back_is_found_again(house, caplog):
    await house.open()
    house.manager.broken = BusError("org.freedesktop.NetworkManager is not there")
    await house.becomes("absent")
    reached = house.reached
    await house.steps(5)
    assert house.reached > reached
    assert caplog.text.count("cannot be asked") == 1, "told once"
    assert "NetworkManager" in house.keeper.answer(m.SetUp()).what
    house.manager.broken, house.manager.serving = None, ""
    await house.becomes("open")


async def test_an_access_point_that_others_close_is_opened_again(house):
    await house.open()
    house.manager.serving = ""
    await house.steps(2)
    await house.becomes("open")
    assert house.manager.done == ["scan", "serve", "close", "scan", "serve"], "what goes with it goes, too"


async def test_one_that_does_not_come_up_is_not_tried_for_ever(house, caplog):
    house.manager.serves = False
    house.at += 61
    await house.becomes("resting")
    await house.steps(5)
    assert house.herald.keys == ["broken"]
    assert "does not come up" in caplog.text


async def test_its_end_closes_it(monkeypatch):
    house = House(monkeypatch)
    keeping = asyncio.create_task(house.keeper.keep())
    await house.open()
    keeping.cancel()
    with suppress(asyncio.CancelledError):
        await keeping
    assert house.manager.done[-1] == "close"


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        (m.Join(OFFICE.ssid, "whatever it is"), "Enterprise"),
        (m.Join(HOME.ssid, "short"), "8 to 63"),
        (m.Join(HOME.ssid), "wants a password"),
    ],
)
async def test_what_cannot_be_joined_is_refused_and_it_stays_open(house, request_, why):
    await house.open()
    refused = house.keeper.answer(request_)
    assert isinstance(refused, m.Refused)
    assert why in refused.what
    assert request_.password not in refused.what or not request_.password
    await house.steps()
    assert house.told.doing == "open"


async def test_an_open_network_takes_no_password_along(house):
    await house.open()
    house.keeper.answer(m.Join(CAFE.ssid, "typed by mistake"))
    await house.becomes("online")
    assert "802-11-wireless-security" not in house.manager.profile


async def test_one_that_hides_is_joined_by_name(house):
    await house.open()
    house.keeper.answer(m.Join(b"hid".hex(), "a password", hidden=True))
    await house.becomes("online")
    assert house.manager.profile["802-11-wireless"]["hidden"] == ("b", True)
    assert house.manager.profile["802-11-wireless-security"]["key-mgmt"] == ("s", "wpa-psk")


async def test_two_are_not_joined_at_once(house):
    await house.open()
    house.keeper.answer(m.Join(HOME.ssid, "a password"))
    assert "just being joined" in house.keeper.answer(m.Join(CAFE.ssid)).what
    assert "just being joined" in house.keeper.answer(m.SetUp()).what


async def test_another_network_is_joined_from_within_one(house):
    """The owner's view has it, too; if it fails, NetworkManager goes back by itself."""
    house.manager.here = "old"
    await house.becomes("online")
    house.keeper.answer(m.Join(b"new".hex(), "a password"))
    async with asyncio.timeout(5):
        while house.told.here != "new":
            await house.steps(1)
    assert house.manager.done == ["join"]


async def test_the_key_is_told_while_it_is_open_alone(house):
    await house.becomes("waiting")
    assert isinstance(house.keeper.answer(m.GetKey()), m.Refused)
    await house.open()
    key = house.keeper.answer(m.GetKey())
    assert (key.name, key.password) == ("Parley-1a2b", house.keeper.password)
    assert key.password not in repr(key)
    assert key.password not in m.encode(house.told).decode()


@pytest.mark.parametrize("house", [{"open": True}], indirect=True)
async def test_without_a_password_it_says_so(house):
    await house.open()
    assert house.herald.keys == ["open_door"]
    assert house.told.protected is False
    assert "802-11-wireless-security" not in house.manager.profile


@pytest.mark.parametrize("house", [{"name": "Kitchen"}], indirect=True)
async def test_it_is_called_as_it_is_set(house):
    await house.open()
    assert house.told.access_point == "Kitchen"


def test_its_own_name_is_the_machine_s(tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_text("1" * 32)
    other.write_text("2" * 32)
    assert own_name(one) == own_name(one) != own_name(other)
    assert own_name(tmp_path / "none").startswith("Parley-")
    assert len(own_name(one)) == len("Parley-1a2b")


async def test_every_change_is_told(house):
    await house.open()
    house.manager.here = "home"
    await house.becomes("online")
    assert house.changes == ["waiting", "open", "online"]


async def test_it_goes_by_a_clock_that_nobody_sets(monkeypatch):
    monkeypatch.setattr(time, "time", None)
    assert Keeper(WifiSettings(), None, None).told().doing == "absent"
