"""What a visitor does with the assistant, and what must come of it."""

from __future__ import annotations

import os
import re
import signal
import time
from typing import TYPE_CHECKING

from checks import Failed, must, until
from farend import Ear, say
from machine import DAEMON, Log, pid

if TYPE_CHECKING:
    from collections.abc import Callable


def signalled() -> None:
    """Press the button where there is none: SIGUSR1 stands in for it."""
    process = pid(DAEMON)
    must(process, "there is no assistant")
    os.kill(process, signal.SIGUSR1)


class Visitor:
    """Talks to the assistant and presses its button; `slow` is by how much longer than on a Pi everything may take."""

    def __init__(self, slow: float = 1.0, press: Callable[[], None] = signalled) -> None:
        self.slow = slow
        self.press = press
        self.log = Log()
        self.ear = Ear()

    def asks(self, clip: str = "time.wav") -> str:
        """Ask something, the wake word first, and hear a reply."""
        self.ear.quiet(within=30 * self.slow)
        began, ended = say(clip)
        self.log.wait(r"\bwake\b", began, 10 * self.slow)
        self.log.wait(r"→ speaking", began, 20 * self.slow)
        until(lambda: self.ear.loud(ended) > 0.5, 20 * self.slow, "a reply on the loudspeaker")
        first = self.ear.first(ended)
        return f"a reply {1000 * ((first or 0) - ended):.0f} ms after the question was over"

    def listens_to_a_long_reply(self) -> float:
        """Have it talk at length, without the wake word; return since when it talks."""
        self.asleep()
        pressed = time.monotonic()
        self.press()
        self.log.wait(r"→ listening", pressed, 10 * self.slow)
        asked, ended = say("help.wav")
        at = self.log.wait(r"→ speaking", asked, 30 * self.slow)
        until(lambda: self.ear.loud(max(at, ended)) > 0.6, 20 * self.slow, "a long reply on the loudspeaker")
        return at

    def interrupts_by_voice(self) -> str:
        """Talk over a reply and hear it fall silent, and the answer to what was said."""
        self.listens_to_a_long_reply()
        began, ended = say("minutes.wav")
        cut = self.log.wait(r"\bcut\b", began, 10 * self.slow)
        until(lambda: self.ear.loud(max(ended, cut) + 0.1) > 0.5, 30 * self.slow, "the answer to the interruption")
        lowered = self.log.since(began, r"\b(duck|hold)\b")
        return f"lowered {1000 * ((lowered or [(cut, '')])[0][0] - began):.0f} ms, cut {1000 * (cut - began):.0f} ms in"

    def presses(self) -> str:
        """End a reply by the button."""
        self.listens_to_a_long_reply()
        pressed = time.monotonic()
        self.press()
        self.log.wait(r"\bcut\b|→ listening", pressed, 5 * self.slow)
        time.sleep(0.5 * self.slow)
        later = time.monotonic()
        time.sleep(0.6)
        must(self.ear.loud(later) < 0.05, "the loudspeaker still talks after the button")
        over = self.ear.last(pressed) - pressed
        return f"the loudspeaker was heard for {1000 * over:.0f} ms more, buffers of the far end included"

    def is_not_heard(self) -> str:
        """Say the wake word and hear nothing of it."""
        began, ended = say("time.wav")
        time.sleep(2.5 * self.slow)
        must(not self.log.since(began, r"→ (listening|connecting|thinking|speaking)"), "it woke")
        must(self.ear.loud(ended) < 0.1, "the loudspeaker talked")
        return "the wake word comes to nothing"

    def state(self) -> str:
        """Return the assistant's last state that was told; a start ends a conversation, too."""
        told = [line for _, line in self.log.lines if "→ " in line or line.startswith("Listening on")]
        found = re.search(r"→ (\w+)", told[-1]) if told else None
        return found[1] if found else "asleep"

    def asleep(self) -> None:
        """Wait until the assistant has said what it has to say, and end the conversation."""
        until(lambda: self.state() in {"asleep", "listening"}, 60 * self.slow, "the end of the reply")
        self.ear.quiet(within=30 * self.slow)
        if self.state() == "listening":
            self.press()
        until(lambda: self.state() == "asleep", 10 * self.slow, "the end of the conversation")
        time.sleep(0.6)  # another press sooner would make a double press

    def talks_again(self, since: float, within: float, *, tries: int = 2) -> str:
        """Have an answer to a question that was asked within so many seconds after `since`."""
        ready = time.monotonic() - since
        must(ready < within, f"ready only after {ready:.1f} s")
        for attempt in range(tries):
            try:
                answered = self.asks()
            except Failed:
                if attempt == tries - 1:
                    raise
            else:
                return f"ready after {ready:.1f} s; {answered}"
        raise AssertionError

    def close(self) -> None:
        """Go."""
        self.ear.close()
        self.log.close()
