"""What people asked the local engine for lately that it cannot do, and what would help."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from device.doctor.finding import Finding
from device.local.unmet import DAYS, FILE, counts
from device.system.paths import find

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from device.settings.tree import Settings

ENGINE_STATE: Final = Path("/var/lib/parley-engine")
"""The state of the engine's unit: systemd/parley-engine.service."""
_TOLD: Final = 5
"""As many kinds are named; a choice."""
_TO_MODELS: Final = "set brain.url to a language model, which answers questions and speaks other languages"


def check_unmet(settings: Settings, files: Sequence[Path] | None = None) -> Iterator[Finding]:
    """Say what was asked for and could not be done, if anything was."""
    total: dict[str, int] = {}
    for path in files if files is not None else {find(FILE), ENGINE_STATE / FILE}:
        for kind, count in counts(path).items():
            total[kind] = total.get(kind, 0) + count
    if not total:
        return
    most = sorted(total, key=lambda kind: (-total[kind], kind))[:_TOLD]
    told = ", ".join(f"{kind} ({total[kind]})" for kind in most)
    fix = "" if settings.brain.url else _TO_MODELS
    yield Finding("requests", "ok", f"in the last {DAYS} days people asked for what cannot be done here: {told}", fix)
