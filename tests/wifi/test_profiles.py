"""What NetworkManager is told."""

import pytest
from support.scripted_manager import NM

from device.wifi.profiles import ADDRESS, DIGITS, ProfileError, access_point, new_password, station


def test_the_access_point_takes_its_password_by_wpa2_alone():
    profile = access_point("Parley-1", "123456789012")
    assert profile["802-11-wireless"] == {"ssid": ("ay", b"Parley-1"), "mode": ("s", "ap"), "band": ("s", "bg")}
    security = profile["802-11-wireless-security"]
    assert security["psk"] == ("s", "123456789012")
    assert (security["proto"], security["pairwise"]) == (("as", ["rsn"]), ("as", ["ccmp"]))
    assert profile["connection"]["autoconnect"] == ("b", False)
    assert profile["ipv4"]["method"] == ("s", "shared")
    assert profile["ipv4"]["address-data"][1][0]["address"] == ("s", ADDRESS)


def test_without_a_password_it_is_open():
    assert "802-11-wireless-security" not in access_point("Parley-1", "")


def test_a_password_is_digits_and_another_each_time():
    made = {new_password() for _ in range(50)}
    assert len(made) == 50
    assert all(len(one) == DIGITS and one.isdigit() for one in made)


@pytest.mark.parametrize(
    ("security", "password", "kind"),
    [
        ("wpa2", "8 signs!", "wpa-psk"),
        ("wpa2", "x" * 63, "wpa-psk"),
        ("wpa2", "aF" * 32, "wpa-psk"),
        ("wpa2", "ümläut 🦇", "wpa-psk"),
        ("wpa2", 'it\'s "quoted" \\ here', "wpa-psk"),
        ("wpa3", "short", "sae"),
        ("wpa3", "x" * 100, "sae"),
    ],
)
def test_a_password_is_taken_as_it_is(security, password, kind):
    told = station(b"a", security, password)["802-11-wireless-security"]
    assert told == {"key-mgmt": ("s", kind), "psk": ("s", password)}


@pytest.mark.parametrize(
    ("security", "password", "why"),
    [
        ("wpa2", "", "wants a password"),
        ("wpa2", "seven!!", "8 to 63"),
        ("wpa2", "x" * 64, "8 to 63"),
        ("wpa2", "eight\nor more", "cannot be typed"),
        ("wpa2", "eight\0or more", "cannot be typed"),
        ("wpa3", "", "wants a password"),
        ("enterprise", "whatever", "Enterprise"),
        ("wep", "whatever", "WEP"),
    ],
)
def test_what_cannot_be_is_refused_and_not_repeated(security, password, why):
    with pytest.raises(ProfileError, match=why) as error:
        station(b"a", security, password)
    assert not password or password not in str(error.value)


@pytest.mark.parametrize(("security", "told"), [("open", None), ("enhanced", {"key-mgmt": ("s", "owe")})])
def test_what_has_no_password_gets_none(security, told):
    assert station(b"a", security, "typed by mistake").get("802-11-wireless-security") == told


def test_a_name_of_any_bytes_is_joined_as_it_is():
    profile = station(b'\xff"\n\x00', "open", "", hidden=True)
    assert profile["802-11-wireless"]["ssid"] == ("ay", b'\xff"\n\x00')
    assert profile["802-11-wireless"]["hidden"] == ("b", True)
    assert profile["connection"]["id"] == ("s", 'ÿ"\\n\\u0000')


async def test_networkmanager_can_read_them(scripted, manager):
    """Their types are D-Bus's: what is of another cannot even be sent."""
    for profile in (access_point("a", "b" * 12), station(b"\xff", "wpa3", "c"), station(b"d", "open", "")):
        await manager.join(f"{NM.replace('.', '/').join(('/', ''))}/Devices/3", profile)
        assert scripted.called[0][2] == profile
        scripted.called.clear()
