"""scripts/reset on a machine below a folder: what goes, what stays, and what is left to systemd."""

import os
import subprocess
from pathlib import Path

import pytest
from support.updated import SCRIPTS, program

SYSTEMCTL = """#!/bin/sh
echo "$*" >>{root}/told
case $1 in
    is-active) grep -qx "$3" {root}/active ;;
    is-enabled) grep -qx "$3" {root}/enabled ;;
    clean) ! grep -qsx "$3" {root}/stuck ;;
esac
"""


class Machine:
    """A machine on which the assistant and its page run; the screen is switched on, and has died."""

    def __init__(self, folder: Path) -> None:
        self.root, self.tools = folder / "root", folder / "tools"
        self.etc = self.root / "etc/parley"
        for made in (self.etc / "keys/more", self.root / "usr/local/lib/parley", self.tools):
            made.mkdir(parents=True)
        (self.etc / "keys/OPENAI_API_KEY").write_text("sk-1")
        (self.etc / "keys/more/key").write_text("sk-2")
        (self.etc / "parley.toml").write_text("name = 'Ada'\n")
        (self.etc / "release-keys").write_text("mine\n")
        (self.root / "usr/local/lib/parley/parley.example.toml").write_text("# nothing\n")
        (self.root / "active").write_text("parley.service\nparley-engine.service\nparley-page.service\n")
        (self.root / "enabled").write_text("parley-kiosk.service\n")
        program(self.tools / "systemctl", SYSTEMCTL.format(root=self.root))

    def reset(self) -> int:
        command = [SCRIPTS / "reset", "--root", self.root]
        environ = {"PATH": f"{self.tools}:{os.environ['PATH']}"}
        return subprocess.run(command, env=environ, capture_output=True, check=False, timeout=30).returncode

    @property
    def told(self) -> list[str]:
        lines = (self.root / "told").read_text().splitlines()
        return [line for line in lines if not line.startswith("is-")]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_keys_and_settings_go_and_whose_releases_are_trusted_stays(machine: Machine) -> None:
    outside = machine.root / "outside"
    outside.write_text("x")
    (machine.etc / "keys/link").symlink_to(outside)
    assert machine.reset() == 0
    assert list((machine.etc / "keys").iterdir()) == []
    assert (machine.etc / "parley.toml").read_text() == "# nothing\n"
    assert (machine.etc / "release-keys").read_text() == "mine\n"
    assert outside.exists()


def test_all_stand_still_meanwhile_and_those_that_ran_or_should_start_anew(machine: Machine) -> None:
    assert machine.reset() == 0
    assert machine.told == [
        "stop parley-kiosk.service parley-page.service parley.service parley-engine.service",
        "clean --what=state parley-kiosk.service",
        "clean --what=state parley-page.service",
        "clean --what=state parley.service",
        "start --no-block parley-kiosk.service parley-page.service parley.service parley-engine.service",
    ]


def test_what_nobody_has_switched_on_stays_off(machine: Machine) -> None:
    (machine.root / "active").write_text("parley.service\n")
    (machine.root / "enabled").write_text("")
    assert machine.reset() == 0
    assert machine.told[-1] == "start --no-block parley.service"


def test_after_a_power_cut_it_is_done_again_and_the_mark_goes_last_with_the_assistants_state(machine: Machine) -> None:
    (machine.root / "stuck").write_text("parley-page.service\n")
    assert machine.reset() != 0
    assert "clean --what=state parley.service" not in machine.told
    (machine.root / "stuck").unlink()
    assert machine.reset() == 0
    assert machine.told[-2] == "clean --what=state parley.service"
