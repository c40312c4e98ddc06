"""The checks of the sound card: whether the microphone hears, the loudspeaker is heard, and no sample is lost."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from device.audio.card.alsa import AlsaCard
from device.audio.card.base import Card, CardError
from device.audio.card.soundcheck import ChirpSource, check_sound
from device.audio.echo.likeness import RANGE
from device.doctor.finding import Finding
from device.sample_clock import CLOCK_RATE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from device.audio.card.soundcheck import SoundCheck
    from device.settings.tree import CardSettings, Settings


SILENT_DBFS = -80.0
"""Below this a microphone hears nothing: even a quiet room is louder."""
CLIPPING_PEAK = 0.99
"""Of full scale; a converter that clips may stop short of the last step."""
LOUD_DBFS = -35.0
"""A room louder than this, while nobody speaks, leaves little for the wake word."""
CHIRP_VOLUME = 0.25
"""Of full scale: a choice: heard over a quiet room, and no fright to who sits before it."""
LATEST_MS = 1000 * RANGE // CLOCK_RATE
"""The latest echo that the canceller finds."""


async def check_card(settings: Settings, make: Callable[[CardSettings], Card] = AlsaCard) -> AsyncIterator[Finding]:
    """Open the card, listen to the room, play chirps and look for their echo; takes about 6 s."""
    lost = []
    try:
        card = await asyncio.to_thread(make, settings.card)
        source = ChirpSource(card, CHIRP_VOLUME)
        await asyncio.to_thread(card.open, source, lambda present: None if present else lost.append(card.now))
    except CardError as error:
        fix = "`parley devices` lists what there is for card.input and card.output; `parley demo` needs no card"
        yield Finding("card", "fail", str(error), fix)
        return
    try:
        found = await asyncio.to_thread(check_sound, card, source)
    finally:
        await asyncio.to_thread(card.close)
    latency = 1000 * card.output_latency / card.rate
    message = f"{card.name}, {card.rate} Hz, output latency {latency:.0f} ms"
    if lost or found is None:
        yield Finding(
            "card", "fail", f"{message}; it vanished during the test", "check its cable, its power and its hub"
        )
        return
    yield Finding("card", "ok", message)
    yield judge_microphone(found)
    yield judge_loudspeaker(found, settings)
    yield judge_xruns(card, len(source.track) / card.rate)


def judge_microphone(found: SoundCheck) -> Finding:
    """Say whether the microphone hears a room."""
    text = f"{found.level:.0f} dBFS in the room"
    if found.peak == 0:
        fix = "unmute it and raise its capture level: alsamixer (F4), or pavucontrol"
        return Finding("microphone", "fail", "it delivers nothing but zeros", fix)
    if found.peak >= CLIPPING_PEAK:
        return Finding("microphone", "warn", f"{text}, clipping", "lower its capture level: alsamixer (F4)")
    if found.level < SILENT_DBFS:
        return Finding("microphone", "warn", f"{text}: nearly nothing", "raise its capture level: alsamixer (F4)")
    if found.level > LOUD_DBFS:
        fix = "if the room is quiet, lower its capture level: alsamixer (F4)"
        return Finding("microphone", "warn", f"{text}: too loud for the wake word to stand out", fix)
    return Finding("microphone", "ok", text)


def judge_loudspeaker(found: SoundCheck, settings: Settings) -> Finding:
    """Say whether the microphone heard the loudspeaker, and whether the canceller reaches as far as the echo."""
    if found.delay_ms is None:
        fix = "with headphones that is as it should be; else raise the volume: alsamixer, and try again"
        return Finding("loudspeaker", "warn", "the microphone did not hear the test tone", fix)
    text = f"test tone heard by the microphone after {found.delay_ms:.0f} ms, at {found.echo_level:.0f} dBFS"
    if settings.listen.echo_canceller == "device" and found.delay_ms > LATEST_MS:
        fix = (
            f"set card.latency_ms lower than {settings.card.latency_ms}, and use a loudspeaker with less delay: "
            "wireless ones, televisions and sound servers may take long"
        )
        return Finding("loudspeaker", "warn", f"{text}: too late for the echo canceller", fix)
    return Finding("loudspeaker", "ok", text)


def judge_xruns(card: Card, seconds: float) -> Finding:
    """Say whether samples were lost."""
    over, under = card.xruns.overruns, card.xruns.underruns
    text = f"{over} overruns and {under} underruns in {seconds:.0f} s"
    if over or under:
        return Finding("xruns", "warn", text, "raise card.latency_ms, or end what keeps the processor busy")
    return Finding("xruns", "ok", text)
