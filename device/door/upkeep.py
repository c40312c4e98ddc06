"""What is said through the door to look after a device: its log, the doctor, a bundle, updates, and a new beginning.

Nothing that needs root takes an argument here: it can only be asked for.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from msgspec import Meta, Struct

from device.door.base import Reply, Request

LARGEST_BUNDLE: Final = 2 * 2**20
"""Bytes: a choice; in base64 it fits into a reply, and a log of two days that somebody can read is a tenth."""
LONGEST_LINE: Final = 2_000
"""Characters of a line of the log that are told."""

Level = Literal["debug", "info", "warning", "error"]


class GetLog(Request, frozen=True):
    """What does the log say, the oldest line first? Answered by `LogIs`."""

    after: Annotated[int, Meta(ge=0, le=2**53)] = 0
    """`LogIs.last` of before: only what came since."""
    most: Annotated[int, Meta(ge=1, le=500)] = 200
    """The last ones, if there are more."""


class LogLine(Struct, frozen=True, omit_defaults=True):
    """A line of the log, as the system's log has it, without secrets."""

    at: float
    """When it was written, in seconds since 1970."""
    text: str
    level: Level = "info"


class LogIs(Reply, frozen=True):
    """The assistant's own log since it was started, without secrets."""

    lines: tuple[LogLine, ...]
    last: int
    """For `GetLog.after`."""
    more: str = ""
    """The command that shows all of the log there is."""


class Examine(Request, frozen=True):
    """Have the doctor look; one that looks already goes on. Answered by `Done`, at once."""


class GetFindings(Request, frozen=True):
    """What has the doctor found? Answered by `FindingsAre`, as soon as there are more than so many or it is over."""

    after: Annotated[int, Meta(ge=0, le=10_000)] = 0


class Finding(Struct, frozen=True, omit_defaults=True):
    """What a check found."""

    name: str
    status: Literal["ok", "warn", "fail"]
    message: str
    fix: str = ""
    """What to do about it; empty if all is well."""


class FindingsAre(Reply, frozen=True):
    """What the doctor has found so far, in the order of its checks."""

    findings: tuple[Finding, ...]
    going: bool = False
    """Whether there is more to come."""
    began: float | None = None
    """In seconds since 1970; None if it has not looked since the assistant was started."""
    wrong: str = ""
    """Why it did not come to its end."""
    untried: str = ""
    """What to type to have tried what the assistant itself has meanwhile: sound card, lights, buttons, others' keys."""


class MakeBundle(Request, frozen=True):
    """Pack what helps whoever helps, without keys or words spoken. Answered by `BundleIs`, after up to a minute."""


class BundleIs(Reply, frozen=True):
    """The bundle; it is on no disk."""

    name: str
    """What to call the file."""
    data: bytes
    """A tar.gz, in base64 as JSON has it."""


class GetVersion(Request, frozen=True):
    """Which version is this, what is new in it, and how do updates come? Answered by `VersionIs`."""


Updates = Literal["none", "off", "idle", "looking", "switching", "failed", "later"]
"""How it is with updates: there is no service that could be updated, they are not set up, nothing goes on, a release is
looked for and built, it is being switched to, the last one failed, or was put off."""


class VersionIs(Reply, frozen=True):
    """The version that runs."""

    version: str
    changes: str = ""
    """What changed last, as `device/CHANGES.md` says it: Markdown."""
    updates: Updates = "none"
    looked: float | None = None
    """When a release was looked for last, in seconds since 1970; None if it was not since the machine's start."""
    fix: str = ""
    """What to type where nothing can be done here, or what tells more."""


class Update(Request, frozen=True):
    """Look for a signed release now, as each night, and let it run. Answered by `Done`, before it does."""


ResetPart = Literal[
    "settings", "profiles", "transcripts", "costs", "timers", "volume", "machine_settings", "keys", "browsers",
    "models", "release_keys", "system"
]  # fmt: skip
"""What may go: the owner's settings and profiles, what was said, what it cost, timers, alarms and lists, the volume and
what else it has learnt, /etc/parley/parley.toml, the keys, which browsers are let in; or stay: the models, whose
releases are trusted, the system itself with its network."""


class GetReset(Request, frozen=True):
    """What would a factory reset do? Answered by `ResetIs`."""


class ResetIs(Reply, frozen=True):
    """What goes by a factory reset, and what stays."""

    name: str
    """What the assistant calls itself: for `Reset.name`."""
    goes: tuple[ResetPart, ...]
    stays: tuple[ResetPart, ...] = ()
    fix: str = ""
    """What to type so that the machine's own settings and keys go, too; empty if they go."""


class Reset(Request, frozen=True):
    """Make the device as it was on the first day, and start it anew. Answered by `Done`, before it does."""

    name: Annotated[str, Meta(max_length=200)]
    """`ResetIs.name`, so that nobody does it by mistake."""


class GetLastConversation(Request, frozen=True):
    """What happened in the last conversation, or in the one that goes on? Answered by `LastConversation`."""


class LastConversation(Reply, frozen=True):
    """What happened in a conversation, for its picture."""

    events: tuple[dict[str, Any], ...]
    """Lines of the ledger, `{t, event, …}`, in the order in which they were written; none if there was none yet."""
    began: float | None = None
    """In seconds since 1970."""
    going: bool = False
    clipped: bool = False
    """Whether its beginning is left out, because it is too long."""


class ExportTranscripts(Request, frozen=True):
    """What was said, as a file in pieces, the latest conversation first. Answered by `Exported`."""

    kind: Literal["json", "csv", "txt"] = "json"
    before: Annotated[str, Meta(max_length=100)] = ""
    """`Exported.next` of the piece before."""
    most: Annotated[int, Meta(ge=1, le=50)] = 20
    """Conversations in a piece."""


class Exported(Reply, frozen=True):
    """A piece of the file; all of them, one after the other, are the file."""

    text: str
    next: str = ""
    """For `ExportTranscripts.before`, if there are more."""


AnyUpkeepRequest = (
    GetLog
    | Examine
    | GetFindings
    | MakeBundle
    | GetVersion
    | Update
    | GetReset
    | Reset
    | GetLastConversation
    | ExportTranscripts
)
AnyUpkeepReply = LogIs | FindingsAre | BundleIs | VersionIs | ResetIs | LastConversation | Exported
