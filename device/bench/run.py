"""The benches by name: runs them, shows what they find and writes it down.

A bench is a module with `WHAT`, a text that says what is measured and how, and `measure(job: Job) -> Result`. What
keeps it from measuring is raised as a `BenchError`, or as one of the errors that `run_one` knows. To add one, write
the module, and a line in `BENCHES`; its arithmetic goes into functions of numbers, which tests can call without
running it. `Job.quick` asks for a run that only shows that it works.
"""

from __future__ import annotations

import os
import platform
import time
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from device.audio.card.base import CardError
from device.audio.clips import ClipError
from device.bench.drawn import page
from device.bench.result import BenchError, Job, Result, as_data, render
from device.conversation.engine import EngineError
from device.model_files.files import ModelError
from device.simulation.scene import SceneError
from device.system.printed import console

if TYPE_CHECKING:
    from collections.abc import Sequence

    from device.settings.tree import Settings

BENCHES: Final = {
    "latency": "device.bench.latency",
    "overhead": "device.bench.overhead",
    "callback": "device.bench.callback",
    "idle": "device.bench.idle",
    "memory": "device.bench.memory",
    "heard": "device.bench.heard",
    "door": "device.bench.door",
    "start": "device.bench.start",
    "bargein": "device.bench.bargein.run",
    "echo": "device.bench.echo.run",
    "alone": "device.bench.alone.run",
    "earshot": "device.bench.earshot",
    "stalls": "device.bench.stalls.run",
    "earcons": "device.bench.earcons",
    "wake": "device.bench.wake",
    "button": "device.bench.button",
    "engine": "device.bench.engine",
    "requests": "device.bench.requests.run",
    "voices": "device.bench.voices",
    "ears": "device.bench.ears",
}
"""The module of each bench, in the order in which all of them run."""


def run_benches(
    name: str | None,
    settings: Settings,
    json_file: Path | None,
    *,
    config: Path | None = None,
    quick: bool = False,
    part: str = "",
    out: Path | None = None,
    sounds: Path | None = None,
    requests: Path | None = None,
    html: Path | None = None,
) -> bool:
    """Run the bench `name`, or all of them; return whether all reach what they must.

    `config` is the file that `settings` came from, for processes of their own. For benches that know of these,
    `part` is the part of it that is to be run, recordings of what went wrong go to `out`, `sounds` is a folder of
    sounds and `requests` a file of requests instead of the bundled ones.

    Raises BenchError for a name that no bench has, or if the results cannot be written to `json_file`, or drawn into
    `html`.
    """
    if name is not None and name not in BENCHES:
        raise BenchError(f'there is no bench "{name}"; there are {", ".join(BENCHES)}')
    shown = console()
    job = Job(
        settings=settings,
        config=config,
        quick=quick,
        part=part,
        out=out,
        sounds=sounds,
        requests=requests,
        say=lambda text: shown.print(f"  {text}", style="dim"),
    )
    results = []
    for bench in BENCHES if name is None else (name,):
        shown.print(f"{bench} …")
        results.append(run_one(bench, job))
    shown.print(render(results))
    if quick:
        shown.print("Measured for a short time only: not for quoting.", style="yellow")
    at, machine = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), _machine()
    if json_file is not None:
        _write("--json", json_file, _as_json(results, at, machine, quick=quick))
    if html is not None:
        _write("--html", html, page(results, machine, at, quick=quick))
    return all(result.reached for result in results)


def run_one(bench: str, job: Job) -> Result:
    """Run one bench; what keeps it from measuring becomes its result."""
    module = import_module(BENCHES[bench])
    try:
        result: Result = module.measure(job)
    except (BenchError, CardError, ClipError, EngineError, ModelError, SceneError) as error:
        return Result(bench, module.WHAT, error=str(error))
    return result


def _machine() -> dict[str, object]:
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
    }


def _as_json(results: Sequence[Result], at: str, machine: dict[str, object], *, quick: bool) -> bytes:
    data = {
        "at": at,
        "machine": machine,
        "quick": quick,
        "reached": all(result.reached for result in results),
        "benches": [as_data(result) for result in results],
    }
    return msgspec.json.format(msgspec.json.encode(data)) + b"\n"


def _write(option: str, path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise BenchError(f"{option} {path}: {error.strerror}") from None


def _processor() -> str:
    """Return what the processor is called, as far as the machine says."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        lines = []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith(("model name", "Model"))]
    return named[0] if named else platform.machine()
