"""The device's own sounds: earcons, and the ringing of a timer or an alarm until somebody ends it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from device.audio.earcons import earcon
from device.audio.resample import resample
from device.conversation.events import StopHeard, Voice, VoiceEnd
from device.listen.stop_word import STOP

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from device.audio.loudspeaker import Loudspeaker
    from device.daemon.inbox import Inbox
    from device.daemon.reader import Speak
    from device.daemon.tasks import Tasks
    from device.daemon.watcher import Watcher
    from device.listen.stop_word import StopWord


PAUSE_S: Final = 0.6
"""Silence after what is said between the rings: a choice, so that it is heard as a sentence of its own."""


class Ringer:
    """Ringing, and the ear for the word that ends it; `now` is the position on the device's clock.

    What is said of it, by `speak`, is heard after each ring: over a reply, asleep and muted, with any engine. `snooze`
    lets it ring again after so many minutes, and returns what to say then.
    """

    def __init__(
        self,
        playout: Loudspeaker,
        stop_word: StopWord,
        inbox: Inbox,
        now: Callable[[], int],
        *,
        tasks: Tasks,
        speak: Speak | None = None,
        snooze: Callable[[int], Awaitable[str]] | None = None,
    ) -> None:
        self._playout = playout
        self._stop_word = stop_word
        self._inbox = inbox
        self._now = now
        self._tasks = tasks
        self._speak = speak
        self._snooze = snooze
        self._says = ""

    @property
    def on(self) -> bool:
        """Whether it rings."""
        return self._stop_word.wanted

    def ring(self, *, on: bool, says: str = "") -> None:
        """Begin to ring, and to say something of it as soon as that is spoken, or end it."""
        self._stop_word.want(on)
        self._says = says if on else ""
        if self._says and self._speak is not None:
            self._tasks.spawn(self._add_speech(self._speak, says))
        self._playout.sound(earcon("timer", self._playout.rate) if on else None, repeat=on)

    async def _add_speech(self, speak: Speak, says: str) -> None:
        """Say it after each ring from now on, unless it does not ring any more, or for something else."""
        spoken = await speak(says)
        if spoken is None or self._says != says:
            return
        rate = self._playout.rate
        speech = resample(spoken.pcm, spoken.rate, rate)
        pause = np.zeros(round(PAUSE_S * rate), np.int16)
        self._playout.sound(np.concatenate([earcon("timer", rate), speech, pause]), repeat=True)

    def stop(self) -> bool:
        """Have the conversation end the ringing, because the user wants it; return whether there was any."""
        ringing = self.on
        if ringing:
            self._inbox.put(StopHeard(self._now()))
        return ringing

    async def hear(self, event: Voice | VoiceEnd, *, alone: bool = False) -> None:
        """Look whether a voice said the word that ends the ringing, or, with no engine there, what puts it off.

        An engine that hears it would put it off once more.
        """
        said = await self._stop_word.heard(event, snooze=alone and self._snooze is not None)
        if said == STOP:
            self._inbox.put(StopHeard(self._now()))
        elif said is not None and self._snooze is not None:
            await self._tell(await self._snooze(said))

    async def _tell(self, text: str) -> None:
        spoken = await self._speak(text) if text and self._speak is not None else None
        if spoken is not None and not self.on:
            self._playout.sound(resample(spoken.pcm, spoken.rate, self._playout.rate))


class Earcons:
    """Short sounds over whatever plays, if they are wanted at all; while a timer rings, its sound has the place."""

    def __init__(self, playout: Loudspeaker, ringer: Ringer, watcher: Watcher, *, wanted: bool) -> None:
        self._playout = playout
        self._ringer = ringer
        self._watcher = watcher
        self._wanted = wanted

    def play(self, name: str) -> None:
        """Play an earcon by its name; see `device.audio.earcons`."""
        if self._wanted and not self._ringer.on:
            self._playout.sound(earcon(name, self._playout.rate))
            self._watcher.earcon(name)
