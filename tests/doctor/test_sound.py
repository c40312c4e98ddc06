"""What the doctor hears of sound cards that are well and of cards that are not."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from support.echo_card import EchoCard
from support.pulse import RATE, Pulse

from device.audio.card.base import CardError
from device.doctor.finding import Finding
from device.doctor.microphone import SPEAK
from device.doctor.sound import check_card
from device.settings.tree import CardSettings, ListenSettings, Settings
from device.system.typed import typed


async def on(card: Callable[[], Any], settings: Settings = Settings()) -> dict[str, Finding]:  # noqa: B008 - frozen
    heard = check_card(settings, lambda _: card(), hear=lambda *_: None)
    return {found.name: found async for found in heard}


async def test_a_good_card() -> None:
    card = EchoCard(48_000, delay_ms=62, gain=0.5, noise_dbfs=-60)
    found = await on(lambda: card)
    assert {name: finding.status for name, finding in found.items()} == {
        "card": "ok",
        "microphone": "ok",
        "loudspeaker": "ok",
        "xruns": "ok",
    }
    assert found["card"].message == "Echo, 48000 Hz, output latency 20 ms"
    assert found["microphone"].message == "-60 dBFS in the room; nobody spoke"
    assert "after 62 ms" in found["loudspeaker"].message
    assert card.closed


@pytest.mark.parametrize(
    ("card", "name", "status", "message", "fix"),
    [
        ({"gain": 0.0, "noise_dbfs": -60}, "loudspeaker", "warn", "did not hear", "headphones"),
        ({"delay_ms": 950, "noise_dbfs": -70}, "loudspeaker", "warn", "too late", "less delay"),
        ({}, "microphone", "fail", "nothing but zeros", "wires"),
        ({}, "loudspeaker", "warn", "not tested", "see to that first"),
        ({"noise_dbfs": -86}, "microphone", "warn", "nearly nothing", "say a sentence"),
        ({"noise_dbfs": -30}, "microphone", "warn", "too loud", "lower"),
        ({"noise_dbfs": -5}, "microphone", "warn", "clipping", "lower"),
        ({"underruns": 3}, "xruns", "warn", "0 overruns and 3 underruns in 5 s", "card.latency_ms"),
    ],
)
async def test_a_poor_card(card: dict[str, float], name: str, status: str, message: str, fix: str) -> None:
    made = EchoCard(16_000, **{"delay_ms": 50, "gain": 0.5, **card})
    found = (await on(lambda: made))[name]
    assert found.status == status
    assert message in found.message
    assert fix in found.fix


async def test_a_card_that_cancels_its_own_echo_may_be_slow() -> None:
    settings = Settings(listen=ListenSettings(echo_canceller="card"))
    found = await on(lambda: EchoCard(16_000, delay_ms=250, gain=0.5, noise_dbfs=-70), settings)
    assert found["loudspeaker"].status == "ok"


async def test_no_card_is_a_failure_and_ends_the_checks_of_sound() -> None:
    def none() -> Any:
        raise CardError("no microphone was found")

    found = await on(none)
    assert list(found) == ["card"]
    assert found["card"].status == "fail"
    assert found["card"].message == "no microphone was found"
    assert typed("devices") in found["card"].fix


async def test_a_card_that_vanishes_during_the_test_is_a_failure() -> None:
    card = EchoCard(16_000, delay_ms=50, gain=0.5)
    render = EchoCard.open

    def unplugged(source: Any, on_presence: Any) -> None:
        render(card, source)
        on_presence(False)

    card.open = unplugged
    found = await on(lambda: card)
    assert found["card"].status == "fail"
    assert "vanished" in found["card"].message
    assert card.closed


async def test_whoever_is_there_is_asked_to_speak_and_judged_by_it() -> None:
    asked: list[str] = []

    def hear(card: Any, models_dir: str) -> float:
        asked.append(f"listened in {models_dir!r}")
        return -52.0

    card = EchoCard(16_000, delay_ms=50, gain=0.5, noise_dbfs=-90)
    checks = check_card(Settings(models_dir="/models"), lambda _: card, asked.append, hear)
    found = {finding.name: finding async for finding in checks}
    assert found["microphone"].message == "speech at -52 dBFS, -90 dBFS in the room; it will be amplified by 16 dB"
    assert asked == [SPEAK, "listened in '/models'"]


@pytest.mark.realtime
async def test_where_only_another_channel_hears_it_is_said_which(cards: Callable[..., None]) -> None:
    cards(
        array="rate 16000 channels 8 channel 5 level 0.02 direction capture",
        spk="rate 44100 channels 2 direction playback",
    )
    asked: list[str] = []
    settings = Settings(card=CardSettings(input="array", output="spk"))
    found = {finding.name: finding async for finding in check_card(settings, tell=asked.append)}
    assert found["microphone"].status == "fail"
    assert found["microphone"].fix == "write into the settings, below [card]: channel = 6"
    assert asked == [], "nobody is asked to speak to it"
    cured = Settings(card=CardSettings(input="array", output="spk", channel=6))
    found = {finding.name: finding async for finding in check_card(cured, hear=lambda *_: None)}
    assert found["microphone"].status == "ok"
    assert found["microphone"].message == "-37 dBFS in the room; nobody spoke"


async def test_a_card_that_another_program_has_is_said_to_be_in_use(cards: Callable[..., None]) -> None:
    cards(held="busy 1", spk="rate 44100 channels 2 direction playback", mic="rate 44100 direction capture")
    settings = Settings(card=CardSettings(input="held", output="spk"))
    (found,) = [finding async for finding in check_card(settings)]
    assert (found.status, found.message) == ("fail", "held is in use by another program")


async def test_a_sound_server(pulse: Pulse) -> None:
    noise = np.random.default_rng(0).normal(0, 10 ** (-50 / 20) * 32768, 20 * RATE).astype(np.int16)
    pulse.pactl("load-module", "module-loopback", "source=spk.monitor", "sink=micbus", "latency_msec=60")
    with pulse.speaking(noise):
        found = {finding.name: finding async for finding in check_card(Settings(), hear=lambda *_: None)}
    assert found["card"].status == "ok"
    assert found["card"].message.startswith("default, 48000 Hz, output latency ")
    assert found["microphone"].status == "ok"
    level = int(found["microphone"].message.split()[0])
    assert level == pytest.approx(-50, abs=2)
    assert "test tone heard by the microphone after" in found["loudspeaker"].message
