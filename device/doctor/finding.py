"""What a check of the doctor's found."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct


class Check(Struct, frozen=True):
    """What a check found."""

    name: str
    status: Literal["ok", "warn", "fail"]
    message: str
    mend: str = ""
    """What to do about it; empty if all is well."""
