"""`parley mqtt`: a home knows the assistant that runs, by an MQTT broker."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import click

from device.commands.terminal import CONFIG, CommandError, load_in_force
from device.daemon.readiness import until_told
from device.settings.loading import SettingsError, read
from device.system.harmless import line
from device.system.notify import Notifier
from device.system.printed import echo

if TYPE_CHECKING:
    from pathlib import Path

    from device.settings.mqtt import MqttSettings


@click.command()
@click.option("--forget", is_flag=True, help="Have the broker forget this device, and end.")
@CONFIG
def mqtt(forget: bool, config: Path | None) -> None:  # noqa: FBT001 - a flag
    """Tell an MQTT broker how the assistant is, and hand on what is asked for there.

    It is a service of its own: parley-mqtt.
    """
    in_force = [load_in_force(config).settings.mqtt]
    if not in_force[0].host:
        raise CommandError("no broker is set: mqtt.host is its name or address")
    from device.mqtt import bridge  # noqa: PLC0415 - without a broker, its library is not needed
    from device.mqtt.broker import BrokerError  # noqa: PLC0415

    def look() -> MqttSettings:
        """Return what is set now; the last that could be used, if a file was broken meanwhile."""
        with contextlib.suppress(SettingsError):
            found = read(config).settings.mqtt
            if found.host:
                in_force[0] = found
        return in_force[0]

    if forget:
        try:
            asyncio.run(bridge.forget(in_force[0]))
        except BrokerError as error:
            raise CommandError(error) from None
        echo("The broker knows nothing of this device any more.")
        return
    notifier = Notifier()
    notifier.tell("READY=1")
    asyncio.run(until_told(bridge.Bridge(look, lambda how: notifier.tell(f"STATUS={line(how)}")).hold()))
