"""The tables of the local engine's stages: where it listens, what it is made of, and what each stage needs."""

from __future__ import annotations

from typing import Annotated, Final, Literal, get_args, get_type_hints

from msgspec import Meta

from device.settings.types import (
    AddressOrAuto,
    Name,
    OptionalAddress,
    OptionalHost,
    OptionalSocket,
    Origin,
    Seconds,
    Secret,
    Section,
    Socket,
)

ENGLISH_ONLY: Final = ("moonshine", "cartesia")
"""How the names of recognisers begin that know English only."""


class LocalSettings(Section, frozen=True):
    """`[local]`: the local engine."""

    url: OptionalSocket = ""
    """Where it runs, e.g. ws://192.168.1.5:8765/v1/realtime; empty: the service's, or one beside itself."""
    host: Name = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535)] = 8765
    """Where `parley engine` listens; 0 takes a free port."""
    hosts: tuple[Name, ...] = ()
    """Names by which programs may call it, besides its address, `localhost` and the machine's own name."""
    origins: tuple[Origin, ...] = ()
    """Web pages that may use it, e.g. https://kiosk.lan; without one, no page of another site may."""
    tls_cert: str = ""
    """A PEM file with the certificate, and those above it, of an engine that is reached by wss://."""
    tls_key: str = ""
    """A PEM file with its private key, without a password."""
    sessions: Annotated[int, Meta(ge=1, le=1000)] = 8
    """How many clients at once; one more is refused."""
    drain_s: Annotated[float, Meta(ge=0, le=600)] = 0.0
    """For how long, when it is told to end, it finishes the turns of those there are and takes no others, in seconds.

    0: not at all. For one of several engines behind a balancer: clients of ours go on with another one, unheard.
    """
    stt: Literal["moonshine", "moonshine-base", "moonshine-tiny", "whisper", "sherpa-onnx", "endpoint", "cartesia"] = (
        "moonshine"
    )
    """Speech to text: Moonshine (base where there are 2 GB of memory, else tiny; or the one that is named), Whisper for
    other languages, a model in `[sherpa]`, an endpoint in `[transcription]`, or Ink in `[cartesia]`."""
    tts: Literal["auto", "piper", "kokoro", "pico", "espeak-ng", "cartesia"] = "auto"
    """Text to speech: Piper (`[piper]`), Kokoro (`[kokoro]`), Pico, espeak-ng, or Sonic (`[cartesia]`).

    `auto` is Piper where there is a voice of the language and memory for it, else espeak-ng.
    """
    voice: str = ""
    """Voice of espeak-ng, e.g. en-us+f3, or with `tts = "pico"` of Pico, e.g. en-US; empty: one of the language."""
    words_per_minute: Annotated[int, Meta(ge=80, le=450)] = 165
    """How fast it speaks; 165 is the usual of every voice."""


class BrainSettings(Section, frozen=True):
    """`[brain]`: a language model for the local engine, by any OpenAI-compatible chat endpoint."""

    url: AddressOrAuto = ""
    """E.g. http://127.0.0.1:11434/v1; "auto": the chat server that is found; empty: the built-in sentences only."""
    host: OptionalHost = ""
    """With "auto": the machine that is asked besides this one, e.g. box.local; with its port, if that is another."""
    model: str = ""
    """With "auto": empty chooses one."""
    api_key: Secret = Secret()
    """Better in PARLEY_BRAIN_API_KEY."""
    timeout_s: Seconds = 20.0

    @property
    def address(self) -> str:
        """The address of the server that is named, or of the machine that is asked for one; empty: none but this."""
        if self.url != "auto":
            return self.url
        return f"http://{self.host}" if self.host else ""


class TranscriptionSettings(Section, frozen=True):
    """`[transcription]`: for `local.stt = "endpoint"`, any OpenAI-compatible transcription endpoint."""

    url: OptionalAddress = ""
    """E.g. http://127.0.0.1:8000/v1; each pause is sent there, so that its words are known when the turn is over."""
    model: str = ""
    api_key: Secret = Secret()
    """Better in PARLEY_TRANSCRIPTION_API_KEY."""
    timeout_s: Seconds = 10.0


class WhisperSettings(Section, frozen=True):
    """`[whisper]`: for `local.stt = "whisper"`."""

    languages: tuple[Name, ...] = ()
    """Those that are spoken here, e.g. ["de", "en"]; which of them it is, is heard. Empty: `language`."""
    threads: Annotated[int, Meta(ge=1, le=64)] = 2


class SherpaSettings(Section, frozen=True):
    """`[sherpa]`: for `local.stt = "sherpa-onnx"`, a model of the user's."""

    model: str = ""
    """The folder that the model was unpacked to."""
    kind: Literal["auto", "transducer", "whisper", "moonshine", "sense_voice", "paraformer", "nemo_ctc"] = "auto"
    """What the model is; `auto` tells it by the files and the name of the folder."""
    threads: Annotated[int, Meta(ge=1, le=64)] = 1


class PiperSettings(Section, frozen=True):
    """`[piper]`: the voice of `local.tts = "piper"` and `"auto"`."""

    voice: str = ""
    """The name of one that was fetched, or an .onnx file with its .onnx.json beside it; empty: the language's."""
    speaker: Annotated[int, Meta(ge=0)] = 0
    """Which one, in a voice of several speakers."""


class KokoroSettings(Section, frozen=True):
    """`[kokoro]`: the voice of `local.tts = "kokoro"`."""

    voice: str = ""
    """E.g. af_heart; empty: the language's."""


class CartesiaSettings(Section, frozen=True):
    """`[cartesia]`: for `local.stt = "cartesia"` (Ink) and `local.tts = "cartesia"` (Sonic).

    The thresholds are those of Ink's turns, SDK cartesia 4.2: 0.05 to 0.9, each above the next.
    """

    url: Socket = "wss://api.cartesia.ai"
    api_key: Secret = Secret()
    """Better in CARTESIA_API_KEY."""
    version: Name = "2026-08-14"
    """Of the API."""
    stt_model: Name = "ink-2"
    start_threshold: Annotated[float, Meta(ge=0.5, le=0.9)] = 0.8
    """Probability of speech above which a turn begins."""
    eager_end_threshold: Annotated[float, Meta(ge=0.3, le=0.8)] = 0.4
    """… below which the reply is begun, to be thrown away if the user goes on."""
    end_threshold: Annotated[float, Meta(ge=0.05, le=0.5)] = 0.2
    """… below which the turn is over."""
    end_timeout_ms: Annotated[int, Meta(ge=640, le=11_200)] = 5600
    """Silence that ends a turn whatever was said."""
    keyterms: tuple[Name, ...] = ()
    """Words that are likely to be said."""
    tts_model: Name = "sonic-3.5"
    voice: str = ""
    """Id of a voice."""
    timeout_s: Seconds = 5.0
    """How long to wait for a connection, for audio, and for what was said."""


def lacks(
    local: LocalSettings,
    transcription: TranscriptionSettings,
    sherpa: SherpaSettings,
    cartesia: CartesiaSettings,
) -> str:
    """Return what the chosen stages lack, the setting and the fix; empty if they have all that they need."""
    stt, tts = f'local.stt = "{local.stt}"', f'local.tts = "{local.tts}"'
    ink, sonic = local.stt == "cartesia", local.tts == "cartesia"
    needs = (
        (
            local.stt == "endpoint",
            stt,
            transcription.url,
            "transcription.url",
            "give it, e.g. http://127.0.0.1:8000/v1",
        ),
        (local.stt == "sherpa-onnx", stt, sherpa.model, "sherpa.model", "give the folder of a sherpa-onnx model"),
        (ink or sonic, stt if ink else tts, cartesia.api_key, "cartesia.api_key", "set CARTESIA_API_KEY"),
        (sonic, tts, cartesia.voice, "cartesia.voice", "give the id of a voice of Cartesia's"),
    )
    if bool(local.tls_cert) != bool(local.tls_key):
        missing, given = ("tls_key", "tls_cert") if local.tls_cert else ("tls_cert", "tls_key")
        return f"local.{missing}: is missing, and local.{given} needs it: give both PEM files, or neither"
    for needed, choice, value, key, fix in needs:
        if needed and not value:
            return f"{key}: is missing, and {choice} needs it: {fix}"
    if ink and not cartesia.start_threshold > cartesia.eager_end_threshold > cartesia.end_threshold:
        return (
            "cartesia.eager_end_threshold: must lie between cartesia.end_threshold "
            f"({cartesia.end_threshold:g}) and cartesia.start_threshold ({cartesia.start_threshold:g})"
        )
    return ""


def unheard(local: LocalSettings, language: str) -> str:
    """Return what is wrong if the chosen recogniser does not know the language, and the fix; empty if it does.

    What it wrote would be the English words that sound most like it, and they would be answered.
    """
    if not local.stt.startswith(ENGLISH_ONLY) or language.partition("-")[0].lower() == "en":
        return ""
    others = [name for name in get_args(get_type_hints(LocalSettings)["stt"]) if not name.startswith(ENGLISH_ONLY)]
    return (
        f'local.stt: "{local.stt}" knows English only, and language is "{language}": choose a recogniser that knows '
        f"it, {', '.join(others[:-1])} or {others[-1]}"
    )
