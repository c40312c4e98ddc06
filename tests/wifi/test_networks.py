"""Networks as they are shown: whatever their names are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.wifi import messages as m
from device.wifi.networks import MOST_NETWORKS, Point, networks, shown


@pytest.mark.parametrize(
    ("flags", "wpa", "rsn", "security"),
    [
        (0, 0, 0, "open"),
        (1, 0, 0, "wep"),
        (1, 0x100, 0, "wpa2"),
        (1, 0, 0x188, "wpa2"),
        (1, 0, 0x500, "wpa2"),  # WPA2 and WPA3
        (1, 0, 0x400, "wpa3"),
        (1, 0, 0x200, "enterprise"),
        (1, 0, 0x2000, "enterprise"),
        (0, 0, 0x800, "enhanced"),
        (0, 0, 0x1000, "open"),  # its twin is encrypted
    ],
)
def test_how_it_is_secured(flags, wpa, rsn, security):
    told = {"Ssid": b"a", "Strength": 50, "Flags": flags, "WpaFlags": wpa, "RsnFlags": rsn}
    assert Point.read(told).security == security


@pytest.mark.parametrize(
    ("ssid", "name"),
    [
        (b"Home", "Home"),
        ("Café 🦇".encode(), "Café 🦇"),
        (b'"; rm -rf / #', '"; rm -rf / #'),
        (b"caf\xe9", "café"),
        (b"a\nb\x1b[2J\x00", "a\\nb\\u001b[2J\\u0000"),
        ("\u202eliame".encode(), "\\u202eliame"),
        (b"\xff" * 32, "ÿ" * 32),
    ],
)
def test_a_name_is_shown_in_one_harmless_line(ssid, name):
    assert shown(ssid) == name


@given(st.binary(min_size=1, max_size=32))
def test_any_name_is_shown_and_comes_back(ssid):
    found = networks([Point(ssid)])
    assert "\n" not in shown(ssid)
    if ssid.strip(b"\0"):
        assert bytes.fromhex(found[0].ssid) == ssid
        assert m.encode(m.Wifi("open", networks=found))
    else:
        assert found == ()


def test_each_is_there_once_the_strongest_first():
    found = networks([Point(b"a", 20), Point(b"b", 90), Point(b"a", 60), Point(b"a", 40, keys=0x100)], {b"b"})
    assert [(one.name, one.strength, one.security, one.saved) for one in found] == [
        ("b", 90, "open", True),
        ("a", 60, "open", False),
        ("a", 40, "wpa2", False),
    ]


def test_what_has_no_name_and_the_device_s_own_are_left_out():
    assert networks([Point(b""), Point(b"\0\0"), Point(b"own"), Point(b"x" * 33)], but=b"own") == ()


def test_there_are_not_too_many_and_what_is_told_of_them_fits():
    crowd = networks([Point(bytes([n, 27]) * 16, n) for n in range(1, 256)])
    assert len(crowd) == MOST_NETWORKS
    assert crowd[0].strength == 100
    assert len(m.encode(m.Wifi("open", networks=crowd))) < m.LONGEST
