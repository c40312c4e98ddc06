"""Any OpenAI-compatible transcription endpoint as the recogniser: `POST …/audio/transcriptions` with a WAV file.

Fields and answer as in `types.audio` of the SDK openai 3.54: `file`, `model`, `language`, `response_format`; `text`.
"""

from __future__ import annotations

import io
import wave
from typing import TYPE_CHECKING, Final

import aiohttp
import msgspec
from msgspec import Struct
from yarl import URL

from device.events import CLOCK_RATE
from device.local.stages import RemoteRecogniser, StageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from device.stage_settings import TranscriptionSettings

LONGEST: Final = 1 << 20
"""Bytes of an answer."""
QUOTED: Final = 300


class TranscriptionError(StageError):
    """The endpoint wrote nothing down; the message says why and what to do, without the key."""

    code = "transcription_failed"


class _Answer(Struct):
    text: str


class EndpointRecogniser(RemoteRecogniser):
    """A transcription endpoint. For one event loop; connections are kept for the next time."""

    def __init__(self, settings: TranscriptionSettings, language: str = "en") -> None:
        self._settings = settings
        self._language = language
        base = URL(settings.url)
        whole = base.path.rstrip("/").endswith("/audio/transcriptions")
        self._url = base if whole else base.with_path(base.path.rstrip("/") + "/audio/transcriptions")
        if settings.api_key:
            self._url = self._url.with_user(None)  # two kinds of credentials cannot go together
        self._shown = str(self._url.with_user(None).with_query(None))
        self._http: aiohttp.ClientSession | None = None

    async def transcribe(self, pcm: NDArray[np.int16]) -> str:
        """Return what is said in `pcm`, (n,) int16 at 16 kHz mono. Raises `TranscriptionError`."""
        settings = self._settings
        form = aiohttp.FormData()
        form.add_field("file", wav(pcm), filename="speech.wav", content_type="audio/wav")
        form.add_field("model", settings.model or "default")
        form.add_field("language", self._language.partition("-")[0])
        form.add_field("response_format", "json")
        try:
            timeout = aiohttp.ClientTimeout(total=settings.timeout_s)
            async with self._session().post(self._url, data=form, timeout=timeout, allow_redirects=False) as response:
                said = (await response.content.read(LONGEST)).decode("utf-8", "replace")
        except TimeoutError:
            raise self._error(
                f"gave no answer for {settings.timeout_s:g} s: take a faster model or a larger transcription.timeout_s"
            ) from None
        except aiohttp.InvalidURL:
            raise self._error("is no address: mend transcription.url") from None
        except (aiohttp.ClientError, OSError) as error:
            raise self._error(
                f"is out of reach ({self._clean(str(error))}): is it running, is transcription.url right?"
            ) from None
        if response.status != 200:
            raise self._refusal(response.status, said)
        try:
            return msgspec.json.decode(said, type=_Answer).text.strip()
        except msgspec.MsgspecError:
            raise self._error(
                f"sent what is no transcription: does transcription.url end in /v1? It says: {self._clean(said)}"
            ) from None

    async def close(self) -> None:
        """Give up the connections."""
        if self._http:
            await self._http.close()

    def _session(self) -> aiohttp.ClientSession:
        if self._http is None:
            key = self._settings.api_key
            self._http = aiohttp.ClientSession(headers={"Authorization": f"Bearer {key.reveal()}"} if key else None)
        return self._http

    def _refusal(self, status: int, said: str) -> TranscriptionError:
        model = self._settings.model or "(none)"
        mend = {
            401: "set the right key, in PARLEY_TRANSCRIPTION_API_KEY or transcription.api_key",
            403: "set a key that may use this model, in PARLEY_TRANSCRIPTION_API_KEY or transcription.api_key",
            404: f"is transcription.url right (it mostly ends in /v1), and is there a model {model!r}?",
            429: "its limit is reached: wait, or raise the quota",
        }.get(status, "see its log" if status >= 500 else "check transcription.url and transcription.model")
        return self._error(f"answered {status}: {mend}. It says: {self._clean(said)}")

    def _error(self, message: str) -> TranscriptionError:
        return TranscriptionError(f"the transcription endpoint {self._shown} {message}")

    def _clean(self, text: str) -> str:
        """Return what a stranger said, shortened and without the key, which some servers repeat."""
        if key := self._settings.api_key.reveal():
            text = text.replace(key, "***")
        return " ".join(text.split())[:QUOTED]


def wav(pcm: NDArray[np.int16]) -> bytes:
    """Return (n,) int16 at 16 kHz mono as a WAV file."""
    whole = io.BytesIO()
    with wave.open(whole, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(CLOCK_RATE)
        file.writeframes(pcm.astype("<i2", copy=False).tobytes())
    return whole.getvalue()
