"""Whether the microphone hears well, judged by somebody who speaks; a silent room alone says little."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from device.audio.card.mixer import alsamixer
from device.audio.card.soundcheck import CLIPPING_PEAK, LOUD_DBFS, SILENT_DBFS
from device.audio.resample import Resampler
from device.doctor.finding import Finding
from device.listen.gain import MOST_DB, TARGET_DBFS, SpeechLevel
from device.listen.vad import SileroVad
from device.model_files.files import ModelError, find
from device.sample_clock import CLOCK_RATE

if TYPE_CHECKING:
    from device.audio.card.base import Card
    from device.audio.card.soundcheck import SoundCheck
    from device.settings.tree import CardSettings

SPEAK = "Say a sentence now, from where you will speak to Parley."
SPEAK_S = 8
"""How long somebody has to begin and say a sentence."""
STALL_S = 2.0
"""A card that delivers no second of sound within so long has vanished."""
CLEAR_DB = 10.0
"""What speech should be louder than the room: with less, wake word and recogniser begin to miss words."""
OTHER_DB = 20.0
"""By how much another channel must be louder to be the one that hears."""


class Microphone(Struct, frozen=True):
    """What is known of the microphone beside what was heard."""

    pcm: str = "default"
    """What ALSA opens it by."""
    volume: bool = False
    """It has a capture level that can be turned."""
    channels: tuple[float, ...] = ()
    """The level of each channel, dBFS, if the one that is listened to is silent."""


def hear_speech(card: Card, models_dir: str) -> float | None:
    """Listen to `card` until somebody has said something; return how loud, dBFS, or None if nobody did.

    The same if the model that tells speech is not there.
    """
    try:
        level = SpeechLevel(SileroVad(find("silero_vad.onnx", models_dir)))
    except ModelError:
        return None
    cursor, down = card.mic.cursor(), Resampler(card.rate, CLOCK_RATE)
    for _ in range(10 * SPEAK_S):
        block = cursor.read(card.rate // 10, STALL_S)
        if block is None or level.push(down.push(block), alone=True):
            break
    return level.db


def judge_microphone(
    found: SoundCheck, speech: float | None, settings: CardSettings, microphone: Microphone
) -> Finding:
    """Say whether it hears: how loud speech is that arrives there, and else what its silence may be due to."""
    room = f"{found.level:.0f} dBFS in the room"
    if found.peak >= CLIPPING_PEAK:
        return Finding("microphone", "warn", f"{room}, clipping", _turn("lower", microphone))
    if speech is not None:
        return _judge_speech(speech, room, found.level, settings, microphone)
    if found.peak == 0 or found.level < SILENT_DBFS:
        return _judge_silence(found, room, settings, microphone)
    if found.level > LOUD_DBFS:
        fix = f"if the room is quiet, {_turn('lower', microphone)}"
        return Finding("microphone", "warn", f"{room}: too loud for the wake word to stand out", fix)
    return Finding("microphone", "ok", f"{room}; nobody spoke")


def _judge_speech(
    speech: float, room: str, room_dbfs: float, settings: CardSettings, microphone: Microphone
) -> Finding:
    auto = settings.gain_db == "auto"
    gain = min(MOST_DB, max(0.0, TARGET_DBFS - speech)) if settings.gain_db == "auto" else settings.gain_db
    text = f"speech at {speech:.0f} dBFS, {room}"
    if gain >= 1:
        text += f"; {'it will be' if auto else 'it is'} amplified by {gain:.0f} dB"
    if speech - room_dbfs < CLEAR_DB:
        fix = "put it nearer to whoever speaks, or farther from what makes the noise"
        return Finding("microphone", "warn", f"{text}: hardly louder than the room", fix)
    if speech + gain < TARGET_DBFS - CLEAR_DB:
        fix = _turn("raise", microphone) if auto else 'set card.gain_db = "auto", or more'
        return Finding("microphone", "warn", f"{text}: too quiet", fix)
    return Finding("microphone", "ok", text)


def _judge_silence(found: SoundCheck, room: str, settings: CardSettings, microphone: Microphone) -> Finding:
    loudest = max(microphone.channels, default=found.level)
    if loudest >= found.level + OTHER_DB and loudest >= SILENT_DBFS:
        channel = microphone.channels.index(loudest) + 1
        text = f"its channel {settings.channel} hears nothing, its channel {channel} does ({loudest:.0f} dBFS)"
        return Finding("microphone", "fail", text, f"write into the settings, below [card]: channel = {channel}")
    if found.peak == 0:
        fix = f"switch it on, and {_turn('raise', microphone)}" if microphone.volume else _UNPLUGGED
        return Finding("microphone", "fail", "it delivers nothing but zeros", fix)
    fix = "run this again and say a sentence when it asks for one; if that changes nothing, "
    return Finding("microphone", "warn", f"{room}: nearly nothing, and nobody spoke", fix + _turn("raise", microphone))


_UNPLUGGED = "see to its switch and its wires: it has no capture level that could be down"


def _turn(way: str, microphone: Microphone) -> str:
    """Say how to have it louder or quieter: not every microphone has something to turn."""
    if microphone.volume:
        return f"{way} its capture level: {alsamixer(microphone.pcm)} (F4)"
    if way == "raise":
        return "put it nearer to whoever speaks, or set card.gain_db: it has no capture level to raise"
    return "put it farther from what is loud, or set card.gain_db = -10: it has no capture level to lower"
