"""The checks of the sound card: whether the microphone hears, the loudspeaker is heard, and no sample is lost."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from device.audio.card import channels
from device.audio.card.alsa import AlsaCard
from device.audio.card.base import Card, CardError
from device.audio.card.mixer import has_volume
from device.audio.card.soundcheck import SILENT_DBFS, ChirpSource, check_sound
from device.audio.echo.likeness import RANGE
from device.doctor.finding import Finding
from device.doctor.microphone import SPEAK, Microphone, hear_speech, judge_microphone
from device.sample_clock import CLOCK_RATE
from device.system.typed import typed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from device.audio.card.soundcheck import SoundCheck
    from device.settings.tree import CardSettings, Settings


CHIRP_VOLUME = 0.25
"""Of full scale: a choice: heard over a quiet room, and no fright to who sits before it."""
LATEST_MS = 1000 * RANGE // CLOCK_RATE
"""The latest echo that the canceller finds."""


async def check_card(
    settings: Settings,
    make: Callable[[CardSettings], Card] = AlsaCard,
    tell: Callable[[str], None] = lambda _: None,
    hear: Callable[[Card, str], float | None] = hear_speech,
) -> AsyncIterator[Finding]:
    """Open the card, listen to the room, play chirps and look for their echo: about 6 s; then `hear` somebody.

    `tell` is called with what whoever is there is asked for.
    """
    lost = []
    try:
        card = await asyncio.to_thread(make, settings.card)
        source = ChirpSource(card, CHIRP_VOLUME)
        await asyncio.to_thread(card.open, source, lambda present: None if present else lost.append(card.now))
    except CardError as error:
        what = f"`{typed('devices')}` lists what there is for card.input and card.output"
        fix = f"{what}; `{typed('demo')}` needs no card"
        yield Finding("card", "fail", str(error), fix)
        return
    speech = None
    try:
        found = await asyncio.to_thread(check_sound, card, source)
        if found is not None and found.peak and not lost:
            tell(SPEAK)
            speech = await asyncio.to_thread(hear, card, settings.models_dir)
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
    microphone = judge_microphone(found, speech, settings.card, await asyncio.to_thread(_learn_of, card, found))
    yield microphone
    yield judge_loudspeaker(found, settings, hears=microphone.status != "fail")
    yield judge_xruns(card, len(source.track) / card.rate)


def _learn_of(card: Card, found: SoundCheck) -> Microphone:
    """Return what there is to know of the microphone of a card that is closed."""
    if not isinstance(card, AlsaCard):
        return Microphone()
    pcm = card.microphone.pcm
    heard: tuple[float, ...] = ()
    if found.peak == 0 or found.level < SILENT_DBFS:
        with contextlib.suppress(CardError, OSError):
            heard = tuple(channels.levels(card.microphone))
    return Microphone(pcm, has_volume(pcm, "input"), heard)


def judge_loudspeaker(found: SoundCheck, settings: Settings, *, hears: bool = True) -> Finding:
    """Say whether the microphone, if it `hears`, heard the loudspeaker, and the canceller reaches as far as that."""
    if not hears:
        return Finding("loudspeaker", "warn", "not tested: the microphone hears nothing", "see to that first")
    if found.delay_ms is None:
        fix = "with headphones that is as it should be; else raise the volume (alsamixer, or a knob), and try again"
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
