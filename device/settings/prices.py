"""What engines cost: a table that comes with Parley, and the user's own prices over it."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta, Struct

from device.settings.types import Section

if TYPE_CHECKING:
    from collections.abc import Mapping

Dollars = Annotated[float, Meta(ge=0)]


class Price(Section, frozen=True):
    """`[prices."MODEL"]`: US dollars for a million tokens or a minute of an open session; None if unknown."""

    input_audio: Dollars | None = None
    output_audio: Dollars | None = None
    input_text: Dollars | None = None
    """Charged as audio if it is unknown, like all that is below."""
    output_text: Dollars | None = None
    cached: Dollars | None = None
    """Of input that the engine has seen before."""
    minute: Dollars | None = None
    date: str = ""
    """When this was the price."""

    @property
    def free(self) -> bool:
        """Whether nothing is ever charged."""
        return not any((self.input_audio, self.output_audio, self.input_text, self.output_text, self.minute))


class Amounts(Struct, frozen=True, kw_only=True):
    """What was used of an engine. Tokens of audio are part of the tokens, and so are those cached."""

    sent_s: float = 0.0
    """Seconds of microphone audio that left the device."""
    session_s: float = 0.0
    """Seconds during which a session was open."""
    seconds: float = 0.0
    """Those that the engine says it charges."""
    replies: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    input_audio_tokens: int = 0
    output_audio_tokens: int = 0
    cached_tokens: int = 0

    def __add__(self, other: Amounts) -> Amounts:
        return Amounts(**{name: getattr(self, name) + getattr(other, name) for name in self.__struct_fields__})


def prices(own: Mapping[str, Price]) -> dict[str, Price]:
    """Return the prices by model; the user's `own` count."""
    return {**_known(), **own}


@cache
def _known() -> dict[str, Price]:
    text = resources.files("device.data").joinpath("prices.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), dict[str, Price])


def cost(amounts: Amounts, price: Price) -> float:
    """Return the dollars that `amounts` cost, at the most: what has no price of its own is charged as audio.

    >>> round(cost(Amounts(input_tokens=1000, output_tokens=500), Price(input_audio=32, output_audio=64)), 6)
    0.064
    """
    cached = amounts.cached_tokens if price.cached is not None else 0
    total = cached * (price.cached or 0.0)
    # Which kind is cached is not said: of the dearer one as little as possible.
    audio, text = _kinds(amounts.input_tokens, amounts.input_audio_tokens)
    text, audio = max(0, text - cached), audio - max(0, cached - text)
    total += _charge(audio, text, price.input_audio, price.input_text)
    total += _charge(*_kinds(amounts.output_tokens, amounts.output_audio_tokens), price.output_audio, price.output_text)
    minutes = (amounts.seconds or amounts.session_s) / 60
    return total / 1e6 + minutes * (price.minute or 0.0)


def _kinds(tokens: int, audio: int) -> tuple[int, int]:
    """Return the tokens of audio and of text; all are audio where the engine does not tell them apart."""
    return (audio, max(0, tokens - audio)) if audio else (tokens, 0)


def _charge(audio: int, text: int, of_audio: float | None, of_text: float | None) -> float:
    of_audio = of_audio or 0.0
    return audio * of_audio + text * (of_audio if of_text is None else of_text)
