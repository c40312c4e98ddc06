"""`[page]`: the web page that shows the assistant, `parley page`."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from device.settings.types import Language, Name, Section

PICTURES = {".avif": "image/avif", ".jpeg": "image/jpeg", ".jpg": "image/jpeg", ".png": "image/png",
            ".svg": "image/svg+xml", ".webp": "image/webp"}  # fmt: skip
"""The kinds of pictures that browsers show, by the ending of the file."""

Picture = Annotated[
    str,
    Meta(
        pattern=r"(?i)^(.+\.(avif|jpe?g|png|svg|webp))?$",
        description="empty, or a file that ends in .avif, .jpg, .png, .svg or .webp",
    ),
]


class PageSettings(Section, frozen=True):
    """`[page]`: the web page that shows the assistant."""

    lan: bool = False
    """Whether others on the network reach it; else this machine alone does."""
    host: str = ""
    """The address at which `parley page` listens. Empty: 127.0.0.1, or with `lan` every address of this machine."""
    port: Annotated[int, Meta(ge=0, le=65535)] = 8770
    """0 takes a free one."""
    hosts: tuple[Name, ...] = ()
    """Names by which browsers call it, besides its address, `localhost` and the machine's own name."""
    languages: tuple[Language, ...] = ()
    """Those that the page can be read in, the first to begin with; empty: `language`."""
    picture: Picture = ""
    """A file that is shown while nobody talks."""
    idle: Annotated[str, Meta(max_length=200)] = ""
    """What is written there; empty: how to wake the assistant."""
    saver_s: Annotated[int, Meta(ge=0, le=86_400)] = 300
    """After so many seconds in which nobody talks or touches it, the screen is dark but for a dim clock, which moves.

    0: never.
    """

    @property
    def address(self) -> str:
        """Where it listens."""
        return self.host or ("0.0.0.0" if self.lan else "127.0.0.1")  # noqa: S104 - as the user has set it
