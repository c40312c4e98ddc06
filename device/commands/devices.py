"""`parley devices`: what sound cards there are."""

from __future__ import annotations

import click
from rich.table import Table

from device.audio.card.devices import list_devices
from device.commands.terminal import AS_JSON, CommandError, print_json
from device.system.printed import console, echo, in_cells
from device.system.typed import typed


@click.command()
@AS_JSON
def devices(as_json: bool) -> None:  # noqa: FBT001 - a flag
    """List the microphones and loudspeakers there are."""
    table = Table("Name", "In", "Out", "Rates (Hz)", "Default for", box=None)
    found = list_devices()
    if as_json:
        print_json(found)
        return
    for device in found:
        default = [d for d, is_one in (("input", device.default_input), ("output", device.default_output)) if is_one]
        rates = ", ".join(str(rate) for rate in device.rates) or "none: in use, or one direction is not there"
        table.add_row(*in_cells(device.name, device.inputs, device.outputs, rates, ", ".join(default)))
    if not found:
        raise CommandError(f"no sound card was found. Plug one in, or hear Parley without one: {typed('demo')}")
    console().print(table)
    echo("Use a name, or a part of it, as card.input and card.output in the settings.")
