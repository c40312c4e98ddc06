"""Which version runs, what is new, and how it is with updates by what systemd says."""

from importlib import metadata

import pytest

from device.daemon.upkeep import version
from device.system import asks
from device.system.typed import typed

DONE = "@1800000000"


def shown(updater=(), switch=()):
    """Return what systemctl says of both units."""
    usual = {"LoadState": "loaded", "ActiveState": "inactive", "Result": "success", "ExecMainStatus": "0"}
    units = [
        {"Id": "parley-update.service", **usual, "ExecMainExitTimestamp": DONE, **dict(updater)},
        {"Id": "parley-switch.service", **usual, "ExecMainExitTimestamp": "", **dict(switch)},
    ]
    return "\n\n".join("\n".join(f"{key}={value}" for key, value in unit.items()) for unit in units)


@pytest.fixture
def settings(tmp_path):
    files = (tmp_path / "release-keys", tmp_path / "update.conf")
    for file in files:
        file.write_text("# where\n  \nsomething\n")
    return files


@pytest.fixture
def service(monkeypatch):
    monkeypatch.setattr(asks, "heard", lambda mark: True)


@pytest.mark.usefixtures("service")
@pytest.mark.parametrize(
    ("updater", "switch", "updates", "fix"),
    [
        ({}, {}, "idle", ""),
        ({"ActiveState": "activating"}, {}, "looking", ""),
        ({}, {"ActiveState": "activating"}, "switching", ""),
        ({"ActiveState": "activating"}, {"ActiveState": "activating"}, "switching", ""),
        ({"ActiveState": "failed", "Result": "exit-code"}, {}, "failed", "journalctl"),
        ({}, {"ActiveState": "failed"}, "failed", "journalctl"),
        ({"ExecMainStatus": "75"}, {}, "later", "journalctl"),
        ({"ActiveState": "activating", "ExecMainStatus": "75"}, {}, "looking", ""),
    ],
)
def test_how_it_is_with_updates(settings, updater, switch, updates, fix):
    found = version.look(lambda _: shown(updater.items(), switch.items()), settings)
    assert (found.version, found.updates, found.looked) == (metadata.version("parley"), updates, 1_800_000_000.0)
    assert fix in found.fix
    assert bool(found.fix) is bool(fix)


@pytest.mark.usefixtures("service")
def test_without_a_key_or_an_address_updates_are_off_and_it_is_said_how_to_turn_them_on(settings, tmp_path):
    for missing in settings:
        there = missing.read_text()
        missing.write_text("# nothing\n")
        found = version.look(lambda _: pytest.fail("nobody is asked"), settings)
        assert found.updates == "off"
        assert str(missing) in found.fix
        missing.write_text(there)
    settings[0].unlink()
    assert version.look(lambda _: "", settings).updates == "off"


@pytest.mark.usefixtures("service")
def test_where_systemd_says_nothing_it_is_not_known_when_it_was_looked_for(settings):
    found = version.look(lambda _: "", settings)
    assert (found.updates, found.looked) == ("idle", None)


def test_without_a_service_it_is_said_what_to_type(settings):
    found = version.look(lambda _: pytest.fail("nobody is asked"), settings)
    assert found.updates == "none"
    assert "git pull" in found.fix
    assert typed("run") in found.fix


def test_a_service_without_the_unit_is_installed_anew(monkeypatch):
    monkeypatch.setattr(asks, "is_service", lambda: True)
    assert "sudo ./scripts/install" in version.by_hand()


@pytest.mark.parametrize(
    ("changes", "newest"),
    [
        ("# Changes\n\n## Unreleased\n\n- a\n- b\n\n## 1.0.0\n\n- c\n", "- a\n- b"),
        ("# Changes\n\n## Unreleased\n\n## 1.0.0\n\n- c\n\n### More\n\n- d\n", "- c\n\n### More\n\n- d"),
        ("# Changes\n", ""),
    ],
)
def test_what_is_new_is_the_first_section_with_something_in_it(changes, newest):
    assert version.newest(changes) == newest


def test_what_is_new_comes_with_the_package():
    assert version.look().changes
