"""`parley engine`: the local engine as a server."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from typing import TYPE_CHECKING

import click
import msgspec

from device.commands.terminal import CONFIG, CommandError, load_in_force
from device.conversation.engine import EngineError
from device.daemon.readiness import Health, until_closed, until_told
from device.engines.local_process import FAILED_LINE, READY_LINE
from device.local.server import serve
from device.local.stages import EngineStartError
from device.model_files.files import ModelError
from device.settings.loading import is_engines_unit
from device.system import memory, paths
from device.system.notify import Notifier
from device.system.printed import echo
from device.system.watched import Watched
from device.web.given import GivenError, handed_on, sockets_given, taken

if TYPE_CHECKING:
    from pathlib import Path

log = logging.getLogger(__name__)

CLOSING_S = 5.0
"""How much longer than its turns its end takes at most: what the unit's TimeoutStopSec is for."""


@click.command()
@click.option("--host", help="Address to listen on; the settings' by default.")
@click.option("--port", type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option("--socket", "number", type=click.IntRange(3), hidden=True, help="Listen at this open file, no port.")
@click.option("--with-parent", is_flag=True, hidden=True, help="End when standard input is closed.")
@CONFIG
def engine(
    host: str | None,
    port: int | None,
    number: int | None,
    with_parent: bool,  # noqa: FBT001 - a flag
    config: Path | None,
) -> None:
    """Run the local engine: a server of the OpenAI Realtime protocol."""
    try:
        _serve(host, port, number, config, with_parent=with_parent)
    except CommandError as error:
        if with_parent:  # which tells its user
            echo(FAILED_LINE + " ".join(error.message.split()))
            sys.stdout.flush()
        raise


def _serve(host: str | None, port: int | None, number: int | None, config: Path | None, *, with_parent: bool) -> None:
    """Serve until a signal comes, or the parent ends. Raises CommandError."""
    memory.large_blocks_go_back()
    watched = Watched(paths.HANDED)
    found = load_in_force(config)
    settings = found.settings
    local = settings.local
    local = msgspec.structs.replace(local, host=host or local.host, port=local.port if port is None else port)

    def ready(bound: int) -> None:
        scheme = "wss" if local.tls_cert else "ws"
        where = f"{scheme}://{local.host}:{bound}/v1/realtime" if bound else "its socket"
        echo(f"{READY_LINE}{where}")
        Health(Notifier(), found, f"port {bound}" if bound else where).tell_ready()
        sys.stdout.flush()

    def ending(seconds: float) -> None:
        log.info("The engine finishes the turns there are, for at most %g s, and takes no more sessions", seconds)
        until = round(1e6 * (seconds + CLOSING_S))
        Notifier().tell(f"STOPPING=1\nEXTEND_TIMEOUT_USEC={until}")

    try:
        given = [taken(number)] if number else sockets_given()
        hand_on = handed_on(given)
        serves = serve(msgspec.structs.replace(settings, local=local), ready=ready, ending=ending, given=given)
        ends = [until_closed(sys.stdin.fileno())] if with_parent else []
        ends += [watched.until_changed()] if is_engines_unit(os.environ) else []
        asyncio.run(until_told(serves, *ends))
    except (EngineError, EngineStartError, GivenError, ModelError) as error:
        raise CommandError(error) from None
    if watched.noticed:
        log.info("%s says something else: the engine begins anew.", paths.HANDED)
        hand_on()
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - what runs already
