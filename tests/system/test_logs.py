"""The log: a record is a line, an exception forges none, and what repeats is counted."""

import logging
import subprocess
import sys

import pytest

from device.system.logs import LINE, SAME, WITHIN_S, LineFormatter, Sparing, told

FORGED = "lost\nERROR device.engines: forged\x1b[2J"


def record(message, *args, level=logging.WARNING, exc_info=None, lineno=1):
    return logging.LogRecord("device.test", level, "test.py", lineno, message, args, exc_info)


def test_a_record_is_one_line():
    assert LineFormatter(LINE).format(record("the engine says: %s", FORGED)) == (
        "WARNING device.test: the engine says: lost\\nERROR device.engines: forged\\u001b[2J"
    )


def caught(raise_it):
    try:
        raise_it()
    except Exception as error:  # noqa: BLE001 - whatever it raises
        return error


def chained():
    raise ValueError(FORGED) from RuntimeError(FORGED)


def group():
    raise ExceptionGroup(FORGED, [RuntimeError(FORGED), ValueError(FORGED)])


def noted():
    error = RuntimeError("plain")
    error.add_note(FORGED)
    raise error


@pytest.mark.parametrize("raise_it", [chained, group, noted])
def test_no_line_of_a_traceback_looks_like_a_record(raise_it):
    error = caught(raise_it)
    said = LineFormatter(LINE).format(record("failed", exc_info=(type(error), error, error.__traceback__)))
    assert "\x1b" not in said
    assert "forged" in said
    assert "Traceback (most recent call last):" in said
    assert not [line for line in said.splitlines() if line.startswith("ERROR")]
    assert told(None) == ""


def test_what_repeats_is_left_out_and_counted():
    now = [0.0]
    sparing = Sparing(lambda: now[0])
    passed = [sparing.filter(record("lost %d", n)) for n in range(3 * SAME)]
    assert passed == [True] * SAME + [False] * 2 * SAME
    assert sparing.filter(record("other", lineno=2))
    assert sparing.filter(record("told", level=logging.INFO, lineno=3))
    now[0] = WITHIN_S
    again = record("lost %d", 7)
    assert sparing.filter(again)
    assert again.getMessage() == f"lost 7 ({2 * SAME} more like it were left out)"
    assert sparing.filter(calm := record("lost %d", 8))
    assert calm.getMessage() == "lost 8"


def test_what_nobody_catches_forges_nothing_either():
    program = (
        "from device.system.logs import set_up\nset_up('INFO')\nraise RuntimeError('a\\nERROR device: forged\\x1b[2J')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "RuntimeError: a\\nERROR device: forged\\u001b[2J"
