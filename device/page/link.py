"""The kiosk link: an address that nobody can guess, which lets a browser of the network see the kiosk view.

Its token is in a file of the page's state directory, which the page, its user and root can read. A new token makes
the old link void, and the browsers that came by it.
"""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING, Final

from device.system import inputs, state_file
from device.system.owner import acting_as_owner

if TYPE_CHECKING:
    from pathlib import Path

FILE: Final = "kiosk-link"
BYTES: Final = 16
"""Of chance: 2^128 links are too many to try."""
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{22}")


def token(folder: Path) -> str:
    """Return the token that is in force; empty if there is none. Raises OSError if it may not be read."""
    path = folder / FILE
    if not inputs.is_there(path, unknown=True):
        return ""
    try:
        found = inputs.text(path).strip()
    except (FileNotFoundError, UnicodeDecodeError):
        return ""
    return found if _TOKEN.fullmatch(found) else ""


def renew(folder: Path) -> str:
    """Put a new token in force, and return it. Raises OSError if it cannot be written."""
    made = secrets.token_urlsafe(BYTES)
    with acting_as_owner(folder):
        state_file.write(folder / FILE, made.encode())
    return made


def ensure(folder: Path) -> str:
    """Return the token that is in force, a new one if there was none. Raises OSError."""
    return token(folder) or renew(folder)
