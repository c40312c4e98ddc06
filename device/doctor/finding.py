"""What a check of the doctor's found."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct


class Finding(Struct, frozen=True):
    """What a check found."""

    name: str
    status: Literal["ok", "warn", "fail"]
    message: str
    fix: str = ""
    """What to do about it; empty if all is well."""
