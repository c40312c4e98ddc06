"""`parley page`: the web page that shows the assistant, and the link by which a screen of the network sees it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import sys
from functools import partial
from typing import TYPE_CHECKING

import click
import msgspec

from device.commands.door import page_code
from device.commands.terminal import CONFIG, CommandError, load_in_force, load_settings
from device.daemon.readiness import until_told
from device.page import link as kiosk_link
from device.page.server import PageError, serve
from device.settings.loading import SettingsError, read
from device.system import paths
from device.system.harmless import line
from device.system.notify import Notifier
from device.system.printed import echo
from device.web.given import GivenError, sockets_given

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from device.settings.metrics import MetricsSettings
    from device.settings.page import PageSettings
    from device.settings.tree import Settings

log = logging.getLogger(__name__)

NOWHERE = "192.0.2.1"
"""An address of TEST-NET-1 (RFC 5737): nothing is sent there, but the system says which way it would go."""


@click.group(invoke_without_command=True)
@click.option("--host", help="Address to listen on; the settings' by default.")
@click.option("--port", type=click.IntRange(0, 65535), help="0 takes a free one.")
@CONFIG
@click.pass_context
def page(ctx: click.Context, host: str | None, port: int | None, config: Path | None) -> None:
    """Serve the web page that shows the assistant, or show the ways to it.

    Browsers of this machine reach it, and with `page.lan` those of the network.
    """
    if ctx.invoked_subcommand is not None:
        return
    in_force = [load_in_force(config).settings]
    folder = paths.state_dir()

    def now() -> Settings:
        """Return what is set now; the last that could be read, if a file was broken meanwhile."""
        with contextlib.suppress(SettingsError):
            in_force[0] = read(config).settings
        return in_force[0]

    def look() -> tuple[PageSettings, str]:
        settings = now().page
        settings = msgspec.structs.replace(
            settings, host=host or settings.host, port=settings.port if port is None else port
        )
        return settings, in_force[0].language

    def ready(address: str, bound: int) -> None:
        where = f"http://{_named(address)}:{bound}/"
        echo(f"The page is at {where}")
        Notifier().tell(f"READY=1\nSTATUS={line(where)}")
        sys.stdout.flush()

    async def work() -> None:
        kiosk_link.ensure(folder)
        await until_told(_serve_on(look, folder, ready, sockets_given(), lambda: now().metrics))

    try:
        asyncio.run(work())
    except (PageError, GivenError) as error:
        raise CommandError(error) from None
    except OSError as error:
        raise CommandError(f"{folder}: the kiosk link cannot be kept there: {error.strerror}") from None


async def _serve_on(
    look: Callable[[], tuple[PageSettings, str]],
    folder: Path,
    ready: Callable[[str, int], None],
    given: Sequence[socket.socket],
    metrics: Callable[[], MetricsSettings],
) -> None:
    """Serve the page where the settings have it, and where they have it next. Raises PageError."""

    async def serve_at(settings: PageSettings) -> None:
        # What is served at is closed after that, and may be wanted again.
        ready_there = partial(ready, settings.address)
        await serve(settings, look, folder, ready=ready_there, given=[one.dup() for one in given], metrics=metrics)

    good: PageSettings | None = None
    while True:
        settings, _ = look()
        try:
            await serve_at(settings)
        except PageError as error:
            if good is None:
                raise
            log.warning("The page stays where it is: %s", error)
            await serve_at(good)
        else:
            good = settings


page.add_command(page_code)


@page.command()
@click.option("--new", is_flag=True, help="Make another; the old one is void at once.")
@CONFIG
def link(new: bool, config: Path | None) -> None:  # noqa: FBT001 - a flag
    """Show the link by which a browser of the network sees the page; whoever has it may wake, stop and mute."""
    settings = load_settings(config).page
    folder = paths.PAGE if os.geteuid() == 0 and paths.PAGE.exists() else paths.state_dir()
    try:
        token = kiosk_link.renew(folder) if new else kiosk_link.ensure(folder)
    except OSError as error:
        raise CommandError(f"{folder / kiosk_link.FILE}: {error.strerror}") from None
    hosts = [_here(), f"{socket.gethostname()}.local"] if settings.lan and not settings.host else [settings.address]
    for host in dict.fromkeys(filter(None, hosts)):
        echo(f"http://{_named(host)}:{settings.port}/k/{token}")
    if not settings.lan:
        echo("Only this machine reaches it: set page.lan = true for others, and start the page anew.")


def _here() -> str:
    """Return the address of this machine on its network; empty if it has none."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way:
        way.connect((NOWHERE, 9))
        return str(way.getsockname()[0])
    return ""


def _named(host: str) -> str:
    """Return a host as it stands in an address."""
    return f"[{host}]" if ":" in host else host
