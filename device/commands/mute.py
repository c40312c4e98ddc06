"""`parley mute` and `parley unmute`: the microphone, without a button; the assistant that runs heeds it at once."""

from __future__ import annotations

import asyncio

import click

from device.commands.terminal import CommandError
from device.daemon import mute as kept
from device.door import messages
from device.door.client import DoorError, NoDaemon, connect
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
    """Tell the assistant that runs, or keep the wish where it will look for it. Raises CommandError."""
    try:
        was = asyncio.run(_told(on=on))
    except NoDaemon:
        was = _write(on=on)
    except DoorError as error:
        raise CommandError(str(error)) from None
    echo(f"The microphone is {'' if was is on else 'now '}{'muted' if on else 'not muted'}.")
    service = paths.SHARED / kept.FILE
    if not on and paths.own_or_service_dir() != paths.SHARED and inputs.is_there(service):
        echo(f"That of the service is muted: {of_service('unmute')}")


async def _told(*, on: bool) -> bool:
    """Have the assistant that runs mute its microphone or open it; return whether it was muted. Raises DoorError."""
    async with await connect("parley-mute") as door:
        was = (await door.request(messages.GetStatus(), messages.Status)).now.muted.on
        await door.request(messages.Mute() if on else messages.Unmute(), messages.Done)
        return was


def _write(*, on: bool) -> bool:
    """Keep the wish in the machine's service's folder, or one's own; return what it was. Raises CommandError."""
    command = "mute" if on else "unmute"
    path = paths.own_or_service_dir() / kept.FILE
    try:
        was = inputs.is_there(path)
        with acting_as_owner(path.parent):
            kept.keep(path, on=on)
    except PermissionError:
        raise CommandError(f"{path}: only its owner and root may: {of_service(command)}") from None
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}") from None
    return was
