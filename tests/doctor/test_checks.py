"""What the doctor finds on machines that are well and on machines that are not."""

import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from aiohttp import web
from gpiozero import LED
from gpiozero.pins.mock import MockFactory, MockPWMPin
from msgspec.structs import replace

from device.doctor import checks
from device.doctor.checks import (
    check_engine,
    check_gpio,
    check_home,
    check_libraries,
    check_models,
    check_panel,
    check_processor,
    check_python,
    check_settings,
    examine,
)
from device.doctor.finding import Finding
from device.settings.engines import RealtimeEngine
from device.settings.panel import PanelSettings
from device.settings.tree import (
    CardSettings,
    HomeSettings,
    LocalSettings,
    PiperSettings,
    Settings,
    SherpaSettings,
    WakeSettings,
)
from device.settings.types import Secret
from device.system import lock
from device.system.typed import typed

KEY = "sk-very-secret"


@pytest.mark.parametrize(
    ("version", "word", "status"),
    [
        ((3, 11, 2), 64, "ok"),
        ((3, 13, 0), 64, "ok"),
        ((3, 10, 9), 64, "fail"),
        ((3, 14, 0), 64, "fail"),
        ((3, 11, 2), 32, "fail"),
    ],
)
def test_python(version: tuple[int, ...], word: int, status: str) -> None:
    found = check_python(version, word)
    assert found.status == status
    assert (found.fix == "") == (status == "ok")


def test_settings() -> None:
    assert check_settings(Settings()).status == "ok"
    passing_over = check_settings(Settings(engines=("openai", "local")))
    assert passing_over.status == "warn"
    assert "openai is passed over" in passing_over.message
    assert "OPENAI_API_KEY" in passing_over.message
    lacking = check_settings(Settings(engines=("openai",)))
    assert lacking.status == "fail"
    assert "OPENAI_API_KEY" in lacking.message


@pytest.mark.parametrize(
    ("files", "status", "message"),
    [
        ({}, "ok", "cores"),
        ({"cpufreq/scaling_governor": "ondemand"}, "ok", "governor ondemand"),
        ({"cpufreq/scaling_governor": "powersave", "cpufreq/scaling_driver": "cpufreq-dt"}, "warn", "powersave"),
        ({"cpufreq/scaling_governor": "powersave", "cpufreq/scaling_driver": "intel_pstate"}, "ok", "powersave"),
        ({"throttled": "0"}, "ok", "cores"),
        (
            {"throttled": "50005"},
            "warn",
            "the supply voltage is too low, it is throttled, the supply voltage was too low",
        ),
        ({"throttled": "80000"}, "ok", "cores"),
    ],
)
def test_processor(tmp_path: Path, files: dict[str, str], status: str, message: str) -> None:
    for name, text in files.items():
        folder = "sys/devices/platform/soc/soc:firmware" if name == "throttled" else "sys/devices/system/cpu/cpu0"
        path = tmp_path / folder / ("get_throttled" if name == "throttled" else name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    found = check_processor(tmp_path)
    assert found.status == status
    assert message in found.message


def test_libraries_that_the_settings_need() -> None:
    def missing(library: str) -> None:
        raise OSError(library)

    (found,) = check_libraries(Settings(), missing)
    assert found.status == "fail"
    assert "libespeak-ng1" in found.fix
    elsewhere = Settings(local=LocalSettings(url="ws://10.0.0.2:8765"))
    assert list(check_libraries(elsewhere, missing)) == []
    assert [found.status for found in check_libraries(Settings())] == ["ok", "ok"]


def test_what_chosen_stages_lack(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    chosen = Settings(
        local=LocalSettings(stt="sherpa-onnx", tts="piper"),
        sherpa=SherpaSettings(model="/nowhere/model"),
        piper=PiperSettings(voice="/nowhere/voice.onnx"),
    )
    found = [(finding.status, finding.message, finding.fix) for finding in check_libraries(chosen)]
    assert [status for status, _, _ in found] == ["fail", "fail", "ok", "fail"]
    assert [fix.partition(": ")[2] for _, _, fix in found if "pip" in fix] == ["pip install sherpa-onnx"]
    assert "sherpa.model: there is no /nowhere/model" in [message for _, message, _ in found]
    assert found[-1][1].startswith("piper.voice: there is no file /nowhere/voice.onnx")


def test_which_voice_speaks_is_said_and_why(models: Callable[[str], Path], tmp_path: Path) -> None:
    models("voices/en_US-joe-medium.onnx")
    assert list(check_libraries(Settings()))[-1].message.startswith("piper en_US-joe-medium: ")
    bare = list(check_libraries(Settings(models_dir=str(tmp_path))))[-1]
    assert (bare.status, bare.message) == ("warn", "espeak-ng en-gb: the usual voice cannot be used")
    assert "models fetch" in bare.fix


def test_models_that_are_here(models: Callable[[str], Path]) -> None:
    models("hey_jarvis.onnx")
    assert [found.status for found in check_models(Settings())] == ["ok"]


def test_missing_models(tmp_path: Path) -> None:
    found = list(check_models(Settings(models_dir=str(tmp_path), wake=WakeSettings(models=("alexa",)))))
    assert all(finding.status == "fail" for finding in found)
    missing = {finding.message.split(":")[0]: finding for finding in found}
    assert missing["silero_vad.onnx"].fix == typed("models fetch", root=True)
    assert missing["alexa.onnx"].fix == typed("models fetch alexa.onnx", root=True)


def test_a_corrupt_model(tmp_path: Path, models: Callable[[str], Path]) -> None:
    whole = models("silero_vad.onnx")
    (tmp_path / "silero_vad.onnx").write_bytes(bytes(whole.stat().st_size))
    found = {finding.message.split(":")[0]: finding for finding in check_models(Settings(models_dir=str(tmp_path)))}
    assert "wrong sha256" in found["silero_vad.onnx"].message


@pytest.mark.parametrize(
    ("name", "message"), [("hey_joe", "hey_joe"), ("/nowhere/hey_joe.onnx", "/nowhere/hey_joe.onnx")]
)
def test_an_unknown_wake_word(name: str, message: str) -> None:
    found = list(check_models(Settings(wake=WakeSettings(models=(name,)))))
    assert found[0].status == "fail"
    assert message in found[0].message
    assert found[0].fix


def test_gpio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert check_gpio(tmp_path) == Finding("gpio", "ok", "no GPIO: lights and button are off")
    (tmp_path / "proc/device-tree").mkdir(parents=True)
    (tmp_path / "proc/device-tree/model").write_text("Raspberry Pi 5 Model B Rev 1.0\0")
    assert check_gpio(tmp_path).status == "warn"
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev/gpiochip0").touch()
    assert check_gpio(tmp_path) == Finding("gpio", "ok", "gpiochip0")
    monkeypatch.setattr(os, "access", lambda *_: False)
    refused = check_gpio(tmp_path)
    assert refused.status == "warn"
    assert "usermod -aG gpio" in refused.fix


@pytest.fixture
async def server() -> AsyncIterator[str]:
    """A Realtime server that opens sessions for the right key; returns its address."""

    async def realtime(request: web.Request) -> web.StreamResponse:
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            return web.json_response({"error": {"code": "invalid_api_key", "message": f"no: {KEY}x"}}, status=401)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        session = {"type": "realtime", "id": "sess_1", "object": "realtime.session", "model": "m"}
        await socket.send_json({"type": "session.created", "event_id": "e1", "session": session})
        async for message in socket:
            if message.json()["type"] == "session.update":
                await socket.send_json({"type": "session.updated", "event_id": "e2", "session": session})
        return socket

    app = web.Application()
    app.router.add_get("/v1/realtime", realtime)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"ws://127.0.0.1:{runner.addresses[0][1]}/v1/realtime"
    await runner.cleanup()


def openai_at(url: str, key: str) -> Settings:
    return Settings(
        engines=("openai",),
        engine={"openai": RealtimeEngine(url=url, api_key=Secret(key), key_variable="OPENAI_API_KEY")},
    )


async def test_an_engine_that_answers(server: str) -> None:
    found = await check_engine(openai_at(server, KEY), "openai")
    assert found.status == "ok"
    assert found.name == "engine openai"
    assert found.message.startswith("session open in ")


async def test_an_engine_that_is_slow(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "SLOW_ENGINE_MS", 0)
    assert (await check_engine(openai_at(server, KEY), "openai")).status == "warn"


async def test_an_engine_that_refuses_the_key(server: str) -> None:
    found = await check_engine(openai_at(server, KEY + "x"), "openai")
    assert found.status == "fail"
    assert "401" in found.message or "invalid_api_key" in found.message
    assert "OPENAI_API_KEY" in found.fix
    assert KEY not in repr(found)


async def test_an_engine_that_is_not_there() -> None:
    found = await check_engine(Settings(local=LocalSettings(url="ws://127.0.0.1:9/v1/realtime")), "local")
    assert found.status == "fail"
    assert "127.0.0.1" in found.message
    assert "engine --host" in found.fix


async def test_everything_is_examined_in_turn(no_sound: None, server: str) -> None:
    settings = replace(openai_at(server, KEY), card=CardSettings(input="default"))
    found = [finding async for finding in examine(settings)]
    names = list(dict.fromkeys(finding.name for finding in found))
    always = ["settings", "python", "processor", "models", "state", "clock", "service", "gpio", "card", "engine openai"]
    assert [name for name in names if name in always] == always
    assert {finding.name: finding.status for finding in found}["card"] == "fail"
    assert {finding.name: finding.status for finding in found}["engine openai"] == "ok"
    assert KEY not in repr(found)


# The panel


@pytest.fixture
def factory():
    made = MockFactory(pin_class=MockPWMPin)
    yield made
    made.reset()


async def test_a_panel_that_is_not_set_is_not_spoken_of():
    assert list(check_panel(PanelSettings())) == []


async def test_a_panel_is_tried_out_and_let_go(factory):
    panel = PanelSettings(leds="led", led_pin=12, button_pin=17)
    for _ in range(2):
        assert list(check_panel(panel, factory)) == [
            Finding("panel", "ok", "lights led, led_pin GPIO12, button_pin GPIO17")
        ]


async def test_each_fault_of_the_panel_comes_with_its_fix(factory):
    other = LED(12, pin_factory=factory)
    (taken,) = check_panel(PanelSettings(leds="led", led_pin=12), factory)
    assert (taken.status, taken.message) == ("warn", "panel.led_pin: GPIO12 is in use")
    assert "choose another pin" in taken.fix
    other.close()
    (twice,) = check_panel(PanelSettings(button_pin=4, mute_pin=4), factory)
    assert "GPIO4 is used by panel.button_pin already" in twice.message
    (spi,) = check_panel(PanelSettings(leds="apa102"), factory)
    assert "/dev/spidev0.0" in spi.message


async def test_a_panel_on_a_machine_without_a_header(monkeypatch):
    monkeypatch.setattr("device.panel.panel.chips", list)
    (found,) = check_panel(PanelSettings(button_pin=17))
    assert found.status == "warn"
    assert "no GPIO header" in found.message


async def test_while_the_assistant_runs_its_card_and_pins_are_left_alone(monkeypatch, server: str) -> None:
    monkeypatch.setattr(lock, "runs", lambda: "Parley runs already, as process 7; this stops it: kill 7")
    for touched in ("check_card", "check_panel"):
        monkeypatch.setattr(checks, touched, lambda *_: pytest.fail("it is in use"))
    found = {finding.name: finding async for finding in examine(openai_at(server, KEY))}
    assert found["card"].status == "ok"
    assert "in use by Parley itself" in found["card"].message
    assert "kill 7" in found["card"].message


def test_settings_that_are_not_those_of_the_files_are_a_failure() -> None:
    found = check_settings(Settings(), "parley.toml:1: not TOML")
    assert (found.status, found.message) == ("fail", "parley.toml:1: not TOML")
    assert "systemctl restart parley" in found.fix


@pytest.mark.parametrize(
    ("status", "verdict", "said"),
    [
        ("Waiting for the sound card: no microphone was found", "fail", "Parley waits for it: no microphone was found"),
        ("Listening on Jabra", "ok", "in use by Parley itself"),
        ("", "ok", "in use by Parley itself"),
    ],
)
async def test_a_service_that_waits_for_the_card_does_not_use_it(
    monkeypatch, server: str, status, verdict, said
) -> None:
    monkeypatch.setattr(lock, "runs", lambda: "Parley runs already, as process 7; this stops it: kill 7")
    monkeypatch.setattr(checks, "show_units", lambda: {"parley.service": {"StatusText": status}})
    found = {finding.name: finding async for finding in examine(openai_at(server, KEY))}
    assert found["card"].status == verdict
    assert found["card"].message.startswith(said)


def test_a_place_that_is_not_known_is_told_with_what_to_set():
    (found,) = check_home(Settings(home=HomeSettings(place="Atlantis")))
    assert found.status == "warn"
    assert 'called after "Atlantis"' in found.message
    assert [*check_home(Settings())] == [*check_home(Settings(home=HomeSettings(place="Berlin")))] == []
