"""The whole machine: a stock kernel, a card and pins as ALSA and GPIO know them, slowed down by an emulator."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pins
from checks import Checks, Failed, LeftOut, must, until
from farend import say
from faults import fill, hung_thread, killed
from machine import DAEMON, ENGINE, STATE, Log, active, pid, run, shown, up
from talk import Visitor

SLOW = float(os.environ.get("PARLEY_SLOW", "5"))
AGAIN_S = 30 * SLOW
WATCHDOG_S = 12
RED, GREEN, BLUE, STREAMING, BUTTON, MUTE = 22, 23, 25, 27, 17, 24


def boots() -> str:
    """See that it listens, by itself, after the machine has started."""
    until(lambda: active(DAEMON), 900, "the assistant up after boot")
    uptime = float(Path("/proc/uptime").read_text().split()[0])
    told = shown(DAEMON, "StatusText")
    must("Listening" in told, told)
    must(active(ENGINE), "the engine does not run")
    kernel = os.uname().release
    card = Path("/proc/asound/card0/pcm0c/sub0/status").read_text().split("\n")[0]
    must("RUNNING" in card, f"the card's microphone is {card}")
    return f"{told}, {uptime:.0f} s after the start of {kernel}"


def pace() -> str:
    """See how far the machine keeps up with the sound: what the card gives, and what the daemon uses of a core."""

    def frames() -> int:
        text = Path("/proc/asound/card0/pcm0c/sub0/status").read_text()
        return int(next(line for line in text.splitlines() if line.startswith("appl_ptr")).split(":")[1])

    def used() -> float:
        fields = Path(f"/proc/{pid(DAEMON)}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    begin, frame, cpu = time.monotonic(), frames(), used()
    time.sleep(10)
    took = time.monotonic() - begin
    return f"{(frames() - frame) / took:.0f} frames of sound a second, {100 * (used() - cpu) / took:.0f} % of a core"


def colours(seconds: float = 1.5) -> tuple[float, float, float]:
    """Return how bright the three lines of the light are."""
    return pins.duty(RED, seconds / 3), pins.duty(GREEN, seconds / 3), pins.duty(BLUE, seconds / 3)


def dark() -> str:
    """Asleep: no light at all, and nothing said to leave."""
    seen = colours()
    must(max(seen) == 0 and pins.duty(STREAMING, 0.3) == 0, f"it shines: {seen}")
    return ""


def red_when_muted() -> str:
    """Close the mute switch, and open it."""
    pins.pull(MUTE, up=False)
    try:
        until(lambda: pins.value(RED), 5 * SLOW, "a red light")
        time.sleep(1)
        red, green, blue = colours()
        must(red > 0.9 and green < 0.05 and blue < 0.05, f"muted looks {red:.2f} {green:.2f} {blue:.2f}")
    finally:
        pins.pull(MUTE, up=True)
    until(lambda: not pins.value(RED), 5 * SLOW, "the red light out")
    return f"red for {100 * red:.0f} % of the time"


def watchdog() -> str:
    """Stop the main thread alone."""
    before, began = pid(DAEMON), time.monotonic()
    with hung_thread(before):
        up(DAEMON, before, WATCHDOG_S + 5 + AGAIN_S)
    return f"listening again after {time.monotonic() - began:.1f} s"


def again_after_kill(unit: str) -> str:
    """kill -9."""
    return killed(unit, AGAIN_S)


def card_goes() -> str:
    """Take the card away while it is in use, by unloading its module, and give it back."""
    log = Log()
    time.sleep(1)
    try:
        began = time.monotonic()
        # A card in use keeps its module: it is taken from under its user first, as USB does it.
        device = Path("/sys/devices/platform/snd_aloop.0")
        must(device.exists(), "there is no loopback card")
        (device / "driver" / "unbind").write_text(device.name)
        try:
            lost = log.wait(r"card.lost", began, 10 * SLOW) - began
        except Failed:
            Path("/sys/bus/platform/drivers/snd_aloop/bind").write_text(device.name)
            raise
        time.sleep(2)
        must(active(DAEMON), "the assistant has ended")
        unloaded = "and unloaded"
        try:
            run("modprobe", "-r", "snd-aloop", within=30)
            run("modprobe", "snd-aloop", "index=0", "id=Loopback", "pcm_substreams=1")
        except Failed:
            unloaded = "but its module not unloaded"
            Path("/sys/bus/platform/drivers/snd_aloop/bind").write_text(device.name)
        back = time.monotonic()
        back = log.wait(r"card.back", back, 20 * SLOW) - back
        return f"unbound {unloaded}; told after {lost:.1f} s, in use again {back:.1f} s after it was back"
    finally:
        log.close()


def clock_jumps() -> str:
    """Set the clock forward by ten years, and back."""
    before, real = pid(DAEMON), time.time()
    began = time.monotonic()
    ten = 10 * 365 * 86400
    try:
        time.clock_settime(time.CLOCK_REALTIME, real + ten)
        time.sleep(WATCHDOG_S + 6)
        must(pid(DAEMON) == before and active(DAEMON), "the assistant did not outlast the jump forward")
    finally:
        time.clock_settime(time.CLOCK_REALTIME, real + time.monotonic() - began)
    time.sleep(WATCHDOG_S + 6)
    must(pid(DAEMON) == before and active(DAEMON), "the assistant did not outlast the jump back")
    return f"the same process, its watchdog fed, for {time.monotonic() - began:.0f} s"


def disk_full() -> str:
    """Fill the disk, start anew, and make room again."""
    ballast = STATE.parent / "ballast"
    fill(ballast)
    try:
        before = pid(DAEMON)
        run("systemctl", "kill", "-s", "KILL", DAEMON)
        up(DAEMON, before, AGAIN_S)
    finally:
        ballast.unlink()
    return "starts and listens with no room on the disk"


def main() -> None:
    """Make the checks."""
    checks = Checks(Path("/share/out/results"))
    if not checks("boot, then listening", boots):
        checks.summary()
        sys.exit(1)
    checks("the pace of the machine", pace)
    checks("lights: asleep is dark", dark)
    checks("lights: muted by the switch's line is red", red_when_muted)
    checks("the clock: ten years forward, and back", clock_jumps)
    checks("the card goes and comes back", card_goes)
    visitor = Visitor(SLOW)
    time.sleep(2)
    talks = checks("wake, question, reply", visitor.asks)

    def talking(name: str, check: object) -> None:
        if not talks:

            def check() -> str:
                raise LeftOut("no conversation is possible at this machine's pace")

        checks(name, check)  # type: ignore[arg-type]

    def lights() -> str:
        return lit(visitor)

    talking("lights: listening, thinking, speaking", lights)
    talking("interrupted by the button's line", lambda: visitor.presses(pins.press))
    talking("interrupted by voice", visitor.interrupts_by_voice)
    visitor.close()
    checks("kill -9 of the daemon", lambda: again_after_kill(DAEMON))
    checks("kill -9 of the engine", lambda: again_after_kill(ENGINE))
    checks("the event loop hangs: watchdog", watchdog)
    checks("a full disk", disk_full)
    visitor = Visitor(SLOW)
    time.sleep(2)
    talking("after all this: wake, question, reply", visitor.asks)
    visitor.close()
    sys.exit(not checks.summary())


def lit(visitor: Visitor) -> str:
    """Read the lights of a conversation: blue while it listens, the streaming light on, green while it speaks."""
    visitor.asleep()
    began = time.monotonic()
    pins.press()
    visitor.log.wait(r"→ listening", began, 10 * SLOW)
    blue = (0.0, 0.0, 0.0)
    end = time.monotonic() + 8
    while blue[2] < 0.9 and time.monotonic() < end:  # it blinks until the engine is there
        blue = colours()
    must(blue[2] > 0.9 and blue[0] < 0.1, f"listening looks {blue}")
    streaming = pins.duty(STREAMING, 1)
    must(streaming > 0, "the streaming light is dark")
    asked, _ = say("help.wav")
    visitor.log.wait(r"→ speaking", asked, 30 * SLOW)
    seen = colours()
    must(seen[1] > 0 and seen[0] < 0.1, f"speaking looks {seen}")
    return f"listening {blue[0]:.2f} {blue[1]:.2f} {blue[2]:.2f}, speaking {seen[0]:.2f} {seen[1]:.2f} {seen[2]:.2f}"


main()
