"""What keeps Wi-Fi without a screen from working, where it is switched on: `parley-wifi.service`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from device.doctor.finding import Finding
from device.system.systemctl import ask

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from device.system.systemctl import Ask

UNIT: Final = "parley-wifi.service"
PAGE: Final = "parley-page.service"
NEEDED: Final = (
    ("dnsmasq-base", ("usr/sbin/dnsmasq",), "telephones get no address"),
    ("polkitd", ("usr/lib/polkit-1/polkitd", "usr/libexec/polkitd"), "NetworkManager obeys root alone"),
    ("wpasupplicant", ("usr/sbin/wpa_supplicant", "sbin/wpa_supplicant"), "there is no Wi-Fi at all"),
)
"""Packages of Debian's, where each puts what is run, and what is without it."""
COUNTRY: Final = "sys/module/cfg80211/parameters/ieee80211_regdom"
"""The country that the kernel was started with: the Raspberry Pi's `cfg80211.ieee80211_regdom=` in cmdline.txt."""
NOWHERE: Final = ("", "00", "(null)")
"""What is there if none was set."""


def check_wifi(units: Mapping[str, Mapping[str, str]], root: Path, asked: Ask = ask) -> Iterator[Finding]:
    """Say what is missing, if it is switched on; `units` as `show_units` has them."""
    if not _on(units, UNIT):
        return
    faults = [*_software(units, root, asked), *_radio(root)]
    yield from faults
    if not faults:
        yield Finding("wifi", "ok", "an access point can be opened while there is no network")


def _on(units: Mapping[str, Mapping[str, str]], name: str) -> bool:
    unit = units.get(name, {})
    return unit.get("UnitFileState") == "enabled" or unit.get("ActiveState") == "active"


def _software(units: Mapping[str, Mapping[str, str]], root: Path, asked: Ask) -> Iterator[Finding]:
    if asked(["systemctl", "is-active", "NetworkManager"]).strip() != "active":
        fix = "sudo apt install network-manager && sudo systemctl enable --now NetworkManager"
        yield Finding("wifi", "fail", "NetworkManager does not run: no access point can be opened", fix)
    for package, places, without in NEEDED:
        if not any((root / place).exists() for place in places):
            yield Finding("wifi", "fail", f"the package {package} is missing: {without}", f"sudo apt install {package}")
    if not _on(units, PAGE):
        fix = "sudo systemctl enable --now parley-page"
        yield Finding("wifi", "warn", "the page is off, by which telephones choose a network", fix)


def _radio(root: Path) -> Iterator[Finding]:
    if not list((root / "sys/class/net").glob("*/phy80211")):
        yield Finding("wifi", "fail", "this machine shows no Wi-Fi", "a USB stick will do that can be an access point")
        return
    pi = "Raspberry Pi" in _read(root / "proc/device-tree/model")
    set_country = "sudo raspi-config nonint do_wifi_country DE, with your country's code"
    for switch in sorted((root / "sys/class/rfkill").glob("rfkill*")):
        if _read(switch / "type") != "wlan":
            continue
        if _read(switch / "hard") == "1":
            yield Finding("wifi", "fail", "Wi-Fi is off by a switch of this machine", "switch it on")
        elif _read(switch / "soft") == "1":
            fix = set_country if pi else "sudo rfkill unblock wifi"
            yield Finding("wifi", "fail", "Wi-Fi is blocked, as long as no country is set or it is off", fix)
    country = root / COUNTRY
    if country.exists() and _read(country) in NOWHERE:
        other = "echo options cfg80211 ieee80211_regdom=DE | sudo tee /etc/modprobe.d/wifi-country.conf, and reboot"
        text = "no country is set for Wi-Fi: some of its channels are not used"
        yield Finding("wifi", "warn", text, set_country if pi else f"{other}; with your country's code")


def _read(path: Path) -> str:
    """Return what a file of the kernel says, or an empty string if it is not there."""
    try:
        return path.read_text(errors="replace").strip("\0\n ")
    except OSError:
        return ""
