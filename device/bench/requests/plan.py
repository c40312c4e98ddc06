"""Requests as people make them, and what must come of each."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from device.bench.result import BenchError
from device.system import inputs

BUNDLED: Final = Path(__file__).parent / "bundled.toml"
"""Sixty of them; as many again are not in the repository, so that nobody can build for them."""

Text = Annotated[str, Meta(min_length=1)]


class Wanted(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A call of a tool that must have been made, and have done something."""

    tool: Text
    """Its name: a regular expression for the whole of it."""
    with_: dict[str, str | int | float | bool] = msgspec.field(name="with", default_factory=dict)
    """Arguments that it must have had among others; a text is a regular expression for what is in it."""


class Request(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request, and what must come of it: all that is said here."""

    say: Text
    before: tuple[Text, ...] = ()
    """What is said earlier in the same conversation."""
    wait_s: float = 0
    """How long after that."""
    calls: tuple[Wanted, ...] = ()
    """Of other tools, only those that change nothing may be called besides."""
    answer: str = ""
    """A regular expression for something in the answer."""
    never: str = ""
    """… for something that must not be in it."""
    volume: tuple[int, int] | None = None
    """The least and the most that the loudspeaker's volume may then be, in percent; it was 40."""
    timers: tuple[int, ...] | None = None
    """The seconds that are left of each timer then, the next to ring first."""
    cannot: str = ""
    """A regular expression for what an honest refusal says that it cannot do, of what nobody can without the internet,
    a home or a telephone."""


class _File(Struct, forbid_unknown_fields=True):
    request: list[Request]


def load(path: Path = BUNDLED) -> list[Request]:
    """Return the requests of a file. Raises BenchError if it cannot be read, or expects what cannot fail."""
    try:
        found = msgspec.toml.decode(inputs.text(path), type=_File).request
    except OSError as error:
        raise BenchError(f"{path} cannot be read: {error.strerror}") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BenchError(f"{path}: {error}; the bundled one is {BUNDLED}") from None
    if not found:
        raise BenchError(f"{path} has no requests: add a [[request]] like those in {BUNDLED}")
    for number, request in enumerate(found, 1):
        if fault := _fault(request):
            raise BenchError(f'{path}: request {number}, "{request.say}": {fault}')
    return found


def _fault(request: Request) -> str:
    """Return what is wrong with a request; empty if nothing is."""
    judged = request.calls, request.answer, request.volume, request.cannot
    if not any(judged) and request.timers is None:
        return "nothing is expected of it: give calls, answer, volume, timers or cannot"
    texts = [value for wanted in request.calls for value in wanted.with_.values() if isinstance(value, str)]
    for pattern in (request.answer, request.never, request.cannot, *(c.tool for c in request.calls), *texts):
        try:
            re.compile(pattern)
        except re.error as error:
            return f"{pattern!r} is no regular expression: {error}"
    return ""
