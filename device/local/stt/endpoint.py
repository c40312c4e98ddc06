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

from device.local.remote.endpoint import Endpoint
from device.local.stages import RemoteRecogniser, StageError
from device.sample_clock import CLOCK_RATE
from device.system import network

if TYPE_CHECKING:
    from collections.abc import Collection

    import numpy as np
    from numpy.typing import NDArray

    from device.settings.local import TranscriptionSettings

LONGEST: Final = 1 << 20
"""Bytes of an answer: hours of speech, and a bound on what a broken server can send."""


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
        self._endpoint = Endpoint(
            settings, section="transcription", name="the transcription endpoint", path="/audio/transcriptions"
        )
        self._http: aiohttp.ClientSession | None = None

    async def transcribe(self, pcm: NDArray[np.int16], names: Collection[str] = ()) -> str:  # noqa: ARG002 - see below
        """Return what is said in `pcm`, (n,) int16, 16 kHz mono; "" if nothing is. Raises `TranscriptionError`.

        `names` are not sent, though it could take them as a prompt: the endpoint may be anybody's, and a list or a
        reminder is nobody's who was not told of it.
        """
        settings = self._settings
        form = aiohttp.FormData()
        form.add_field("file", wav(pcm), filename="speech.wav", content_type="audio/wav")
        form.add_field("model", settings.model or "default")
        form.add_field("language", self._language.partition("-")[0])
        form.add_field("response_format", "json")
        try:
            timeout = aiohttp.ClientTimeout(total=settings.timeout_s)
            url = self._endpoint.url
            async with self._session().post(url, data=form, timeout=timeout, allow_redirects=False) as response:
                said = await self._endpoint.text(response, LONGEST)
        except (aiohttp.ClientError, OSError) as error:
            raise TranscriptionError(self._endpoint.unreached(error)) from None
        if response.status != 200:
            raise TranscriptionError(self._endpoint.refusal(response.status, said))
        try:
            return msgspec.json.decode(said, type=_Answer).text.strip()
        except msgspec.MsgspecError:
            quoted = self._endpoint.quote(said)
            raise TranscriptionError(
                self._endpoint.tell(
                    f"sent what is no transcription: does transcription.url end in /v1? It says: {quoted}"
                )
            ) from None

    async def close(self) -> None:
        """Give up the connections."""
        if self._http:
            await self._http.close()

    def _session(self) -> aiohttp.ClientSession:
        if self._http is None:
            self._http = network.session(self._endpoint.url, headers=self._endpoint.headers)
        return self._http


def wav(pcm: NDArray[np.int16]) -> bytes:
    """Return (n,) int16 at 16 kHz mono as a WAV file."""
    whole = io.BytesIO()
    with wave.open(whole, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(CLOCK_RATE)
        file.writeframes(pcm.astype("<i2", copy=False).tobytes())
    return whole.getvalue()
