"""What happens, as it happens, for people to read on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.text import Text

from device.sample_clock import CLOCK_RATE

if TYPE_CHECKING:
    from rich.console import Console

    from device.records.entry import Entry

STYLES = {
    "visitor": "bold cyan",
    "user": "cyan",
    "assistant": "bold green",
    "state": "dim",
    "wake": "bold magenta",
    "duck": "yellow",
    "hold": "yellow",
    "cut": "bold red",
    "restore": "yellow",
    "timer": "bold magenta",
    "tool": "blue",
    "engine_error": "bold red",
    "card_lost": "bold red",
}


TEXTS = {
    "state": "→ {state}",
    "wake": "“{word}”, score {score:.2f}",
    "user": "“{text}”",
    "assistant": "“{text}”",
    "reply_first_audio": "the loudspeaker begins",
    "duck": "somebody speaks: the reply is lowered",
    "hold": "it is a voice: the reply waits",
    "restore": "no interruption: the reply comes back",
    "cut": "an interruption: the reply is cut off",
    "truncate": "the engine is told that {ms} ms were heard",
    "tool": "{name} {arguments}",
    "timer": "“{name}” rings",
    "stop": "heard on the device: the ringing ends",
    "sleep": "because of {why}",
    "engine_error": "{message}",
    "starved": "the network stutters: waiting for more of the reply",
    "card_lost": "the sound card is gone",
    "card_back": "the sound card is back",
}
"""What to say of the events that mean something to a listener; `{…}` are fields of the entry."""
WORDLESS = {"user": "…", "assistant": "…", "tool": "{name}", "timer": "rings"}
"""What to say instead where nobody's words may be shown."""
NAMES = {"engine_error": "error", "user": "understood", "reply_first_audio": "reply", "assistant": "saying"}


class Timeline:
    """Prints entries of the ledger as lines: time, who or what, words.

    Without `words`, as for the log of a service, nothing is shown of what anybody said.
    """

    def __init__(self, console: Console, *, words: bool = True) -> None:
        self._console = console
        self._texts = TEXTS if words else TEXTS | WORDLESS

    def show(self, entry: Entry) -> None:
        """Print `entry` if it means something to a listener."""
        text = self._text(entry.event, entry.fields)
        if text is not None:
            self.line(entry.at, entry.event, text)

    def line(self, at: int, what: str, text: str) -> None:
        """Print one line for position `at`."""
        line = Text(f"{at / CLOCK_RATE:7.2f} s  ", style="dim")
        line.append(f"{NAMES.get(what, what).replace('_', ' '):<11}", style=STYLES.get(what, ""))
        line.append(text, style="" if what != "state" else "dim")
        self._console.print(line, soft_wrap=True)

    def _text(self, event: str, fields: dict[str, Any]) -> str | None:
        """Return what to say of an event; None for those that only machines read."""
        if event in ("user", "assistant") and not fields["text"]:
            return None
        text = self._texts.get(event)
        return None if text is None else text.format_map(fields)
