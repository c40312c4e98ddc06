"""What happens to an assistant sooner or later, done to it on purpose: each must end in talk."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

from checks import must, until
from farend import say
from faults import DeadEnd, fill, hung_thread, killed
from machine import DAEMON, ENGINE, KEYS, SETTINGS, STATE, pid, restart, run, shown, up

if TYPE_CHECKING:
    from talk import Visitor

AGAIN_S = 10
WATCHDOG_S = 12
KEY = "sk-of-the-machine-under-test"
PORT = 9911


class Trials:
    """The checks; a machine that is `slow` by a factor has that much more time to come back."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor
        self.again_s = AGAIN_S * visitor.slow

    def daemon_killed(self) -> str:
        """kill -9 of the daemon."""
        began = time.monotonic()
        killed(DAEMON, self.again_s)
        return self.visitor.talks_again(began, self.again_s)

    def engine_killed(self) -> str:
        """kill -9 of the engine, while nobody talks."""
        self.visitor.asleep()
        began = time.monotonic()
        killed(ENGINE, self.again_s)
        return self.visitor.talks_again(began, self.again_s)

    def engine_killed_talking(self) -> str:
        """kill -9 of the engine in the middle of a reply, of which all may be there: what is said then is answered."""
        self.visitor.listens_to_a_long_reply()
        began = time.monotonic()
        gone = killed(ENGINE, self.again_s)
        asked, ended = say("minutes.wav")
        thought = self.visitor.log.wait(r"→ thinking", asked, 2 * self.again_s)
        at = self.visitor.log.wait(r"→ speaking", thought, self.again_s)
        until(lambda: self.visitor.ear.loud(at) > 0.5, self.again_s, "the answer on the loudspeaker")
        took = at - began - (ended - asked)
        must(took < self.again_s, f"the answer came {took:.1f} s after the kill, the question not counted")
        return f"{gone}; {took:.1f} s from the kill to the answer, the question not counted"

    def loop_hangs(self) -> str:
        """Stop the main thread alone: the sound goes on, the event loop does not."""
        before, began = pid(DAEMON), time.monotonic()
        with hung_thread(before):
            up(DAEMON, before, WATCHDOG_S + 20)
        must(shown(DAEMON, "NRestarts") != "0", "systemd counts no restart")
        return self.visitor.talks_again(began, WATCHDOG_S + self.again_s)

    def process_stops(self) -> str:
        """Stop the whole process: SIGABRT does not end it either, only SIGKILL."""
        before, began = pid(DAEMON), time.monotonic()
        os.kill(before, signal.SIGSTOP)
        up(DAEMON, before, WATCHDOG_S + 25)
        return self.visitor.talks_again(began, WATCHDOG_S + 5 + self.again_s)

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
        head = "[engine.openai]\n"
        settings = before if head in before else before + head
        SETTINGS.write_text('engines = ["openai", "local"]\n' + settings.replace(head, head + table, 1))
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
        run("systemctl", "stop", DAEMON)
        run("mount", "-t", "tmpfs", "-o", "size=256k,mode=755,uid=parley,gid=parley", "tmpfs", str(STATE))
        try:
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
            kept = [path.name for path in STATE.rglob("*") if path.is_file() and path.stat().st_size]
            must(kept, "nothing is kept once there is room again")
            return told[0][1].strip()
        finally:
            run("systemctl", "stop", DAEMON)
            run("umount", str(STATE))
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
