"""What a card's owner puts on its small partition."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from scripts.image import takein
from scripts.image.takein import NotTaken

if TYPE_CHECKING:
    from pathlib import Path

PUBLIC = "ssh-ed25519 " + "A" * 68
IMAGER = f"""#cloud-config
hostname: Kitchen
timezone: Europe/Berlin
users:
  - name: ada
    passwd: $5$abc
    ssh_authorized_keys:
      - {PUBLIC} ada@desk
runcmd:
  - [rm, -rf, /]
"""
NETPLAN = """network:
  version: 2
  wifis:
    wlan0:
      dhcp4: true
      regulatory-domain: de
      access-points:
        "Caf\\u00e9":
          password: "back\\\\slash 1"
        open: {}
"""


@pytest.fixture
def card(tmp_path: Path) -> tuple[Path, Path]:
    """Return a small partition with a folder for keys, and a system's root."""
    small, root = tmp_path / "small", tmp_path / "root"
    (small / "keys").mkdir(parents=True)
    (root / "usr/share/zoneinfo/Europe").mkdir(parents=True)
    (root / "usr/share/zoneinfo/Europe/Berlin").touch()
    return small, root


def test_secrets_are_moved_and_can_be_read_by_root_alone(card: tuple[Path, Path]) -> None:
    small, root = card
    (small / "keys" / "OPENAI_API_KEY.txt").write_bytes(b"\xef\xbb\xbfsk-abc\r\n")
    (small / "wifi.txt").write_bytes("Café\r\nback\\slash 1\r\nde\r\n".encode())
    said = takein.main(small, root)
    assert said == ["wifi.txt: taken.", "keys/OPENAI_API_KEY.txt: taken."]
    key = root / "etc/parley/keys/OPENAI_API_KEY"
    assert key.read_text() == "sk-abc\n"
    (profile,) = (root / "etc/NetworkManager/system-connections").iterdir()
    assert "ssid=67;97;102;195;169;\n" in profile.read_text()
    assert "psk=back\\\\slash\\s1\n" in profile.read_text()
    assert {stat.S_IMODE(one.stat().st_mode) for one in (key, profile)} == {0o600}
    assert "regdom=DE" in (root / "etc/modprobe.d/parley-country.conf").read_text()
    assert [one.name for one in small.iterdir() if one.is_file()] == ["result.txt"]
    assert not list((small / "keys").iterdir())


def test_what_is_wiped_is_overwritten_first(tmp_path: Path) -> None:
    path, other = tmp_path / "one", tmp_path / "other"
    path.write_text("secret")
    other.hardlink_to(path)
    takein.wipe(path)
    assert not path.exists()
    assert other.read_bytes() == bytes(6)


def test_raspberry_pi_imagers_files_are_taken(card: tuple[Path, Path]) -> None:
    small, root = card
    (small / "user-data").write_text(IMAGER)
    (small / "network-config").write_text(NETPLAN)
    said = takein.main(small, root)
    assert (root / "etc/hostname").read_text() == "kitchen\n"
    assert (root / "root/.ssh/authorized_keys").read_text() == f"{PUBLIC} ada@desk\n"
    assert (root / "etc/systemd/system/multi-user.target.wants/ssh.service").is_symlink()
    assert str((root / "etc/localtime").readlink()).endswith("Europe/Berlin")
    profiles = sorted(one.read_text() for one in (root / "etc/NetworkManager/system-connections").iterdir())
    assert sum("psk=" in one for one in profiles) == 1
    assert len(profiles) == 2
    assert "user-data: commands are not run." in said
    assert "user-data: nobody gets a password." in said


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("wifi.txt", "net\nshort7!\n", "8 to 63"),
        ("wifi.txt", "n" * 33 + "\nlong enough\n", "1 to 32"),
        ("wifi.txt", "net\nlong enough\nGermany\n", "two letters"),
        ("wifi.txt", "net\nlong enough\nDE\nmore\n", "two lines"),
        ("hostname.txt", "a b", "letters, digits"),
        ("hostname.txt", "-a", "letters, digits"),
        ("authorized_keys", 'command="x" ' + PUBLIC, "ssh-ed25519"),
        ("authorized_keys", "", "ssh-ed25519"),
        ("parley.toml", "name = \n", "TOML at line 1"),
        ("keys/openai.txt", "sk-secret", "named after its variable"),
        ("keys/OPENAI_API_KEY.txt", "sk-secret\nsk-other\n", "the key alone"),
        ("user-data", "[", "not sound YAML"),
        ("user-data", "just words", "does not say anything"),
        ("user-data", "timezone: ../../etc/shadow\n", "time zone"),
        ("user-data", "timezone: Mars/Base\n", "time zone"),
        ("network-config", "wifis: {w: {access-points: {net: {password: sk-secret\u0007}}}}", "not sound YAML"),
    ],
)
def test_what_cannot_be_taken_stays_and_the_reason_is_said(
    card: tuple[Path, Path], name: str, text: str, why: str
) -> None:
    small, root = card
    (small / name).write_text(text)
    (said,) = takein.main(small, root)
    assert said.startswith(f"{name}: not taken, since ")
    assert why in said
    assert "secret" not in said
    assert (small / name).read_text() == text
    assert (small / "result.txt").read_text().strip() == said


def test_the_rest_is_taken_where_one_file_is_not(card: tuple[Path, Path]) -> None:
    small, root = card
    (small / "wifi.txt").write_text("x")
    (small / "keys" / "bad name").write_text("x")
    (small / "keys" / "GOOD_KEY").write_text("x")
    takein.main(small, root)
    assert [one.name for one in (root / "etc/parley/keys").iterdir()] == ["GOOD_KEY"]


@pytest.mark.parametrize("data", [b"\xff\xfeh\x00i\x00", b"hi", b"\xef\xbb\xbfhi"])
def test_text_is_read_however_it_was_saved(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "file").write_bytes(data)
    assert takein.text_of(tmp_path / "file") == "hi"


def test_files_that_are_none_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(b"x" * (takein.LONGEST + 1))
    (tmp_path / "bytes").write_bytes(b"\xc3\x28")
    (tmp_path / "link").symlink_to("big")
    for name in ("big", "bytes", "link", "none"):
        with pytest.raises(NotTaken):
            takein.text_of(tmp_path / name)


def test_a_network_does_not_show_its_password() -> None:
    assert "a password" not in repr(takein.network("net", "a password"))
