"""What the doctor hears of sound cards that are well and of cards that are not."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from support.echo_card import EchoCard
from support.pulse import RATE, Pulse

from device.audio.card.base import CardError
from device.doctor.finding import Finding
from device.doctor.sound import check_card
from device.settings.tree import ListenSettings, Settings


async def on(card: Callable[[], Any], settings: Settings = Settings()) -> dict[str, Finding]:  # noqa: B008 - frozen
    return {found.name: found async for found in check_card(settings, lambda _: card())}


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
    assert found["microphone"].message == "-60 dBFS in the room"
    assert "after 62 ms" in found["loudspeaker"].message
    assert card.closed


@pytest.mark.parametrize(
    ("card", "name", "status", "message", "fix"),
    [
        ({"gain": 0.0, "noise_dbfs": -60}, "loudspeaker", "warn", "did not hear", "headphones"),
        ({"delay_ms": 950}, "loudspeaker", "warn", "too late", "less delay"),
        ({}, "microphone", "fail", "nothing but zeros", "alsamixer"),
        ({"noise_dbfs": -86}, "microphone", "warn", "nearly nothing", "raise"),
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
    found = await on(lambda: EchoCard(16_000, delay_ms=250, gain=0.5), settings)
    assert found["loudspeaker"].status == "ok"


async def test_no_card_is_a_failure_and_ends_the_checks_of_sound() -> None:
    def none() -> Any:
        raise CardError("no microphone was found")

    found = await on(none)
    assert list(found) == ["card"]
    assert found["card"].status == "fail"
    assert found["card"].message == "no microphone was found"
    assert "parley devices" in found["card"].fix


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


async def test_a_sound_server(pulse: Pulse) -> None:
    noise = np.random.default_rng(0).normal(0, 10 ** (-50 / 20) * 32768, 20 * RATE).astype(np.int16)
    pulse.pactl("load-module", "module-loopback", "source=spk.monitor", "sink=micbus", "latency_msec=60")
    with pulse.speaking(noise):
        found = {finding.name: finding async for finding in check_card(Settings())}
    assert found["card"].status == "ok"
    assert found["card"].message.startswith("default, 48000 Hz, output latency ")
    assert found["microphone"].status == "ok"
    level = int(found["microphone"].message.split()[0])
    assert level == pytest.approx(-50, abs=2)
    assert "test tone heard by the microphone after" in found["loudspeaker"].message
