"""Keeps secrets, and what anybody said, out of what leaves the device: the support bundle.

Lines of a log are let through by what they look like, and what looks like nothing known is left out: a reply that runs
over several lines does not become one of the log's.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import msgspec

from device.records import addresses
from device.records.addresses import HIDDEN
from device.records.timeline import NAMES, WORDLESS
from device.settings.types import Secret
from device.system.service_status import Doing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SECRET_NAME: Final = re.compile(r"KEY|TOKEN|SECRET|PASSW|CREDENTIAL")
"""What the name of a variable with a secret has in it."""
UNSAID: Final = "(left out: it holds what was said)"
_RUN: Final = 3
"""So many words in a row that were said are not there by chance."""
_TELLING: Final = 5
"""Letters of a word that was said alone and tells something; shorter ones, as "stop", are in many lines."""
_SHORTEST: Final = 4
"""A shorter secret is none: to hide it would spoil the text."""

_SHAPES: Final = (
    (re.compile(r"(?i)\b(bearer|basic)(\s+)[^\s\"',]+"), rf"\1\2{HIDDEN}"),
    (
        re.compile(r"(?i)((?:key|token|secret|passw(?:or)?d|authorization)[\"']?\s*[=:]\s*[\"']?)(?!\s)[^\s\"',&;]+"),
        rf"\1{HIDDEN}",
    ),
    (re.compile(r"\b(?:sk|pk|rk|gsk|xai|hf|ghp)[-_][A-Za-z0-9_-]{8,}"), HIDDEN),
    (re.compile(r"\bAIza[A-Za-z0-9_-]{8,}"), HIDDEN),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]+)*"), HIDDEN),
)
_NAMED: Final = re.compile(r"(?i)(?<![\w-])[\w-]*?(?:key|token|secret|passw(?:or)?d|authorization|credential)(?![\w-])")
"""A name of a secret; not `key_variable`, nor `max_output_tokens`, nor the `keys` of a look-up."""
_OPEN: Final = ('"""', "'''")
_LONG: Final = re.compile(r"(?<![\w/.-])(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{32,}(?![\w/])")
"""What may be a key of a kind that nobody knows yet."""
_CURLY: Final = re.compile(r"“[^”]*(?:”|$)")
_STRAIGHT: Final = re.compile(r"(?<!\w)(['\"])(?=[^'\"]*\s)[^'\"]*(?:\1(?!\w)|$)")

_LOGGED: Final = re.compile(r"(?:INFO|WARNING|ERROR|CRITICAL) (?:device[\w.]*|asyncio|aiohttp[\w.]*|__main__): ")
_SHOWN: Final = re.compile(r"( *\d+\.\d\d s  )([a-z ]{1,11}?)( +)(\S.*)")
_OWN: Final = re.compile(
    rf"(?:parley: |{Doing.LISTENING} on |The microphone is muted|Traceback \(most recent call last\):$)"
)
_FRAME: Final = re.compile(r"  File \"[^\"]+\", line \d+, in [\w<>.]+$")
_RAISED: Final = re.compile(r"([A-Za-z_][\w.]*(?:Error|Exception|Interrupt|Exit|Timeout))(?::.*)?$")
_SPOKEN: Final = {NAMES.get(kind.event(), kind.event()) for kind in WORDLESS} | {"visitor", "heard", "overheard"}


class Redaction:
    """Knows the secrets of this device, and what was said to it as far as that is kept."""

    def __init__(self, secrets: Iterable[str], said: Iterable[str] = ()) -> None:
        # A longer one first, which may hold a shorter one.
        self._secrets = sorted({one for one in secrets if len(one) >= _SHORTEST}, key=len, reverse=True)
        self._said: set[tuple[str, ...]] = set()
        for text in said:
            words = _words(text)
            if len(words) > 1 or (words and len(words[0]) >= _TELLING):
                self._said.update(_runs(words, min(_RUN, len(words))))

    def secrets(self, text: str) -> str:
        """Return `text` without keys and passwords."""
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        text = addresses.hidden(text)
        for shape, instead in _SHAPES:
            text = shape.sub(instead, text)
        return text

    def own(self, line: str) -> str:
        """Return a line of the log as whom the device belongs to may read it: without keys, and what may be one."""
        return _LONG.sub(HIDDEN, self.secrets(line))

    def text(self, text: str) -> str:
        """Return lines of Parley's own without secrets and without what was said."""
        return "\n".join(self._unsaid(line, _CURLY.sub("“…”", self.secrets(line))) for line in text.splitlines())

    def log(self, line: str) -> str | None:
        """Return a line of Parley's log as far as it may be shown; None if it may not."""
        if shown := _SHOWN.match(line):
            begin, kind, gap, rest = shown.groups()
            return f"{begin}{kind}{gap}" + ("…" if kind in _SPOKEN else self._logged(rest))
        if _LOGGED.match(line) or _OWN.match(line):
            return self._logged(line)
        if _FRAME.match(line):
            return self.secrets(line)
        if raised := _RAISED.match(line):
            return raised[1]  # what an exception says may be anybody's words
        return None

    def _logged(self, line: str) -> str:
        return self._unsaid(line, _STRAIGHT.sub(r"\1…\1", _CURLY.sub("“…”", self.own(line))))

    def _unsaid(self, line: str, safe: str) -> str:
        words = _words(line)
        if any(run in self._said for length in range(1, _RUN + 1) for run in _runs(words, length)):
            return UNSAID
        return safe


def secrets_in(value: Any) -> Iterator[str]:
    """Yield every secret in a tree of settings."""
    if isinstance(value, Secret):
        yield value.reveal()
    elif isinstance(value, msgspec.Struct):
        yield from secrets_in(msgspec.structs.asdict(value))
    elif isinstance(value, dict):
        for one in value.values():
            yield from secrets_in(one)
    elif isinstance(value, str):
        yield from addresses.secrets_of(value)


def secrets_in_text(text: str) -> Iterator[str]:
    """Yield what may be a secret in a settings file, right or broken, in force or not: keys, and parts of addresses."""
    yield from addresses.secrets_of(text)
    lines = text.splitlines()
    for number, line in enumerate(lines):
        for found in _NAMED.finditer(line):
            # A text in three quotes begins on the next line.
            value = line[found.end() :].strip() + (f" {lines[number + 1]}" if line.rstrip().endswith(_OPEN) else "")
            yield from (word for word in re.split(r"[\s\"'=:,{}\[\]]+", value.partition(" #")[0]) if word)


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def _runs(words: list[str], length: int) -> Iterator[tuple[str, ...]]:
    return (tuple(words[at : at + length]) for at in range(len(words) - length + 1))
