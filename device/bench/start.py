"""How long `parley run` takes until it listens."""

from __future__ import annotations

import re

from device.bench.assistant import Assistant, card
from device.bench.result import Figure, Job, Result, spread

WHAT = (
    "From the start of the process `parley run` to its saying that it listens: the card is open and the models are "
    "loaded. Meanwhile the local engine starts beside it, as it always does."
)
AT_MOST_S = 4.0
"""A choice: as long as somebody watches a command before they think that it hangs."""
PACKAGES = ("openwakeword", "onnxruntime", "aiohttp", "numpy", "pyaudio", "rich", "device")
"""Whose imports are told apart; the others are told together."""
_IMPORT = re.compile(r"import time:\s*(\d+) \|\s*\d+ \|\s*([\w.]+)")


def measure(job: Job) -> Result:
    """Measure. Raises BenchError."""
    runs = 2 if job.quick else 7
    with card() as (what, environment):
        job.say(f"{runs} starts; {what}")
        took = []
        for _ in range(runs):
            with Assistant(job.config, environment) as assistant:
                took.append(assistant.listens_after())
        with Assistant(job.config, environment, "-X", "importtime") as assistant:
            assistant.listens_after()
            log = assistant.end()
    median, p95 = spread(f"{runs} starts", took, "s", median=AT_MOST_S)
    return Result("start", WHAT, (Figure("the first", took[0], "s"), median, p95, *imports(log)), (what,))


def imports(log: str) -> list[Figure]:
    """Return how long the imports of `PACKAGES` take, each without the others, from what `-X importtime` wrote."""
    spent = dict.fromkeys((*PACKAGES, "all else"), 0)
    for microseconds, module in _IMPORT.findall(log):
        package = module.partition(".")[0]
        spent[package if package in spent else "all else"] += int(microseconds)
    return [Figure(f"importing {package}, instrumented", us / 1e6, "s") for package, us in spent.items()]
