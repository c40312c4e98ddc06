"""The settings of a fleet: a file of settings and its signature, checked before anything goes by it.

A signature is one of OpenSSH's (`ssh-keygen -Y sign`), by a key of which root has said here that it may. In the file
are ordinary settings but no secrets, and `[fleet]` with its `serial`: an older one is not taken for a newer, so that
nobody brings back what was taken back.
"""

from __future__ import annotations

import subprocess
import tempfile
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Final

from device.settings.loading import SettingsError, read
from device.settings.toml import Table, TableError, parse_toml, without_secrets
from device.system import inputs, paths
from device.system.harmless import line

if TYPE_CHECKING:
    from collections.abc import Sequence

KEYS: Final = Path("/etc/parley/fleet-keys")
"""Who may sign, a line `NAME namespaces="parley-settings" ssh-ed25519 …`, as ssh-keygen(1) has it."""
NAMESPACE: Final = "parley-settings"
"""What a signature is for: one of a release, or of a mail, is none of settings."""
LARGEST: Final = 256 * 1024
"""Bytes of the settings. A choice: the example with all its comments is an eighth."""
LARGEST_SIGNATURE: Final = 16 * 1024
"""Bytes; a choice: those of long RSA keys are a tenth."""
SILENCE_S: Final = 30.0
"""For how long a server may say nothing. A choice."""
SUFFIX: Final = ".sig"
"""What ssh-keygen adds to a file's name."""


class CentralError(Exception):
    """Settings that are not taken; says why."""


class AwayError(Exception):
    """They cannot be fetched just now; says why."""


def fetch(url: str) -> tuple[bytes, bytes]:
    """Return the settings and their signature. Raises AwayError, and CentralError if they are too large."""
    return _fetched(url, LARGEST), _fetched(url + SUFFIX, LARGEST_SIGNATURE)


def verify(data: bytes, signature: bytes, keys: Path = KEYS) -> None:
    """See that one of `keys` has signed. Raises CentralError."""
    if not inputs.is_file(keys):
        raise CentralError(f"there is no {keys}, which says who may sign the settings of the fleet")
    with tempfile.NamedTemporaryFile(suffix=SUFFIX) as file:
        file.write(signature)
        file.flush()
        found = _keygen(["find-principals", "-s", file.name, "-f", str(keys)], b"")
        for name in found.stdout.decode(errors="replace").splitlines():
            command = ["verify", "-n", NAMESPACE, "-I", name, "-s", file.name, "-f", str(keys)]
            if _keygen(command, data).returncode == 0:
                return
    raise CentralError(f"the settings of the fleet are not signed by a key of {keys}")


def check(data: bytes, config: Path | None = None) -> bool:
    """See that settings can be taken in place of those that are in force; return whether they are others.

    Raises CentralError.
    """
    table, text = _table(data)
    _, secrets = without_secrets(table)
    if secrets:
        raise CentralError(f"secrets do not belong in the settings of a fleet: {', '.join(secrets)}")
    fleet = table.get("fleet")
    serial = fleet.get("serial", 0) if isinstance(fleet, dict) else 0
    if type(serial) is not int or serial < 1:  # True would be one
        raise CentralError("fleet.serial is missing in the settings of the fleet: a number, higher each time")
    if isinstance(fleet, dict) and set(fleet) != {"serial"}:
        raise CentralError(
            "the settings of a fleet do not say where they are fetched: of [fleet] they have serial alone"
        )
    try:
        before = inputs.read(paths.FLEET)
    except OSError:
        before = b""
    if before == data:
        return False
    try:
        last = _table(before)[0].get("fleet", {}).get("serial", 0)
    except CentralError:  # what is kept was broken by somebody
        last = 0
    if serial <= last:
        what = "older than" if serial < last else "others than, but called the same as,"
        raise CentralError(f"the settings of the fleet ({serial}) are {what} those that are in force ({last})")
    try:
        read(config, instead={paths.FLEET: text})
    except SettingsError as error:
        raise CentralError(str(error)) from None
    return True


def _table(data: bytes) -> tuple[Table, str]:
    try:
        text = data.decode()
        return parse_toml(Path("the settings of the fleet"), text), text
    except UnicodeDecodeError as error:
        raise CentralError(f"the settings of the fleet are not text in UTF-8 (byte {error.start})") from None
    except TableError as error:
        raise CentralError(str(error)) from None


def _fetched(url: str, most: int) -> bytes:
    try:
        with urllib.request.urlopen(url, timeout=SILENCE_S) as answer:  # noqa: S310 - of http and https: settings/types
            data: bytes = answer.read(most + 1)
    except urllib.error.HTTPError as error:
        raise AwayError(f"{line(url)}: the server answers {error.code}") from None
    except (OSError, ValueError) as error:
        raise AwayError(f"{line(url)} cannot be reached: {line(str(getattr(error, 'reason', error)))}") from None
    if len(data) > most:
        raise CentralError(f"{line(url)} has more than {most} bytes")
    return data


def _keygen(arguments: Sequence[str], data: bytes) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(["ssh-keygen", "-Y", *arguments], input=data, capture_output=True, check=False)  # noqa: S603, S607 - by its name, as git does
    except FileNotFoundError:
        raise CentralError("ssh-keygen is missing: sudo apt install openssh-client") from None
