"""Whether the microphone is muted: by the user's wish, which a restart does not undo, or by a switch, which wins."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from device.system import inputs, state_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_log = logging.getLogger(__name__)

FILE = "muted"
"""Of the state folder: it is there while the user has muted the microphone."""


class MuteSwitch:
    """The wish and the switch; `tell(on)` is called when what they make together changes.

    The wish is kept at `path`, if there is one; if it is there from before, it holds.
    """

    def __init__(self, tell: Callable[[bool], None], path: Path | None = None) -> None:
        self._tell = tell
        self._path = path
        self._wish = self._kept = path is not None and inputs.is_there(path)
        self._switch = False

    @property
    def on(self) -> bool:
        """Whether the microphone is muted."""
        return self._wish or self._switch

    @property
    def wish(self) -> bool:
        """Whether the user has muted it, with or without the switch."""
        return self._wish

    def announce(self) -> None:
        """Tell that it is muted, if it is so from before: for the start, when there is somebody to be told."""
        if self.on:
            self._tell(True)  # noqa: FBT003 - its only argument

    def want(self, *, on: bool) -> None:
        """Mute because the user wants it, or no longer."""
        if on is self._wish:
            return
        if not on:
            self._write(on=on)
        self._set(wish=on, switch=self._switch)
        if on:  # which does not wait for a slow disk
            self._write(on=on)

    @property
    def switched(self) -> bool:
        """Whether a switch holds it muted."""
        return self._switch

    def toggle(self) -> None:
        """Take the gesture for the other thing; while the switch is closed, it means nothing."""
        if not self._switch:
            self.want(on=not self._wish)

    def look(self) -> None:
        """Heed that somebody else has made the file, or deleted it: `parley mute` and `parley unmute`."""
        if self._path is not None and (there := inputs.is_there(self._path)) is not self._kept:
            self._kept = there
            self.want(on=there)

    def switch(self, *, closed: bool) -> None:
        """Mute as long as the switch is closed."""
        self._set(wish=self._wish, switch=closed)

    def _set(self, *, wish: bool, switch: bool) -> None:
        before = self.on
        self._wish, self._switch = wish, switch
        if self.on is not before:
            self._tell(self.on)

    def _write(self, *, on: bool) -> None:
        """Make the file, or delete it: either is done wholly or not at all, also when the power fails."""
        if self._path is None:
            return
        try:
            keep(self._path, on=on)
        except OSError as error:
            _log.warning("%s: that the microphone is muted will not outlast a restart: %s", self._path, error.strerror)
        self._kept = inputs.is_there(self._path)


def keep(path: Path, *, on: bool) -> None:
    """Keep at `path` that the user has muted the microphone, or no longer. Raises OSError."""
    if on:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
        state_file.sync_folder(path.parent)
    elif path.exists():
        state_file.delete(path)
