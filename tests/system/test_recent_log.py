"""The last lines of a process's own log."""

import io
import logging
import threading

import pytest

from device.system.printed import console
from device.system.recent_log import LONGEST, RecentLog


@pytest.fixture
def log():
    return logging.getLogger("device.test")


@pytest.fixture
def recent(log):
    made = RecentLog(most=3, now=lambda: 5.0)
    log.addHandler(made)
    yield made
    log.removeHandler(made)


@pytest.fixture
def long(log):
    made = RecentLog()
    log.addHandler(made)
    yield made
    log.removeHandler(made)


def texts(recent, after=0, most=100):
    return [one.text for one in recent.after(after, most)]


def test_records_are_lines_as_the_systems_log_has_them(log, recent):
    log.warning("It is %s", "late")
    (line,) = recent.after(0, 10)
    assert (line.number, line.at, line.level) == (1, 5.0, logging.WARNING)
    assert line.text == "WARNING device.test: It is late"


def test_the_last_ones_are_kept_and_counted(log, recent):
    for n in range(5):
        log.error("%d", n)
    assert texts(recent) == ["ERROR device.test: 2", "ERROR device.test: 3", "ERROR device.test: 4"]
    assert recent.last == 5
    assert texts(recent, after=4) == ["ERROR device.test: 4"]
    assert texts(recent, after=5) == []
    assert texts(recent, most=1) == ["ERROR device.test: 4"]


def test_a_record_forges_no_line_and_none_is_without_end(log, recent):
    log.error("a\nERROR device.x: b\x1b[2J%s", "x" * 100_000)
    (text,) = texts(recent)
    assert text.startswith("ERROR device.test: a\\nERROR device.x: b\\u001b[2Jx")
    assert len(text) == LONGEST


def test_an_exception_is_all_its_lines(log, long):
    try:
        int("no")
    except ValueError:
        log.exception("It failed")
    found = texts(long)
    assert found[0] == "ERROR device.test: It failed"
    assert found[1].startswith("Traceback")
    assert found[-1] == "ValueError: invalid literal for int() with base 10: 'no'"


def test_what_repeats_does_not_push_out_all_else(log, long):
    log.error("first")
    for _ in range(10_000):
        log.error("again")
    assert texts(long)[0] == "ERROR device.test: first"
    assert long.last < 50


def test_what_is_printed_to_it_is_kept_line_by_line():
    recent = RecentLog()
    shown = console(file=recent.stream, width=200)
    shown.print("  12.34 s  wake", soft_wrap=True)
    assert texts(recent) == ["  12.34 s  wake"]
    assert isinstance(recent.stream, io.TextIOBase)


def test_many_threads_lose_nothing():
    recent = RecentLog(most=10_000)
    threads = [threading.Thread(target=lambda: [recent.add("x") for _ in range(500)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one.number for one in recent.after(0, 10_000)] == list(range(1, 4001))
