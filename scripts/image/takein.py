"""What the owner of a card has put on its small partition: taken into the system at a start, and wiped there.

It runs before systemd does, as the image's `early` has it, so that each service finds what it needs from the beginning.
Files that cannot be taken stay, and `result.txt` beside them says why; no word of a secret is in it.
"""

from __future__ import annotations

import os
import re
import sys
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import NAMESPACE_DNS, uuid5

import yaml  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LONGEST = 65_536
"""Bytes of a file; longer ones are none of those that are asked for."""
KEY = re.compile(r"[A-Z][A-Z0-9_]{1,62}[A-Z0-9]")
"""A key's name, that of an environment variable."""
HOST = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
COUNTRY = re.compile(r"[A-Z]{2}")
ZONE = re.compile(r"[A-Za-z0-9_+-]{1,40}(/[A-Za-z0-9_+-]{1,40}){0,2}")
KINDS = r"ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)|sk-ssh-ed25519@openssh\.com"
PUBLIC_KEY = re.compile(rf"({KINDS}) [A-Za-z0-9+/]{{40,3000}}={{0,2}}( .*)?")
MOST = 20
"""Networks, keys, and public keys that are taken of each."""


class NotTaken(Exception):  # noqa: N818 - that is what has happened
    """A file cannot be taken; says why, without any of what is in it."""


@dataclass(frozen=True)
class Network:
    """A Wi-Fi network; an empty password is that of an open one."""

    name: str
    password: str = field(repr=False)


@dataclass
class Wishes:
    """What is asked for; None or empty where nothing is."""

    networks: list[Network] = field(default_factory=list)
    country: str = ""
    host: str = ""
    zone: str = ""
    public_keys: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def network(name: str, password: str) -> Network:
    """Return a network; raises NotTaken if there can be none of that name or password."""
    if not 1 <= len(name.encode()) <= 32 or not name.isprintable():
        raise NotTaken("the network's name must have 1 to 32 characters")
    passphrase = 8 <= len(password) <= 63 and password.isascii() and password.isprintable()
    if password and not passphrase and not re.fullmatch(r"[0-9a-fA-F]{64}", password):
        raise NotTaken("the password of a Wi-Fi network has 8 to 63 characters, or is 64 hexadecimal digits")
    return Network(name, password)


def country(code: str) -> str:
    """Return the code of a country; raises NotTaken if it is none."""
    if not COUNTRY.fullmatch(code.upper()):
        raise NotTaken("a country is two letters, such as DE")
    return code.upper()


def host(name: str) -> str:
    """Return a name for the device; raises NotTaken if it cannot have that."""
    if not HOST.fullmatch(name.lower()):
        raise NotTaken("a device's name has letters, digits and hyphens only, 63 at most")
    return name.lower()


def public_keys(lines: list[str]) -> list[str]:
    """Return SSH's public keys, without options; raises NotTaken if one is none."""
    found = [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
    if not found or len(found) > MOST or not all(PUBLIC_KEY.fullmatch(line) and line.isprintable() for line in found):
        raise NotTaken(f"it must have 1 to {MOST} lines such as: ssh-ed25519 AAAA… name")
    return found


def wifi(text: str) -> Wishes:
    """Read wifi.txt: the name, the password, and maybe the country, a line each; raises NotTaken."""
    lines = text.split("\n")
    while lines and not lines[-1].strip():
        lines.pop()
    if not 1 <= len(lines) <= 3:
        raise NotTaken("it must have two lines, the network's name and its password, or a third, the country")
    name, password, code = (*lines, "", "")[:3]
    return Wishes([network(name, password)], country(code.strip()) if code.strip() else "")


def document(text: str) -> dict[str, object]:
    """Return what a YAML file of cloud-init says; raises NotTaken if it is none."""
    try:
        said = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError):
        raise NotTaken("it is not sound YAML") from None
    if not isinstance(said, dict):
        raise NotTaken("it does not say anything")
    return said


def table(value: object) -> dict[str, object]:
    """Return a table of a document; an empty one if it is something else."""
    return {str(key): one for key, one in value.items()} if isinstance(value, dict) else {}


def texts(value: object) -> list[str]:
    """Return the texts of a list, or the one that there is instead."""
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)]


def network_config(text: str) -> Wishes:
    """Read what Raspberry Pi Imager writes as network-config: netplan's Wi-Fi networks; raises NotTaken."""
    said = document(text)
    said = table(said.get("network")) or said
    wishes = Wishes()
    for device in table(said.get("wifis")).values():
        if code := table(device).get("regulatory-domain"):
            wishes.country = country(str(code))
        for name, point in table(table(device).get("access-points")).items():
            password = table(point).get("password", "")
            wishes.networks.append(network(name, password if isinstance(password, str) else ""))
    if len(wishes.networks) > MOST:
        raise NotTaken(f"it has more than {MOST} networks")
    return wishes


def user_data(text: str) -> Wishes:
    """Read what Raspberry Pi Imager writes as user-data: name, time zone and public keys; raises NotTaken.

    What else it can say, such as commands and passwords, is not done, and `left_out` says so.
    """
    said = document(text)
    wishes = Wishes()
    if name := texts(said.get("hostname")):
        wishes.host = host(name[0])
    if zone := texts(said.get("timezone")):
        if not ZONE.fullmatch(zone[0]):
            raise NotTaken("its time zone is none")
        wishes.zone = zone[0]
    users = said.get("users")
    people = [table(one) for one in users] if isinstance(users, list) else []
    people.append(table(said.get("user")))
    keys = [key for one in (*people, said) for key in texts(one.get("ssh_authorized_keys"))]
    if keys:
        wishes.public_keys = public_keys(keys)
        wishes.left_out.append("SSH is for root, by key alone, whatever the user's name is")
    if any(one.get(name) for one in (*people, said) for name in ("passwd", "plain_text_passwd", "password")):
        wishes.left_out.append("nobody gets a password")
    if said.get("runcmd"):
        wishes.left_out.append("commands are not run")
    return wishes


def profile(of: Network) -> str:
    """Return a network's file for NetworkManager."""
    name = "".join(f"{byte};" for byte in of.name.encode())
    escaped = of.password.replace("\\", "\\\\").replace(" ", "\\s")
    security = f"\n[wifi-security]\nkey-mgmt=wpa-psk\npsk={escaped}\n" if of.password else ""
    return (
        f"[connection]\nid=parley-{uuid_of(of)[:8]}\nuuid={uuid_of(of)}\ntype=wifi\nautoconnect=true\n"
        f"\n[wifi]\nmode=infrastructure\nssid={name}\n{security}\n[ipv4]\nmethod=auto\n\n[ipv6]\nmethod=auto\n"
    )


def uuid_of(of: Network) -> str:
    """Return a number that is the same each time a network comes again."""
    return str(uuid5(NAMESPACE_DNS, f"{of.name}.wifi.parley"))


def text_of(path: Path) -> str:
    """Read a file as people save it, in any system; raises NotTaken if it is no text, or too long."""
    if path.is_symlink() or not path.is_file():
        raise NotTaken("it is not a file")
    with path.open("rb") as file:
        data = file.read(LONGEST + 1)
    if len(data) > LONGEST:
        raise NotTaken(f"it is longer than {LONGEST} bytes")
    try:
        text = data.decode("utf-16") if data[:2] in (b"\xff\xfe", b"\xfe\xff") else data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise NotTaken("it must be saved as UTF-8") from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def wipe(path: Path) -> None:
    """Overwrite a file, and remove it. What a card keeps behind its blocks is out of reach."""
    with path.open("r+b", buffering=0) as file:
        file.write(bytes(path.stat().st_size))
        os.fsync(file.fileno())
    path.unlink()


class System:
    """The system that wishes are taken into, below a root folder."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def write(self, name: str, text: str, mode: int = 0o644) -> None:
        """Write a file, whole or not at all."""
        path = self._root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f".{path.name}.new")
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)

    def link(self, name: str, to: str) -> None:
        """Have a link, whatever is there."""
        path = self._root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.symlink_to(to)

    def take(self, wishes: Wishes) -> None:
        """Do what is asked for."""
        for one in wishes.networks:
            name = f"parley-{uuid_of(one)[:8]}.nmconnection"
            self.write(f"etc/NetworkManager/system-connections/{name}", profile(one), 0o600)
        if wishes.country:
            self.write("etc/modprobe.d/parley-country.conf", f"options cfg80211 ieee80211_regdom={wishes.country}\n")
        if wishes.host:
            self.write("etc/hostname", f"{wishes.host}\n")
        if wishes.zone:
            if not (self._root / "usr/share/zoneinfo" / wishes.zone).is_file():
                raise NotTaken("nobody knows its time zone")
            self.link("etc/localtime", f"/usr/share/zoneinfo/{wishes.zone}")
        if wishes.public_keys:
            (self._root / "root/.ssh").mkdir(mode=0o700, parents=True, exist_ok=True)
            self.write("root/.ssh/authorized_keys", "\n".join(wishes.public_keys) + "\n", 0o600)
            self.link("etc/systemd/system/multi-user.target.wants/ssh.service", "/usr/lib/systemd/system/ssh.service")

    def settings(self, text: str) -> Wishes:
        """Take parley.toml."""
        try:
            tomllib.loads(text)
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            line = re.search(r"line \d+", str(error))
            raise NotTaken(f"it is not sound TOML{f' at {line[0]}' if line else ''}") from None
        self.write("etc/parley/parley.toml", text)
        return Wishes()

    def key(self, name: str, text: str) -> Wishes:
        """Take a key."""
        name, text = name.removesuffix(".txt"), text.strip()
        if not KEY.fullmatch(name):
            raise NotTaken("a key's file is named after its variable, such as OPENAI_API_KEY.txt")
        if not 1 <= len(text) <= 4096 or not text.isascii() or not text.isprintable():
            raise NotTaken("it must have the key alone, on one line")
        self.write(f"etc/parley/keys/{name}", f"{text}\n", 0o600)
        return Wishes()


def found(small: Path, system: System) -> Iterator[tuple[Path, Callable[[str], Wishes]]]:
    """Yield what there is to take, and what reads it."""
    readers: dict[str, Callable[[str], Wishes]] = {
        # What Imager says is general; what is said in a file of its own counts over it.
        "user-data": user_data,
        "network-config": network_config,
        "wifi.txt": wifi,
        "authorized_keys": lambda text: Wishes(public_keys=public_keys(text.split("\n"))),
        "hostname.txt": lambda text: Wishes(host=host(text.strip())),
        "parley.toml": system.settings,
    }
    for name, reader in readers.items():
        if (small / name).exists():
            yield small / name, reader
    keys = small / "keys"
    for path in sorted(keys.iterdir())[:MOST] if keys.is_dir() else ():
        yield path, lambda text, name=path.name: system.key(name, text)  # type: ignore[misc]


def main(small: Path, root: Path) -> list[str]:
    """Take everything from a small partition; return what there is to say about it, a line each."""
    system = System(root)
    said = []
    for path, reader in found(small, system):
        name = path.relative_to(small)
        try:
            wishes = reader(text_of(path))
            system.take(wishes)
            wipe(path)
        except NotTaken as why:
            said.append(f"{name}: not taken, since {why}.")
        except OSError as error:
            said.append(f"{name}: not taken: {error.strerror}.")
        else:
            said.append(f"{name}: taken.")
            said += [f"{name}: {one}." for one in wishes.left_out]
    if said:
        (small / "result.txt").write_text("\r\n".join([*said, ""]))
    return said


if __name__ == "__main__":
    for line in main(Path(sys.argv[1]), Path("/")):
        print(line)
