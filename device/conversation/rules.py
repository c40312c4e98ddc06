"""What the user can set of a conversation."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct


class Rules(Struct, frozen=True, kw_only=True):
    """What the user can set."""

    engines: tuple[str, ...] = ("local",)
    """Their names, in the order in which they are asked."""
    follow_up_ms: int = 8000
    """Listening without a voice that ends the conversation."""
    greeting: str = ""
    """What to have said to somebody who wakes the device and asks nothing."""
    cut_ms: int = 400
    """Voice over a reply that cuts it off, where no recogniser says what it is."""
    barge_in: Literal["device", "engine", "off"] = "device"
    """Who decides whether a voice interrupts a reply; off: only the wake word and the button do."""
    recogniser: bool = False
    """Whether `Recognise` is ever answered."""
    commit_after_ms: int | None = None
    """Silence after which the device ends the user's turn; None where the engine does, if it can."""
    silence_ms: int = 500
    """The same with an engine that cannot (`Capabilities.server_vad`), where `commit_after_ms` is None."""
    result_tool: str = ""
    """The tool by which the engine submits the conversation's result; empty if none is wanted."""
