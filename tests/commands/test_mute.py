"""`parley mute` and `unmute`, and an assistant that heeds them."""

import os
from contextlib import nullcontext

import pytest

from device.daemon.mute import FILE, MuteSwitch
from device.system import paths
from device.system.paths import state_dir
from device.system.typed import of_service


@pytest.fixture(autouse=True)
def service(tmp_path, monkeypatch):
    """Where the machine's service would keep its state; another user's, unless a test says otherwise."""
    folder = tmp_path / "service"
    monkeypatch.setattr(paths, "SHARED", folder)
    monkeypatch.setattr(os, "geteuid", lambda: 1234)
    return folder


def test_the_assistant_that_runs_is_muted_and_unmuted(parley):
    told = []
    mute = MuteSwitch(told.append, state_dir() / FILE)
    assert parley("mute").output == "The microphone is now muted.\n"
    mute.look()
    assert told == [True]
    assert parley("mute").output == "The microphone is muted.\n"
    mute.look()
    assert parley("unmute").output == "The microphone is now not muted.\n"
    mute.look()
    assert told == [True, False]
    assert not mute.wish


def test_muting_by_hand_is_undone_by_the_command(parley):
    told = []
    mute = MuteSwitch(told.append, state_dir() / FILE)
    mute.toggle()
    parley("unmute")
    mute.look()
    assert told == [True, False]


def test_unmuting_what_was_never_muted_makes_no_folder(parley):
    assert parley("unmute").output == "The microphone is not muted.\n"
    assert not state_dir().exists()


def test_root_mutes_the_service(parley, service, monkeypatch):
    service.mkdir()
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr("device.commands.mute.acting_as_owner", lambda _: nullcontext())  # as only root can
    assert parley("mute").exit_code == 0
    assert (service / FILE).exists()


def test_who_is_not_the_service_is_told_that_it_is_muted(parley, service):
    service.mkdir()
    (service / FILE).touch()
    assert parley("unmute").output.splitlines() == [
        "The microphone is not muted.",
        f"That of the service is muted: {of_service('unmute')}",
    ]


def test_who_may_not_is_told_how(parley, monkeypatch):
    def refuse(path, *, on):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("device.daemon.mute.keep", refuse)
    result = parley("mute")
    assert result.exit_code == 1
    assert result.output == f"parley: {state_dir() / FILE}: only its owner and root may: {of_service('mute')}\n"


def test_a_folder_that_cannot_be_made_is_named(parley, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    result = parley("mute")
    assert result.exit_code == 1
    assert result.output == f"parley: {tmp_path}/file/parley/muted: Not a directory\n"
