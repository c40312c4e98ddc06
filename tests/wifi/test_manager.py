"""NetworkManager as it is asked: real messages of D-Bus, to one that does what the test has it do."""

import pytest
from support.scripted_manager import ACTIVATED, CONFIG, FAILED, NM, PREPARE, RADIO, Point

from device.wifi import manager as module
from device.wifi.bus import BusError
from device.wifi.manager import JoinError, Seen, routed
from device.wifi.profiles import access_point, station

ETHERNET, WIFI, BRIDGE = "802-3-ethernet", "802-11-wireless", "bridge"
HOME = b"home"
PROFILE = station(HOME, "wpa2", "a secret of 8")


def connection(kind, name="home", state=2):
    return {"Type": ("s", kind), "Id": ("s", name), "State": ("u", state)}


async def test_the_first_radio_that_can_serve_is_seen(scripted, manager):
    assert await manager.look() == Seen(radio=RADIO, interface="wlan0")
    scripted.wireless["WirelessCapabilities"] = ("u", 0x1F)
    assert await manager.look() == Seen()


async def test_a_radio_that_others_manage_is_none(scripted, manager):
    scripted.devices[RADIO]["State"] = ("u", 10)
    assert (await manager.look()).radio == ""


@pytest.mark.parametrize("what", ["WirelessEnabled", "WirelessHardwareEnabled"])
async def test_a_radio_that_is_off_or_blocked_is_there(scripted, manager, what):
    scripted.root[what] = ("b", False)
    assert await manager.look() == Seen(radio=RADIO, interface="wlan0", enabled=False)


async def test_a_radio_without_a_supplicant_is_not_ready(scripted, manager):
    scripted.devices[RADIO]["State"] = ("u", 20)
    assert not (await manager.look()).enabled


@pytest.mark.parametrize(
    ("kind", "state", "here"),
    [(ETHERNET, 2, "home"), (WIFI, 2, "home"), (WIFI, 1, ""), (BRIDGE, 2, ""), ("loopback", 2, ""), ("gsm", 2, "home")],
)
async def test_what_is_up_and_a_network_is_one(scripted, manager, kind, state, here):
    scripted.active["/a"] = connection(kind, state=state)
    assert (await manager.look()).here == here


async def test_the_device_s_own_is_no_network(scripted, manager):
    scripted.active["/own"] = connection(WIFI)
    seen = await manager.look("/own")
    assert (seen.here, seen.serving) == ("", True)
    assert not (await manager.look("/gone")).serving


async def test_a_network_that_others_manage_is_one(manager, tmp_path):
    routes = tmp_path / "route"
    routes.write_text("Iface\tDestination\nwlan0\t00000000\neth7\t0000A8C0\n")
    assert (await manager.look()).here == "", "a way by the radio itself goes with it"
    routes.write_text("Iface\tDestination\neth7\t00000000\n")
    assert (await manager.look()).here == "eth7"


def test_without_a_table_of_routes_there_is_none(tmp_path):
    assert routed(tmp_path / "nothing", "") == ""


async def test_a_name_that_forges_a_line_does_not(scripted, manager):
    scripted.active["/a"] = connection(WIFI, "a\nb\x1b[2J")
    assert (await manager.look()).here == "a\\nb\\u001b[2J"


async def test_networks_are_looked_for_before_they_are_told(scripted, manager):
    scripted.points = [Point(HOME, 30), Point(HOME, 70), Point(b"other", 90, 0, 0, 0), Point(b"own")]
    scripted.kept["/s"] = {"802-11-wireless": {"ssid": ("ay", HOME)}}
    scripted.kept["/cable"] = {"802-3-ethernet": {}}
    found = await manager.scan(RADIO, b"own")
    assert [(one.name, one.strength, one.security, one.saved) for one in found] == [
        ("other", 90, "open", False),
        ("home", 70, "wpa2", True),
    ]
    assert [call[0] for call in scripted.called] == []
    assert scripted.wireless["LastScan"] == ("x", 8)


async def test_where_it_cannot_look_it_tells_what_it_knows(scripted, manager):
    scripted.points = [Point(HOME)]
    scripted.refuses["RequestScan"] = f"{NM}.Device.NotAllowed"
    assert [one.name for one in await manager.scan(RADIO)] == ["home"]


async def test_a_scan_that_never_ends_is_not_waited_for(scripted, manager, monkeypatch):
    monkeypatch.setattr(module, "SCAN_S", 0.01)
    scripted.points = [Point(HOME)]
    scripted.scans = False
    assert [one.name for one in await manager.scan(RADIO)] == ["home"]


async def test_the_access_point_goes_with_this_process_and_names_lead_to_it_before(scripted, manager):
    profile = access_point("Parley-1", "123456789012")
    active = await manager.serve(RADIO, profile)
    assert active in scripted.active
    start, made = scripted.called
    assert start[0::2] == ("StartUnit", "parley-captive.service")
    assert made[2] == profile
    assert made[5] == {"persist": ("s", "volatile"), "bind-activation": ("s", "dbus-client")}
    await manager.close(RADIO, active)
    assert [call[0] for call in scripted.called[2:]] == ["DeactivateConnection", "StopUnit"]
    assert scripted.active == {}


async def test_without_that_unit_it_serves_nevertheless(scripted, manager, caplog):
    scripted.refuses["StartUnit"] = "org.freedesktop.systemd1.NoSuchUnit"
    assert await manager.serve(RADIO, access_point("Parley-1", ""))
    assert "do not find the page by themselves" in caplog.text


async def test_one_that_does_not_come_up_leaves_names_as_they_were(scripted, manager):
    scripted.ends = [(PREPARE, 0), (FAILED, 1)]
    with pytest.raises(JoinError):
        await manager.serve(RADIO, access_point("Parley-1", ""))
    assert [call[0] for call in scripted.called] == ["StartUnit", "AddAndActivateConnection2", "StopUnit"]


async def test_one_that_was_closed_already_is_not_waited_for(scripted, manager):
    scripted.refuses["DeactivateConnection"] = f"{NM}.ConnectionNotActive"
    await manager.close(RADIO, "/gone")
    assert [call[0] for call in scripted.called] == ["StopUnit"]


async def test_a_network_that_is_joined_is_kept_and_an_older_one_of_ours_is_not(scripted, manager):
    ours = {"802-11-wireless": {"ssid": ("ay", HOME)}, "user": {"data": ("a{ss}", {"parley.joined": "yes"})}}
    scripted.kept = {
        "/ours": ours,
        "/theirs": {"802-11-wireless": {"ssid": ("ay", HOME)}},
        "/other": ours | {"802-11-wireless": {"ssid": ("ay", b"other")}},
    }
    await manager.join(RADIO, PROFILE)
    made = next(path for path in scripted.kept if path not in {"/theirs", "/other"})
    assert set(scripted.kept) == {"/theirs", "/other", made}
    assert [call[:2] for call in scripted.called[1:]] == [("Save", made), ("Delete", "/ours")]
    assert scripted.called[0][5] == {"persist": ("s", "memory")}


@pytest.mark.parametrize(
    ("ends", "why"),
    [
        ([(PREPARE, 0), (60, 0), (FAILED, 7)], "password"),
        ([(PREPARE, 0), (CONFIG, 0), (FAILED, 8)], "password"),
        ([(PREPARE, 0), (FAILED, 53)], "away"),
        ([(PREPARE, 0), (70, 0), (FAILED, 5)], "address"),
        ([(PREPARE, 0), (70, 0), (FAILED, 17)], "address"),
        ([(PREPARE, 0), (FAILED, 1)], "failed"),
        ([(PREPARE, 0), (30, 42)], "failed"),
        ([(FAILED, 4711)], "failed"),
    ],
)
async def test_a_network_that_is_not_joined_is_not_kept(scripted, manager, ends, why):
    scripted.ends = ends
    with pytest.raises(JoinError) as error:
        await manager.join(RADIO, PROFILE)
    assert error.value.why == why
    assert scripted.kept == {}
    assert "secret" not in repr(error.value)


async def test_what_takes_too_long_is_late(scripted, manager, monkeypatch):
    monkeypatch.setattr(module, "JOIN_S", 0.05)
    scripted.ends = [(PREPARE, 0), (CONFIG, 0)]
    with pytest.raises(JoinError) as error:
        await manager.join(RADIO, PROFILE)
    assert (error.value.why, scripted.kept) == ("late", {})


async def test_what_was_before_it_begins_does_not_count(scripted, manager):
    scripted.ends = [(30, 39), (PREPARE, 0), (ACTIVATED, 0)]
    await manager.join(RADIO, PROFILE)
    assert len(scripted.kept) == 1


async def test_what_polkit_does_not_allow_is_told(scripted, manager):
    scripted.refuses["AddAndActivateConnection2"] = f"{NM}.PermissionDenied"
    with pytest.raises(BusError) as error:
        await manager.join(RADIO, PROFILE)
    assert error.value.name == f"{NM}.PermissionDenied"
    assert "secret" not in str(error.value)


async def test_a_manager_that_ends_meanwhile_is_told(scripted, manager):
    await manager.look()
    await scripted.end()
    with pytest.raises(BusError):
        await manager.look()


ODD = (
    ("root", "WirelessEnabled", None),
    ("root", "Devices", ("s", "/none")),
    ("root", "ActiveConnections", ("u", 7)),
    ("device", "DeviceType", None),
    ("device", "State", ("s", "up")),
    ("wireless", "WirelessCapabilities", ("s", "all of them")),
    ("wireless", "WirelessCapabilities", ("as", [])),
)


@pytest.mark.parametrize(("where", "key", "value"), ODD)
async def test_odd_answers_are_faults_of_the_bus_and_no_end(scripted, manager, where, key, value):
    table = {"root": scripted.root, "device": scripted.devices[RADIO], "wireless": scripted.wireless}[where]
    if value is None:
        del table[key]
    else:
        table[key] = value
    with pytest.raises(BusError):
        await manager.look()


async def test_of_what_is_seen_and_kept_the_odd_is_passed_over(scripted, manager):
    odd, strange = Point(b"odd"), Point(b"strange")
    odd["Strength"] = ("s", "loud")
    strange["Ssid"] = ("u", 4_000_000_000)
    scripted.points = [odd, Point(HOME), strange]
    scripted.kept = {
        "/1": {"802-11-wireless": {"ssid": ("s", "text")}},
        "/2": {"802-11-wireless": {"ssid": ("ay", HOME)}},
        "/3": {"connection": {"id": ("s", "a cable")}},
    }
    (network,) = await manager.scan(RADIO)
    assert (network.name, network.saved) == ("home", True)
