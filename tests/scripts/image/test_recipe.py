"""What several files of the image must agree on: where the tries lie, which units there are, what a slot is called."""

from __future__ import annotations

import configparser
import os
import re
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).parents[3]
IMAGE = TOP / "scripts" / "image"
ROOT = IMAGE / "root"
BUILD = (TOP / "scripts" / "build-image").read_text()


def test_the_tries_lie_at_the_same_place_for_whoever_reads_them() -> None:
    _, offset, size = (ROOT / "etc/fw_env.config").read_text().splitlines()[-1].split()
    sector = int(offset, 16) // 512
    script = (IMAGE / "boot.cmd").read_text()
    assert re.findall(r"\$\{devtype\} (?:read|write) \S+ (\w+) (\d)", script) == [(f"{sector:#x}", "1")] * 2
    assert f"seek={sector} " in BUILD
    assert f"mkenvimage -s {size} " in BUILD
    assert set(re.findall(r"0x200|512", script)) == {size}
    begin = re.search(r"local begin=(\d+)", BUILD)
    assert begin
    assert int(offset, 16) + int(size, 16) <= int(begin[1]) << 20


def test_a_cut_is_looked_at_where_the_slots_are() -> None:
    cuts = (TOP / "tests" / "vm" / "cardcuts").read_text()
    begin, firmware, slot = (
        int(found[1]) for name in ("begin", "firmware_mib", "slot_mib") if (found := re.search(rf"{name}=(\d+)", BUILD))
    )
    assert f'SLOTS = {{"A": {begin + firmware}, "B": {begin + firmware + slot}}}' in cuts


def test_what_is_enabled_is_not_what_has_no_keys() -> None:
    """SSH makes its keys by a unit of its own, which switching everything off has switched off, too."""
    assert "sshd-keygen.service" in BUILD


def test_the_lock_names_each_package_that_is_asked_for_once() -> None:
    lock = [line for line in (IMAGE / "packages.lock").read_text().splitlines() if not line.startswith("#")]
    names = [line.split("=")[0] for line in lock]
    assert lock == sorted(lock)
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9+.-]+=[0-9A-Za-z.+~:-]+", line) for line in lock)
    asked = [
        word.split("/")[0]
        for line in (IMAGE / "packages").read_text().splitlines()
        if not line.startswith("#")
        for word in line.split()
    ]
    assert not set(asked) - set(names)


def test_slots_are_called_alike_by_the_script_and_by_updates() -> None:
    conf = configparser.ConfigParser()
    conf.read_string((ROOT / "etc/rauc/system.conf").read_text())
    slots = {one["bootname"]: one["device"][-1] for name, one in conf.items() if name.startswith("slot.")}
    script = (IMAGE / "boot.cmd").read_text()
    assert dict(re.findall(r"setenv slot (\w)\n +setenv part (\d)", script)) == slots == {"A": "2", "B": "3"}
    assert f"compatible={conf['system']['compatible']}" in BUILD


def test_units_that_are_switched_on_are_there() -> None:
    copied = re.search(r"for unit in (parley [a-z -]+); do", BUILD)
    switched = re.search(r"enable (parley[^\n]+)\\\n([^\n]+)\n", BUILD)
    assert copied
    assert switched
    there = {path.name for name in copied[1].split() for path in (TOP / "systemd").glob(f"{name}.*")}
    there |= {path.name for path in (ROOT / "etc/systemd/system").iterdir()}
    assert set(f"{switched[1]} {switched[2]}".split()) <= there


def test_a_slot_is_the_same_from_a_checkout_and_a_cache_of_any_age(tmp_path: Path) -> None:
    function = re.search(r"^settled\(\) \{.*?^\}", BUILD, re.DOTALL | re.MULTILINE)
    assert function
    packed = []
    for age in (1_000_000_000, 2_000_000_000):  # before and after the commit's time
        work = tmp_path / str(age)
        (work / "root" / "usr").mkdir(parents=True)
        (work / "root" / "usr" / "file").write_text("told")
        for path in (work / "root" / "usr" / "file", work / "root" / "usr", work / "root"):
            os.utime(path, (age, age))
        subprocess.run(
            ["bash", "-euc", f'{function[0]}\nwork=$1 root=$1/root\nsettled', "bash", work],
            env={**os.environ, "SOURCE_DATE_EPOCH": "1500000000"}, check=True,
        )  # fmt: skip
        packed.append((work / "root.tar").read_bytes())
    assert packed[0] == packed[1]


def test_what_ldconfig_notes_of_this_build_goes_after_it() -> None:
    assert BUILD.index('ldconfig\n    rm -rf "$root"/var/cache/ldconfig/*') > BUILD.index("\nenable() {")


def test_nothing_is_kept_of_where_and_when_wheels_were_installed(tmp_path: Path) -> None:
    script = (IMAGE / "parley").read_text()
    function = re.search(r"^forget\(\) \{.*?^\}", script, re.DOTALL | re.MULTILINE)
    assert function
    notes = (
        "x-1.dist-info/METADATA",
        "x-1.dist-info/direct_url.json",
        "x-1.dist-info/uv_cache.json",
        "bin/x",
        "x/bin/y",
    )
    for name in notes:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    record = tmp_path / "x-1.dist-info" / "RECORD"
    record.write_text("".join(f"{name},sha256=0,1\n" for name in notes))
    subprocess.run(["bash", "-euc", f'{function[0]}\nforget "$1"', "bash", tmp_path], check=True)
    left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()} - {
        "x-1.dist-info/RECORD"
    }
    assert left == {"x-1.dist-info/METADATA", "x/bin/y"}
    assert {line.split(",")[0] for line in record.read_text().splitlines()} == left
    assert '\nforget "$site"\n' in script


@pytest.mark.parametrize(
    "script",
    [
        *(TOP / "scripts" / name for name in ("build-image", "test-image")),
        *(IMAGE / name for name in ("parley", "pieces", "spare", "init")),
        IMAGE / "tryboot" / "slots",
        *(path for path in (ROOT / "usr/lib/parley-image").iterdir() if path.suffix == ""),
    ],
    ids=lambda path: path.name,
)
def test_scripts_are_sound_and_can_be_run(script: Path) -> None:
    shell = "bash" if "bash" in script.read_text().split("\n", 1)[0] else "sh"
    done = subprocess.run([shell, "-n", str(script)], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert script.stat().st_mode & 0o111 or script.name == "init"
