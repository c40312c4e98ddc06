"""The units, on systemd as it is: installed, shut in, killed, hung, upgraded, removed. Sound by PulseAudio, no pins."""

from __future__ import annotations

import os
import re
import shutil
import signal
import sys
import time
import urllib.request
from pathlib import Path

from checks import Checks, must, until
from faults import DeadEnd, fill, hung_thread, killed
from machine import DAEMON, ENGINE, KEYS, SETTINGS, SOURCE, STATE, active, pid, restart, run, shown, up
from talk import Visitor

AGAIN_S = 10
WATCHDOG_S = 12
LINK = Path("/opt/parley")
KEY = "sk-of-the-machine-under-test"
PORT = 9911

PULSE = """
load-module module-native-protocol-unix auth-anonymous=1
load-module module-null-sink sink_name=spk rate=48000 channels=1 norewinds=1
load-module module-null-sink sink_name=micbus rate=48000 channels=1 norewinds=1
load-module module-remap-source source_name=vmic master=micbus.monitor channels=1
set-default-sink spk
set-default-source vmic
"""
ALSA = """
pcm.!default { type pulse server "unix:/run/pulse/native" }
ctl.!default { type pulse server "unix:/run/pulse/native" }
pcm.far_mouth { type plug slave.pcm { type pulse server "unix:/run/pulse/native" device micbus } }
pcm.far_ear { type plug slave.pcm { type pulse server "unix:/run/pulse/native" device spk.monitor } }
"""


def sound() -> None:
    """Start a sound server that needs no card."""
    Path("/etc/vm.pa").write_text(PULSE)
    Path("/etc/asound.conf").write_text(ALSA)
    run("systemd-run", "--unit=vm-sound", "pulseaudio", "--system", "-n", "-F", "/etc/vm.pa", "--disallow-exit",
        "--exit-idle-time=-1", "--use-pid-file=no")  # fmt: skip
    until(lambda: Path("/run/pulse/native").exists(), 20, "the sound server")


def install(*arguments: str, fails: bool = False) -> str:
    """Run scripts/install from the checkout."""
    return run(str(SOURCE / "scripts" / "install"), *arguments, fails=fails)


def status(process: int) -> dict[str, str]:
    """Return what the kernel says of a process."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}


def fresh() -> str:
    """Install on a machine that has never had it."""
    must(not Path("/etc/systemd/system/parley.service").exists(), "it is installed already")
    install()
    for unit in (DAEMON, ENGINE, "parley-retention.timer"):
        must(active(unit), f"{unit} does not run")
        must(run("systemctl", "is-enabled", unit).strip() == "enabled", f"{unit} does not start at boot")
    told = shown(DAEMON, "StatusText")
    must(told.startswith("Listening"), f"its status is “{told}”")
    return told


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


def engine_serves() -> str:
    """Ask the engine for its health."""
    with urllib.request.urlopen("http://127.0.0.1:8765/health", timeout=5) as answer:
        must(answer.status == 200, f"status {answer.status}")
    return shown(ENGINE, "StatusText")


def one_engine() -> str:
    """See that the daemon uses the engine's unit and has started none of its own."""
    told = run("ps", "-eo", "pid,args")
    engines = [line for line in told.splitlines() if re.search(r"(parley|device\.cli) engine", line)]
    must(len(engines) == 1, f"there are {len(engines)} engines: {engines}")
    return ""


class Units:
    """The checks that talk."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor

    def daemon_killed(self) -> str:
        """kill -9 of the daemon."""
        began = time.monotonic()
        killed(DAEMON, AGAIN_S)
        return self.visitor.talks_again(began, AGAIN_S)

    def engine_killed(self) -> str:
        """kill -9 of the engine, while nobody talks."""
        self.visitor.asleep()
        began = time.monotonic()
        killed(ENGINE, AGAIN_S)
        return self.visitor.talks_again(began, AGAIN_S)

    def engine_killed_talking(self) -> str:
        """kill -9 of the engine in the middle of a reply."""
        self.visitor.listens_to_a_long_reply()
        began = time.monotonic()
        killed(ENGINE, AGAIN_S)
        self.visitor.asleep()
        return self.visitor.talks_again(began, 3 * AGAIN_S)

    def loop_hangs(self) -> str:
        """Stop the main thread alone: the sound goes on, the event loop does not."""
        before, began = pid(DAEMON), time.monotonic()
        with hung_thread(before):
            up(DAEMON, before, WATCHDOG_S + 20)
        must(shown(DAEMON, "NRestarts") != "0", "systemd counts no restart")
        return self.visitor.talks_again(began, WATCHDOG_S + AGAIN_S)

    def process_stops(self) -> str:
        """Stop the whole process: SIGABRT does not end it either, only SIGKILL."""
        before, began = pid(DAEMON), time.monotonic()
        os.kill(before, signal.SIGSTOP)
        up(DAEMON, before, WATCHDOG_S + 25)
        return self.visitor.talks_again(began, WATCHDOG_S + 5 + AGAIN_S)

    def muted(self) -> str:
        """Mute, start anew, and see that it is still muted; then speak to it again."""
        os.kill(pid(DAEMON), signal.SIGUSR2)
        until((STATE / "muted").exists, 5, "the note that it is muted")
        try:
            time.sleep(0.5)
            self.visitor.is_not_heard()
            restart()
            self.visitor.is_not_heard()
        finally:
            os.kill(pid(DAEMON), signal.SIGUSR2)
            until(lambda: not (STATE / "muted").exists(), 5, "the note is gone")
        time.sleep(0.5)
        return self.visitor.asks()

    def falls_back(self) -> str:
        """Give it an engine that hangs up and see that it was shown the key, and that the local one answers."""
        (KEYS / "OPENAI_API_KEY").write_text(KEY)
        (KEYS / "OPENAI_API_KEY").chmod(0o600)
        before = SETTINGS.read_text()
        # A vendor's key goes to other servers only where the user names it for them.
        table = f'url = "ws://127.0.0.1:{PORT}/v1/realtime"\nkey_variable = "OPENAI_API_KEY"\n'
        SETTINGS.write_text(
            'engines = ["openai", "local"]\n' + before.replace("[engine.openai]\n", f"[engine.openai]\n{table}", 1)
        )
        server = DeadEnd(PORT)
        try:
            restart()
            self.visitor.asks()
            must(
                any(KEY in greeting for greeting in server.greetings),
                f"the key was not shown: {len(server.greetings)} greetings",
            )
            server.close()
            self.visitor.asleep()
            told = self.visitor.asks()  # now nobody listens there at all
        finally:
            server.close()
            SETTINGS.write_text(before)
            restart()
        process = pid(DAEMON)
        for place in (Path(f"/proc/{process}/environ"), Path(f"/proc/{process}/cmdline")):
            must(KEY.encode() not in place.read_bytes(), f"the key is in {place}")
        must(KEY not in run("journalctl", "-b", "-o", "cat", "--no-pager"), "the key is in the log")
        return told

    def disk_full(self) -> str:
        """Talk while nothing can be written, and again once it can."""
        small = Path("/run/small")
        run("systemctl", "stop", DAEMON)
        small.mkdir()
        run("mount", "--bind", str(STATE / "models"), str(small))
        run("mount", "-t", "tmpfs", "-o", "size=256k,mode=755,uid=parley,gid=parley", "tmpfs", str(STATE))
        try:
            (STATE / "models").mkdir()
            run("mount", "--bind", str(small), str(STATE / "models"))
            fill(STATE / "ballast")
            began = time.monotonic()
            run("systemctl", "start", DAEMON)
            self.visitor.asks()
            told = self.visitor.log.since(began, r"(?i)no space|disk|cannot be written")
            must(told, "nobody is told that the disk is full")
            (STATE / "ballast").unlink()
            self.visitor.asleep()
            self.visitor.asks()
            time.sleep(2)
            kept = [
                path.name
                for path in STATE.rglob("*")
                if path.is_file() and path.stat().st_size and "models" not in path.parts
            ]
            must(kept, "nothing is kept once there is room again")
            return told[0][1].strip()
        finally:
            run("systemctl", "stop", DAEMON)
            for place in (STATE / "models", STATE, small):
                run("umount", str(place))
            run("systemctl", "start", DAEMON)

    def ends_in_a_reply(self) -> str:
        """Stop the service in the middle of a reply."""
        self.visitor.listens_to_a_long_reply()
        began = time.monotonic()
        run("systemctl", "stop", DAEMON)
        took = time.monotonic() - began
        must(shown(DAEMON, "Result") == "success", f"its result is {shown(DAEMON, 'Result')}")
        run("systemctl", "start", DAEMON)
        must(took < 2, f"it took {took:.1f} s")
        return f"{took:.2f} s"

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
        cli = SOURCE / "device" / "cli.py"
        good = cli.read_text()
        cli.write_text(
            good.replace("async def _run(", "async def _run(*_):\n    raise SystemExit(7)\n\n\nasync def _never(", 1)
        )
        try:
            told = install(fails=True)
        finally:
            cli.write_text(good)
        must("the one before is back" in told, told[-200:])
        must(LINK.resolve() == before, "the link is not back")
        must(active(DAEMON), "it does not run")
        return self.visitor.asks()


def again() -> str:
    """Install the same once more: nothing must be disturbed."""
    before = pid(DAEMON), pid(ENGINE)
    began = time.monotonic()
    install()
    must((pid(DAEMON), pid(ENGINE)) == before, "a service was started anew")
    return f"{time.monotonic() - began:.1f} s"


def retention() -> str:
    """Run what removes old transcripts, as its timer does."""
    run("systemctl", "start", "parley-retention.service")
    return shown("parley-retention.service", "Result")


def doctor() -> str:
    """Have it look at itself, as root."""
    told = run("parley", "doctor")
    return f"{len(told.splitlines())} lines, {told.count('warn')} warnings"


def uninstalled() -> str:
    """Remove it, but not what is the user's."""
    SETTINGS.write_text(SETTINGS.read_text() + "\n# mine\n")
    install("--uninstall")
    must(not active(DAEMON) and not active(ENGINE), "it still runs")
    must(not LINK.exists() and not list(Path("/opt").glob("parley-*")), "something is left in /opt")
    left = [str(path) for path in Path("/etc/systemd/system").rglob("parley*") if path.name != "parley-check.service"]
    must(not left, f"units are left: {left}")
    must("# mine" in SETTINGS.read_text() and (KEYS / "OPENAI_API_KEY").exists(), "settings or keys are gone")
    must(shutil.which("parley") is None, "the command is still there")
    return ""


def purged() -> str:
    """Remove it with all that there is of it."""
    install("--purge")
    for place in (SETTINGS.parent, STATE, Path("/var/lib/private/parley-engine"), Path("/var/lib/parley-engine")):
        must(not os.path.lexists(place), f"{place} is left")
    must("parley:" not in Path("/etc/passwd").read_text(), "the user is left")
    return ""


def main() -> None:
    """Make the checks."""
    checks = Checks(Path("/share/out/results"))
    sound()
    if not checks("scripts/install on a machine that never had it", fresh):
        checks.summary()
        sys.exit(1)
    visitor = Visitor()
    units = Units(visitor)
    checks("the engine serves", engine_serves)
    checks("the sandbox, as the kernel has it", shut_in)
    checks("the groups of the card and the pins", groups)
    checks("wake, question, reply", visitor.asks)
    checks("the daemon uses the engine's unit", one_engine)
    checks("interrupted by voice", visitor.interrupts_by_voice)
    checks("interrupted by the button", visitor.presses)
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
    checks("the retention service", retention)
    checks("installed again", again)
    checks("upgraded", units.comes_up_after_upgrade)
    checks("a broken upgrade goes back", units.goes_back)
    checks("--uninstall", uninstalled)
    checks("--purge", purged)
    visitor.close()
    sys.exit(not checks.summary())


main()
