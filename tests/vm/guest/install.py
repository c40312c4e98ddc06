"""Installing, talking, and removing again with all that there is of it. Sound by PulseAudio, no pins."""

from __future__ import annotations

import sys
from pathlib import Path

from checks import Checks
from handed import heard_by_the_engine
from installed import again, fresh, purged, there_is, uninstalled
from machine import KEYS
from page import served
from sound import sound
from talk import Visitor
from trials import Trials
from units import runs_and_talks


def main() -> None:
    """Make the checks."""
    checks = Checks(Path("/share/out/results"))
    sound()
    before = there_is()
    if checks("scripts/install on a machine that never had it", fresh):
        visitor = Visitor()
        runs_and_talks(checks, visitor)
        checks("kill -9 of the daemon", Trials(visitor).daemon_killed)
        visitor.close()
        (KEYS / "OPENAI_API_KEY").write_text("sk-scripted\n")
        checks("the page, switched on", served)
        checks("settings of the engine, changed by the page", heard_by_the_engine)
        checks("installed again", again)
        checks("--uninstall", uninstalled)
        checks("--purge", lambda: purged(before))
    sys.exit(not checks.summary())


main()
