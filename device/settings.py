"""The settings: one typed tree, with defaults that work.

`Settings` is what is in force; `load` builds it from TOML files and the environment. Every key has its meaning
beside it; `parley.example.toml` shows them all.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

Name = Annotated[str, Meta(min_length=1)]
Unit = Annotated[float, Meta(ge=0, le=1)]
Positive = Annotated[float, Meta(gt=0)]


class Section(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A table of the settings file."""


class CardSettings(Section, frozen=True):
    """`[card]`: the sound card."""

    input: str = "default"
    """Microphone: a name or a part of it, as `parley devices` lists them."""
    output: str = "default"
    """Loudspeaker, likewise."""
    rate: Literal[0, 16_000, 24_000, 48_000] = 0
    """Hz; 0 takes the first of 48000, 24000 and 16000 that the card likes."""
    latency_ms: Annotated[int, Meta(ge=5, le=500)] = 40
    """Buffer that is asked of the card in each direction."""


class WakeSettings(Section, frozen=True):
    """`[wake]`: the wake word."""

    models: Annotated[tuple[Name, ...], Meta(min_length=1)] = ("hey_jarvis",)
    """openWakeWord models, by name as `parley models` lists them or by path."""
    framework: Literal["onnx", "tflite"] = "onnx"
    threshold: Annotated[float, Meta(gt=0, lt=1)] = 0.5
    """Score from which a frame counts as the wake word."""
    patience: Annotated[int, Meta(ge=1, le=10)] = 1
    """How many frames of 80 ms in a row must reach the threshold."""
    gate_dbfs: Annotated[float, Meta(ge=-120, le=0)] = -65.0
    """The wake word model rests while the room is quieter than this; -120 never lets it rest."""


class ListenSettings(Section, frozen=True):
    """`[listen]`: whose turn it is."""

    end_of_turn: Literal["server", "semantic", "device"] = "server"
    """Who finds the end of the user's turn: the engine by silence, the engine by meaning, or the device by silence."""
    silence_ms: Annotated[int, Meta(ge=100, le=5000)] = 500
    """Silence that ends a turn."""
    vad_threshold: Annotated[float, Meta(gt=0, lt=1)] = 0.5
    """Probability of voice from which a frame counts as voice."""
    follow_up_s: Positive = 8.0
    """How long to listen for more after a reply, without the wake word."""
    echo_canceller: Literal["speex", "card", "off"] = "speex"
    """`card` if the card cancels its own echo; `off` with headphones."""
    echo_tail_ms: Annotated[int, Meta(ge=50, le=1000)] = 300
    """Longest echo, card latency included."""


class BargeInSettings(Section, frozen=True):
    """`[barge_in]`: interrupting the assistant."""

    decide: Literal["device", "off"] = "device"
    """`off`: replies can be interrupted by the wake word and the button only."""
    cut_ms: Annotated[int, Meta(ge=50, le=5000)] = 400
    """Milliseconds of voice over a reply that cut it off; less only ducks it."""
    duck_db: Annotated[float, Meta(ge=-60, le=0)] = -20.0
    """Level of a reply while somebody speaks over it."""
    fade_ms: Annotated[int, Meta(ge=5, le=200)] = 30
    """Length of the fade that ends a reply cut off."""


class PlayoutSettings(Section, frozen=True):
    """`[playout]`: the loudspeaker."""

    volume: Unit = 0.8
    prebuffer_ms: Annotated[int, Meta(ge=0, le=2000)] = 40
    """Audio to wait for before a reply starts; grows by itself when the network stutters."""
    earcons: bool = True


class OpenAISettings(Section, frozen=True):
    """`[openai]`: OpenAI's Realtime API, or a compatible server by `url`."""

    url: str = "wss://api.openai.com/v1/realtime"
    model: Name = "gpt-realtime-2.1"
    api_key: str = ""
    """Better in OPENAI_API_KEY. Not needed by servers on the LAN that ask for none."""
    voice: Name = "marin"
    transcription_model: str = "gpt-live-transcribe"
    """What writes down the user's words; empty for none."""
    noise_reduction: Literal["", "near_field", "far_field"] = "far_field"
    eagerness: Literal["auto", "low", "medium", "high"] = "auto"
    """For `listen.end_of_turn = "semantic"`."""


class LocalSettings(Section, frozen=True):
    """`[local]`: the local engine."""

    url: str = ""
    """Where it runs, e.g. ws://192.168.1.5:8765/v1/realtime; empty: Parley starts one beside itself."""
    host: Name = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535)] = 8765
    """Where `parley engine` listens; 0 takes a free port."""
    sessions: Annotated[int, Meta(ge=1, le=1000)] = 8
    """How many clients at once; one more is refused."""
    voice: Name = "en-gb"
    """espeak-ng voice."""
    words_per_minute: Annotated[int, Meta(ge=80, le=450)] = 165


class BrainSettings(Section, frozen=True):
    """`[brain]`: a language model for the local engine, by any OpenAI-compatible chat endpoint."""

    url: str = ""
    """E.g. http://127.0.0.1:11434/v1; empty: the built-in sentences only."""
    model: str = ""
    api_key: str = ""
    """Better in PARLEY_BRAIN_API_KEY."""
    timeout_s: Positive = 20.0


class Settings(Section, frozen=True):
    """Everything a user can set."""

    engine: Literal["local", "openai"] = "local"
    name: Name = "Jarvis"
    """What the assistant calls itself."""
    language: Name = "en"
    instructions: str = ""
    """Replaces the built-in instructions for the engine's model."""
    models_dir: str = ""
    """Where model files are; empty: models/ of the checkout, else ~/.local/share/parley/models."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    card: CardSettings = field(default_factory=CardSettings)
    wake: WakeSettings = field(default_factory=WakeSettings)
    listen: ListenSettings = field(default_factory=ListenSettings)
    barge_in: BargeInSettings = field(default_factory=BargeInSettings)
    playout: PlayoutSettings = field(default_factory=PlayoutSettings)
    openai: OpenAISettings = field(default_factory=OpenAISettings)
    local: LocalSettings = field(default_factory=LocalSettings)
    brain: BrainSettings = field(default_factory=BrainSettings)
