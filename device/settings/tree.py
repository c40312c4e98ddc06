"""The settings: one typed tree, with defaults that work.

`Settings` is what is in force; `load` builds it from TOML files and the environment. Every key has its meaning
in its docstring; `parley.example.toml` shows them all.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from msgspec import Meta, field

from device.settings.engines import known_engines
from device.settings.fleet import FleetSettings
from device.settings.hats import Hat  # noqa: TC001 - msgspec resolves annotations at run time
from device.settings.house import HouseSettings
from device.settings.instructions import Instructions
from device.settings.local import (
    BrainSettings,
    CartesiaSettings,
    KokoroSettings,
    LocalSettings,
    PiperSettings,
    SherpaSettings,
    TranscriptionSettings,
    WhisperSettings,
)
from device.settings.mcp import McpSettings  # noqa: TC001 - msgspec resolves annotations at run time
from device.settings.metrics import MetricsSettings
from device.settings.mqtt import MqttSettings
from device.settings.page import PageSettings
from device.settings.panel import PanelSettings
from device.settings.prices import Price  # noqa: TC001 - msgspec resolves annotations at run time
from device.settings.tools import Builtin
from device.settings.types import Language, Name, Seconds, Section, Unit
from device.settings.wifi import WifiSettings


class CardSettings(Section, frozen=True):
    """`[card]`: the sound card."""

    input: str = "default"
    """Microphone: a name or a part of it, as `parley devices` lists them."""
    output: str = "default"
    """Loudspeaker, likewise."""
    rate: Literal[0, 16_000, 24_000, 44_100, 48_000] = 0
    """Hz; 0 takes the first of 48000, 44100, 24000 and 16000 that the card takes. What it does not take is converted,
    each direction by itself."""
    channel: Annotated[int, Meta(ge=1, le=64)] = 1
    """Which of the microphone's channels is listened to; `parley doctor` finds one that hears if this one is silent."""
    gain_db: Literal["auto"] | Annotated[float, Meta(ge=-20, le=40)] = "auto"
    """By how much the microphone is amplified, after the echo canceller. `auto`: by as much as speech needs that
    arrives at less than -36 dBFS, at most 32 dB; that is found from speech alone, and kept."""
    latency_ms: Annotated[int, Meta(ge=5, le=500)] = 40
    """How much is kept ahead for the loudspeaker; more, up to 120, while it keeps running dry."""
    music: Literal["leave", "lower"] = "leave"
    """What becomes of what other programs play on the same loudspeaker by PulseAudio or PipeWire. `lower`: it is taken
    out of what the microphone hears, as the assistant's own voice is, and is 20 dB softer while somebody talks."""


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
    confirm: bool = False
    """Whether a doubtful “hey Jarvis” is heard again, by the recogniser of English words, before a conversation begins.

    What only sounds like it wakes it a quarter less often then; it listens a third of a second later. Not in noise.
    """

    @property
    def phrases(self) -> tuple[str, ...]:
        """How the wake words are said, as their models are named: "hey mycroft" for `hey_mycroft_v0.1.onnx`."""
        names = (Path(one).name for one in self.models)
        return tuple(
            re.sub(r"(_v\d+(\.\d+)*)?(\.(onnx|tflite))?$", "", one, count=1).replace("_", " ") for one in names
        )


class ListenSettings(Section, frozen=True):
    """`[listen]`: whose turn it is."""

    end_of_turn: Literal["auto", "server", "semantic", "device"] = "auto"
    """Who finds the end of the user's turn: the engine by silence, the engine by meaning, or the device by silence;
    `auto` is `semantic` with the local engine and `server` with others, some of which know nothing else."""
    silence_ms: Annotated[int, Meta(ge=100, le=5000)] = 500
    """Silence that ends a turn, where that is all that counts."""
    eagerness: Literal["auto", "low", "medium", "high"] = "auto"
    """How soon a turn is over, where the engine goes by meaning."""
    vad_threshold: Annotated[float, Meta(gt=0, lt=1)] = 0.5
    """Probability of voice from which a frame counts as voice."""
    follow_up_s: Seconds = 8.0
    """How long to listen for more after a reply, without the wake word."""
    echo_canceller: Literal["device", "card", "off"] = "device"
    """`card` if the card cancels its own echo; `off` with headphones."""
    echo_tail_ms: Annotated[int, Meta(ge=50, le=1000)] = 300
    """How long the room's reverberation matters after the echo has begun; when that is, is found."""


class BargeInSettings(Section, frozen=True):
    """`[barge_in]`: interrupting the assistant."""

    decide: Literal["device", "engine", "off"] = "device"
    """Who decides whether a voice interrupts a reply; `off`: only the wake word and the button do. `barge_in = "off"`
    is short for it."""
    cut_ms: Annotated[int, Meta(ge=50, le=5000)] = 400
    """Milliseconds of voice that cut a reply off where the words cannot be recognised; less only ducks it."""
    duck_db: Annotated[float, Meta(ge=-60, le=0)] = -20.0
    """How far a reply falls at once when something stirs. Once that is a voice, the reply is silent and waits."""
    fade_ms: Annotated[int, Meta(ge=5, le=200)] = 30
    """Length of the fade that ends a reply cut off."""


class PlayoutSettings(Section, frozen=True):
    """`[playout]`: the loudspeaker."""

    volume: Unit = 0.8
    prebuffer_ms: Annotated[int, Meta(ge=0, le=2000)] = 40
    """Audio to wait for before a reply starts; grows by itself when the network stutters."""
    earcons: bool = True


class HomeSettings(Section, frozen=True):
    """`[home]`: where the device is, so that it knows when the sun rises and sets."""

    place: str = ""
    """A city that a time zone is called after, e.g. "Berlin" or "New York"; any other with its coordinates."""
    latitude: Annotated[float, Meta(ge=-90, le=90)] | None = None
    """Degrees, north of the equator positive; goes with `longitude`."""
    longitude: Annotated[float, Meta(ge=-180, le=180)] | None = None
    """Degrees, east of Greenwich positive."""


class TranscriptSettings(Section, frozen=True):
    """`[transcripts]`: what was said, kept on this device; `parley transcripts` shows it."""

    keep_days: Annotated[int, Meta(ge=0, le=36_500)] = 7
    """0 keeps none, and deletes what is there."""


class LedgerSettings(Section, frozen=True):
    """`[ledger]`: what left the device and what it cost, without a word of it; `parley ledger` shows it."""

    keep_days: Annotated[int, Meta(ge=0, le=36_500)] = 366
    """0 keeps none, and deletes what is there."""
    budget_per_day: Annotated[float, Meta(ge=0)] = 0.0
    """US dollars; once they are spent, engines that cost anything are passed over until midnight. 0: no limit."""


class Settings(Section, frozen=True):
    """Everything a user can set."""

    engines: Annotated[tuple[Name, ...], Meta(min_length=1)] = ("local",)
    """Who answers, in order: where the first cannot, the next one does. `local` is the local engine, others are tables
    `[engine.NAME]`, of which many are there already. `engines = "openai"` is short for one."""
    name: Name = "Jarvis"
    """What the assistant calls itself."""
    profile: str = ""
    """What the assistant is for: a bundled profile by its name, as `parley profiles` lists them, or the path of one.
    It counts over the defaults; what else is set counts over it."""
    language: Language = "en"
    """The code of the language that is spoken."""
    greeting: str = ""
    """What is said when a conversation begins without a question: by the button or the wake word alone. Empty: none."""
    tools: tuple[Builtin, ...] = get_args(Builtin)
    """Which of the built-in tools are offered to the engine's model."""
    instructions: Instructions = field(default_factory=Instructions)
    """What the engine's model is told. `instructions = "…"` replaces all of it."""
    hat: Hat = "none"
    """The board on the pins: sets its card, lights and button, which can still be set one by one."""
    models_dir: str = ""
    """Where model files are; empty: models/ of the checkout, else ~/.local/share/parley/models."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    card: CardSettings = field(default_factory=CardSettings)
    wake: WakeSettings = field(default_factory=WakeSettings)
    listen: ListenSettings = field(default_factory=ListenSettings)
    barge_in: BargeInSettings = field(default_factory=BargeInSettings)
    playout: PlayoutSettings = field(default_factory=PlayoutSettings)
    engine: dict[str, Any] = field(default_factory=known_engines)
    """`[engine.NAME]`: the engines that there are, each an `EngineSettings`."""
    local: LocalSettings = field(default_factory=LocalSettings)
    brain: BrainSettings = field(default_factory=BrainSettings)
    transcription: TranscriptionSettings = field(default_factory=TranscriptionSettings)
    whisper: WhisperSettings = field(default_factory=WhisperSettings)
    sherpa: SherpaSettings = field(default_factory=SherpaSettings)
    piper: PiperSettings = field(default_factory=PiperSettings)
    kokoro: KokoroSettings = field(default_factory=KokoroSettings)
    cartesia: CartesiaSettings = field(default_factory=CartesiaSettings)
    mcp: dict[str, McpSettings] = field(default_factory=dict)
    """`[mcp.NAME]`: servers whose tools are offered too."""
    house: HouseSettings = field(default_factory=HouseSettings)
    home: HomeSettings = field(default_factory=HomeSettings)
    transcripts: TranscriptSettings = field(default_factory=TranscriptSettings)
    ledger: LedgerSettings = field(default_factory=LedgerSettings)
    panel: PanelSettings = field(default_factory=PanelSettings)
    page: PageSettings = field(default_factory=PageSettings)
    metrics: MetricsSettings = field(default_factory=MetricsSettings)
    fleet: FleetSettings = field(default_factory=FleetSettings)
    mqtt: MqttSettings = field(default_factory=MqttSettings)
    wifi: WifiSettings = field(default_factory=WifiSettings)
    prices: dict[str, Price] = field(default_factory=dict)
    """`[prices."MODEL"]`: what models cost; counts over what Parley knows."""
