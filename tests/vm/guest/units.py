"""The units, on systemd as it is: installed, shut in, killed, hung, upgraded, removed. Sound by PulseAudio, no pins."""

from __future__ import annotations

import re
import socket
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from checks import Checks, must, until
from installed import LINK, again, fresh, purged, there_is, uninstalled
from machine import DAEMON, ENGINE, KEYS, SETTINGS, SOURCE, STATE, active, install, pid, restart, run, shown
from page import served
from releases import STATE as UPDATES
from releases import follow_releases, release, switched, update
from sound import sound, without_sound
from talk import Visitor
from trials import Trials
from upkeep import looked_after, reset, update_asked_for

if TYPE_CHECKING:
    from collections.abc import Iterator


def status(process: int) -> dict[str, str]:
    """Return what the kernel says of a process."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}


def shut_in() -> str:
    """See that the sandbox is there, in the kernel's words."""
    for unit in (DAEMON, ENGINE):
        process = pid(unit)
        has = status(process)
        must(has["Seccomp"] == "2" and has["NoNewPrivs"] == "1", f"{unit}: no filter, or new privileges")
        must(int(has["CapEff"], 16) == 0 and int(has["CapBnd"], 16) == 0, f"{unit}: it has capabilities")
        must(has["Uid"].split()[0] != "0", f"{unit}: it is root")
        root = f"/proc/{process}/root"
        told = run("nsenter", "-t", str(process), "-m", "sh", "-c", "echo > /usr/parley-was-here", fails=True)
        must("Read-only" in told, f"{unit}: even root can write to /usr where it lives: {told}")
        must(not any(Path(root, "root").iterdir()), f"{unit}: it sees /root")
    must(not Path(f"/proc/{pid(ENGINE)}/root/dev/snd").exists(), "the engine sees the sound card")
    return f"users {status(pid(DAEMON))['Uid'].split()[0]} and {status(pid(ENGINE))['Uid'].split()[0]}"


def groups() -> str:
    """See that the daemon has kept its groups, the card's and the pins', in its user namespace."""
    has = set(status(pid(DAEMON))["Groups"].split())
    for name in ("audio", "gpio", "spi"):
        number = run("getent", "group", name).split(":")[2]
        must(number in has, f"it is not in the group {name}")
    return " ".join(sorted(has))


def door() -> str:
    """See that the door stands open to root and the group, and to nobody else."""
    path = STATE / "door.socket"
    found = path.stat()
    group = run("getent", "group", "parley").split(":")[2]
    must(found.st_mode & 0o777 == 0o660, f"{path} has the mode {found.st_mode:o}")
    must(str(found.st_gid) == group, f"{path} is of the group {found.st_gid}")
    run("parley", "volume", "37")
    must("37 %" in run("parley", "volume"), "the volume is another than was set")
    member = ("setpriv", "--reuid", "nobody", "--regid", "nogroup")
    must("asleep" in run(*member, "--groups", "parley", "parley", "status"), "a member of the group is not let in")
    refused = run(*member, "--clear-groups", "parley", "status", fails=True)
    must("the group parley may" in refused, f"another user is told: {refused}")
    must("sudo parley" in run(*member, "--groups", "parley", "parley", "page", "code", fails=True), "it tells the code")
    return run("parley", "page", "code").splitlines()[1]


def engine_serves() -> str:
    """Ask the engine for its health."""
    with socket.socket(socket.AF_UNIX) as way:
        way.settimeout(5)
        way.connect("/run/parley-engine/engine.socket")
        way.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        told = way.recv(4096).split(b"\r\n")[0]
    must(b" 200 " in told, f"it says {told!r}")
    with socket.socket() as port:
        must(port.connect_ex(("127.0.0.1", 8765)) != 0, "it listens at a port that nobody asked for")
    return shown(ENGINE, "StatusText")


def one_engine() -> str:
    """See that the daemon uses the engine's unit and has started none of its own."""
    told = run("ps", "-eo", "pid,args")
    engines = [line for line in told.splitlines() if re.search(r"(parley|-m device) engine", line)]
    must(len(engines) == 1, f"there are {len(engines)} engines: {engines}")
    return ""


class Units(Trials):
    """The checks that talk."""

    def card_late(self) -> str:
        """Start without any sound, and bring it later."""
        self.visitor.close()
        with without_sound():
            restart()
            told = shown(DAEMON, "StatusText")
            must(told.startswith("Waiting for the sound card"), f"its status is “{told}”")
            before = pid(DAEMON)
            found = doctor_says("parley.service", fails=True)
            must("plug the card in" in found, found)
        until(lambda: shown(DAEMON, "StatusText").startswith("Listening"), 10, "that it listens")
        must(pid(DAEMON) == before, "it was started anew")
        self.visitor = Visitor()
        time.sleep(1)
        return self.visitor.asks()

    def looked_after(self) -> str:
        """Ask something, so that there is something in the log, and look after it by its door."""
        self.visitor.asks()
        return looked_after()

    def comes_up_after_upgrade(self) -> str:
        """Upgrade to a version that differs, and see that it runs and talks."""
        before, was = LINK.resolve(), pid(DAEMON)
        with (SOURCE / "device" / "__init__.py").open("a") as file:
            file.write("\n# another version\n")
        install()
        must(LINK.resolve() != before, "the version is the same")
        must(before.exists(), "the version before is gone")
        must(pid(DAEMON) != was and active(DAEMON), "it was not started anew")
        return self.visitor.asks()

    def goes_back(self) -> str:
        """Upgrade to a version that does not start."""
        before = LINK.resolve()
        with broken_source():
            told = install(fails=True)
        must("the one before is back" in told, told[-200:])
        must(LINK.resolve() == before, "the link is not back")
        must(active(DAEMON), "it does not run")
        return self.visitor.asks()

    def updated(self) -> str:
        """Update to a signed release, which no command runs; then see that one without a signature is refused."""
        was = pid(DAEMON)
        follow_releases()
        release("9.1.0", signed=True)
        began = time.monotonic()
        with switched("success"):
            told = update()
            took = time.monotonic() - began
            must("9.1.0 is ready" in told, told)
        now = LINK.resolve()
        must(now.parent == UPDATES / "releases", f"{now} runs")
        must(pid(DAEMON) != was and active(DAEMON) and active(ENGINE), "it was not started anew")
        must("9.1.0" in run("runuser", "-u", "parley", "--", str(LINK / "bin/parley"), "--version"), "another runs")
        for who in ("root", "parley"):
            told = run("runuser", "-u", who, "--", "parley", "--version")
            must("9.1.0" not in told, f"the command of {who} runs what an update has brought")
        talked = self.visitor.asks()
        release("9.2.0", signed=False)
        told = update(fails=True)
        must("v9.2.0 is not signed" in told, told)
        must("fail" in doctor_says("parley-update.service", fails=True), "the doctor does not say it")
        must(LINK.resolve() == now and active(DAEMON), "it made a difference")
        return f"built in {took:.0f} s; {talked}"

    def update_goes_back(self) -> str:
        """Update to a signed release that does not start; then install by hand over what an update has brought."""
        before = LINK.resolve()
        must(before.parent == UPDATES / "releases", "there was no update")
        with broken_source():
            release("9.3.0", signed=True)
        with switched("exit-code"):
            told = update()
            must("9.3.0 is ready" in told, told)
        must(LINK.resolve() == before and active(DAEMON), "the one before does not run")
        must("did not come up" in update(fails=True), "it is tried again")
        install()
        must(LINK.resolve().parent == Path("/opt"), f"{LINK.resolve()} runs")
        return self.visitor.asks()


@contextmanager
def broken_source() -> Iterator[None]:
    """Let the source be of a version that does not start."""
    runs = SOURCE / "device" / "daemon" / "run.py"
    good = runs.read_text()
    must("\nasync def run(" in good, "the source is not what it was")
    runs.write_text(good + "\n\nasync def run(*_):\n    raise SystemExit(7)\n")
    try:
        yield
    finally:
        runs.write_text(good)


def retention() -> str:
    """Run what removes old transcripts, as its timer does."""
    run("systemctl", "start", "parley-retention.service")
    return shown("parley-retention.service", "Result")


def doctor_says(name: str, *, fails: bool = False) -> str:
    """Return what the doctor says of one thing, with the fix."""
    told = run("parley", "doctor", fails=fails)
    lines = told.splitlines()
    at = next((n for n, line in enumerate(lines) if name in line), None)
    must(at is not None, f"it says nothing of {name}: {told[-400:]}")
    return "\n".join(lines[at : (at or 0) + 3])


def broken_settings() -> str:
    """Break the settings by hand: the last good ones stay in force, and that is told where one looks."""
    before = SETTINGS.read_text()
    SETTINGS.write_text(before + "\n[listen]\nfollow_up_s = \n")
    try:
        restart()
        told = shown(DAEMON, "StatusText")
        must("cannot be used" in told and "parley.toml" in told, f"its status is “{told}”")
        must("cannot be used" in run("parley", "doctor", fails=True), "the doctor does not say it")
        engine = run("systemctl", "restart", ENGINE) + shown(ENGINE, "StatusText")
        must("cannot be used" in engine, f"the engine's status is “{engine}”")
    finally:
        SETTINGS.write_text(before)
        run("systemctl", "restart", ENGINE)
        restart()
    must("cannot" not in shown(DAEMON, "StatusText"), "it still says so")
    return told


def second() -> str:
    """Start a second assistant by mistake, as root and as the service's user."""
    before = pid(DAEMON)
    for who in ("root", "parley"):
        told = run("runuser", "-u", who, "--", "parley", "run", fails=True, within=20)
        must("runs already" in told and "sudo systemctl stop parley" in told, f"as {who}: {told}")
    must(pid(DAEMON) == before and active(DAEMON), "the first one was disturbed")
    return told.strip()


def bad_keys() -> str:
    """Have a key that is no text, one that is a folder, and then no folder of keys at all: it starts all the same."""
    key, folder = KEYS / "XAI_API_KEY", KEYS / "GEMINI_API_KEY"
    key.write_bytes(b"\xff\xfe\x00\x81")
    folder.mkdir()
    try:
        restart()
        must(shown(DAEMON, "StatusText").startswith("Listening"), shown(DAEMON, "StatusText"))
        found = run("parley", "doctor", fails=True)
        must(f"{key} cannot be read" in found and "write the key anew" in found, found)
        must(f"{folder} cannot be read" in found, found)
        key.unlink()
        folder.rmdir()
        KEYS.rename(KEYS.with_name("gone"))
        try:
            must("install -d" in run("parley", "doctor", fails=True), "the doctor does not say that the folder is gone")
            run("systemd-tmpfiles", "--create", "parley.conf")  # as at the next start of the machine
            restart()
            must(shown(DAEMON, "StatusText").startswith("Listening"), shown(DAEMON, "StatusText"))
        finally:
            KEYS.rmdir()
            KEYS.with_name("gone").rename(KEYS)
    finally:
        key.unlink(missing_ok=True)
        if folder.exists():
            folder.rmdir()
        restart()
    return ""


def doctor_of_the_user() -> str:
    """Have it look at itself as the service's user does, over a line without a terminal, as by SSH."""
    told = run("runuser", "-u", "parley", "--", "setsid", "parley", "doctor", within=60)
    must("parley.service" in told and "fail" not in told.split(), told[-600:])
    return f"{len(told.splitlines())} lines"


def doctor() -> str:
    """Have it look at itself, as root."""
    told = run("parley", "doctor")
    return f"{len(told.splitlines())} lines, {told.count('warn')} warnings"


def runs_and_talks(checks: Checks, visitor: Visitor) -> None:
    """See that what has just been installed runs shut in, answers, and can be interrupted."""
    checks("the engine serves", engine_serves)
    checks("the sandbox, as the kernel has it", shut_in)
    checks("the groups of the card and the pins", groups)
    checks("the door", door)
    checks("wake, question, reply", visitor.asks)
    checks("the daemon uses the engine's unit", one_engine)
    checks("interrupted by voice", visitor.interrupts_by_voice)
    checks("interrupted by the button", visitor.presses)


def main() -> None:
    """Make the checks."""
    checks = Checks(Path("/share/out/results"))
    sound()
    before = there_is()
    if not checks("scripts/install on a machine that never had it", fresh):
        checks.summary()
        sys.exit(1)
    units = Units(Visitor())
    visitor = units.visitor
    runs_and_talks(checks, visitor)
    checks("muted, also over a restart", units.muted)
    checks("kill -9 of the daemon", units.daemon_killed)
    checks("kill -9 of the engine", units.engine_killed)
    checks("kill -9 of the engine in a reply", units.engine_killed_talking)
    checks("the event loop hangs", units.loop_hangs)
    checks("the process stands still", units.process_stops)
    checks("an engine that cannot be reached; its key", units.falls_back)
    checks("a full disk", units.disk_full)
    checks("stopped in a reply", units.ends_in_a_reply)
    checks("the doctor", doctor)
    checks("the doctor, as the service's user", doctor_of_the_user)
    checks("looked after by its door", units.looked_after)
    checks("settings broken by hand", broken_settings)
    checks("a second assistant, by mistake", second)
    checks("keys that cannot be read", bad_keys)
    checks("the sound card comes late", units.card_late)
    checks("the retention service", retention)
    checks("the page, switched on", served)
    checks("installed again", again)
    checks("upgraded", units.comes_up_after_upgrade)
    checks("a broken upgrade goes back", units.goes_back)
    checks("updated by a signed release", units.updated)
    checks("an update that does not come up goes back", units.update_goes_back)
    checks("an update that is asked for", update_asked_for)
    checks("a factory reset", reset)
    checks("--uninstall", uninstalled)
    checks("--purge", lambda: purged(before))
    units.visitor.close()
    sys.exit(not checks.summary())


if __name__ == "__main__":
    main()
