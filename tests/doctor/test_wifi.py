"""What the doctor says of Wi-Fi without a screen."""

import pytest

from device.doctor.wifi import COUNTRY, check_wifi

ON = {"UnitFileState": "enabled", "ActiveState": "active"}
UNITS = {"parley-wifi.service": ON, "parley-page.service": ON}


@pytest.fixture
def machine(tmp_path):
    """A machine on which all is well."""
    for file, text in {
        "usr/sbin/dnsmasq": "",
        "usr/lib/polkit-1/polkitd": "",
        "usr/sbin/wpa_supplicant": "",
        "sys/class/net/wlan0/phy80211/name": "phy0",
        "sys/class/rfkill/rfkill0/type": "wlan\n",
        "sys/class/rfkill/rfkill0/soft": "0\n",
        "sys/class/rfkill/rfkill0/hard": "0\n",
        "sys/class/rfkill/rfkill1/type": "bluetooth\n",
        "sys/class/rfkill/rfkill1/soft": "1\n",
        "proc/device-tree/model": "Raspberry Pi 4 Model B\0",
        COUNTRY: "DE\n",
    }.items():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(text)
    return tmp_path


def told(machine, units=UNITS, manager="active\n"):
    return [(one.status, one.message, one.fix) for one in check_wifi(units, machine, lambda _: manager)]


def test_where_it_is_off_nothing_is_said(machine):
    assert told(machine, {}) == told(machine, {"parley-wifi.service": {"UnitFileState": "disabled"}}) == []


def test_all_is_well(machine):
    assert [one[0] for one in told(machine)] == ["ok"]


def test_without_networkmanager_it_says_what_to_install(machine):
    ((status, message, fix),) = told(machine, manager="inactive\n")
    assert (status, "network-manager" in fix) == ("fail", True)
    assert "NetworkManager does not run" in message


@pytest.mark.parametrize(
    ("file", "package"),
    [
        ("usr/sbin/dnsmasq", "dnsmasq-base"),
        ("usr/lib/polkit-1/polkitd", "polkitd"),
        ("usr/sbin/wpa_supplicant", "wpasupplicant"),
    ],
)
def test_a_package_that_is_missing_is_named(machine, file, package):
    (machine / file).unlink()
    ((status, message, fix),) = told(machine)
    assert (status, fix) == ("fail", f"sudo apt install {package}")
    assert package in message


def test_a_page_that_is_off_is_told(machine):
    ((status, _, fix),) = told(machine, {"parley-wifi.service": ON})
    assert (status, fix) == ("warn", "sudo systemctl enable --now parley-page")


@pytest.mark.parametrize(
    ("file", "says", "status", "fix"),
    [
        ("sys/class/rfkill/rfkill0/soft", "1\n", "fail", "do_wifi_country"),
        ("sys/class/rfkill/rfkill0/hard", "1\n", "fail", "switch it on"),
        (COUNTRY, "00\n", "warn", "do_wifi_country"),
        (COUNTRY, "\n", "warn", "do_wifi_country"),
    ],
)
def test_a_raspberry_pi_without_a_country_is_told_how_to_set_one(machine, file, says, status, fix):
    (machine / file).write_text(says)
    ((found, _, what),) = told(machine)
    assert found == status
    assert fix in what


def test_another_machine_is_not_told_of_raspi_config(machine):
    (machine / "proc/device-tree/model").unlink()
    (machine / COUNTRY).write_text("00\n")
    (machine / "sys/class/rfkill/rfkill0/soft").write_text("1\n")
    fixes = [fix for _, _, fix in told(machine)]
    assert "rfkill unblock" in fixes[0]
    assert "modprobe.d" in fixes[1]
    assert "raspi-config" not in "".join(fixes)


def test_without_a_radio_it_says_what_would_do(machine):
    (machine / "sys/class/net/wlan0/phy80211/name").unlink()
    (machine / "sys/class/net/wlan0/phy80211").rmdir()
    ((status, message, _),) = told(machine)
    assert (status, "no Wi-Fi" in message) == ("fail", True)
