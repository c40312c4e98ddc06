"""scripts/install on a machine below a folder: as it is, but for systemd, the users and what is built."""

import shutil
from pathlib import Path

import pytest
from support.updated import Installed


@pytest.fixture
def machine(tmp_path: Path) -> Installed:
    return Installed(tmp_path.resolve())


def test_what_it_installs_is_where_the_units_look(machine: Installed) -> None:
    status, told = machine.install("0.1.0")
    assert status == 0, told
    assert machine.link.resolve() == machine.folder_of("0.1.0")
    assert (machine.root / "opt/parley-installed").resolve() == machine.link.resolve()
    assert (machine.root / "var/lib/parley-models/model").exists()
    assert (machine.root / "etc/systemd/system/parley.service").exists()
    assert machine.told[-1].startswith("start parley-engine.service parley.service ")


def test_root_follows_no_link_where_other_users_may_put_one(machine: Installed) -> None:
    machine.install("0.1.0")
    elsewhere = machine.root / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    for link in ("parley-update/ready", "parley/models", "parley/updating"):
        path = machine.root / "var/lib" / link
        if path.is_dir():
            shutil.rmtree(path)
        path.symlink_to(elsewhere if path.name != "updating" else elsewhere / "file")
    assert machine.install("0.1.1")[0] == 0
    assert elsewhere.stat().st_mode & 0o777 == 0o700, "root has made it another's"
    assert list(elsewhere.iterdir()) == []


def test_models_of_an_older_installer_stay_for_the_version_that_needs_them(machine: Installed) -> None:
    former = machine.root / "var/lib/parley/models/model"
    former.parent.mkdir(parents=True)
    former.write_text("as it was")
    assert machine.install("0.1.0")[0] == 0
    assert former.read_text() == "as it was"
    assert (machine.root / "var/lib/parley-models/model").exists()


def test_without_systemd_it_starts_nothing(machine: Installed) -> None:
    assert machine.install("0.1.0", "--no-start")[0] == 0
    assert {line.split()[0] for line in machine.told} == {"--root=/"}
    assert machine.version == "0.1.0"


def test_removed_with_all_that_it_kept_nothing_is_left(machine: Installed) -> None:
    machine.install("0.1.0")
    assert machine.install("0.1.0", "--uninstall")[0] == 0
    assert not list((machine.root / "opt").iterdir())
    assert (machine.root / "etc/parley/parley.toml").exists()
    assert machine.install("0.1.0", "--purge")[0] == 0
    assert not list((machine.root / "var/lib").glob("parley*"))
    assert not (machine.root / "etc/parley").exists()
