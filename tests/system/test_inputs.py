"""What is read, and what is named instead: pipes, devices, folders, what has no end."""

import os
import socket
from pathlib import Path

import pytest

from device.system import inputs


@pytest.fixture(params=["pipe", "socket", "device", "endless device", "folder", "link to a pipe", "missing"])
def no_file(request, tmp_path):
    path = tmp_path / "given"
    match request.param:
        case "pipe":
            os.mkfifo(path)
        case "socket":
            listening = socket.socket(socket.AF_UNIX)
            listening.bind(str(path))
            listening.close()
        case "device":
            path.symlink_to("/dev/null")
        case "endless device":
            path.symlink_to("/dev/zero")
        case "folder":
            path.mkdir()
        case "link to a pipe":
            os.mkfifo(tmp_path / "pipe")
            path.symlink_to(tmp_path / "pipe")
    return path


def test_what_is_no_file_is_named_at_once(no_file):
    for look in (inputs.read, inputs.check, inputs.text):
        with pytest.raises(OSError) as caught:
            look(no_file)
        assert caught.value.strerror


def test_a_file_is_read(tmp_path):
    path = tmp_path / "given"
    path.write_text("Grüße", "utf-8")
    assert inputs.text(path) == "Grüße"
    inputs.check(path)


def test_a_file_that_is_too_large_is_named(tmp_path):
    path = tmp_path / "given"
    path.write_bytes(bytes(11))
    assert inputs.read(path, most=11) == bytes(11)
    for look in (inputs.read, inputs.check):
        with pytest.raises(OSError) as caught:
            look(path, 10)
        assert "larger" in caught.value.strerror


def nested(depth, kind):
    value = {}
    for _ in range(depth):
        value = {"a": value} if kind is dict else [value]
    return value


@pytest.mark.parametrize("kind", [dict, list])
def test_depth_is_found_whatever_it_is(kind):
    assert not inputs.too_deep(nested(inputs.DEEPEST - 1, kind))
    assert inputs.too_deep(nested(inputs.DEEPEST, kind))
    assert inputs.too_deep(nested(100_000, kind))
    assert not inputs.too_deep(3)
    assert not inputs.too_deep({"a": [1] * 100_000})


def test_where_one_may_not_look_there_is_what_the_caller_says(tmp_path):
    (tmp_path / "file").touch()
    hidden = tmp_path / ("x" * 300)  # what the system refuses to look for, whoever asks
    assert inputs.is_there(tmp_path / "file", unknown=False)
    assert inputs.is_there(tmp_path)
    assert not inputs.is_there(tmp_path / "none", unknown=True)
    assert inputs.is_there(hidden, unknown=True)
    assert not inputs.is_there(hidden)
    assert [inputs.is_file(path) for path in (tmp_path / "file", tmp_path, hidden)] == [True, False, False]


def test_a_home_that_there_is_not_is_no_home(monkeypatch):
    monkeypatch.setenv("HOME", "/home/ada")
    assert inputs.expanded(Path("~/x")) == Path("/home/ada/x")
    assert inputs.expanded(Path("~nobody-is-called-so/x")) == Path("~nobody-is-called-so/x")
