"""The commands that talk to the daemon: as a person calls them, with a door behind which a test answers."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from device.door import messages as m
from device.door.place import FILE
from device.door.server import Refusal, Server
from device.system import paths
from device.system.paths import state_dir

ABOUT = m.About("Ada", "1.2", "en", wake_words=("hey ada",), card="USB speaker")
HOSTILE = "\x1b[2J\nState: fine\u202e"


def snapshot(**more):
    usual = {
        "about": ABOUT,
        "state": m.State("listening", "listening", "#0073ff"),
        "engine": m.Engine("openai", ("openai", "local"), open=True),
        "cost": m.Cost(0.5, 2.0),
        "timers": m.Timers((m.Timer("tea", 300, 200, 0.0),), (m.Alarm(3, "reminder", "the oven", 0.0, (0, 6)),)),
        "muted": m.Muted(),
        "volume": m.Volume(40),
        "latency": m.Latency(640),
    }
    return m.Snapshot(**{**usual, **more})


class Behind:
    """A server in a thread of its own; `answer` is called in it."""

    def __init__(self, path):
        self.got = []
        self.now = snapshot()
        self.events = []
        self.replies = {
            m.GetTimers: m.TimersSet(self.now.timers.timers, self.now.timers.alarms, ringing=True),
            m.Say: m.Said(),
            m.Ask: m.Answer("At noon."),
            m.NewCode: m.CodeIs("123456", 600.0),
        }
        self.path = path
        self.ready, self.over = threading.Event(), None
        self.thread = threading.Thread(target=lambda: asyncio.run(self.serve()))

    async def handle(self, request, peer):
        self.got.append(request)
        if isinstance(request, m.GetStatus):
            return m.Status(self.now)
        reply = self.replies.get(type(request), m.Done())
        if isinstance(reply, Exception):
            raise reply
        return reply

    def attend(self, topics):
        """Tell all events to who subscribes, and end."""
        if topics and self.events:
            for event in self.events:
                self.server.publish(event)
            self.loop.create_task(self.server.close())

    async def serve(self):
        self.loop, self.over = asyncio.get_running_loop(), asyncio.Event()
        self.server = Server(self.path, self.handle, lambda: self.now, attend=self.attend)
        assert await self.server.open()
        self.ready.set()
        await self.over.wait()
        await self.server.close()

    def __enter__(self):
        self.thread.start()
        assert self.ready.wait(10)
        return self

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.over.set)
        self.thread.join()


@pytest.fixture(autouse=True)
def alone(tmp_path, monkeypatch):
    """No service, and a user who is not root."""
    monkeypatch.setattr(paths, "SHARED", tmp_path / "service")
    monkeypatch.setattr(os, "geteuid", lambda: 1234)


@pytest.fixture
def daemon(parley):
    with Behind(state_dir() / FILE) as behind:
        yield behind


def test_status_tells_what_counts(parley, daemon):
    daemon.now = snapshot(
        muted=m.Muted(on=True, switch=True),
        faults=m.Faults((m.Fault("card", "the sound card USB speaker is gone"),)),
        captions=(m.Caption("u", "user", "When?", final=True), m.Caption("a", "assistant", "At noon.", final=True)),
    )
    lines = parley("status").output.splitlines()
    told = {line.split("  ")[0]: line.split("  ", 1)[-1].strip() for line in lines}
    assert told["Assistant"] == "Ada, Parley 1.2, on USB speaker"
    assert told["State"] == "listening"
    assert told["Engine"] == "openai (open)"
    assert told["Microphone"] == "muted, by a switch"
    assert told["Volume"] == "40 %"
    assert told["Latency"] == "640 ms, of the last turn"
    assert told["Cost today"] == "0.50 US dollars of 2.00"
    assert told["Timer"] == "tea, in 3:20"
    assert told["Reminder"].startswith("the oven 19")
    assert told["Reminder"].endswith("Mon Sun")
    assert told["Fault"] == "the sound card USB speaker is gone"
    assert (told["You"], told["It"]) == ("When?", "At noon.")


def test_status_for_machines_is_the_snapshot(parley, daemon):
    told = json.loads(parley("status", "--json").output)
    assert told["state"]["state"] == "listening"
    assert told["volume"]["percent"] == 40


def test_status_fits_the_screen_and_hostile_words_do_nothing(parley, daemon, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")
    long = "word " * 60
    daemon.now = snapshot(captions=(m.Caption("a", "assistant", HOSTILE + long, final=True),))
    output = parley("status").output
    assert max(map(len, output.splitlines())) <= 80
    assert "\x1b" not in output
    assert "\u202e" not in output
    assert not any(line.startswith("State: fine") for line in output.splitlines())
    assert r"\u001b[2J" in output


def test_following_shows_what_changes_until_the_daemon_ends(parley, daemon):
    daemon.events = [
        m.State("listening", "listening", "#0073ff", streaming=True),  # that was shown
        m.State("speaking", "speaking", "#00ff8f"),
        m.Caption("a", "assistant", "At no", final=False),
        m.Caption("a", "assistant", f"At noon or so. {HOSTILE}", final=True),
        m.Heard("a", 7),
        m.Heard("a", 7, over=True),
        m.Latency(500),
        m.Engine("local", ("openai", "local"), open=True),
        m.Engine("local", ("openai", "local"), why="It is gone."),
        m.Muted(on=True),
        m.Volume(10),
        m.Cost(0.7),
        m.Timers((m.Timer("eggs", 60, 60, 0.0),)),
        m.Faults((m.Fault("card", "no card"),)),
        m.Faults(),
        m.State("speaking", "closed", ringing=True, updating=True),
        m.CodeMade(600),
    ]
    result = parley("status", "--follow")
    assert result.exit_code == 1
    assert "the daemon ends" in result.stderr
    shown = [line[10:] for line in result.stdout.splitlines() if line[2:3] == ":"]
    assert shown == [
        "state      speaking",
        r"assistant".replace("assistant", "it       ") + r"  At noon or so. \u001b[2J\nState: fine\u202e",
        r"not heard  or so. \u001b[2J\nState: fine\u202e",
        "latency    500 ms",
        "engine     local",
        "engine     It is gone.",
        "microphone muted",
        "volume     10 %",
        "cost       0.70 US dollars",
        "set        eggs",
        "faults     no card",
        "faults     none any more",
        "state      waits for the wake word or the button, ringing, updating",
    ]


def test_following_for_machines_is_the_events_as_they_are(parley, daemon):
    daemon.events = [m.Volume(10), m.Caption("a", "assistant", HOSTILE, final=True)]
    told = [json.loads(line) for line in parley("status", "--follow", "--json").stdout.splitlines()]
    assert [one["type"] for one in told] == ["snapshot", "volume", "caption"]
    assert told[2]["text"] == HOSTILE


@pytest.mark.parametrize(
    ("arguments", "request_", "output"),
    [
        (["wake"], m.Wake(id=1), "It listens.\n"),
        (["stop"], m.Stop(id=1), "It is quiet.\n"),
        (["volume", "35"], m.SetVolume(35, id=1), "The volume is 35 %.\n"),
        (["volume"], m.GetStatus(id=1), "The volume is 40 %.\n"),
        (["ask", "When?"], m.Ask("When?", id=1), "At noon.\n"),
        (["timers", "--cancel", "tea"], m.CancelTimer("tea", id=1), "“tea” is cancelled.\n"),
        (["timers", "--cancel", "#3"], m.CancelAlarm(3, id=1), "“#3” is cancelled.\n"),
        (["page", "code"], m.NewCode(id=1), "123456\nIt holds for 10 minutes, and once.\n"),
        (["page", "code", "--speak"], m.NewCode(speak=True, id=1), "123456\nIt holds for 10 minutes, and once.\n"),
    ],
)
def test_what_is_wanted_is_asked_for(parley, daemon, arguments, request_, output):
    result = parley(*arguments)
    assert result.output == output
    assert daemon.got[-1] == request_


def test_mute_and_unmute_go_through_the_door_where_there_is_one(parley, daemon):
    assert parley("mute").output == "The microphone is now muted.\n"
    assert [type(one) for one in daemon.got] == [m.GetStatus, m.Mute]
    assert parley("unmute").output == "The microphone is not muted.\n"
    daemon.replies[m.Unmute] = Refusal("impossible", "a switch holds the microphone muted", "open the switch")
    result = parley("unmute")
    assert (result.exit_code, result.stderr) == (1, "parley: a switch holds the microphone muted: open the switch\n")


def test_what_was_not_heard_of_an_answer_is_told(parley, daemon):
    daemon.replies[m.Ask] = m.Answer("At", "noon.")
    assert parley("ask", "When?").output == "At\n(not heard: noon.)\n"
    daemon.replies[m.Ask] = m.Answer("")
    assert "it said nothing" in parley("ask", "When?").output


def test_say_is_said_by_the_assistant_that_runs(parley, daemon):
    assert parley("say", "Dinner is ready.").output == ""
    assert daemon.got == [m.Say("Dinner is ready.", id=1)]
    daemon.replies[m.Say] = m.Said(whole=False)
    assert parley("say", "Dinner is ready.").output == "It was interrupted.\n"
    daemon.replies[m.Say] = Refusal("failed", "there was no moment at which nobody spoke")
    assert "no moment" in parley("say", "Dinner is ready.").stderr
    assert f"at most {m.LONGEST_SPOKEN}" in parley("say", "x" * (m.LONGEST_SPOKEN + 1)).stderr


@pytest.mark.parametrize("text", ["", "  ", "x" * (m.LONGEST_TEXT + 1)])
def test_a_text_that_is_none_or_too_long_is_not_sent(parley, daemon, text):
    result = parley("ask", text)
    assert result.exit_code == 1
    assert ("there is no text" in result.stderr) or (f"at most {m.LONGEST_TEXT}" in result.stderr)
    assert daemon.got == []


def test_timers_are_listed(parley, daemon):
    lines = parley("timers").output.splitlines()
    assert lines[0] == "tea: in 3:20"
    assert lines[1].startswith("#3 the oven: 19")
    assert lines[-1] == "It rings."
    assert json.loads(parley("timers", "--json").output)["timers"][0]["name"] == "tea"
    daemon.replies[m.GetTimers] = m.TimersSet((m.Timer("eggs", 7200, 4000, 0.0, paused=True),), (m.Alarm(1, "alarm"),))
    assert parley("timers").output == "eggs: in 1:06:40 (paused)\n#1 alarm: once the clock is set\n"
    daemon.replies[m.GetTimers] = m.TimersSet()
    assert parley("timers").output == "Nothing is set.\n"
    assert parley("timers", "--cancel", " ").exit_code == 1


@pytest.mark.parametrize(
    "arguments",
    [["status"], ["wake"], ["stop"], ["ask", "x"], ["volume"], ["volume", "3"], ["timers"], ["page", "code"]],
)
def test_without_a_daemon_it_is_said_how_to_start_one(parley, arguments):
    result = parley(*arguments)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith("parley: there is no daemon: start it by `")


def test_another_user_is_told_of_the_group(parley, tmp_path, monkeypatch):
    answers = iter((FileNotFoundError, PermissionError))  # of one's own, and of the service's

    async def shut(*_, **__):
        raise next(answers)

    (tmp_path / "service").mkdir()
    (tmp_path / "service" / FILE).touch(0o660)
    (tmp_path / "service" / FILE).chmod(0o660)
    monkeypatch.setattr(asyncio, "open_unix_connection", shut)
    result = parley("wake")
    assert result.exit_code == 1
    assert "only root and the group" in result.stderr
    assert "sudo usermod -aG" in result.stderr


def test_as_a_process(tmp_path):
    folder = tmp_path / "s" / "parley"
    environ = {**os.environ, "STATE_DIRECTORY": str(folder), "HOME": str(tmp_path), "NO_COLOR": "1", "COLUMNS": "80"}
    root = Path(__file__).parents[2]

    def run(*arguments):
        command = [sys.executable, "-P", "-m", "device", *arguments]
        environ["PYTHONPATH"] = str(root)
        return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=False)

    absent = run("status")
    assert (absent.returncode, absent.stdout) == (1, "")
    assert "there is no daemon" in absent.stderr
    folder.mkdir(parents=True)
    with Behind(folder / FILE):
        there = run("status")
        assert there.returncode == 0, there.stderr
        assert "Ada, Parley 1.2" in there.stdout
        assert run("volume", "101").returncode == 2
        command = [sys.executable, "-P", "-m", "device", "status", "--follow", "--json"]
        with subprocess.Popen(
            command,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - a shell's "&" ignores it
        ) as following:
            try:
                assert b"snapshot" in following.stdout.readline()
                following.send_signal(signal.SIGINT)
                _, told = following.communicate(timeout=60)
            finally:
                following.kill()
        assert (following.returncode, told) == (0, b"")
