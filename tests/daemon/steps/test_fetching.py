"""Files fetched because somebody asked at the door; the process that does it is a program of the test's."""

import asyncio
import sys

import pytest

from device.daemon import helper
from device.daemon.steps.fetching import Fetches
from device.door.first_steps import FetchIs
from device.door.server import Refusal
from device.model_files import files
from device.system.paths import SHARED

SLOW = """
import sys, time
print('{"what": "a 1.0", "done": 5, "size": 10}', flush=True)
print("nonsense", flush=True)
sys.stdin.read()
time.sleep(float(sys.argv[1]))
"""


@pytest.fixture
def program(monkeypatch):
    """Have a program run in place of what fetches; return what sets it, and what it was asked for."""
    asked = []

    def set_it(text, *arguments):
        def module(name, *more):
            asked.append((name, *more))
            return [sys.executable, "-c", text, *arguments]

        monkeypatch.setattr(helper, "module", module)
        return asked

    return set_it


async def test_it_is_done_once_and_told_meanwhile(program, tmp_path):
    asked = program(SLOW, "0.5")
    fetches = Fetches(str(tmp_path))
    assert fetches.now == FetchIs()
    both = [asyncio.create_task(fetches.fetch("alexa")) for _ in range(2)]
    async with asyncio.timeout(10):
        while not fetches.now.done:  # noqa: ASYNC110 - it is another process
            await asyncio.sleep(0.01)
    assert fetches.now == FetchIs("alexa", "a 1.0", 5, 10)
    with pytest.raises(Refusal, match="alexa is being fetched"):
        await fetches.fetch("hey_mycroft")
    both[0].cancel()  # who asked has gone
    await both[1]
    assert fetches.now == FetchIs()
    assert asked == [("device.model_files.named", "alexa", str(tmp_path))]


async def test_what_is_wrong_is_told_and_it_may_be_tried_again(program, tmp_path):
    program("import sys; print('cannot fetch it: no network', file=sys.stderr); sys.exit(1)")
    fetches = Fetches(str(tmp_path))
    for _ in range(2):
        with pytest.raises(Refusal, match="no network") as refused:
            await fetches.fetch("alexa")
        assert "network" in refused.value.error.fix


@pytest.mark.parametrize("name", ["nonsense", "../../etc/passwd", "-rf", "xx_XX-a/b-low"])
async def test_what_means_no_files_is_refused(program, tmp_path, name):
    asked = program(SLOW, "0")
    with pytest.raises(Refusal, match="no model files"):
        await Fetches(str(tmp_path)).fetch(name)
    assert asked == []


async def test_closing_it_breaks_it_off(program, tmp_path):
    program(SLOW, "60")
    fetches = Fetches(str(tmp_path))
    waits = asyncio.create_task(fetches.fetch("alexa"))
    await asyncio.sleep(0.2)
    async with asyncio.timeout(10):
        await fetches.close()
        await asyncio.wait([waits])
    assert fetches.now == FetchIs()
    await fetches.close()


def test_the_service_fetches_to_where_the_engine_s_unit_reads(monkeypatch, tmp_path):
    monkeypatch.setenv("STATE_DIRECTORY", str(SHARED))
    assert Fetches("").folder == SHARED / "models"
    assert SHARED / "models" in files.places()
    assert Fetches(str(tmp_path)).folder == tmp_path
