"""The device's own sounds: earcons, and the ringing of a timer until somebody ends it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from device.audio.earcons import earcon
from device.conversation.events import StopHeard, Voice, VoiceEnd

if TYPE_CHECKING:
    from collections.abc import Callable

    from device.audio.loudspeaker import Loudspeaker
    from device.daemon.inbox import Inbox
    from device.daemon.watcher import Watcher
    from device.listen.stop_word import StopWord


class Ringer:
    """A timer's ringing, and the ear for the word that ends it; `now` is the position on the device's clock."""

    def __init__(self, playout: Loudspeaker, stop_word: StopWord, inbox: Inbox, now: Callable[[], int]) -> None:
        self._playout = playout
        self._stop_word = stop_word
        self._inbox = inbox
        self._now = now

    @property
    def on(self) -> bool:
        """Whether a timer rings."""
        return self._stop_word.wanted

    def ring(self, *, on: bool) -> None:
        """Begin to ring, or end it."""
        self._stop_word.want(on)
        self._playout.sound(earcon("timer", self._playout.rate) if on else None, repeat=on)

    def stop(self) -> bool:
        """Have the conversation end the ringing, because the user wants it; return whether there was any."""
        ringing = self.on
        if ringing:
            self._inbox.put(StopHeard(self._now()))
        return ringing

    async def hear(self, event: Voice | VoiceEnd) -> None:
        """Look whether a voice said the word that ends the ringing."""
        if await self._stop_word.heard(event):
            self._inbox.put(StopHeard(self._now()))


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
