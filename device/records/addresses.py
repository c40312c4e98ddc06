"""Addresses without what may be a secret in them: users, passwords, what is asked, unknown words of paths.

Webhooks and gateways have their keys in paths and queries, and call them what they like.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

HIDDEN: Final = "***"
_ADDRESS: Final = re.compile(r"\b[A-Za-z][A-Za-z0-9+.-]*://[^\s\"'<>“”]+")
_TRAILING: Final = ".,;:!?)]}"
"""What ends the sentence that an address stands in."""
_SHOWN_KEYS: Final = frozenset({"model", "api-version", "version", "language", "intent"})
"""What may be asked of a server in the open."""
_TELLING: Final = 8
"""Characters of a word of a path that is hidden elsewhere, too; a choice: shorter ones are in many texts."""
_WORDS: Final = frozenset(
    ["api", "audio", "chat", "completions", "health", "openai", "realtime", "transcriptions", "v1", "v2", "v3", "ws"]
)


def hidden(text: str) -> str:
    """Return a text, the addresses in it without secrets."""
    return _ADDRESS.sub(lambda found: _hide(found[0]), text)


def secrets_of(text: str) -> Iterator[str]:
    """Yield what is hidden of the addresses in a text, as it stands there and as it is meant."""
    for found in _ADDRESS.findall(text):
        for part in _secret_parts(found.rstrip(_TRAILING)):
            yield part
            yield unquote(part)


def _hide(address: str) -> str:
    end = address[len(address.rstrip(_TRAILING)) :]
    address = address.removesuffix(end)
    scheme, _, rest = address.partition("://")
    place, path, query, fragment = _parts(rest)
    host = place.rpartition("@")[2]
    path = "/".join(word if _known(word) else HIDDEN for word in path.split("/"))
    asked = "&".join(_hide_asked(one) for one in query.split("&")) if query else ""
    user = f"{HIDDEN}@" if "@" in place else ""
    return f"{scheme}://{user}{host}{path}{f'?{asked}' if query else ''}{f'#{HIDDEN}' if fragment else ''}{end}"


def _hide_asked(one: str) -> str:
    key, equals, value = one.partition("=")
    if not equals:
        return HIDDEN
    return one if key.lower() in _SHOWN_KEYS or not value else f"{key}={HIDDEN}"


def _secret_parts(address: str) -> Iterator[str]:
    place, path, query, fragment = _parts(address.partition("://")[2])
    if "@" in place:
        yield from place.rpartition("@")[0].split(":")
    yield from (word for word in path.split("/") if not _known(word) and len(word) >= _TELLING)
    for one in query.split("&"):
        key, equals, value = one.partition("=")
        if not equals or key.lower() not in _SHOWN_KEYS:
            yield value if equals else key
    yield from (value for key, value in parse_qsl(query) if key.lower() not in _SHOWN_KEYS)
    yield fragment


def _parts(rest: str) -> tuple[str, str, str, str]:
    """Return host with user, path, query and fragment of an address without its scheme, however odd it is."""
    rest, _, fragment = rest.partition("#")
    rest, _, query = rest.partition("?")
    place, slash, path = rest.partition("/")
    return place, slash + path, query, fragment


def _known(word: str) -> bool:
    return not word or word.lower() in _WORDS or word in _engines_words()


@cache
def _engines_words() -> frozenset[str]:
    """Return the words of the paths of the engines that Parley knows."""
    known = tomllib.loads(resources.files("device.data").joinpath("engines.toml").read_text("utf-8"))
    return frozenset(word for one in known.values() for word in urlsplit(one["url"]).path.split("/") if word)
