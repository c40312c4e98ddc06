"""The user's own profiles: files in `profiles/` beside the settings, which are listed, checked and written here.

A bundled profile is never changed: a copy of it is one's own, and brings along the files that it names.
"""

from __future__ import annotations

import hashlib
import os
import re
from contextlib import suppress
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from device.settings.change import file_for
from device.settings.loading import SettingsError, read, require, settle
from device.settings.profiles import BUNDLED, FOLDER, ProfileError, too_much_for_sentences, tried
from device.settings.profiles import names as bundled
from device.settings.toml import TableError, parse_toml
from device.system import inputs, state_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from device.settings.loading import Loaded
    from device.settings.profiles import Profile
    from device.settings.toml import Table

LONGEST: Final = 32_768
"""Characters of a profile that is written here. A choice: the longest bundled one has two thousand."""
LARGEST: Final = 2**20
"""Bytes of one that is read here. A choice: none that a person has written by hand is larger."""
MOST: Final = 100
"""Profiles of one's own. A choice: a household has a handful."""
MOST_FINDINGS: Final = 50
"""That are told of a profile. A choice: nobody corrects more at a go, and for each the text is searched."""
NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_KEY: Final = re.compile(r"\s*((?:[\w-]+|\"[^\"]*\")(?:\s*\.\s*(?:[\w-]+|\"[^\"]*\"))*)\s*=")
_HEAD: Final = re.compile(r"\s*\[\[?([^\]]+)\]")


class Finding(Struct, frozen=True):
    """What is wrong with a profile."""

    what: str
    line: int | None = None
    """Where, counted from 1, if that can be said."""
    grave: bool = True
    """Whether it keeps the profile from being used; else something of it does not work."""


class NotSaved(Exception):  # noqa: N818 - it is an answer
    """A profile is not written; says why."""


class Stale(NotSaved):
    """The file says something else than was believed."""


class Unsound(NotSaved):
    """What was to be written is no profile; `findings` say why."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        super().__init__("\n".join(one.what for one in findings))
        self.findings = findings


class OwnProfiles:
    """The profiles beside the settings file that was named, or the user's."""

    def __init__(self, config: Path | None = None) -> None:
        self._config = config
        self.folder = file_for(config).parent / FOLDER
        """Where they are."""

    def names(self) -> list[str]:
        """Return the names of one's own profiles."""
        with suppress(OSError):
            return sorted(path.stem for path in self.folder.glob("*.toml") if NAME.fullmatch(path.stem))[:MOST]
        return []

    def path(self, name: str) -> Path:
        """Return where a profile is, bundled or one's own. Raises ProfileError for what can be no name."""
        if name in bundled():
            return BUNDLED / f"{name}.toml"
        if not NAME.fullmatch(name):
            raise ProfileError(
                f"{name[:60]!r} is no name for a profile: it has small letters, digits, - and _, at most 40 of them"
            )
        return self.folder / f"{name}.toml"

    def text(self, name: str) -> str:
        """Return what a profile's file says. Raises ProfileError."""
        path = self.path(name)
        try:
            return inputs.read(path, LARGEST).decode()
        except (OSError, UnicodeError) as error:
            why = getattr(error, "strerror", None) or "it is not text in UTF-8"
            raise ProfileError(f"{path}: cannot be read: {why}") from None

    def check(self, name: str, text: str, base: str = "") -> tuple[Loaded | None, tuple[Finding, ...]]:
        """Return the settings that are in force if a profile has this text and is chosen, and what is wrong with it.

        `base` is the bundled profile of which it is a copy: its files are found, too.
        """
        path = self.path(name)
        beside = self.path(base) if base in bundled() else path
        try:
            _stay_inside(parse_toml(beside, text), beside)
            profile = tried(beside, text)
            loaded = self._in_force(name, profile)
        except TableError as error:
            return None, tuple(_findings(str(error), text, beside))
        settings = loaded.settings
        lacks = too_much_for_sentences(profile) if "local" in settings.engines and not settings.brain.url else []
        return loaded, tuple(Finding(one.removeprefix(f"{beside}: "), grave=False) for one in lacks)

    def save(self, name: str, text: str, *, base: str = "", was: str | None = None) -> Path:
        """Write a profile of one's own; return its file. Raises NotSaved, and ProfileError for what is no name.

        `was` is the mark of what the file is believed to say, empty for no file; None overwrites what is there.
        """
        if name in bundled():
            raise NotSaved(f"{name} is bundled, and stays as it is: give yours another name")
        path = self.path(name)
        now = mark(self.text(name)) if inputs.is_there(path) else ""
        if was is not None and was != now:
            raise Stale(f"{path} was changed meanwhile" if now else f"{path} is there no more")
        if not now and len(self.names()) >= MOST:
            raise NotSaved(f"there are {MOST} profiles already: delete some")
        if len(text) > LONGEST:
            raise NotSaved(f"a profile has at most {LONGEST} characters")
        _, findings = self.check(name, text, base)
        if any(one.grave for one in findings):
            raise Unsound(findings)
        try:
            if base in bundled():
                self._bring(text)
            state_file.write(path, text.encode())
        except OSError as error:
            raise NotSaved(f"{path} cannot be written: {error.strerror}") from None
        return path

    def delete(self, name: str) -> None:
        """Delete a profile of one's own. Raises NotSaved, and ProfileError for what is no name."""
        path = self.path(name)
        if name in bundled():
            raise NotSaved(f"{name} is bundled, and stays")
        if self.chosen() == name:
            raise NotSaved(f"{name} is the profile in force: choose another first")
        try:
            state_file.delete(path)
        except OSError as error:
            raise NotSaved(f"{path} cannot be deleted: {error.strerror}") from None

    def chosen(self) -> str:
        """Return the profile that the settings' files name: its name, its path if it is elsewhere, or nothing."""
        try:
            named = str(read(self._config).table.get("profile", ""))
        except SettingsError:
            return ""
        own = PurePath(named)
        return own.stem if own.parent == self.folder.resolve() and NAME.fullmatch(own.stem) else named

    def _in_force(self, name: str, profile: Profile) -> Loaded:
        """Return the settings that the files make with this profile. Raises SettingsError."""
        table: Table = {}
        with suppress(SettingsError):  # those of the files are told elsewhere
            table = read(self._config).table
        loaded = settle({**table, "profile": str(profile.path)}, os.environ, profile=profile)
        if self.chosen() == name:
            require(loaded.settings)
        return loaded

    def _bring(self, text: str) -> None:
        """Copy what a profile names from the bundled ones to one's own. Raises OSError."""
        for file in _files(parse_toml(self.folder, text)):
            if not (self.folder / file).exists() and (BUNDLED / file).is_file():
                state_file.write(self.folder / file, (BUNDLED / file).read_bytes())


def mark(text: str) -> str:
    """Return what a text is known again by."""
    return hashlib.sha256(text.encode()).hexdigest()


def _files(table: Table) -> Iterator[str]:
    """Yield the files that a profile names."""
    lookups = table.get("lookup", {})
    named = [one.get("file") for one in lookups.values() if isinstance(one, dict)] if isinstance(lookups, dict) else []
    yield from (
        one for one in (*named, table.get("picture"), table.get("result_schema")) if isinstance(one, str) and one
    )


def _stay_inside(table: Table, path: Path) -> None:
    """See that a profile names no file elsewhere: whoever writes one from afar has nothing else of the device read.

    Raises ProfileError.
    """
    outside = [one for one in _files(table) if one[0] in "/~" or ".." in PurePath(one).parts]
    if outside:
        raise ProfileError(
            *(f"{path}: {one}: a file that is named must lie in the profile's folder" for one in outside)
        )


def _findings(faults: str, text: str, path: Path) -> Iterator[Finding]:
    for fault in faults.split("\n")[:MOST_FINDINGS]:
        if found := re.match(rf"{re.escape(str(path))}:(\d+): (.*)", fault):
            yield Finding(found[2], int(found[1]))
            continue
        what = fault.removeprefix(f"{path}: ")
        yield Finding(what, line_of(text, what.partition(": ")[0]))


def line_of(text: str, key: str) -> int | None:
    """Return the line of a TOML text in which a key is set, or else the nearest table above it; None if none is."""
    wanted = tuple(key.split("."))
    table: tuple[str, ...] = ()
    best, at = 0, None
    for number, line in enumerate(text.splitlines(), 1):
        if head := _HEAD.match(line):
            table = _parts(head[1])
            here = table
        elif pair := _KEY.match(line):
            here = (*table, *_parts(pair[1]))
        else:
            continue
        if len(here) > best and here == wanted[: len(here)]:
            best, at = len(here), number
    return at


def _parts(key: str) -> tuple[str, ...]:
    return tuple(part.strip().strip('"') for part in key.split("."))
