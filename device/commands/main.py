"""The console script `parley`: its commands, each imported only when it is called, because a Pi imports slowly."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

import click

COMMANDS: Final = {
    "ask": ("door:ask", "Ask the assistant that runs TEXT, as if it had been said: it answers aloud, and here."),
    "bench": ("bench:bench", "Measure what NAME says; without it all of it, in an hour and a half."),
    "demo": ("room:demo", "Hold a whole conversation in a simulated room: no sound card, no key."),
    "devices": ("devices:devices", "List the microphones and loudspeakers there are."),
    "doctor": (
        "doctor:doctor",
        "Check card, levels, echo, models, engine, panel and service, and say what to do about each.",
    ),
    "engine": ("engine:engine", "Run the local engine: a server of the OpenAI Realtime protocol."),
    "ledger": ("ledger:show_ledger", "Show what was sent to each engine and what it cost, by day."),
    "log": ("upkeep:show_log", "Show the log of the assistant that runs, since it was started, without secrets."),
    "models": ("models:models", "List, fetch or verify the model files."),
    "mqtt": ("mqtt:mqtt", "Tell an MQTT broker how the assistant is, and hand on what is asked for there."),
    "mute": ("mute:mute", "Mute the microphone of the assistant that runs, until it is unmuted."),
    "page": ("page:page", "Serve the web page that shows the assistant, or show the ways to it."),
    "profiles": ("profiles:profiles", "List profiles, show one, check one of your own, or try its look-ups."),
    "reset": ("upkeep:reset", "Make the device of the assistant that runs as it was on the first day."),
    "restart": ("upkeep:restart", "Start the assistant that runs anew, so that changed settings hold."),
    "room": (
        "room:room",
        "Run the whole assistant in the simulated room that the file SCENE describes, or in a bundled scene.",
    ),
    "run": ("run:run", "Be the assistant, on this machine's microphone and loudspeaker."),
    "say": ("voices:say", "Say TEXT: by the assistant that runs, else on the loudspeaker, or into a WAV file."),
    "settings": ("settings:show_settings", "Show the settings in force, without secrets, and where each comes from."),
    "status": ("door:status", "Show what the assistant that runs is doing, and how it is."),
    "stop": ("door:stop", "Stop the assistant's ringing or speaking, or end the conversation."),
    "timers": ("door:timers", "List the timers, alarms and reminders that are set, or cancel one."),
    "unmute": ("mute:unmute", "Unmute the microphone of the assistant that runs."),
    "transcripts": ("transcripts:transcripts", "List, show, export or delete what was said."),
    "update": ("upkeep:update", "Show which version runs and how it is with updates, or update now."),
    "voices": ("voices:voices", "List the voices of the local engine, or play how the one called NAME sounds."),
    "volume": ("door:volume", "Show how loud the assistant that runs is, or set it to PERCENT."),
    "wake": ("door:wake", "Have the assistant that runs listen now, as after the wake word."),
    "wifi": ("wifi:wifi", "Open an access point while there is no network, to set up Wi-Fi; or show how it is."),
}
"""For each command where it is, as MODULE:NAME below this package, and what `parley --help` says of it."""


class LazyGroup(click.Group):
    """The commands of `COMMANDS`, imported one at a time."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names of the commands, in order."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Import a command; None if there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(f"device.commands.{module}"), name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Call a command. What is wrong with how it was called may quote names of files, of which none is trusted."""
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            from device.system.harmless import line  # noqa: PLC0415 - `parley --help` imports nothing

            raise click.UsageError(line(error.format_message()), error.ctx) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands for `--help`, without importing any."""
        room = formatter.width - 6 - max(map(len, COMMANDS))
        with formatter.section("Commands"):
            formatter.write_dl(
                [
                    (name, click.Command(name, help=COMMANDS[name][1]).get_short_help_str(room))
                    for name in self.list_commands(ctx)
                ]
            )


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="parley")
def main() -> None:
    """Parley: a full-duplex voice assistant. Say the wake word, talk, interrupt."""
