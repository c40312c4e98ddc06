"""`parley wifi`: an access point of the device's own where there is no network, and how it is."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, TypeVar

import click

from device.commands.terminal import AS_JSON, CONFIG, CommandError, load_in_force, print_json
from device.daemon.readiness import until_told
from device.system import paths
from device.system.harmless import line
from device.system.notify import Notifier
from device.system.printed import echo
from device.system.typed import typed
from device.wifi import messages as m
from device.wifi.client import WifiError, ask

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from device.settings.tree import Settings
    from device.wifi.keeper import Manager

R = TypeVar("R", bound="m.AnyReply")

DOING = {
    "absent": "NetworkManager does not run",
    "no_radio": "there is no Wi-Fi that can be an access point",
    "blocked": "Wi-Fi is off, or blocked until its country is set",
    "online": "there is a network: {here}",
    "waiting": "there is no network; it is waited for",
    "open": "the access point {access_point} is open",
    "joining": "{joining} is being joined",
    "resting": "there is no network, and the access point was open for long enough",
}
"""What is said of `m.Doing`."""
SECURITY = {"open": "open", "enhanced": "open, encrypted", "wpa2": "WPA2", "wpa3": "WPA3", "enterprise": "Enterprise",
            "wep": "WEP"}  # fmt: skip


@click.group(invoke_without_command=True)
@CONFIG
@click.pass_context
def wifi(ctx: click.Context, config: Path | None) -> None:
    """Open an access point while there is no network, to set up Wi-Fi; or show how it is.

    It needs NetworkManager, and is a service of its own: parley-wifi.
    """
    if ctx.invoked_subcommand is not None:
        return
    settings = load_in_force(config).settings
    try:
        asyncio.run(until_told(_keep(settings)))
    except OSError as error:
        raise CommandError(f"{paths.WIFI}: {error.strerror or error}") from None


async def _keep(settings: Settings) -> None:
    from device.wifi.herald import Herald  # noqa: PLC0415 - those who only ask need no D-Bus
    from device.wifi.keeper import Keeper, Refused  # noqa: PLC0415
    from device.wifi.server import Server  # noqa: PLC0415

    notifier = Notifier()
    herald = Herald(settings.language)

    def told(now: m.Wifi) -> None:
        notifier.tell(f"STATUS={line(_said(now))}")
        with suppress(OSError):  # without it, the lights do not show it
            if now.doing in ("open", "joining"):
                paths.WIFI_OPEN.touch()
            else:
                paths.WIFI_OPEN.unlink(missing_ok=True)

    keeper = Keeper(settings.wifi, _manager, herald, changed=told)

    def on_button() -> None:
        keeper.tell_key()
        with suppress(Refused):
            keeper.set_up()

    async with Server(paths.WIFI, keeper.answer).open():
        notifier.tell("READY=1")
        async with asyncio.TaskGroup() as group:
            group.create_task(herald.tell(on_button))
            group.create_task(keeper.keep())


@asynccontextmanager
async def _manager() -> AsyncIterator[Manager]:
    from device.wifi.bus import opened  # noqa: PLC0415 - as above
    from device.wifi.manager import NetworkManager  # noqa: PLC0415

    async with opened() as bus:
        yield NetworkManager(bus)


@wifi.command()
@AS_JSON
def status(as_json: bool) -> None:  # noqa: FBT001 - a flag
    """Show whether there is a network, and how to join the access point if it is open."""
    now = _asked(m.Look(), m.Wifi)
    if as_json:
        print_json(now)
        return
    _show(now)


@wifi.command()
def setup() -> None:
    """Open the access point now, if there is no network."""
    now = _asked(m.SetUp(), m.Wifi)
    if now.doing == "open":
        _show(now)
    else:
        echo(f"{now.access_point} opens in some seconds; `{typed('wifi status', root=True)}` then shows its password.")


def _show(now: m.Wifi) -> None:
    echo(f"{_said(now)[0].upper()}{_said(now)[1:]}.")
    if now.doing == "open":
        key = _asked(m.GetKey(), m.Key)
        echo(f"Password: {key.password or 'none'}", f"Page: http://{key.address}/")
        echo(f"It closes in {max(1, now.left_s // 60)} minutes.")
    if now.trouble is not None:
        echo(f"{now.trouble.name} was not joined: {now.trouble.why}.")
    for network in now.networks:
        saved = ", saved" if network.saved else ""
        echo(f"{network.strength:3} %  {network.name} ({SECURITY[network.security]}{saved})")


def _said(now: m.Wifi) -> str:
    return DOING[now.doing].format(here=now.here, access_point=now.access_point, joining=now.joining)


def _asked(request: m.AnyRequest, expects: type[R]) -> R:
    try:
        return asyncio.run(ask(request, expects))
    except WifiError as error:
        raise CommandError(str(error)) from None
