"""The console script `parley`."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from device import lastgood
from device import settings as configuration
from device.engines.contract import EngineError
from device.ledger_commands import show_ledger
from device.profile_commands import profiles
from device.transcript_commands import transcripts
from device.trouble import FAILED, Trouble

if TYPE_CHECKING:
    from device.check import Check
    from device.lastgood import InForce
    from device.settings import Settings

log = logging.getLogger(__name__)

CONFIG = click.option(
    "--config", type=click.Path(path_type=Path, dir_okay=False), help="A settings file; counts over all others."
)
JSON = click.option(
    "--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), help="Write the results to this file."
)
OUT = click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="A folder for conversation.wav and ledger.jsonl.",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="parley")
def main() -> None:
    """Parley: a full-duplex voice assistant. Say the wake word, talk, interrupt."""


@main.command()
@CONFIG
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="A folder for ledger.jsonl.")
def run(config: Path | None, out: Path | None) -> None:
    """Be the assistant, on this machine's microphone and loudspeaker.

    On a terminal, Enter is the button: it wakes, interrupts, and ends a conversation. m and Enter mutes or unmutes.
    """
    for number in (signal.SIGUSR1, signal.SIGUSR2):  # these are buttons, and would kill before there are any
        signal.signal(number, signal.SIG_IGN)
    try:
        reset = _run_alone(config, out)
    except Trouble as trouble:
        from device.notify import Notifier  # noqa: PLC0415

        # `systemctl status` shows it, and the doctor.
        Notifier().tell(f"STATUS=Cannot start: {trouble.message.partition(chr(10))[0]}")
        raise
    if reset:
        from device.reset import factory_reset  # noqa: PLC0415

        log.warning("Factory reset: %d files are gone; starting anew", len(factory_reset()))
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - what runs already


@main.command()
@CONFIG
@OUT
@JSON
def demo(config: Path | None, out: Path | None, json_file: Path | None) -> None:
    """Hold a whole conversation in a simulated room: no sound card, no key."""
    _rehearse("demo", config, out or Path("out"), json_file)


@main.command()
@click.argument("scene")
@CONFIG
@OUT
@JSON
def room(scene: str, config: Path | None, out: Path | None, json_file: Path | None) -> None:
    """Run the whole assistant in the simulated room that the file SCENE describes, or in a bundled scene."""
    _rehearse(scene, config, out, json_file)


@main.command()
@CONFIG
@click.option("--engine", metavar="NAME", help="Hold a short conversation with this engine instead: half a minute.")
@click.option(
    "--bundle",
    metavar="[FILE]",
    is_flag=False,
    flag_value="",
    help="Write all that helps somebody to help you to a file, without keys or words spoken.",
)
def doctor(config: Path | None, engine: str | None, bundle: str | None) -> None:
    """Check card, levels, echo, models, engine, panel and service, and say what to do about each."""
    from msgspec.structs import replace  # noqa: PLC0415

    from device.appliance import machine_keys  # noqa: PLC0415
    from device.doctor import examine  # noqa: PLC0415 - each command imports only what it needs: Pis are slow
    from device.verify import examine_engine  # noqa: PLC0415

    found = lastgood.look(config, machine_keys(os.environ))
    _set_up_log(lastgood.InForce(found.loaded))  # its fault is what a check finds
    settings = found.settings
    if engine is not None:
        settings = replace(settings, engines=(engine,))
        try:
            configuration.require(settings)
        except configuration.SettingsError as error:
            raise Trouble(str(error)) from None
    console = Console(highlight=False)
    results: list[Check] = []
    marks = {"ok": "[green]ok  [/]", "warn": "[yellow]warn[/]", "fail": "[red]fail[/]"}

    async def run_all() -> None:
        checks = examine(settings, config, found.fault) if engine is None else examine_engine(settings, engine, config)
        async for check in checks:
            console.print(f"{marks[check.status]}  {check.name}: {check.message}", soft_wrap=True)
            if check.status != "ok" and check.mend:
                console.print(f"      → {check.mend}", soft_wrap=True)
            results.append(check)

    asyncio.run(run_all())
    if bundle is not None:
        _write_bundle(found, results, Path(bundle) if bundle else None)
    if any(check.status == "fail" for check in results):
        raise SystemExit(FAILED)


def _write_bundle(found: InForce, results: list[Check], path: Path | None) -> None:
    from device.bundle import CONTENTS, default_name, gather, pack  # noqa: PLC0415

    path = path or default_name()
    parts = gather(found, results)
    try:
        pack(parts, path)
    except OSError as error:
        raise Trouble(f"--bundle {path}: {error.strerror}") from None
    click.echo(f"\n{path} holds, without keys or words spoken:")
    for name, text in parts.items():
        click.echo(f"  {name:<14} {len(text.encode()) / 1000:7.1f} kB  {CONTENTS[name]}")
    click.echo("Read it before you hand it on: tar -xzOf FILE | less")


@main.command()
def devices() -> None:
    """List the microphones and loudspeakers there are."""
    from device.audio.devices import list_devices  # noqa: PLC0415

    table = Table("Name", "In", "Out", "Rates that it likes", "Default for", box=None)
    found = list_devices()
    for device in found:
        default = [d for d, is_one in (("input", device.default_input), ("output", device.default_output)) if is_one]
        rates = ", ".join(str(rate) for rate in device.rates) or "none of 48000, 24000, 16000"
        table.add_row(device.name, str(device.inputs), str(device.outputs), rates, ", ".join(default))
    if not found:
        raise Trouble("no sound card was found. Plug one in, or hear Parley without one: parley demo")
    Console(highlight=False).print(table)
    click.echo("Use a name, or a part of it, as card.input and card.output in the settings.")


@main.group(invoke_without_command=True)
@click.pass_context
def models(context: click.Context) -> None:
    """List, fetch or verify the model files."""
    if context.invoked_subcommand is None:
        context.invoke(list_models)


@models.command("list")
@CONFIG
def list_models(config: Path | None = None) -> None:
    """Show every model file that Parley knows, and whether it is here."""
    from device import models as store  # noqa: PLC0415

    for found in store.status(_settings(config).models_dir):
        state = {"ok": "here", "missing": "needed" if found.file.default else "not here"}.get(found.state, found.state)
        file = found.file
        click.echo(f"{file.name:<39} {state:<11} {file.size / 1e6:5.1f} MB  {found.source.licence:<16} {file.purpose}")


@models.command("fetch")
@click.argument("names", nargs=-1)
@CONFIG
def fetch_models(names: tuple[str, ...], config: Path | None) -> None:
    """Fetch the files that Parley needs, or those NAMES (a wake word or a file); continues where it stopped."""
    from device import models as store  # noqa: PLC0415
    from device.fetching import with_progress  # noqa: PLC0415

    try:
        with_progress(names, _settings(config).models_dir)
    except store.ModelError as error:
        raise Trouble(str(error)) from None


@models.command("verify")
@CONFIG
def verify_models(config: Path | None) -> None:
    """Read every model file that is here and compare it with its checksum."""
    from device import models as store  # noqa: PLC0415

    bad = 0
    for found in store.verify(_settings(config).models_dir):
        if found.state == "ok":
            click.echo(f"ok       {found.file.name}")
        elif found.state != "missing" or found.file.default:
            bad += 1
            click.echo(f"{found.state}  {found.file.name}: {store.mend(found.file)}")
    if bad:
        raise SystemExit(FAILED)


@main.command()
@click.option("--host", help="Address to listen on; the settings' by default.")
@click.option("--port", type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option("--with-parent", is_flag=True, hidden=True, help="End when standard input is closed.")
@CONFIG
def engine(host: str | None, port: int | None, with_parent: bool, config: Path | None) -> None:  # noqa: FBT001
    """Run the local engine: a server of the OpenAI Realtime protocol."""
    import msgspec  # noqa: PLC0415

    from device.engines.beside import READY_LINE  # noqa: PLC0415
    from device.local.server import EngineStartError, serve  # noqa: PLC0415
    from device.notify import Notifier  # noqa: PLC0415
    from device.serving import tell_ready, until_closed, until_signal  # noqa: PLC0415

    found = _in_force(config)
    settings = found.settings
    local = settings.local
    local = msgspec.structs.replace(local, host=host or local.host, port=local.port if port is None else port)

    def ready(bound: int) -> None:
        click.echo(f"{READY_LINE}ws://{local.host}:{bound}/v1/realtime")
        tell_ready(Notifier(), found, f"port {bound}")
        sys.stdout.flush()

    async def work() -> None:
        serving = asyncio.create_task(serve(msgspec.structs.replace(settings, local=local), ready=ready))
        waits = {serving, asyncio.create_task(until_signal())}
        if with_parent:
            waits.add(asyncio.create_task(until_closed(sys.stdin.fileno())))
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        if serving.done():
            await serving
        serving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await serving

    try:
        asyncio.run(work())
    except EngineStartError as error:
        raise Trouble(str(error)) from None
    except _faults() as error:
        raise Trouble(str(error)) from None


@main.command()
@click.argument("name", required=False)
@click.option("--quick", is_flag=True, help="Measure for a short time only, to see that a bench works.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="A folder for recordings of what went wrong (bargein).",
)
@click.option("--part", default="", help="Only a part of bargein: talks, self, wake or turns.")
@click.option(
    "--sounds",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="A folder of sounds instead of the bundled ones (bargein).",
)
@JSON
@CONFIG
def bench(  # noqa: PLR0917 - click's parameters have no order
    name: str | None,
    quick: bool,  # noqa: FBT001 - a flag
    part: str,
    out: Path | None,
    sounds: Path | None,
    json_file: Path | None,
    config: Path | None,
) -> None:
    """Measure: latency, overhead, callback, idle, memory, heard, start, bargein, echo, button, engine.

    Without NAME, all: an hour.
    """
    from device.bench.result import BenchError  # noqa: PLC0415
    from device.bench.run import run_benches  # noqa: PLC0415

    try:
        settings = _settings(config)
        folder = _folder(out) if out else None
        reached = run_benches(
            name, settings, json_file, config=config, quick=quick, part=part, out=folder, sounds=sounds
        )
    except BenchError as error:
        raise Trouble(str(error)) from None
    if not reached:
        raise SystemExit(FAILED)


main.add_command(profiles)
main.add_command(transcripts)
main.add_command(show_ledger)


@main.command("settings")
@CONFIG
def show_settings(config: Path | None) -> None:
    """Show the settings in force, without secrets, and where each comes from."""
    from device.settings_text import in_force  # noqa: PLC0415

    try:
        loaded = configuration.read(config)
    except configuration.SettingsError as error:
        raise Trouble(str(error)) from None
    for warning in loaded.warnings:
        click.echo(f"# {warning}", err=True)
    click.echo(in_force(loaded.settings, loaded.origins), nl=False)


def _run_alone(config: Path | None, out: Path | None) -> bool:
    """Be the assistant unless another one is; return whether a factory reset is wanted."""
    from device import single  # noqa: PLC0415

    found = _in_force(config, need_engine=True)
    try:
        lock = single.take()
    except single.AlreadyRunning as error:
        raise Trouble(str(error)) from None
    try:
        from device.running import run as be_assistant  # noqa: PLC0415

        return asyncio.run(be_assistant(found, config, _folder(out) if out else None))
    except _faults() as error:
        raise Trouble(str(error)) from None
    finally:
        lock.close()


def _rehearse(scene: str, config: Path | None, out: Path | None, json_file: Path | None) -> None:
    import msgspec  # noqa: PLC0415

    from device.rehearsal import rehearse  # noqa: PLC0415
    from device.scene import load  # noqa: PLC0415
    from device.summary import render  # noqa: PLC0415
    from device.timeline import Timeline  # noqa: PLC0415

    settings = _settings(config, need_engine=True)
    console = Console(highlight=False)
    try:
        played = load(scene)
        folder = _folder(out) if out else None
        summary = asyncio.run(rehearse(played, settings, config=config, out=folder, timeline=Timeline(console)))
    except _faults() as error:
        raise Trouble(str(error)) from None
    console.print(render(summary))
    if folder is not None:
        console.print(f"Listen to it: {folder / 'conversation.wav'} (visitors, microphone, loudspeaker)")
    if json_file is not None:
        _write(json_file, msgspec.json.format(msgspec.json.encode(summary)))


def _settings(config: Path | None, *, need_engine: bool = False) -> Settings:
    """Load the settings and set up the log."""
    return _in_force(config, need_engine=need_engine).settings


def _in_force(config: Path | None, *, need_engine: bool = False) -> InForce:
    """Load the settings, in a service the last good ones if need be, and set up the log."""
    try:
        found = lastgood.load(config, need_engine=need_engine)
    except configuration.SettingsError as error:
        raise Trouble(str(error)) from None
    _set_up_log(found)
    return found


def _set_up_log(found: InForce) -> None:
    level = found.settings.log_level.upper()
    logging.basicConfig(level=level, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    logging.getLogger("asyncio").setLevel(logging.WARNING)
    for warning in found.loaded.warnings:
        log.warning("%s", warning)
    for line in found.fault.splitlines():
        log.error("%s", line)


def _faults() -> tuple[type[Exception], ...]:
    """Return the errors that say what the user can mend."""
    from device.audio.card import CardError  # noqa: PLC0415
    from device.models import ModelError  # noqa: PLC0415
    from device.recording import RecordingError  # noqa: PLC0415
    from device.scene import SceneError  # noqa: PLC0415

    return CardError, EngineError, ModelError, RecordingError, SceneError


def _folder(path: Path) -> Path:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Trouble(f"--out {path}: {error.strerror}") from None
    if not os.access(path, os.W_OK):
        raise Trouble(f"--out {path}: nothing can be written there")
    return path


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data + b"\n")
    except OSError as error:
        raise Trouble(f"--json {path}: {error.strerror}") from None


if __name__ == "__main__":
    main()
