"""Processes that answer: here, programs that behave in all ways."""

import asyncio
import os
import sys

import pytest

from device.daemon.helper import MOST_TOLD, HelperError, ask, follow, module


def program(text):
    return [sys.executable, "-c", text]


async def test_what_it_is_given_comes_by_its_input_alone():
    shows = "import os, sys; print(sys.argv, 'secret' in str(os.environ), sys.stdin.read())"
    assert await ask(program(shows), b"secret", timeout_s=20) == b"['-c'] False secret\n"


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (program("import sys; print('no voice', file=sys.stderr); sys.exit(1)"), "no voice"),
        (program("import sys; print('x' * 9000, file=sys.stderr); sys.exit(1)"), "x" * MOST_TOLD),
        (["/does/not/exist"], "No such file"),
    ],
)
async def test_a_failure_is_told(command, told):
    with pytest.raises(HelperError) as error:
        await ask(command, b"", timeout_s=20)
    assert told in str(error.value)
    assert len(str(error.value)) < MOST_TOLD + 200


async def test_one_that_hangs_is_ended():
    with pytest.raises(HelperError, match="too long"):
        await ask(program("import time; time.sleep(60)"), b"", timeout_s=0.2)


async def test_one_that_nobody_waits_for_any_more_is_ended(tmp_path):
    pid = tmp_path / "pid"
    waits = f"import os, time; open({str(pid)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    asking = asyncio.ensure_future(ask(program(waits), b"", timeout_s=60))
    while not (pid.exists() and pid.read_text()):  # noqa: ASYNC110 - another process
        await asyncio.sleep(0.01)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


def test_a_module_is_run_by_this_python_and_not_from_the_folder_where_we_are():
    assert module("device.x", "a") == [sys.executable, "-P", "-m", "device.x", "a"]


async def test_each_line_is_handed_on_as_it_comes():
    lines = []
    says = "import sys\nfor n in range(3):\n    print(n, flush=True)\nprint('x' * 300_000, file=sys.stderr)"
    await follow(program(says), lines.append, timeout_s=20)
    assert lines == [b"0\n", b"1\n", b"2\n"]


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (program("import sys; print(1); print('no net', file=sys.stderr); sys.exit(1)"), "no net"),
        (program("import time; print(1, flush=True); time.sleep(60)"), "too long"),
        (["/does/not/exist"], "No such file"),
    ],
)
async def test_a_failure_of_one_that_is_followed_is_told(command, told):
    with pytest.raises(HelperError, match=told):
        await follow(command, lambda _: None, timeout_s=1.0)
