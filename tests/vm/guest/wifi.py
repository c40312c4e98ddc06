"""Wi-Fi without a screen: real frames between three radios of the kernel's own, and Debian's NetworkManager.

The first radio is the device's. The second is at home, where hostapd serves; the third is a telephone's. These two
live in network namespaces of their own, so that nothing but the air is between them.
"""

from __future__ import annotations

import json
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from checks import Checks, Failed, must, until
from machine import DAEMON, SETTINGS, STATE, active, run, shown

SLOW = 3.0
UNIT = "parley-wifi.service"
ASKED = Path("/run/parley-wifi/wifi.socket")
ADDRESS = "10.42.97.1"
CAPTIVE = Path("/etc/NetworkManager/dnsmasq-shared.d/parley.conf")
KEPT = Path("/etc/NetworkManager/system-connections")
HOME_NAME = 'Café "Höhle" 🦇'
HOME_PASSWORD = 'it\'s "quoted" \\ here'
WORK = Path("/run/vm-wifi")
PROBES = (
    "http://captive.apple.com/hotspot-detect.html",
    "http://connectivitycheck.gstatic.com/generate_204",
    "http://www.msftconnecttest.com/connecttest.txt",
    "http://detectportal.firefox.com/canonical.html",
)
"""What telephones ask for, to find whether something else answers."""


def asked(**request: Any) -> dict[str, Any]:
    """Ask `parley wifi`."""
    with socket.socket(socket.AF_UNIX) as way:
        way.connect(str(ASKED))
        way.sendall(json.dumps(request).encode() + b"\n")
        told = way.makefile("rb").readline()
    answer: dict[str, Any] = json.loads(told)
    return answer


def doing() -> str:
    """Return what it is doing; empty if it cannot be asked."""
    with suppress(OSError, ValueError):
        return str(asked(type="look")["doing"])
    return ""


def becomes(what: str, within: float) -> float:
    """Wait until it does something; say what it does instead."""
    try:
        return until(lambda: doing() == what, within, what)
    except Failed:
        raise Failed(f"not {what} within {within:.0f} s: {asked(type='look')}") from None


def said() -> str:
    """Return what the assistant says and has said, as its door tells."""
    with socket.socket(socket.AF_UNIX) as way:
        way.connect(str(STATE / "door.socket"))
        way.sendall(b'{"type": "hello", "version": 1}\n{"type": "get_status", "id": 1}\n')
        lines = way.makefile("rb")
        lines.readline()
        status = json.loads(lines.readline())
    return " ".join(caption["text"] for caption in status["now"].get("captions", ()))


def within(place: str, *command: str, fails: bool = False) -> str:
    """Run a command in a network namespace."""
    return run("ip", "netns", "exec", place, *command, within=120, fails=fails)


class Telephone:
    """A telephone: wpa_supplicant, DHCP, and what its system asks for to find a portal."""

    def __init__(self, radio: str) -> None:
        self._radio = radio

    def joins(self, name: str, password: str) -> float:
        """Join a network and get an address."""
        config = WORK / "telephone.conf"
        config.write_text(
            f"ctrl_interface=/run/vm-wifi/ctrl\nnetwork={{\n ssid={name.encode().hex()}\n scan_ssid=1\n"
            f' psk="{password}"\n}}\n'
        )
        within("telephone", "wpa_supplicant", "-B", "-i", self._radio, "-c", str(config), "-f", str(WORK / "telephone"))
        return self.is_in()

    def is_in(self) -> float:
        """Wait until it is in the network, by itself, and has an address."""
        took = until(lambda: "wpa_state=COMPLETED" in self._status(), 60 * SLOW, "the telephone in the network")
        within("telephone", "udhcpc", "-i", self._radio, "-n", "-q", "-t", "20", "-T", "2")
        return took

    def _status(self) -> str:
        return within("telephone", "wpa_cli", "-p", "/run/vm-wifi/ctrl", "-i", self._radio, "status")

    def address_of(self, name: str) -> str:
        """Return what its network tells of a name."""
        return within("telephone", "getent", "ahostsv4", name).split()[0]

    def asks(self, *urls: str, body: object = None) -> list[tuple[int, dict[str, str], str]]:
        """Ask for pages one after the other, in a single process, for each takes its time to start; follows nothing."""
        told = within("telephone", sys.executable, "-c", ASK, "" if body is None else json.dumps(body), *urls)
        return [(status, headers, text) for status, headers, text in json.loads(told)]


ASK = """
import http.client, json, sys, urllib.parse
body, told = sys.argv[1], []
for url in map(urllib.parse.urlsplit, sys.argv[2:]):
    way = http.client.HTTPConnection(url.hostname, url.port or 80, timeout=60)
    headers = {"Origin": f"http://{url.netloc}", "Content-Type": "application/json"} if body else {}
    way.request("POST" if body else "GET", url.path or "/", body or None, headers)
    answer = way.getresponse()
    told.append([answer.status, dict(answer.getheaders()), answer.read().decode("utf-8", "replace")])
print(json.dumps(told))
"""


class Air:
    """The three radios, and what is on the other two."""

    def __init__(self) -> None:
        self.telephone = Telephone("wlan2")

    def there(self) -> str:
        """Have three radios, NetworkManager on the first, and a home on the second."""
        WORK.mkdir(parents=True, exist_ok=True)
        run("modprobe", "mac80211_hwsim", "radios=3")
        for place, phy in (("home", "phy1"), ("telephone", "phy2")):
            resolv = Path("/etc/netns", place, "resolv.conf")
            resolv.parent.mkdir(parents=True, exist_ok=True)
            resolv.touch()
            run("ip", "netns", "add", place)
            run("iw", "phy", phy, "set", "netns", "name", place)
            within(place, "ip", "link", "set", "lo", "up")
        for unit in ("wpa_supplicant", "NetworkManager"):
            Path(f"/etc/systemd/system/{unit}.service").unlink(missing_ok=True)
        run("systemctl", "daemon-reload")
        run("systemctl", "start", "NetworkManager")
        until(lambda: "wlan0:" in run("nmcli", "-t", "-f", "DEVICE,STATE", "device"), 30 * SLOW, "the radio managed")
        self.home()
        return run("nmcli", "-t", "-f", "DEVICE,TYPE,STATE", "device").replace("\n", " ")

    def home(self) -> None:
        """Have the router at home work."""
        config = WORK / "home.conf"
        config.write_text(
            f"interface=wlan1\ndriver=nl80211\nssid2={HOME_NAME.encode().hex()}\nhw_mode=g\nchannel=6\n"
            f"wpa=2\nwpa_key_mgmt=WPA-PSK\nrsn_pairwise=CCMP\nwpa_passphrase={HOME_PASSWORD}\n"
        )
        within("home", "ip", "link", "set", "wlan1", "up")
        with suppress(Failed):
            within("home", "ip", "address", "add", "192.168.77.1/24", "dev", "wlan1")
        within("home", "hostapd", "-B", "-P", str(WORK / "hostapd.pid"), str(config))
        within(
            "home", "dnsmasq", "--interface=wlan1", "--bind-interfaces", f"--pid-file={WORK}/home-dns.pid",
            "--dhcp-range=192.168.77.10,192.168.77.99,1h", f"--dhcp-leasefile={WORK}/leases", "--conf-file=/dev/null",
        )  # fmt: skip

    def home_is_dark(self) -> None:
        """Have no power in the router."""
        for name in ("hostapd.pid", "home-dns.pid"):
            run("kill", (WORK / name).read_text().strip())


class Wifi:
    """The checks, in order."""

    def __init__(self) -> None:
        self.air = Air()
        self._name = self._password = ""

    def opens(self) -> str:
        """No network: the access point comes, with a password and with networks that were seen before."""
        settings = SETTINGS.read_text().partition("\n[wifi]")[0]
        SETTINGS.write_text(f"{settings}\n[wifi]\nwait_s = 5\nminutes = 30\n")
        began = time.monotonic()
        run("systemctl", "start", UNIT, within=180)
        becomes("open", 90 * SLOW)
        took = time.monotonic() - began
        key = asked(type="getkey")
        self._name, self._password = key["name"], key["password"]
        must(len(self._password) == 12 and self._password.isdigit(), "its password is not twelve digits")
        must("type AP" in run("iw", "dev", "wlan0", "info"), "the radio serves nobody")
        names = [network["name"] for network in asked(type="look")["networks"]]
        must(HOME_NAME in names, f"home was not seen: {names}")
        must(CAPTIVE.exists(), "names do not lead here")
        must(active("parley-page.service"), "the page does not run")
        if active(DAEMON):
            until(lambda: self._name in said(), 60 * SLOW, "the assistant says its name")
        return f"{self._name}, after {took:.0f} s; seen: {', '.join(names)}"

    def joined(self) -> str:
        """A telephone joins, and its system finds the page by itself."""
        took = self.air.telephone.joins(self._name, self._password)
        Path("/etc/netns/telephone/resolv.conf").write_text(f"nameserver {ADDRESS}\n")
        must(self.air.telephone.address_of("captive.apple.com") == ADDRESS, "names do not lead here")
        page = [f"http://{ADDRESS}{path}" for path in ("/wifi", "/wifi.json", "/live", "/page.json")]
        answers = self.air.telephone.asks(*PROBES, *page)
        for url, (status, headers, _) in zip(PROBES, answers, strict=False):
            led = status == 302 and headers["Location"] == page[0]
            must(led, f"{url} is answered by {status} {headers}")
        shell, listed, *others = answers[len(PROBES) :]
        must(shell[0] == 200 and "wifi.js" in shell[2], f"the page is {shell}")
        must(listed[0] == 200, f"the list of networks is {listed}")
        must(HOME_NAME in [network["name"] for network in json.loads(listed[2])["networks"]], listed[2])
        must(self._password not in listed[2], "the page tells the password")
        must([status for status, _, _ in others] == [401, 401], f"without a code there is more: {others}")
        return f"after {took:.0f} s"

    def wrong(self) -> str:
        """A wrong password: the access point is back, and says so."""
        self._joins("wrong password")
        becomes("joining", 10 * SLOW)
        took = becomes("open", 120 * SLOW)
        now = asked(type="look")
        must(now["trouble"] == {"name": HOME_NAME, "why": "password"}, f"it says {now['trouble']}")
        must(not list(KEPT.iterdir()), "the wrong password was kept")
        back = self.air.telephone.is_in()
        [(_, _, text)] = self.air.telephone.asks(f"http://{ADDRESS}/wifi.json")
        must(json.loads(text)["trouble"]["why"] == "password", text)
        return f"open again after {took:.0f} s, the telephone is back after {back:.0f} s"

    def right(self) -> str:
        """The right password: a network, and no access point beside it."""
        self._joins(HOME_PASSWORD)
        took = becomes("online", 120 * SLOW)
        now = asked(type="look")
        must(now["here"] == HOME_NAME, f"it is in {now['here']}")
        must("type managed" in run("iw", "dev", "wlan0", "info"), "the radio still serves")
        until(lambda: not CAPTIVE.exists(), 10 * SLOW, "names lead elsewhere again")
        [kept] = KEPT.iterdir()
        must(kept.stat().st_mode & 0o77 == 0, "others can read the password that was kept")
        logged = run("journalctl", "-q", "--no-pager", "-u", "parley-wifi", "-u", "parley-page", "-u", "NetworkManager")
        for secret in (HOME_PASSWORD, self._password):
            must(secret not in logged, "there is a password in the log")
        refused = asked(type="setup")
        must(refused["type"] == "refused" and HOME_NAME in refused["what"], f"beside a network: {refused}")
        return f"after {took:.0f} s, kept as {kept.name}"

    def power(self) -> str:
        """The router goes dark: the access point comes; a network of another kind is there: it goes."""
        self.air.home_is_dark()
        took = becomes("open", 120 * SLOW)
        run("ip", "link", "add", "cable", "type", "dummy")
        run("ip", "link", "set", "cable", "up")
        run("ip", "route", "add", "default", "dev", "cable")
        closed = becomes("online", 30 * SLOW)
        self.air.home()
        run("ip", "link", "delete", "cable")
        until(lambda: asked(type="look")["here"] == HOME_NAME, 120 * SLOW, "home again, as it was kept")
        return f"open after {took:.0f} s, closed {closed:.0f} s after there is another"

    def shut_in(self) -> str:
        """What looks after Wi-Fi has no capability, and takes little."""
        process = shown(UNIT, "MainPID")
        status = dict(line.split(":", 1) for line in Path(f"/proc/{process}/status").read_text().splitlines())
        must(status["Seccomp"].strip() == "2" and int(status["CapBnd"], 16) == 0, "it is not shut in")
        must(status["Uid"].split()[0] != "0", "it is root")
        return f"{int(status['VmRSS'].split()[0]) // 1024} MB"

    def _joins(self, password: str) -> None:
        networks = asked(type="look")["networks"]
        ssid = next(network["ssid"] for network in networks if network["name"] == HOME_NAME)
        body = {"ssid": ssid, "password": password}
        [(status, _, text)] = self.air.telephone.asks(f"http://{ADDRESS}/wifi/join", body=body)
        must(status == 200, f"joining is answered by {status}: {text}")


def check(checks: Checks) -> None:
    """Make them, as far as they make sense one after the other."""
    wifi = Wifi()
    for name, one in (
        ("three radios", wifi.air.there),
        ("no network: the access point comes", wifi.opens),
        ("a telephone joins, and finds the page", wifi.joined),
        ("a wrong password: the access point is back", wifi.wrong),
        ("the right password: a network, no access point", wifi.right),
        ("the router goes dark, and there is a cable", wifi.power),
        ("Wi-Fi is looked after by what is shut in", wifi.shut_in),
    ):
        if not checks(f"wifi: {name}", one):
            return


if __name__ == "__main__":
    done = Checks(Path("/share/out/results"))
    check(done)
    sys.exit(not done.summary())
