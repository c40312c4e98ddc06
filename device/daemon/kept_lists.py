"""Lists that outlive the process: a file, written anew with each change."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

import msgspec

from device.system import inputs, state_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from device.skills.lists.lists import Lists

_log = logging.getLogger(__name__)

FILE: Final = "lists.json"
ASIDE: Final = "lists.json.unreadable"


class KeptLists:
    """Keeps lists in a file of `folder`, and has them again."""

    def __init__(self, folder: Path, lists: Lists) -> None:
        self._path = folder / FILE
        self._lists = lists
        self._written: Mapping[str, tuple[str, ...]] = lists.all

    def recall(self) -> None:
        """Have the lists of before. A file that cannot be read is put aside, since the next change would replace it."""
        try:
            kept = msgspec.json.decode(inputs.read(self._path), type=dict[str, list[str]])
        except FileNotFoundError:
            return
        except (OSError, msgspec.DecodeError, UnicodeError) as error:
            _log.warning("%s cannot be used and is put aside as %s: %s", self._path, ASIDE, error)
            try:
                self._path.replace(self._path.with_name(ASIDE))
            except OSError as fault:
                _log.warning("%s cannot be put aside: %s", self._path, fault.strerror)
            return
        self._lists.resume(kept)
        self._written = self._lists.all

    def look(self) -> None:
        """Keep what has changed; called every 100 ms."""
        if self._lists.all is self._written:
            return
        self._written = self._lists.all
        try:
            if self._written:
                state_file.write(self._path, msgspec.json.encode(self._written))
            else:
                state_file.delete(self._path)
        except OSError as error:
            _log.warning("%s: lists will not outlast a restart: %s", self._path, error.strerror)
