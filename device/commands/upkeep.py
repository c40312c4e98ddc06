"""The commands that look after the assistant that runs: its log, a new start, an update, a factory reset."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import click
import msgspec

from device.commands.door import at_door, done
from device.commands.terminal import AS_JSON, print_json
from device.door import messages as m
from device.door import upkeep as u
from device.system.harmless import line
from device.system.printed import echo

if TYPE_CHECKING:
    from device.door.client import Client

AGAIN_S: Final = 1.0
"""How often the log is asked for what is new. A choice."""
PARTS: Final[dict[u.ResetPart, str]] = {
    "settings": "your settings",
    "profiles": "profiles of your own",
    "transcripts": "what was said",
    "costs": "what it cost",
    "timers": "timers, alarms and lists",
    "volume": "the volume, and how loud you speak",
    "machine_settings": "the machine's settings (/etc/parley/parley.toml)",
    "keys": "the keys (/etc/parley/keys)",
    "browsers": "which browsers are let in",
    "models": "models",
    "release_keys": "whose releases are trusted",
    "system": "the system, with its network",
}
UPDATES: Final[dict[u.Updates, str]] = {
    "none": "no service updates it",
    "off": "updates are not set up",
    "idle": "nothing is to be done",
    "looking": "a release is looked for, and built",
    "switching": "a new version is being started",
    "failed": "the last update failed",
    "later": "the last update was put off, for want of network, time or room",
}


@click.command("log")
@click.option("--follow", is_flag=True, help="Go on, and show what comes, until Ctrl-C.")
@AS_JSON
def show_log(follow: bool, as_json: bool) -> None:  # noqa: FBT001 - flags
    """Show the log of the assistant that runs, since it was started, without secrets."""
    with suppress(KeyboardInterrupt):  # which ends it, as said
        at_door(lambda door: _log(door, follow=follow, as_json=as_json))


async def _log(door: Client, *, follow: bool, as_json: bool) -> None:
    told = await door.request(u.GetLog(most=500), u.LogIs)
    while True:
        for one in told.lines:
            if as_json:
                echo(msgspec.json.encode(one).decode())
            else:
                echo(f"{time.strftime('%Y-%m-%d %H:%M:%S', time.localtime(one.at))} {line(one.text)}")
        if not follow:
            break
        await asyncio.sleep(AGAIN_S)
        told = await door.request(u.GetLog(told.last, 500), u.LogIs)
    if told.more and not as_json:
        echo(f"(all of it: {told.more})", err=True)


@click.command()
def restart() -> None:
    """Start the assistant that runs anew, so that changed settings hold."""
    done(m.Restart())
    echo("It starts anew.")


@click.command()
@click.option("--now", is_flag=True, help="Look for a signed release now, as each night, and let it run.")
@AS_JSON
def update(now: bool, as_json: bool) -> None:  # noqa: FBT001 - flags
    """Show which version runs and how it is with updates, or update now."""
    if now:
        done(u.Update())
        echo("A release is looked for. The assistant is started anew if there is one.")
        return
    told = at_door(lambda door: door.request(u.GetVersion(), u.VersionIs))
    if as_json:
        print_json(told)
        return
    looked = f", looked for last {time.strftime('%Y-%m-%d %H:%M', time.localtime(told.looked))}" if told.looked else ""
    echo(f"Parley {told.version}: {UPDATES[told.updates]}{looked}.", *([f"→ {told.fix}"] if told.fix else []))


@click.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
def reset(yes: bool) -> None:  # noqa: FBT001 - a flag
    """Make the device of the assistant that runs as it was on the first day."""
    told = at_door(lambda door: door.request(u.GetReset(), u.ResetIs))
    echo("This goes, for good:", *(f"  {PARTS[part]}" for part in told.goes))
    echo("This stays:", *(f"  {PARTS[part]}" for part in told.stays))
    if told.fix:
        echo(f"To delete the machine's own, too: {told.fix}")
    name = told.name if yes else click.prompt(line(f"To confirm it, type the assistant's name, {told.name}"))
    done(u.Reset(name))
    echo("It starts anew, as on the first day.")
