"""Train `device/data/firstwords.npz`, which tells backchannels, interruptions and noises apart by their sound.

    python -m scripts.firstwords FOLDER [PEOPLE]

Makes several thousand utterances with the synthesizers of `scripts/sounds`, each with another voice; lets them be heard
in rooms, noise and what is left of the device's own voice, and cut off after 0.3 to 1.25 s; and trains a small network
on what the recogniser's encoder makes of that. FOLDER keeps what was made, so that a second run goes on from there.

With PEOPLE, a folder of recordings as the benches take (`device/bench/sounds/__init__.py` has its form), the weights
that there are learn these, and a part of the synthesizers' utterances again so that nothing is forgotten.
"""

from __future__ import annotations

import random
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
from msgspec import Struct, field

from device.audio.measure import FULL_SCALE, speech_bounds, speech_level
from device.bench.sounds import load
from device.listen.by_sound import KINDS, WEIGHTS
from device.listen.first_words import BEFORE, audible
from device.listen.moonshine import load_moonshine
from device.sample_clock import CLOCK_RATE, samples
from device.simulation.acoustics import convolve, impulse_response, ratio
from scripts.firstwords.network import train
from scripts.firstwords.people import said as recordings
from scripts.firstwords.said import Said
from scripts.soundmaker import noises
from scripts.soundmaker.voices import Synthesizer, Voice

if TYPE_CHECKING:
    from numpy.typing import NDArray

PLAN = Path(__file__).parent / "plan.toml"
LONGEST = samples(2500)
"""Of an utterance; what comes later is never heard."""
CUTS_MS = (300, 480, 640, 800, 960, 1250)
"""After the onset, when an utterance is looked at, each within `JITTER_MS`."""
JITTER_MS = 40
ENDED_MS = 150
"""After its end, when it is looked at last."""
LATE_MS = (-40, 60)
"""How much later than it was the onset is detected."""
AGAIN = 0.2
"""Part of the synthesizers' utterances that is heard again beside people."""
MORE_EPOCHS, MORE_RATE = 7, 1e-3
MATTERS = (1.0, 2.0, 1.3, 1.0)
"""How people are learnt: choices that did well on speakers who were left out. Of the `KINDS`, who interrupts matters
more. The weights are the mean of those before and those after, which forget no synthesizer."""
LEVELS_DBFS = (-38, -20)
ROOMS = ((None, -60, 0.2), (-20, -60, 0.2), (-20, -40, 0.6), (-12, -40, 0.2), (-12, -60, 0.6), (None, -50, 0.4))
"""Residual echo relative to the voice in dB, noise in dBFS, reverberation time in s."""
DUCKED_DB = -10.0
"""How much less residual echo there is once the reply has been lowered."""


class Voices(Struct, frozen=True, forbid_unknown_fields=True):
    """Some voices of a synthesizer, drawn from with a weight."""

    name: Synthesizer
    weight: int
    voices: list[str]


class Plan(Struct, frozen=True, forbid_unknown_fields=True):
    """`plan.toml`."""

    seed: int
    count: dict[str, int]
    synthesizer: list[Voices]
    texts: dict[str, list[str]]
    hum: dict[Synthesizer, str] = field(default_factory=dict)


def main() -> None:
    """Do all of it."""
    if len(sys.argv) not in {2, 3}:
        raise SystemExit(__doc__)
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    plan = msgspec.toml.decode(PLAN.read_bytes(), type=Plan)
    people = Path(sys.argv[2]) if len(sys.argv) == 3 else None
    kept = folder / ("heard.npz" if people is None else "heard-with-people.npz")
    if not kept.exists():
        print("speaking")
        said = say(plan) if people is None else [*say(again(plan)), *recordings(people)]
        print(f"listening to {len(said)} sounds")
        states, kinds = hear(said, plan.seed)
        np.savez(kept, states=np.concatenate(states), lengths=[len(s) for s in states], kinds=kinds)
    heard = np.load(kept)
    states = np.split(heard["states"], np.cumsum(heard["lengths"])[:-1])
    if people is None:
        weights = train(states, heard["kinds"], plan.seed)
    else:
        with np.load(WEIGHTS) as before:
            known = {name: before[name].astype(np.float32) for name in before.files}
        matters = np.array([MATTERS[kind] for kind in heard["kinds"]], np.float32)
        learnt = train(
            states, heard["kinds"], plan.seed, weights=known, importance=matters, epochs=MORE_EPOCHS, rate=MORE_RATE
        )
        weights = {name: (known[name] + learnt[name]) / 2 for name in known}
    arrays: dict[str, Any] = {name: array.astype(np.float16) for name, array in weights.items()}
    np.savez_compressed(WEIGHTS, **arrays)
    print(f"{WEIGHTS}: {WEIGHTS.stat().st_size} bytes")


def again(plan: Plan) -> Plan:
    """Return the plan of other utterances, and of fewer: for what is learnt beside people."""
    count = {kind: round(AGAIN * number) for kind, number in plan.count.items()}
    return msgspec.structs.replace(plan, seed=plan.seed + 100, count=count)


def say(plan: Plan) -> list[Said]:
    """Return the utterances and noises."""
    orders = [(kind, number) for kind, count in plan.count.items() for number in range(count)]
    with ThreadPoolExecutor(4) as pool:
        return [said for said in pool.map(lambda order: _one(plan, *order), orders) if said is not None]


def _one(plan: Plan, kind: str, number: int) -> Said | None:
    chance = random.Random(f"{plan.seed} {kind} {number}")  # noqa: S311 - nobody is to be surprised
    if kind == "nothing":
        return Said(kind, "", _noise(number, np.random.default_rng((plan.seed, number))))
    if kind != "speech":
        text = chance.choice(plan.texts[kind])
    elif chance.random() < 0.25:
        text = chance.choice(plan.texts["short"])
    else:
        text = f"{chance.choice(plan.texts['opening'])} {chance.choice(plan.texts['rest'])}"
    hums = text == "mm-hm"
    able = [s for s in plan.synthesizer if not hums or s.name in plan.hum]
    (chosen,) = chance.choices(able, [s.weight for s in able])
    voice = Voice(
        name=chosen.name,
        synthesizer=chosen.name,
        voice=chance.choice(chosen.voices),
        rate=round(chance.uniform(0.85, 1.3), 2),
        pitch=round(chance.uniform(0.8, 1.2), 2),
        shift=round(chance.uniform(0.86, 1.18), 2),
    )
    try:
        pcm = voice.says(plan.hum[chosen.name] if hums else text).astype(np.float32)
    except Exception as error:  # noqa: BLE001 - some synthesizers fail on some texts
        print(f"{voice.voice} cannot say {text!r}: {error}")
        return None
    return Said(kind, text, pcm)


def _noise(number: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return a noise, or two at once, made faster or slower and brighter or duller than the bundled ones are."""
    made = np.zeros(0)
    for _ in range(rng.integers(1, 3)):
        kind = str(rng.choice(list(noises.KINDS)))
        one = noises.KINDS[kind](number, rng)
        one = np.interp(np.arange(0, len(one), rng.uniform(0.65, 1.5)), np.arange(len(one)), one)
        tilt = rng.uniform(-0.7, 0.9)
        one = one - tilt * np.concatenate(([0.0], one[:-1]))
        one *= rng.uniform(0.2, 1) / np.abs(one).max()
        longer, shorter = (one, made) if len(one) > len(made) else (made, one)
        longer[: len(shorter)] += shorter
        made = longer
    return made.astype(np.float32)


def hear(said: list[Said], seed: int) -> tuple[list[NDArray[np.float16]], NDArray[np.int64]]:
    """Return the encoder's states of the beginnings of all sounds, and the kind of each."""
    rng = np.random.default_rng(seed)
    echoes = [
        sound.samples().astype(np.float32) / np.float32(FULL_SCALE) for sound in load() if sound.kind == "replies"
    ]
    recogniser = load_moonshine()
    states, kinds = [], []
    for sound in said:
        for piece in beginnings(sound.pcm, echoes, rng):
            states.append(recogniser.encode(audible(piece)).astype(np.float16))
            kinds.append(KINDS.index(sound.kind))
    return states, np.array(kinds)


def beginnings(
    pcm: NDArray[np.float32], echoes: list[NDArray[np.float32]], rng: np.random.Generator
) -> list[NDArray[np.int16]]:
    """Return what the clean ring would hold of `pcm` at each look: (n,) int16."""
    bounds = speech_bounds(pcm * FULL_SCALE, CLOCK_RATE)
    if bounds is None:
        return []
    pcm = pcm[max(0, bounds[0] - 80) : bounds[1]][:LONGEST]
    residual_db, noise_dbfs, rt60 = ROOMS[rng.integers(len(ROOMS))]
    level = rng.uniform(*LEVELS_DBFS)
    lead, tail = samples(400), samples(600)
    heard = convolve(pcm, impulse_response(CLOCK_RATE, rt60, -6.0 if rt60 < 0.5 else 0.0, rng))
    room = np.zeros(lead + max(len(heard), len(pcm) + tail), np.float32)
    room[lead : lead + len(heard)] = heard * ratio(level - speech_level(heard * FULL_SCALE, CLOCK_RATE))
    if residual_db is not None:
        echo = echoes[rng.integers(len(echoes))]
        begin = rng.integers(max(1, len(echo) - len(room)))
        echo = np.resize(echo[begin:], len(room)) * ratio(level + residual_db + 26.0)  # they are at -26 dBFS
        echo[lead + samples(100) :] *= ratio(DUCKED_DB)
        room += echo
    room += _pink(len(room), rng) * ratio(noise_dbfs)
    pcm16 = np.clip(np.rint(room * FULL_SCALE), -32768, 32767).astype(np.int16)
    end, pieces = lead + len(pcm) + samples(ENDED_MS), []
    for cut in CUTS_MS:
        onset = lead + samples(rng.uniform(*LATE_MS))
        upto = min(lead + samples(cut + rng.uniform(-JITTER_MS, JITTER_MS)), end)
        pieces.append(pcm16[onset - BEFORE : upto])
        if upto == end:
            break
    return pieces


def _pink(n: int, rng: np.random.Generator) -> NDArray[np.float32]:
    spectrum = np.fft.rfft(rng.standard_normal(n))
    spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
    spectrum[0] = 0
    noise = np.fft.irfft(spectrum, n)
    pink: NDArray[np.float32] = (noise / noise.std()).astype(np.float32)
    return pink


if __name__ == "__main__":
    main()
