"""What happens, as it happens, for people to read on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text

from device.conversation import entries
from device.sample_clock import CLOCK_RATE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

    from device.conversation.entries import Entry

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
    "alarm": "bold magenta",
    "tool": "blue",
    "engine_error": "bold red",
    "card_lost": "bold red",
    "hears_itself": "bold red",
}


TEXTS: Final[Mapping[type[Entry], str]] = {
    entries.StateEntered: "→ {state}",
    entries.Wake: "“{word}”, score {score:.2f}",
    entries.User: "“{text}”",
    entries.Assistant: "“{text}”",
    entries.ReplyFirstAudio: "the loudspeaker begins",
    entries.Duck: "somebody speaks: the reply is lowered",
    entries.Hold: "it is a voice: the reply waits",
    entries.Restore: "no interruption: the reply comes back",
    entries.Cut: "an interruption: the reply is cut off",
    entries.Truncate: "the engine is told that {ms} ms were heard",
    entries.Tool: "{name} {arguments}",
    entries.Timer: "“{name}” rings",
    entries.Alarm: "the {kind} rings: {text}",
    entries.Stop: "heard on the device: the ringing ends",
    entries.Sleep: "because of {why}",
    entries.EngineError: "{message}",
    entries.Starved: "the network stutters: waiting for more of the reply",
    entries.CardLost: "the sound card is gone",
    entries.HearsItself: "{why}: only the wake word and the button are believed",
    entries.HearsOthers: "no longer: voices are believed again",
    entries.CardBack: "the sound card is back",
}
"""What to say of the entries that mean something to a listener; `{…}` are fields of the entry."""
WORDLESS: Final[Mapping[type[Entry], str]] = {
    entries.User: "…",
    entries.Assistant: "…",
    entries.Tool: "{name}",
    entries.Timer: "rings",
    entries.Alarm: "the {kind} rings",
}
"""What to say of entries with somebody's words where those may not be shown."""
NAMES = {"engine_error": "error", "user": "understood", "reply_first_audio": "reply", "assistant": "saying"}


class Timeline:
    """Prints entries of the ledger as lines: time, who or what, words; of a reply, how soon it came.

    Without `words`, as for the log of a service, nothing is shown of what anybody said. What is known a little later
    than it was has the time of the line before it, so that the lines are in order.
    """

    def __init__(self, console: Console, *, words: bool = True) -> None:
        self._console = console
        self._words = words
        self._shown = 0
        self._asked: int | None = None
        """Where the voice ended that has had no answer yet."""

    def show(self, entry: Entry) -> None:
        """Print `entry` if it means something to a listener."""
        soon = self._latency(entry)
        if isinstance(entry, (entries.User, entries.Assistant)) and not entry.text:
            return
        texts = WORDLESS if entry.spoken and not self._words else TEXTS
        text = texts.get(type(entry))
        if text is not None:
            self.line(entry.at, entry.event(), text.format_map(entry.line()) + soon)

    def _latency(self, entry: Entry) -> str:
        """Return how soon a reply came after the voice, if that is what begins."""
        match entry:
            case entries.VoiceEnd():
                self._asked = entry.at
            case entries.ReplyFirstAudio() if self._asked is not None:
                after, self._asked = entry.at - self._asked, None
                return f", {after * 1000 // CLOCK_RATE} ms after the voice"
            case entries.Sleep():
                self._asked = None
        return ""

    def line(self, at: int, what: str, text: str) -> None:
        """Print one line for position `at`."""
        self._shown = max(self._shown, at)
        line = Text(f"{self._shown / CLOCK_RATE:7.2f} s  ", style="dim")
        line.append(f"{NAMES.get(what, what).replace('_', ' '):<11}", style=STYLES.get(what, ""))
        line.append(text, style="" if what != "state" else "dim")
        self._console.print(line, soft_wrap=True)
