"""The commands that look after the assistant that runs, with a door behind which a test answers."""

import json

import pytest
from click.testing import CliRunner

from device.commands import upkeep as module
from device.commands.main import main
from device.commands.upkeep import PARTS, UPDATES
from device.door import messages as m
from device.door import upkeep as u
from device.door.client import DoorError

HOSTILE = "\x1b[2J\nforged\u202e"
RESET = u.ResetIs("Ada", ("settings", "keys"), ("models",), fix="sudo rm it")


@pytest.fixture
def door(monkeypatch):
    """A door that answers by kind; returns what it was asked."""

    class Door:
        def __init__(self):
            self.asked = []
            self.replies = {
                u.GetLog: u.LogIs((u.LogLine(0.0, f"ERROR device.x: {HOSTILE}", "error"),), 1, "sudo journalctl"),
                u.GetVersion: u.VersionIs("1.2", "- new", "later", 0.5, "journalctl tells"),
                u.GetReset: RESET,
            }

        async def request(self, request, expects):
            self.asked.append(request)
            reply = self.replies.get(type(request), m.Done())
            if isinstance(reply, Exception):
                raise reply
            return reply

    made = Door()

    def at_door(work):
        return module.asyncio.run(work(made))

    monkeypatch.setattr(module, "at_door", at_door)
    monkeypatch.setattr(module, "done", lambda request: at_door(lambda door: door.request(request, m.Done)))
    return made


def test_the_log_is_lines_that_forge_nothing(parley, door):
    result = parley("log")
    assert result.stdout.count("\n") == 1
    assert result.stdout.endswith("ERROR device.x: \\u001b[2J\\nforged\\u202e\n")
    assert "sudo journalctl" in result.stderr
    (line,) = parley("log", "--json").stdout.splitlines()
    assert json.loads(line)["level"] == "error"


def test_the_log_is_followed_by_number_until_the_daemon_ends(parley, door, monkeypatch):
    monkeypatch.setattr(module, "AGAIN_S", 0.0)
    later = iter([u.LogIs((u.LogLine(0.0, "INFO device.x: two"),), 2), u.LogIs((), 2), DoorError("closing", "it ends")])
    first = door.replies[u.GetLog]
    monkeypatch.setattr(
        type(door),
        "request",
        lambda self, request, _: _answer(self, request, first if not request.after else next(later)),
    )
    result = CliRunner().invoke(main, ["log", "--follow"])
    assert isinstance(result.exception, DoorError)
    assert [request.after for request in door.asked] == [0, 1, 2, 2]
    assert result.stdout.endswith("INFO device.x: two\n")


async def _answer(door, request, reply):
    door.asked.append(request)
    if isinstance(reply, Exception):
        raise reply
    return reply


def test_the_version_is_told_with_what_to_do(parley, door):
    looked = module.time.strftime("%Y-%m-%d %H:%M", module.time.localtime(0))
    assert parley("update").output.splitlines() == [
        f"Parley 1.2: {UPDATES['later']}, looked for last {looked}.",
        "→ journalctl tells",
    ]
    assert json.loads(parley("update", "--json").output)["updates"] == "later"
    parley("update", "--now")
    assert door.asked[-1] == u.Update()


def test_a_restart_is_asked_for(parley, door):
    assert parley("restart").output == "It starts anew.\n"
    assert door.asked == [m.Restart()]


@pytest.mark.parametrize(("typed", "asked"), [("Ada\n", u.Reset("Ada")), ("Bob\n", u.Reset("Bob")), ("", None)])
def test_a_reset_says_what_goes_and_is_confirmed_by_the_name(door, typed, asked):
    result = CliRunner().invoke(main, ["reset"], input=typed)
    for part in (*RESET.goes, *RESET.stays):
        assert PARTS[part] in result.output
    assert "sudo rm it" in result.output
    assert (door.asked[-1] == asked) is (asked is not None)


def test_a_reset_may_go_without_asking(parley, door):
    assert parley("reset", "--yes").exit_code == 0
    assert door.asked[-1] == u.Reset("Ada")
