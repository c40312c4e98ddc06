"""Every check that a user can run on the machine, each with its fix; `examine` runs them all."""

from __future__ import annotations

import asyncio
import ctypes
import importlib.util
import os
import platform
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from device.conversation.engine import EngineError
from device.conversation.states import State
from device.doctor.brain import check_brain
from device.doctor.ears import check_ears
from device.doctor.earshot import check_earshot
from device.doctor.finding import Finding
from device.doctor.fleet import check_fleet
from device.doctor.mcp import check_mcp
from device.doctor.metrics import check_metrics
from device.doctor.mqtt import check_mqtt
from device.doctor.music import check_music
from device.doctor.proxy import check_proxy
from device.doctor.service import check_appliance
from device.doctor.sound import check_card
from device.doctor.units import show_units
from device.doctor.unmet import check_unmet
from device.doctor.wifi import check_wifi
from device.engines.factory import Engines
from device.local.tts import pico
from device.local.tts.choice import choose, kokoro_files, piper_files
from device.model_files import files
from device.panel.panel import Panel
from device.panel.unattended import Unattended
from device.settings.loading import SettingsError, able, require
from device.settings.panel import used_pins
from device.skills.places.spot import SpotError, spot
from device.system import inputs, lock
from device.system.service_status import Doing, Status
from device.system.typed import typed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping

    from device.settings.panel import PanelSettings
    from device.settings.tree import Settings

ENGINE_TIMEOUT_S = 45.0
"""Longer than the 30 s within which the local engine must be ready."""
SLOW_ENGINE_MS = 1500
"""To open a session; a choice: a request that is said with the wake word waits for it."""
VOICE_LIBRARY = "libespeak-ng.so.1"
THROTTLING = {
    0: "the supply voltage is too low",
    1: "the clock is capped",
    2: "it is throttled",
    3: "it is hot",
    16: "the supply voltage was too low",
    18: "it was throttled",
}
"""Bits of the Raspberry Pi firmware's `get_throttled` that matter."""


async def examine(
    settings: Settings,
    config: Path | None = None,
    fault: str = "",
    tell: Callable[[str], None] = lambda _: None,
) -> AsyncIterator[Finding]:
    """Run every check and yield what each finds, as it comes; `config` is the file that `settings` came from, if any.

    `fault` says why these are not the settings of the files; `tell` is called with what whoever is there is asked for.
    The machine is fit for Parley if none fails.
    """
    yield check_settings(settings, fault)
    yield check_python()
    yield check_processor()
    for found in check_libraries(settings):
        yield found
    for found in await asyncio.to_thread(lambda: [*check_models(settings), *check_ears(settings)]):
        yield found
    for found in check_appliance(settings):
        yield found
    yield check_gpio()
    units = show_units()
    if running := lock.runs():
        yield _card_of(running, units)
    else:
        for found in check_panel(settings.panel):
            yield found
        async for found in check_card(settings, tell=tell):
            yield found
    others = (
        *check_proxy(settings, units),
        *check_home(settings),
        *check_unmet(settings),
        *await asyncio.to_thread(lambda: [*check_music(settings)]),
        *check_metrics(settings, units),
        *check_fleet(settings.fleet),
    )
    for found in (*others, *check_wifi(units, Path("/"))):
        yield found
    async for found in check_servers(settings, units, config):
        yield found


async def check_servers(
    settings: Settings, units: Mapping[str, Mapping[str, str]], config: Path | None = None
) -> AsyncIterator[Finding]:
    """Say of each that is to be talked to whether it can be: models', tools', a broker, other Parleys, the engines'."""
    others = (check_mqtt(settings.mqtt, units), check_earshot(settings.house))
    for there in (check_brain(settings), check_mcp(settings), *others):
        async for found in there:
            yield found
    for engine in able(settings)[0].engines:
        yield await check_engine(settings, engine, config)


def check_settings(settings: Settings, fault: str = "") -> Finding:
    """Say what is in force, and whether the engine lacks a setting."""
    if fault:
        return Finding("settings", "fail", fault, "fix the file, then: sudo systemctl restart parley parley-engine")
    try:
        require(settings)
    except SettingsError as error:
        return Finding(
            "settings", "fail", str(error), f"`{typed('settings')}` shows what is in force and where it comes from"
        )
    fit, passed_over = able(settings)
    if passed_over:
        text = " ".join((*passed_over, f"The answers are by {', '.join(fit.engines)}."))
        return Finding("settings", "warn", text, "set what is missing, or take that engine out of `engines`")
    return Finding(
        "settings", "ok", f"engine {', '.join(settings.engines)}, wake word {', '.join(settings.wake.models)}"
    )


def check_home(settings: Settings) -> Iterator[Finding]:
    """Say what keeps the device from knowing where it is, if somebody told it."""
    try:
        spot(settings.home)
    except SpotError as error:
        yield Finding("home", "warn", str(error), "set it, or leave it out: then nobody is told when the sun rises")


def check_python(
    version: tuple[int, ...] = sys.version_info[:3], word: int = 8 * ctypes.sizeof(ctypes.c_void_p)
) -> Finding:
    """Check for a Python that Parley and its libraries run on."""
    text = f"Python {'.'.join(map(str, version))}, {word}-bit, {platform.machine()}"
    if word != 64:
        return Finding("python", "fail", text, "install a 64-bit system: onnxruntime has no 32-bit build for Arm")
    if not (3, 11) <= version[:2] <= (3, 13):
        return Finding("python", "fail", text, "scripts/setup sets one up that fits: 3.11 to 3.13")
    return Finding("python", "ok", text)


def check_processor(root: Path = Path("/")) -> Finding:
    """Check whether the processor is held back, as far as the machine tells."""
    cores = f"{os.cpu_count()} cores"
    throttled = _read(root / "sys/devices/platform/soc/soc:firmware/get_throttled")
    if throttled and (word := int(throttled, 16)):
        faults = [fault for bit, fault in THROTTLING.items() if word >> bit & 1]
        if faults:
            fix = "use the power supply made for this Raspberry Pi, and a heat sink"
            return Finding("processor", "warn", f"{cores}; since the start {', '.join(faults)}", fix)
    frequency = root / "sys/devices/system/cpu/cpu0/cpufreq"
    governor, driver = _read(frequency / "scaling_governor"), _read(frequency / "scaling_driver")
    # With the pstate drivers of PCs, powersave is the dynamic one.
    if governor == "powersave" and "pstate" not in driver:
        fix = "echo ondemand | sudo tee /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor"
        return Finding("processor", "warn", f"{cores}, always at the lowest clock (governor powersave)", fix)
    return Finding("processor", "ok", cores + (f", governor {governor}" if governor else ""))


def check_libraries(settings: Settings, load: Callable[[str], object] = ctypes.CDLL) -> Iterator[Finding]:
    """Check for what the local engine's stages need: the system's library, packages, the user's models."""
    local = settings.local
    if "local" not in settings.engines or local.url:
        return
    for chosen, module, package, key, path in (
        (local.stt == "whisper", "ctranslate2", "ctranslate2", "local.stt", ""),
        (local.stt == "sherpa-onnx", "sherpa_onnx", "sherpa-onnx", "sherpa.model", settings.sherpa.model),
    ):
        if chosen and importlib.util.find_spec(module) is None:
            text = f"the package {package}, which {key} needs, is missing"
            yield Finding("library", "fail", text, f"in Parley's environment: pip install {package}")
        if chosen and path and not inputs.is_there(inputs.expanded(Path(path))):
            yield Finding("models", "fail", f"{key}: there is no {path}", "correct the path in the settings")
    if local.tts != "cartesia":
        try:
            load(VOICE_LIBRARY)
        except OSError:
            fix = "sudo apt install libespeak-ng1 espeak-ng-data"
            yield Finding("library", "fail", f"{VOICE_LIBRARY} (the local engine's voice) is missing", fix)
        else:
            yield Finding("library", "ok", f"{VOICE_LIBRARY} (the local engine's voice)")
            yield _voice(settings)


def _voice(settings: Settings) -> Finding:
    """Say which voice speaks here, and why."""
    chosen = choose(settings)
    try:
        if chosen.kind == "piper":
            piper_files(settings, chosen.voice)
        elif chosen.kind == "kokoro":
            kokoro_files(settings, chosen.voice)
        elif chosen.kind == "pico":
            pico.check(chosen.voice)
    except files.ModelError as error:
        return Finding("voice", "fail", str(error), "correct it in the settings, or fetch it")
    return Finding("voice", "warn" if chosen.fix else "ok", f"{chosen.kind} {chosen.voice}: {chosen.why}", chosen.fix)


def _card_of(running: str, units: Mapping[str, Mapping[str, str]]) -> Finding:
    """Say what the assistant that runs does with the card: it has it, or waits for it."""
    match Status.read(units.get("parley.service", {}).get("StatusText", "")):
        case Status(doing=Doing.WAITING_FOR_CARD, what=what):
            fix = f"plug the card in, or name another as [card] in the settings: {typed('devices')} lists them"
            return Finding(
                "card", "fail", f"Parley waits for it: {what}. Sound and panel are not tested. {running}", fix
            )
        case _:
            text = f"in use by Parley itself, so sound and panel are not tested. {running}"
            return Finding("card", "ok", text)


def check_models(settings: Settings) -> Iterator[Finding]:
    """Read every model file that the settings make necessary and compare it with its checksum."""
    wake = settings.wake
    paths = [name for name in wake.models if Path(name).suffix]
    names = [f"{name}.{wake.framework}" for name in wake.models if name not in paths]
    for path in paths:
        if not inputs.is_file(inputs.expanded(Path(path))):
            yield Finding("models", "fail", f"wake.models: there is no file {path}", "correct the path in the settings")
    manifest = files.own_manifest()
    try:
        needed = manifest.select(names) | manifest.select()
    except files.ModelError as error:
        yield Finding("models", "fail", f"wake.models: {error}", f"`{typed('models list')}` shows those there are")
        return
    verified = [found for found in files.verify(settings.models_dir) if found.file.name in needed]
    # Of what cannot be made on some machines it is said where it is used.
    verified = [found for found in verified if not (found.file.made and found.state == "missing")]
    bad = [found for found in verified if found.state != "ok"]
    for found in bad:
        yield Finding("models", "fail", f"{found.file.name}: {found.state} ({found.path})", files.fix(found.file))
    if not bad:
        megabytes = sum(found.file.size for found in verified) / 1e6
        yield Finding("models", "ok", f"{len(verified)} files verified, {megabytes:.0f} MB")


def check_gpio(root: Path = Path("/")) -> Finding:
    """Check for GPIO lines, which lights and button hang on; a PC has none."""
    chips = sorted((root / "dev").glob("gpiochip*"))
    if not chips:
        if "Raspberry Pi" in _read(root / "proc/device-tree/model"):
            fix = "use a Raspberry Pi OS kernel, or leave lights and button unused"
            return Finding("gpio", "warn", "this Raspberry Pi shows no GPIO: lights and button are off", fix)
        return Finding("gpio", "ok", "no GPIO: lights and button are off")
    names = ", ".join(chip.name for chip in chips)
    if not any(os.access(chip, os.R_OK | os.W_OK) for chip in chips):
        fix = "sudo usermod -aG gpio $USER, then log in again"
        return Finding("gpio", "warn", f"{names}, but not for this user: lights and button are off", fix)
    return Finding("gpio", "ok", names)


def check_panel(panel: PanelSettings, factory: Any = None) -> Iterator[Finding]:
    """Take every pin that the panel is set to, as the assistant would, and let go of it; on the event loop."""
    pins = used_pins(panel)
    if not pins and panel.leds == "none":
        return
    tried = Panel(panel, Unattended(State.ASLEEP), factory)
    faults = tried.open()
    lines = tried.has_lines
    tried.close()
    for fault in faults:
        yield Finding("panel", "warn", str(fault.args[0]), fault.fix)
    if pins and not lines and not faults:
        fix = "set panel.chip to the label of the chip that they are on, or leave [panel] out"
        yield Finding("panel", "warn", "this machine has no GPIO header: lights and buttons are off", fix)
    elif not faults:
        named = ", ".join(f"{key} GPIO{pin}" for key, pin in pins.items())
        yield Finding("panel", "ok", f"lights {panel.leds}" + (f", {named}" if named else ""))


async def check_engine(settings: Settings, engine: str, config: Path | None = None) -> Finding:
    """Open a session with an engine, as a conversation would, starting the local one if need be."""
    engines = Engines(settings, config)
    name = f"engine {engine}"
    began = time.monotonic()
    try:
        async with asyncio.timeout(ENGINE_TIMEOUT_S):
            session = await engines.session((), engine)
            made = time.monotonic()
            await session.open(())
            opened = time.monotonic()
            await session.close()
    except EngineError as error:
        return Finding(name, "fail", str(error), _engine_fix(settings, engine))
    except TimeoutError:
        return Finding(name, "fail", f"no session within {ENGINE_TIMEOUT_S:g} s", _engine_fix(settings, engine))
    finally:
        await engines.close()
    took = 1000 * (opened - made)
    text = f"session open in {took:.0f} ms"
    if engine == "local" and not settings.local.url:
        text = f"ready in {made - began:.1f} s, {text}"
    if took > SLOW_ENGINE_MS:
        return Finding(name, "warn", text, "that is slow: check the network, or use an engine nearer by")
    return Finding(name, "ok", text)


def _engine_fix(settings: Settings, engine: str) -> str:
    if engine == "local":
        if settings.local.url:
            return "start Parley's `engine --host 0.0.0.0` there, or check local.url"
        return f"`{typed('engine')}` shows what it lacks"
    variable = settings.engine[engine].key_variable
    key = f"the key in {variable}" if variable else f"engine.{engine}.api_key"
    return f"check the network, engine.{engine}.url, its model and {key}"


def _read(path: Path) -> str:
    """Return what a file of the kernel says, or an empty string if it is not there."""
    try:
        return path.read_text(errors="replace").strip("\0\n ")
    except OSError:
        return ""
