"""What the service asks root for: a new release now, or a factory reset. It leaves a mark, for which units look.

So nobody is handed a right or an argument: systemd/parley-update.path and parley-reset.path know the two files, and
what is to be done. Without those units nobody would come, and nothing is asked.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from device.system import inputs, state_file
from device.system.paths import SHARED

if TYPE_CHECKING:
    from collections.abc import Mapping

UPDATE: Final = "wants-update"
RESET: Final = "wants-reset"
"""Files of the service's state folder; the units name them."""
WANTS: Final = Path("/etc/systemd/system/paths.target.wants")
"""Where systemd has the path units that are switched on: scripts/install does that."""


def is_service(environ: Mapping[str, str] = os.environ) -> bool:
    """Tell whether this process is the machine's service."""
    return environ.get("STATE_DIRECTORY", "").partition(":")[0] == str(SHARED)


def heard(mark: str, environ: Mapping[str, str] = os.environ, wants: Path = WANTS) -> bool:
    """Tell whether somebody would come if this was asked for."""
    unit = {UPDATE: "parley-update.path", RESET: "parley-reset.path"}[mark]
    return is_service(environ) and inputs.is_there(wants / unit)


def ask(mark: str, folder: Path = SHARED) -> None:
    """Ask for it. Raises OSError."""
    path = folder / mark
    # In its place: a new file under the old name would be noticed twice.
    path.write_text(f"{time.time():.0f}\n")
    state_file.sync_folder(folder)
