"""The whole machine: a stock kernel, a card and pins as ALSA and GPIO know them; its clock counts instructions."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pins
import wifi
from checks import Checks, must, until
from farend import say
from faults import SlowBrain
from machine import DAEMON, ENGINE, SETTINGS, STATE, Log, active, pid, restart, run, shown
from talk import Visitor
from trials import Trials

SLOW = 3.0
"""The machine has one thousand million instructions a second for all it does: less than any Pi that Parley is for."""
LONG = Path("/share/long").exists()
RED, GREEN, BLUE, STREAMING, BUTTON, MUTE = 22, 23, 25, 27, 17, 24
PCM = Path("/proc/asound/card0/pcm0c/sub0/status")
PLAYED = Path("/proc/asound/card0/pcm0p/sub0/status")


def boots() -> str:
    """See that it listens, by itself, after the machine has started."""
    until(lambda: active(DAEMON), 180, "the assistant up after boot")
    uptime = float(Path("/proc/uptime").read_text().split()[0])
    told = shown(DAEMON, "StatusText")
    must("Listening" in told, told)
    must(active(ENGINE), "the engine does not run")
    must("RUNNING" in PCM.read_text(), f"the card's microphone is {PCM.read_text()}")
    return f"{told}, {uptime:.0f} s after the start of {os.uname().release}"


def pace() -> str:
    """See that the machine keeps up with the sound: what the card gives, and what the daemon uses of its processor."""

    def frames() -> int:
        lines = PCM.read_text().splitlines()
        return int(next(line for line in lines if line.startswith("appl_ptr")).split(":")[1])

    def used() -> float:
        fields = Path(f"/proc/{pid(DAEMON)}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    begin, frame, cpu = time.monotonic(), frames(), used()
    time.sleep(10)
    took = time.monotonic() - begin
    rate = (frames() - frame) / took
    must(rate > 47_000, f"only {rate:.0f} frames of sound a second")
    delay = int(next(line for line in PLAYED.read_text().splitlines() if line.startswith("delay")).split(":")[1])
    return (
        f"{rate:.0f} frames of sound a second, asleep {100 * (used() - cpu) / took:.0f} % of the processor; "
        f"{delay / 48:.0f} ms to the loudspeaker"
    )


class Board:
    """The checks of what is on pins: what is pulled from outside, and what is read back."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor
        self.lights = pins.Watch(RED, GREEN, BLUE, STREAMING)

    def dark(self) -> str:
        """Asleep: no light at all, and nothing said to leave."""
        seen = self.lights.next(1.5)
        must(max(seen) == 0, f"it shines: {seen}")
        return ""

    def updating(self) -> str:
        """Purple that fills up, while an update is under way."""
        (STATE / "updating").touch()
        try:
            time.sleep(2)
            red, green, blue, _ = self.lights.next(3)
        finally:
            (STATE / "updating").unlink()
        must(0.05 < red < 0.6 and abs(red - blue) < 0.1 and green < red, f"it looks {red:.2f} {green:.2f} {blue:.2f}")
        time.sleep(2)
        self.dark()
        return f"{red:.2f} {green:.2f} {blue:.2f}"

    def switched(self) -> str:
        """Close the mute switch, and open it."""
        pins.pull(MUTE, up=False)
        try:
            told = self._red_and_deaf()
        finally:
            pins.pull(MUTE, up=True)
        time.sleep(0.5)
        self.dark()
        return told

    def muted(self) -> str:
        """Hold the button, start the assistant anew, hold the button again."""
        pins.press(BUTTON, 1.5)
        until((STATE / "muted").exists, 5, "the note that it is muted")
        self._red_and_deaf()
        restart()
        told = self._red_and_deaf()
        pins.press(BUTTON, 1.5)
        until(lambda: not (STATE / "muted").exists(), 5, "the note is gone")
        time.sleep(1)
        self.dark()
        return told

    def _red_and_deaf(self) -> str:
        time.sleep(0.5)
        before = time.monotonic()
        self.visitor.is_not_heard()
        red, green, blue, streaming = self.lights.shares(before, time.monotonic())
        must(red > 0.99 and green == blue == streaming == 0, f"it looks {red:.2f} {green:.2f} {blue:.2f} {streaming}")
        return "red all the time, the wake word comes to nothing"

    def thinking(self) -> str:
        """Have the local engine's brain take long."""
        visitor, before = self.visitor, SETTINGS.read_text()
        with SlowBrain(9912, 2.5) as brain:
            SETTINGS.write_text(f'{before}\n[brain]\nurl = "http://127.0.0.1:{brain.server_port}/v1"\nmodel = "slow"\n')
            try:
                run("systemctl", "restart", ENGINE)
                visitor.asleep()
                began = time.monotonic()
                visitor.press()
                visitor.log.wait(r"→ listening", began, 10 * SLOW)
                asked, _ = say("help.wav")
                thought = visitor.log.wait(r"→ thinking", asked, 20 * SLOW)
                spoke = visitor.log.wait(r"→ speaking", asked, 20 * SLOW)
                visitor.asleep()
            finally:
                SETTINGS.write_text(before)
                run("systemctl", "restart", ENGINE)
        seen = self.lights.shares(thought + 0.2, spoke)
        must(spoke - thought > 1, f"it thought for {spoke - thought:.1f} s only")
        must(0.05 < seen[2] < 0.8 and seen[0] < seen[1] < seen[2], f"thinking looks {seen}")
        return " ".join(f"{share:.2f}" for share in seen[:3])

    def conversation(self) -> str:
        """Listening, speaking, overlap: each by its colour, and the streaming light by what leaves."""
        visitor = self.visitor
        visitor.asleep()
        time.sleep(0.5)
        began = time.monotonic()
        visitor.press()
        visitor.log.wait(r"→ listening", began, 10 * SLOW)
        time.sleep(0.7)  # it blinks until something leaves
        listening = self.lights.next(0.8)
        must(listening[2] > 0.95 and listening[0] < 0.05, f"listening looks {listening}")
        must(listening[3] > 0.95, f"the streaming light is on for {listening[3]:.2f}")
        asked, _ = say("help.wav")
        spoke = visitor.log.wait(r"→ speaking", asked, 30 * SLOW)
        speaking = self.lights.shares(spoke + 0.3, spoke + 1.5)
        must(speaking[1] > speaking[2] and speaking[0] < 0.02, f"speaking looks {speaking}")
        said, _ = say("minutes.wav")
        over = visitor.log.wait(r"→ overlap", said, 5 * SLOW)
        cut = visitor.log.wait(r"\bcut\b", said, 10 * SLOW)
        overlap = self.lights.shares(over + 0.05, cut)
        must(overlap[0] > 0.01 and overlap[1] > overlap[2], f"overlap looks {overlap}")
        visitor.log.wait(r"→ speaking", cut, 30 * SLOW)
        visitor.asleep()
        time.sleep(0.5)
        self.dark()
        looks = (("listening", listening), ("speaking", speaking), ("overlap", overlap))
        return "; ".join(f"{name} {' '.join(f'{share:.2f}' for share in seen[:3])}" for name, seen in looks)

    def repeats(self) -> str:
        """Press twice: the last reply once more."""
        self.visitor.asleep()
        pressed = time.monotonic()
        pins.press(BUTTON, 0.1)
        time.sleep(0.1)
        pins.press(BUTTON, 0.1)
        self.visitor.log.wait(r"→ speaking", pressed, 5 * SLOW)
        until(lambda: self.visitor.ear.loud(pressed + 0.6) > 0.5, 10 * SLOW, "the reply on the loudspeaker")
        self.visitor.ear.quiet()
        return ""

    def forgets_nothing(self) -> str:
        """Hold the button for a factory reset, and think better of it."""
        self.visitor.asleep()
        pressed = time.monotonic()
        pins.press(BUTTON, 10.5)
        self.visitor.log.wait("press the button within ten seconds to confirm", pressed, 5)
        asking = self.lights.next(2)
        must(0.4 < asking[0] < 0.95 and asking[1] == asking[2] == 0, f"it looks {asking}")
        self.visitor.log.wait("not confirmed, nothing is changed", pressed, 15)
        must("button_pin = 17" in SETTINGS.read_text(), "the settings are gone")
        time.sleep(0.5)
        self.dark()
        return ""

    def panel_faults(self) -> str:
        """Have another program hold a pin, and ask for lights on a bus that is not there."""
        before = SETTINGS.read_text()
        hold = (
            "import lgpio, time; lgpio.gpio_claim_output(lgpio.gpiochip_open(0), 27); print(flush=True); time.sleep(99)"
        )
        run("systemctl", "stop", DAEMON)
        with subprocess.Popen(["/opt/parley/bin/python", "-c", hold], stdout=subprocess.PIPE, cwd="/tmp") as holder:
            try:
                assert holder.stdout is not None
                holder.stdout.readline()
                SETTINGS.write_text(before.replace('leds = "rgb"', 'leds = "apa102"'))
                began = time.monotonic()
                restart()
                pin = self.visitor.log.wait("GPIO27", began, 5)
                bus = self.visitor.log.wait("SPI", began, 5)
                must("Listening" in shown(DAEMON, "StatusText"), shown(DAEMON, "StatusText"))
            finally:
                holder.kill()
                SETTINGS.write_text(before)
                restart()
        time.sleep(1)
        return " ".join(line for at, line in self.visitor.log.lines if at in {pin, bus})

    def card_goes(self) -> str:
        """Take the card away while it is in use, by unloading its module, and give it back."""
        self.visitor.asleep()
        self.visitor.ear.close()
        log = Log()
        time.sleep(1)
        device = Path("/sys/devices/platform/snd_aloop.0")
        must(device.exists(), "there is no loopback card")
        began = time.monotonic()
        # A card in use keeps its module: it is taken from under its user first, as USB does it.
        (device / "driver" / "unbind").write_text(device.name)
        try:
            # With a single processor it takes long: PortAudio's thread goes round, and comes before all others.
            lost = log.wait(r"card.lost", began, 60) - began
            red, green, blue, streaming = self.lights.next(4)
            must(active(DAEMON), "the assistant has ended")
        finally:
            run("modprobe", "-r", "snd-aloop", within=30)
            run("modprobe", "snd-aloop", "index=0", "id=Loopback", "pcm_substreams=1")
        back = time.monotonic()
        back = log.wait(r"card.back", back, 20) - back
        log.close()
        self.visitor.close()
        self.visitor.__init__(SLOW, pins.press)  # type: ignore[misc]
        must(0.05 < red < 0.3 and green < red and blue == streaming == 0, f"it looks {red:.2f} {green:.2f} {blue:.2f}")
        return f"told after {lost:.1f} s, a double blink of orange, in use again {back:.1f} s after it was back"


def clock_jumps() -> str:
    """Set the clock forward by ten years, and back."""
    before, real = pid(DAEMON), time.time()
    began = time.monotonic()
    try:
        run("date", "-s", "+10 years")
        must(time.time() > real + 9 * 365 * 86400, "the clock was not set")
        time.sleep(WATCHED_S)
        must(pid(DAEMON) == before and active(DAEMON), "the assistant did not outlast the jump forward")
    finally:
        run("date", "-s", f"@{real + time.monotonic() - began:.0f}")
    time.sleep(WATCHED_S)
    must(pid(DAEMON) == before and active(DAEMON), "the assistant did not outlast the jump back")
    return f"the same process, its watchdog fed, for {time.monotonic() - began:.0f} s"


WATCHED_S = 18
"""Longer than the watchdog waits."""


def main() -> None:
    """Make the checks; those that take long only if the host wants them."""
    checks = Checks(Path("/share/out/results"))
    if not checks("boot, then listening", boots):
        checks.summary()
        sys.exit(1)
    visitor = Visitor(SLOW, pins.press)
    board, trials = Board(visitor), Trials(visitor)
    checks("the pace of the machine", pace)
    checks("lights: asleep is dark", board.dark)
    checks("lights: updating", board.updating)
    checks("muted by the switch's line", board.switched)
    checks("wake, question, reply", visitor.asks)
    checks("lights: listening, speaking, overlap; interrupted by voice", board.conversation)
    checks("interrupted by the button's line", visitor.presses)
    checks("pressed twice: repeated", board.repeats)
    checks("the card goes and comes back; lights: fault", board.card_goes)
    checks("kill -9 of the daemon", trials.daemon_killed)
    if LONG:
        checks("lights: thinking", board.thinking)
        checks("muted by the button's line, also over a restart", board.muted)
        checks("a factory reset that is not confirmed", board.forgets_nothing)
        checks("a pin in use, and no SPI", board.panel_faults)
        checks("the clock: ten years forward, and back", clock_jumps)
        checks("kill -9 of the engine", trials.engine_killed)
        checks("kill -9 of the engine in a reply", trials.engine_killed_talking)
        checks("the event loop hangs: watchdog", trials.loop_hangs)
        checks("an engine that cannot be reached: the local one", trials.falls_back)
        checks("a full disk", trials.disk_full)
        checks("stopped in a reply", trials.ends_in_a_reply)
        checks("after all this: wake, question, reply", visitor.asks)
    visitor.close()
    if LONG:  # alone it takes as long as all that is not
        wifi.check(checks)
    sys.exit(not checks.summary())


main()
