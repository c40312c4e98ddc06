"""An OpenAI-compatible endpoint that a stage asks by HTTP: where it is, and what to say when it does not answer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import aiohttp
from yarl import URL

if TYPE_CHECKING:
    from device.settings.local import BrainSettings, TranscriptionSettings

QUOTED: Final = 300
"""Characters of what a server said that are passed on: what fits a line or two of a log."""
LIKE_A_KEY: Final = re.compile(r"\b(sk|key|Bearer)[-_ ][\w*.-]{6,}")


class Endpoint:
    """What the settings in `section` point to, called `name` to the user; `path` follows the base address.

    No message that is made here holds the key, or anything that looks like one.
    """

    def __init__(self, settings: BrainSettings | TranscriptionSettings, *, section: str, name: str, path: str) -> None:
        base = URL(settings.url)
        whole = base.path.rstrip("/").endswith(path)
        self.url = base if whole else base.with_path(base.path.rstrip("/") + path)
        if settings.api_key:
            self.url = self.url.with_user(None)  # two kinds of credentials cannot go together
        self._settings = settings
        self._section = section
        self._shown = f"{name} {self.url.with_user(None).with_query(None)}"

    @property
    def headers(self) -> dict[str, str]:
        """What a request is sent with."""
        key = self._settings.api_key
        return {"Authorization": f"Bearer {key.reveal()}"} if key else {}

    def tell(self, what: str) -> str:
        """Return a message about it."""
        return f"{self._shown} {what}"

    def unreached(self, error: Exception) -> str:
        """Return why there is no answer, and what to do; `error` is what aiohttp or asyncio raised."""
        section, timeout_s = self._section, self._settings.timeout_s
        if isinstance(error, TimeoutError):
            return self.tell(f"gave no answer for {timeout_s:g} s: take a faster model or a larger {section}.timeout_s")
        if isinstance(error, aiohttp.InvalidURL):
            return self.tell(f"is no address: fix {section}.url")
        return self.tell(f"is out of reach ({self.quote(error)}): is it running, is {section}.url right?")

    def refusal(self, status: int, said: str) -> str:
        """Return what an answer other than 200 means, and what to do."""
        section, model = self._section, self._settings.model or "(none)"
        key = f"in PARLEY_{section.upper()}_API_KEY or {section}.api_key"
        fix = {
            401: f"set the right key, {key}",
            403: f"set a key that may use this model, {key}",
            404: f"is {section}.url right (it mostly ends in /v1), and is there a model {model!r} ({section}.model)?",
            429: "its limit is reached: wait, or raise the quota",
        }.get(status, "see its log" if status >= 500 else f"check {section}.url and {section}.model")
        return self.tell(f"answered {status}: {fix}. It says: {self.quote(said)}")

    async def text(self, response: aiohttp.ClientResponse, limit: int = 4096) -> str:
        """Return what an answer says, up to `limit` bytes. Raises what aiohttp raises when it breaks off."""
        data = bytearray()
        while len(data) < limit and (piece := await response.content.read(limit - len(data))):
            data += piece
        return data.decode("utf-8", "replace")

    def quote(self, said: object) -> str:
        """Return what a server said, on one line, shortened and without keys, which some servers repeat."""
        text = str(said)
        if key := self._settings.api_key.reveal():
            text = text.replace(key, "***")
        return " ".join(LIKE_A_KEY.sub("***", text).split())[:QUOTED]
