"""`parley demo` and `parley room`: the whole assistant in a simulated room."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click
import msgspec

from device.audio.card.base import CardError
from device.commands.terminal import CONFIG, JSON, OUT, CommandError, load_in_force, make_folder
from device.conversation.engine import EngineError
from device.model_files.files import ModelError
from device.records.timeline import Timeline
from device.simulation.recording import RecordingError
from device.simulation.rehearsal import rehearse
from device.simulation.scene import SceneError, load
from device.simulation.summary import render
from device.system.printed import console
from device.tools.profile import profile_tools


@click.command()
@CONFIG
@OUT
@JSON
def demo(config: Path | None, out: Path | None, json_file: Path | None) -> None:
    """Hold a whole conversation in a simulated room: no sound card, no key."""
    _rehearse("demo", config, make_folder(out or Path("out"), asked=out is not None), json_file)


@click.command()
@click.argument("scene")
@CONFIG
@OUT
@JSON
def room(scene: str, config: Path | None, out: Path | None, json_file: Path | None) -> None:
    """Run the whole assistant in the simulated room that the file SCENE describes, or in a bundled scene."""
    _rehearse(scene, config, out, json_file)


def _rehearse(scene: str, config: Path | None, out: Path | None, json_file: Path | None) -> None:
    found = load_in_force(config, need_engine=True)
    tools, shown = profile_tools(found.loaded.profile, found.loaded.settings.language), console()
    try:
        played = load(scene)
        folder = make_folder(out) if out else None
        summary = asyncio.run(
            rehearse(played, found.settings, tools=tools, config=config, out=folder, timeline=Timeline(shown))
        )
    except (CardError, EngineError, ModelError, RecordingError, SceneError) as error:
        raise CommandError(error) from None
    shown.print(render(summary))
    if folder is not None:
        shown.print(f"Listen to it: {folder / 'conversation.wav'} (visitors, microphone, loudspeaker)", soft_wrap=True)
        if (picture := folder / "conversation.html").exists():
            megabytes = picture.stat().st_size / 1e6
            shown.print(f"See and hear it in a browser: {picture} ({megabytes:.1f} MB)", soft_wrap=True)
    if json_file is not None:
        _write(json_file, msgspec.json.format(msgspec.json.encode(summary)))


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data + b"\n")
    except OSError as error:
        raise CommandError(f"--json {path}: {error.strerror}") from None
