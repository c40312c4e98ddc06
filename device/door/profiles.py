"""What is said through the door of profiles."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

from device.door.base import Reply, Request

ProfileName = Annotated[str, Meta(max_length=40)]
ProfileText = Annotated[str, Meta(max_length=32_768)]


class GetProfiles(Request, frozen=True):
    """Which profiles are there? Answered by `ProfilesAre`."""


class GetProfile(Request, frozen=True):
    """What does a profile's file say? Answered by `ProfileIs`."""

    name: ProfileName


class CheckProfile(Request, frozen=True):
    """What is wrong with a text as a profile, and what does it make? Answered by `ProfileChecked`."""

    name: ProfileName
    """What it is to be called."""
    text: ProfileText
    base: ProfileName = ""
    """The bundled profile of which it is a copy: its files are found, too."""
    engine: Annotated[str, Meta(max_length=100)] = ""
    """Tell what this one would be sent; empty: the first that the profile has chosen."""


class SaveProfile(Request, frozen=True):
    """Write a profile of one's own. Answered by `ProfileSaved`; by an `Error`, `invalid`, if it is none."""

    name: ProfileName
    text: ProfileText
    base: ProfileName = ""
    """As for `CheckProfile`; its files are copied."""
    was: Annotated[str, Meta(max_length=100)] | UnsetType = UNSET
    """`ProfileIs.mark` as it is believed to be, empty for a new one; if it is another, nothing is done: `changed`."""


class DeleteProfile(Request, frozen=True):
    """Delete a profile of one's own. Answered by `Done`."""

    name: ProfileName


class ProfileAt(Struct, frozen=True, omit_defaults=True):
    """A profile that there is."""

    name: str
    setting: str
    """What the setting `profile` is to be for it."""
    description: str = ""
    bundled: bool = False
    chosen: bool = False
    """Whether the settings name it."""
    fault: str = ""
    """Why it cannot be used."""


class ProfilesAre(Reply, frozen=True):
    """The profiles that there are: the bundled ones, then one's own."""

    profiles: tuple[ProfileAt, ...]
    folder: str
    """Where one's own are."""
    elsewhere: str = ""
    """The file of the profile in force, if it is none of these."""


class ProfileIs(Reply, frozen=True):
    """What a profile's file says."""

    name: str
    text: str
    mark: str = ""
    """For `SaveProfile.was`; empty for a bundled one, which cannot be written."""


class Finding(Struct, frozen=True, omit_defaults=True):
    """What is wrong with a profile."""

    what: str
    line: int | None = None
    """Where, counted from 1, if that can be said."""
    grave: bool = True
    """Whether it keeps the profile from being used; else something of it does not work."""


class ProfileChecked(Reply, frozen=True):
    """What is wrong with a text as a profile, and what it makes."""

    findings: tuple[Finding, ...] = ()
    engines: tuple[str, ...] = ()
    """Those that could be asked about, the chosen ones first; none if something grave is wrong."""
    engine: str = ""
    """The one of `payload`."""
    payload: Any = None
    """The message that asks this engine for a session, without keys."""


class ProfileSaved(Reply, frozen=True):
    """A profile is written; it holds after a restart, if it is the one in force."""

    name: str
    setting: str
    """What the setting `profile` is to be for it."""
    mark: str


AnyProfileRequest = GetProfiles | GetProfile | CheckProfile | SaveProfile | DeleteProfile
AnyProfileReply = ProfilesAre | ProfileIs | ProfileChecked | ProfileSaved
