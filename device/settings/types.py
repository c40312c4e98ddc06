"""What tables of settings are made of: types of values, and secrets that do not show themselves."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct


class Secret:
    """A key or password, which shows itself only to who asks by `reveal`; false if there is none."""

    __slots__ = ("_text",)

    def __init__(self, text: str = "") -> None:
        self._text = text.strip()

    def reveal(self) -> str:
        """Return the secret, for the request that needs it and for nothing else."""
        return self._text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __repr__(self) -> str:
        return "***"

    def __reduce__(self) -> str:
        raise TypeError("a secret is not written to files")


Name = Annotated[str, Meta(min_length=1)]
Language = Annotated[
    str, Meta(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$", description="a language's code, such as en, de or pt-BR")
]
Unit = Annotated[float, Meta(ge=0, le=1)]
Seconds = Annotated[float, Meta(gt=0, le=86_400)]
Socket = Annotated[str, Meta(pattern=r"^wss?://\S+$", description="an address that begins with ws:// or wss://")]
OptionalSocket = Annotated[
    str, Meta(pattern=r"^(wss?://\S+)?$", description="empty, or an address that begins with ws:// or wss://")
]
OptionalAddress = Annotated[
    str, Meta(pattern=r"^(https?://\S+)?$", description="empty, or an address that begins with http:// or https://")
]
AddressOrAuto = Annotated[
    str,
    Meta(
        pattern=r"^(auto|https?://\S+)?$",
        description='empty, "auto", or an address that begins with http:// or https://',
    ),
]
OptionalHost = Annotated[
    str,
    Meta(
        pattern=r"^([A-Za-z0-9]([A-Za-z0-9._-]{0,252}[A-Za-z0-9])?(:[0-9]{1,5})?)?$",
        description="empty, or a machine's name or address, such as box.local or 192.168.1.5:8080",
    ),
]

Origin = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z][A-Za-z0-9+.-]*://[^/?#@\s]+$",
        description="a web page's scheme and host, such as https://kiosk.lan or http://localhost:3000",
    ),
]


class Section(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A table of the settings file."""
