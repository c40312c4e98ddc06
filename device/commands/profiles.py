"""`parley profiles`: which profiles there are, what is in one, and whether one of the user's own is right."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import textwrap
from typing import TYPE_CHECKING, Any

import click
import msgspec

from device.commands.terminal import AS_JSON, CONFIG, CommandError, load_in_force, print_json
from device.daemon.payload import engines, payload
from device.engines.prompt import instructions
from device.settings.engines import known_engines
from device.settings.loading import SettingsError, settle
from device.settings.profiles import ProfileError, load, names, too_much_for_sentences, unknown_engines
from device.settings.tree import Settings
from device.system.printed import document, echo
from device.tools.profile import profile_tools
from device.tools.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from device.settings.profiles import Profile

_FILE = click.argument("profile")


@click.group(invoke_without_command=True)
@click.pass_context
def profiles(context: click.Context) -> None:
    """List profiles, show one, check one of your own, or try its look-ups.

    A profile says what the assistant is for. PROFILE is the name of a bundled one or the path of a TOML file; in the
    settings, profile = "support" puts it in force.
    """
    if context.invoked_subcommand is None:
        context.invoke(list_profiles)


@profiles.command("list")
@AS_JSON
def list_profiles(as_json: bool = False) -> None:  # noqa: FBT001, FBT002 - a flag
    """List the bundled profiles."""
    if as_json:
        print_json([{"name": name, "description": _load(name).description} for name in names()])
        return
    for name in names():
        echo(f"{name:<10} {_load(name).description}")


@profiles.command("show")
@_FILE
@click.option("--engine", help="Show the message that asks this engine for a session, without keys.")
@AS_JSON
@CONFIG
def show_profile(profile: str, engine: str | None, as_json: bool, config: Path | None) -> None:  # noqa: FBT001 - a flag
    """Show what PROFILE sets, its tools, and the instructions that it makes.

    With --engine, what your own settings say counts over it, as it does when it is in force.
    """
    read = _load(profile)
    if engine is not None:
        print_json(_sent(read, engine, config))
    elif as_json:
        told = instructions(_settings(read))
        facts = {"file": str(read.path), "description": read.description, "settings": read.layer, "instructions": told}
        print_json({**facts, "lookups": list(read.lookups), "result_schema": read.result_schema})
    else:
        echo(*_lines(read))


@profiles.command("check")
@_FILE
def check_profile(profile: str) -> None:
    """Say what is wrong with PROFILE, file and key and fix; else in a line what it makes."""
    read = _load(profile)
    warnings = unknown_engines(read, known_engines())
    made = _settings(read)
    if "local" in made.engines and not made.brain.url:
        warnings += too_much_for_sentences(read)
    for warning in warnings:
        echo(f"parley: {warning}", err=True)
    rows = [f"{name} ({len(rows)} rows)" for name, (_, rows) in read.lookups.items()]
    result = f"a result ({', '.join(read.result_schema['properties'])})" if read.result_schema else "no result"
    words = len(instructions(made).split())
    echo(f"{read.path}: right: {', '.join([f'{words} words of instructions', *rows, result])}")


@profiles.command("look")
@_FILE
@click.argument("tool")
@click.argument("arguments", nargs=-1)
def look_up(profile: str, tool: str, arguments: tuple[str, ...]) -> None:
    """Call the look-up TOOL of PROFILE as an engine would, each of its ARGUMENTS being KEY=WORDS.

    For example: parley profiles look support find_order number="P L four seven double two"
    """
    if wrong := [one for one in arguments if "=" not in one]:
        raise click.UsageError(f"{wrong[0]!r} is not KEY=WORDS")
    given = dict(one.split("=", 1) for one in arguments)
    read = _load(profile)
    tools = Registry(profile_tools(read, _settings(read).language))
    result = asyncio.run(tools.call(tool, json.dumps(given)))
    output = json.loads(result.output)
    if "error" in output:
        raise CommandError(output["error"])
    document(json.dumps(output, indent=2, ensure_ascii=False))


def _sent(profile: Profile, engine: str, config: Path | None) -> Any:
    """Return what asks an engine for a session, were the profile in force. Raises CommandError."""
    table = load_in_force(config).loaded.table
    try:
        loaded = settle({**table, "profile": str(profile.path)}, os.environ, profile=profile)
    except SettingsError as error:
        raise CommandError(error) from None
    if engine not in engines(loaded):
        raise CommandError(f"there is no engine {engine!r}; there are {', '.join(engines(loaded))}")
    return payload(loaded, engine)


def _lines(profile: Profile) -> Iterator[str]:
    settings = _settings(profile)
    yield f"{profile.title}: {profile.description}"
    facts = {
        "file": str(profile.path),
        "engines": ", ".join(profile.layer.get("engines", ())),
        "voice": ", ".join(f"{voice} ({engine})" for engine, voice in profile.voices.items()),
        "called": settings.name,
        "wakes at": ", ".join(settings.wake.models),
        "greeting": settings.greeting,
        "idle": f"{settings.listen.follow_up_s:g} s",
        "tools": ", ".join(settings.tools),
        "result": ", ".join(profile.result_schema["properties"]) if profile.result_schema else "",
    }
    yield from (f"  {name:<9} {value}" for name, value in facts.items() if value)
    for name, (lookup, rows) in profile.lookups.items():
        yield f"  {name:<12} looks {len(rows)} rows up by {' and '.join(lookup.keys)}: {lookup.file}"
    told = instructions(settings)
    yield ""
    yield f"Instructions ({len(told.split())} words):"
    width = min(100, shutil.get_terminal_size().columns)
    for section in told.splitlines():
        yield from textwrap.wrap(section, width, initial_indent="  ", subsequent_indent="  ") or [""]


def _settings(profile: Profile) -> Settings:
    """Return the defaults under the profile."""
    return msgspec.convert({key: value for key, value in profile.layer.items() if key != "engine"}, Settings)


def _load(profile: str) -> Profile:
    try:
        return load(profile)
    except ProfileError as error:
        raise CommandError(error) from None
