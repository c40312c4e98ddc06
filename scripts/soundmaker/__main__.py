"""Make the sounds of a plan: `python -m scripts.soundmaker [PLAN [FOLDER]]`, from the checkout."""

from __future__ import annotations

import json
import shutil
import sys
import wave
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec
import numpy as np
import soxr
from msgspec import Struct, field

from device.audio.measure import speech_level
from device.bench.sounds import INDEX, SOUNDS
from device.local.tts.espeak import EspeakVoice
from device.sample_clock import CLOCK_RATE
from scripts.soundmaker import noises
from scripts.soundmaker.voices import Samples, Voice

if TYPE_CHECKING:
    from collections.abc import Iterator

PLAN = Path(__file__).parent / "plan.toml"
LEVEL_DBFS = -26.0
"""RMS while speaking."""
HIGHEST_PEAK = 0.95
"""A sound with sharper peaks is made softer than `LEVEL_DBFS`."""
LEAD_S, TAIL_S = 0.02, 0.04
"""What is kept around the sound."""
LOUD_DB, SOFT_DB = 30.0, 42.0
"""How far below its loudest 5 ms a sound is loud, and how soft what comes right before or after may be to belong to it:
soft consonants do, breath and hum do not."""
SOFT_LEAD_S, SOFT_TAIL_S = 0.08, 0.15
"""How long the soft parts may be."""
SHORTEST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 0.9
"""The pauses in turns that go on, by which the bench of the ends of turns tries the engine."""
PAUSE = " … "
"""Where a pause is in a text of the plan."""
MUSIC_DB = -8.0
"""Level of the music underneath television speech, relative to it."""
_GOLDEN = 0.618034
"""Multiples of it fall evenly into any interval."""


class Speaker(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A voice and what it says, by kind; a comment in the plan explains the marks in the texts."""

    voice: Voice
    interruptions: list[str] = []
    backchannels: list[str] = []
    pauses: list[str] = []
    complete: list[str] = []
    wake: list[str] = []
    distant: list[str] = []
    with_music: list[str] = []
    replies: list[str] = []
    requests: list[str] = []


class Plan(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What to make."""

    seed: int
    """Of the noises."""
    speaker: list[Speaker]
    noise: dict[Literal["cough", "door", "dishes", "typing", "music", "burst"], int] = {}
    """How many of each of `noises.KINDS`."""
    spelling: dict[str, dict[str, str]] = {}
    """What a synthesizer has to be given to say a text; "" if it cannot."""
    own_voice: list[str] = field(default_factory=list)
    """What the local engine says, with the voice and rate of its defaults."""


class Made(Struct, frozen=True):
    """A sound and what the index says of it."""

    samples: Samples
    entry: dict[str, Any]


def main() -> None:
    """Make a plan's sounds in a folder, in place of those that are there."""
    plan_file = Path(sys.argv[1]) if len(sys.argv) > 1 else PLAN
    folder = Path(sys.argv[2]) if len(sys.argv) > 2 else SOUNDS
    try:
        plan = msgspec.toml.decode(plan_file.read_bytes(), type=Plan)
    except OSError as error:
        raise SystemExit(f"{plan_file} cannot be read: {error.strerror}") from error
    except msgspec.DecodeError as error:
        raise SystemExit(f"{plan_file}: {error}; see {PLAN} for what a plan holds") from error
    folder.mkdir(parents=True, exist_ok=True)
    for kind in {"noises", "replies", *Speaker.__struct_fields__} - {"voice", "with_music"}:
        shutil.rmtree(folder / kind, ignore_errors=True)
    entries = []
    for made in _all(plan):
        file = folder / made.entry["file"]
        if file.exists():
            raise SystemExit(f"{plan_file}: two sounds are called {made.entry['file']}")
        _write(file, made.samples)
        entries.append(made.entry)
    entries.sort(key=lambda entry: entry["file"])
    header = f"# Made by scripts/sounds from {plan_file.name}. What the keys mean: device/bench/sounds/__init__.py\n\n"
    (folder / INDEX).write_text(header + "\n".join(map(_toml, entries)))
    seconds = sum((folder / entry["file"]).stat().st_size for entry in entries) / 2 / CLOCK_RATE
    print(f"{len(entries)} sounds, {seconds:.0f} s, in {folder}")


def _toml(entry: dict[str, Any]) -> str:
    """Return an entry of the index: strings and numbers are written in TOML as in JSON."""
    return "[[sound]]\n" + "".join(f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in entry.items())


def _all(plan: Plan) -> Iterator[Made]:
    for number, speaker in enumerate(plan.speaker):
        yield from _spoken(speaker, plan, number)
    for kind, count in plan.noise.items():
        for number in range(count):
            made = noises.KINDS[kind](number, np.random.default_rng((plan.seed, zlib.crc32(kind.encode()), number)))
            yield Made(_levelled(_trimmed(made)), {
                "file": f"noises/{kind}-{number + 1}.wav", "kind": "noises", "voice": kind,
                "text": "", "synthesizer": "numpy", "variant": f"seed {plan.seed}/{number}",
            })  # fmt: skip
    for number, text in enumerate(plan.own_voice):
        voice = EspeakVoice()
        pieces = np.concatenate(list(voice.speak(text)))
        yield Made(_levelled(_trimmed(_at_clock(pieces / 32768, voice.rate))), {
            "file": f"replies/own-{number + 1}.wav", "kind": "replies", "voice": "own", "text": text,
            "synthesizer": "espeak-ng", "variant": "the local engine's default voice",
        })  # fmt: skip


def _spoken(speaker: Speaker, plan: Plan, number: int) -> Iterator[Made]:
    voice = speaker.voice
    spelling = plan.spelling.get(voice.synthesizer, {}) | plan.spelling.get(voice.name, {})
    rng = np.random.default_rng((plan.seed, zlib.crc32(voice.name.encode())))
    for kind in (
        "interruptions",
        "backchannels",
        "pauses",
        "complete",
        "wake",
        "distant",
        "with_music",
        "replies",
        "requests",
    ):
        for at, text in enumerate(getattr(speaker, kind)):
            spoken = spelling.get(text, text)
            if not spoken:
                continue
            folder = "distant" if kind == "with_music" else kind
            mark = "music-" if kind == "with_music" else ""
            entry = {
                "file": f"{folder}/{voice.name}-{mark}{at + 1}.wav", "kind": folder, "voice": voice.name,
                "text": text, "synthesizer": voice.synthesizer, "variant": _variant(voice),
            }  # fmt: skip
            if PAUSE in text:
                samples, entry["pause"] = _paused(voice, spoken, _spread(10 * number + at))
            else:
                samples = _trimmed(voice.says(spoken))
            if kind == "with_music":
                samples = _over_music(samples, rng)
            yield Made(_levelled(samples), entry)


def _variant(voice: Voice) -> str:
    parts = [voice.voice, voice.kind, f"rate {voice.rate:g}"]
    parts += [f"pitch {voice.pitch:g}"] if voice.pitch != 1 else []
    parts += [f"formants {voice.shift:g}"] if voice.shift != 1 else []
    return ", ".join(part for part in parts if part)


def _spread(number: int) -> float:
    return SHORTEST_PAUSE_S + (number * _GOLDEN % 1) * (LONGEST_PAUSE_S - SHORTEST_PAUSE_S)


def _paused(voice: Voice, text: str, seconds: float) -> tuple[Samples, list[float]]:
    """Return the utterance with a silence of `seconds` at the mark, and where that lies, in seconds.

    The first half is spoken as if more followed, which a comma tells every synthesizer.
    """
    first, second = text.split(PAUSE)
    said = _trimmed(voice.says(first + ","), lead=LEAD_S, tail=0.0), _trimmed(voice.says(second), lead=0.0, tail=TAIL_S)
    before, after = (part * 10 ** ((LEVEL_DBFS - _level(part)) / 20) for part in said)
    begin = len(before) / CLOCK_RATE
    silence = np.zeros(round(seconds * CLOCK_RATE))
    whole = np.concatenate((before, silence, after))
    return whole, [round(begin, 3), round(begin + len(silence) / CLOCK_RATE, 3)]


def _over_music(speech: Samples, rng: np.random.Generator) -> Samples:
    under = noises.music(int(rng.integers(3)), rng)
    under = np.tile(under, -(-len(speech) // len(under)))[: len(speech)]
    fade = np.minimum(1, np.minimum(np.arange(len(under)), np.arange(len(under))[::-1]) / (0.2 * CLOCK_RATE))
    mixed: Samples = speech + under * fade * 10 ** ((_level(speech) - _level(under) + MUSIC_DB) / 20)
    return mixed


def _trimmed(samples: Samples, *, lead: float = LEAD_S, tail: float = TAIL_S) -> Samples:
    """Return the sound with just `lead` and `tail` seconds around it, faded in and out there."""
    window = CLOCK_RATE // 200
    frames = samples[: len(samples) // window * window].reshape(-1, window)
    power = np.mean(np.square(frames), axis=1)
    loud, soft = (np.flatnonzero(power > power.max() * 10 ** (-db / 10)) * window for db in (LOUD_DB, SOFT_DB))
    first = max(int(soft[0]), int(loud[0]) - round(SOFT_LEAD_S * CLOCK_RATE))
    last = min(int(soft[-1]), int(loud[-1]) + round(SOFT_TAIL_S * CLOCK_RATE)) + window
    before, after = round(lead * CLOCK_RATE), round(tail * CLOCK_RATE)
    padded = np.concatenate((np.zeros(before), samples, np.zeros(after)))
    cut = padded[first : last + before + after].copy()
    ramp = np.linspace(0, 1, window)
    cut[:window] *= ramp
    cut[-window:] *= ramp[::-1]
    return cut


def _levelled(samples: Samples) -> Samples:
    gain = 10 ** ((LEVEL_DBFS - _level(samples)) / 20)
    return samples * min(gain, HIGHEST_PEAK / float(np.abs(samples).max()))


def _level(samples: Samples) -> float:
    return speech_level(samples * 32768, CLOCK_RATE)


def _at_clock(samples: Samples, rate: int) -> Samples:
    moved: Samples = soxr.resample(samples, rate, CLOCK_RATE, quality="HQ")
    return moved


def _write(path: Path, samples: Samples) -> None:
    path.parent.mkdir(exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(CLOCK_RATE)
        file.writeframes(np.rint(samples * 32767).astype("<i2").tobytes())


if __name__ == "__main__":
    main()
