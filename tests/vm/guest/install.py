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
from units import door, engine_serves, groups, one_engine, shut_in


def main() -> None:
    """Make the checks."""
    checks = Checks(Path("/share/out/results"))
    sound()
    before = there_is()
    if checks("scripts/install on a machine that never had it", fresh):
        visitor = Visitor()
        checks("the engine serves", engine_serves)
        checks("the sandbox, as the kernel has it", shut_in)
        checks("the groups of the card and the pins", groups)
        checks("the door", door)
        checks("wake, question, reply", visitor.asks)
        checks("the daemon uses the engine's unit", one_engine)
        checks("interrupted by voice", visitor.interrupts_by_voice)
        checks("interrupted by the button", visitor.presses)
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
