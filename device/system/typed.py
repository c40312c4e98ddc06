"""A command of Parley's as whoever reads of it can type it: that depends on how Parley came to this machine."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

CHECKOUT: Final = Path(__file__).resolve().parents[2]
"""The folder of the source, if Parley runs from there."""
_INSTALLED: Final = (Path("/opt"), Path("/var/lib/parley-update"))
"""Below which scripts/install and scripts/update put what runs. The command there is scripts/parley."""


def typed(arguments: str, *, root: bool = False) -> str:
    """Return the command line that runs Parley with `arguments`, from the folder where we are.

    `root` says that on a machine with the service only root may do that, since it is for the service.
    """
    if any(Path(sys.prefix).is_relative_to(place) for place in _INSTALLED):
        return of_service(arguments) if root else f"parley {arguments}"
    return f"{_program(Path(sys.prefix))} {arguments}"


def of_service(arguments: str, *, user: str = "root") -> str:
    """Return the command line that runs the machine's Parley, which its service is, with `arguments`, as `user`."""
    if user == "root":
        return f"sudo parley {arguments}" if os.geteuid() else f"parley {arguments}"
    return f"sudo -u {user} parley {arguments}"


def _program(prefix: Path) -> str:
    """Return what runs the Parley of an environment."""
    own, found = prefix / "bin" / "parley", shutil.which("parley")
    if found and own.exists() and own.samefile(found):
        return "parley"
    script = CHECKOUT / "scripts" / "run"
    if prefix == CHECKOUT / ".venv" and script.exists():
        with suppress(OSError):  # the folder where we are may be gone
            if CHECKOUT.samefile("."):
                return "./scripts/run"
        return shlex.quote(str(script))
    return shlex.quote(str(own)) if own.exists() else f"{shlex.quote(sys.executable)} -m device"
