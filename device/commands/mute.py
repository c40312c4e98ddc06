"""`parley mute` and `parley unmute`: the microphone, without a button; the assistant that runs heeds it at once."""

from __future__ import annotations

import click

from device.commands.terminal import CommandError
from device.daemon import mute as kept
from device.system import inputs, paths
from device.system.owner import acting_as_owner
from device.system.printed import echo
from device.system.typed import of_service


@click.command()
def mute() -> None:
    """Mute the microphone of the assistant that runs, until it is unmuted.

    `unmute` does that, or holding the button. A restart does not.
    """
    _keep(on=True)


@click.command()
def unmute() -> None:
    """Unmute the microphone of the assistant that runs.

    However it was muted, but for a switch: that wins.
    """
    _keep(on=False)


def _keep(*, on: bool) -> None:
    """Keep the wish where the assistant looks for it, the machine's service or one's own. Raises CommandError."""
    command = "mute" if on else "unmute"
    path = paths.own_or_service_dir() / kept.FILE
    service = paths.SHARED / kept.FILE
    try:
        was = inputs.is_there(path)
        with acting_as_owner(path.parent):
            kept.keep(path, on=on)
    except PermissionError:
        raise CommandError(f"{path}: only its owner and root may: {of_service(command)}") from None
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}") from None
    echo(f"The microphone is {'' if was is on else 'now '}{'muted' if on else 'not muted'}.")
    if not on and path != service and inputs.is_there(service):
        echo(f"That of the service is muted: {of_service('unmute')}")
