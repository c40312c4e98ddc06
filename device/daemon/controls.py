"""What the buttons, switches and knobs of the panel do to the assistant."""

from __future__ import annotations

import logging
import os
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from device.conversation.events import Button
from device.conversation.states import State
from device.daemon.code_light import CodeLight
from device.panel.button import Gesture
from device.system import inputs, paths

if TYPE_CHECKING:
    from collections.abc import Callable

    from device.audio.card.base import Card
    from device.daemon.daemon import Daemon

_log = logging.getLogger(__name__)

Ending: TypeAlias = Literal["", "again", "reset"]
"""What follows the end: nothing, a new start, or a factory reset and then a new start."""
VOLUME_STEP = 0.05
"""Of a click of the knob, or a press of its button: a choice. More is coarse, less takes many turns."""
UPDATE_S = 1800.0
"""An update that takes longer has died."""
LOOK_S = 1.0
"""How often the files are looked for that others put there."""
UPDATER = Path("/run/parley-update/updating")
"""The mark of the updates that come by themselves: their user may write there alone."""


class Controls:
    """The panel's view of a daemon that has been started.

    While a file is at `mark`, or at `UPDATER`, an update is under way:
    whoever updates makes it and deletes it.
    """

    def __init__(self, daemon: Daemon, *, mark: Path) -> None:
        self.ending: Ending = ""
        """What is wanted once everything is closed. The process has been sent SIGTERM then."""
        self.speak_code: Callable[[], None] = lambda: None
        """Says the code of the owner's page, if there is one."""
        self.pressed: Callable[[], None] | None = None
        """Is told of a press, which wakes nobody then: for who tries whether the button works."""
        self.code = CodeLight()
        """A code that the lights are to tell."""
        self._daemon = daemon
        self._marks = (mark, UPDATER)
        self._updating = _Mark(lambda: any(map(_fresh, self._marks)))
        self._setting_up = _Mark(lambda: inputs.is_there(paths.WIFI_OPEN))
        self._pressed: int | None = None  # where a press was that may become a wake
        self._muted = False  # before the button was held

    @property
    def state(self) -> State:
        """Whose turn it is; a fault, where it would be nobody's, while the card is away."""
        conversation = self._daemon.conversation
        asleep = conversation.state is State.ASLEEP
        return State.FAULT if asleep and conversation.card_gone else conversation.state

    @property
    def sent(self) -> int:
        """How much sound of the microphone was handed to the socket so far, in samples."""
        return self._daemon.uplink.sent_samples

    @property
    def ringing(self) -> bool:
        """Whether a timer rings."""
        return self._daemon.ringing

    @property
    def closed(self) -> bool:
        """Whether it waits for the wake word or the button in mid-conversation."""
        return self._daemon.conversation.closed

    @property
    def digits(self) -> str:
        """The code that the lights tell, if any."""
        return self.code.digits

    @property
    def card(self) -> Card:
        """The sound card."""
        return self._daemon.card

    @property
    def updating(self) -> bool:
        """Whether an update is under way, as of the last second."""
        return self._updating.read()

    @property
    def setting_up(self) -> bool:
        """Whether the access point is open, by which Wi-Fi is set up, as of the last second."""
        return self._setting_up.read()

    def gesture(self, gesture: Gesture) -> None:
        """Do what the button means.

        A press acts at once, but for one that would wake: it may become a long one, that mutes, and nothing may leave
        meanwhile. It wakes when the button is let go, and what was said since it went down is sent.
        """
        daemon = self._daemon
        if gesture is Gesture.PRESS and self.pressed is not None:
            self.pressed()
            if self._wakes:
                return
        match gesture:
            case Gesture.PRESS if self._wakes:
                self._pressed = daemon.position
            case Gesture.DOUBLE if not self._sounds:  # what sounds has begun since the first press: it is to end
                daemon.repeat()
            case Gesture.PRESS | Gesture.DOUBLE:
                self._pressed = None
                daemon.on(Button(daemon.position))
            case Gesture.CLICK if self._pressed is not None:
                if self._wakes:
                    daemon.on(Button(self._pressed))
                self._pressed = None
            case Gesture.LONG:
                self._muted = daemon.mute.wish
                daemon.mute.toggle()
                daemon.earcons.play("sleep" if daemon.mute.on else "wake")
            case _:
                self._held_on(gesture)

    def _held_on(self, gesture: Gesture) -> None:
        """Do what it means that the button is held on after it has muted, and what follows."""
        match gesture:
            case Gesture.CODE:
                self._daemon.mute.want(on=self._muted)  # the button was held for something else
                self.speak_code()
            case Gesture.RESET:
                _log.warning("Factory reset: press the button within ten seconds to confirm it")
                self._daemon.earcons.play("error")
            case Gesture.RELENT:
                _log.warning("Factory reset: not confirmed, nothing is changed")
            case Gesture.CONFIRM:
                self.reset()
            case _:
                pass

    def start_anew(self) -> None:
        """End, and be started again: for settings that have changed."""
        self._end("again")

    def reset(self) -> None:
        """End, and be started again as on the first day."""
        self._end("reset")

    def _end(self, ending: Ending) -> None:
        self.ending = ending
        os.kill(os.getpid(), signal.SIGTERM)

    @property
    def _wakes(self) -> bool:
        """Whether a press would begin a conversation."""
        asleep = self.state in (State.ASLEEP, State.FAULT)
        return asleep and not self._sounds

    @property
    def _sounds(self) -> bool:
        """Whether it speaks or rings."""
        speaking = self.state in (State.SPEAKING, State.OVERLAP) or self._daemon.conversation.repeating
        return speaking or self.ringing

    def switch(self, *, closed: bool) -> None:
        """Mute as long as the switch is closed."""
        self._daemon.mute.switch(closed=closed)

    def turn(self, steps: int) -> None:
        """Make it louder by so many steps, or softer."""
        self._daemon.playout.volume += steps * VOLUME_STEP


class _Mark:
    """What a file says that others put there, looked for now and then."""

    def __init__(self, look: Callable[[], bool]) -> None:
        self._look = look
        self._at = -LOOK_S
        self._found = False

    def read(self) -> bool:
        """Return it, as of the last second."""
        now = time.monotonic()
        if now - self._at >= LOOK_S:
            self._at, self._found = now, self._look()
        return self._found


def _fresh(mark: Path) -> bool:
    """Whether a mark is there, and not for longer than an update takes."""
    with suppress(OSError):
        return abs(time.time() - mark.stat().st_mtime) < UPDATE_S
    return False
