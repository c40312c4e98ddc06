"""The doctor beside the daemon: findings as they come, a bundle, and what becomes of a doctor that is not well."""

import asyncio
import os
import sys
import time

import pytest

from device.daemon.upkeep import doctor as module
from device.daemon.upkeep.doctor import MOST_FINDINGS, Doctor, DoctorError
from device.door.upkeep import Finding, FindingsAre

FINDS = '{"name": "n%d", "status": "ok", "message": "m"}'


def doctor(script, **more):
    """Return one that is played by a script."""
    return Doctor(command=(sys.executable, "-c", script, "--within"), **more)


def prints(*lines, then=""):
    return f"import sys, time\nfor line in {lines!r}: print(line, flush=True)\n{then}"


async def all_of(doctor):
    """Return what it finds, and how often there was news."""
    doctor.begin()
    told, times = FindingsAre((), going=True), 0
    while told.going:
        told = await doctor.found(len(told.findings))
        times += 1
    return told, times


async def test_findings_are_told_as_they_come(tmp_path):
    go_on = tmp_path / "go-on"
    wait = f"import os\nwhile not os.path.exists({str(go_on)!r}): time.sleep(0.01)\nprint({FINDS % 2!r})"
    one = doctor(prints(FINDS % 1, then=wait))
    one.begin()
    first = await one.found(0)
    assert ([found.name for found in first.findings], first.going) == (["n1"], True)
    assert abs(first.began - time.time()) < 60
    assert "doctor" in first.untried
    one.begin()  # goes on
    go_on.touch()
    second = await one.found(1)
    assert [found.name for found in second.findings] == ["n1", "n2"]
    last = await one.found(2)
    assert (last.going, last.wrong) == (False, "")


async def test_before_it_was_asked_to_look_there_is_nothing():
    told = await Doctor().found(0)
    assert (told.findings, told.going, told.began) == ((), False, None)


async def test_nobody_waits_for_news_without_end(monkeypatch):
    monkeypatch.setattr(module, "PATIENCE_S", 0.05)
    one = doctor(prints(FINDS % 1, then="time.sleep(60)"))
    one.begin()
    async with asyncio.timeout(20):
        while not (await one.found(0)).findings:
            pass
        assert (await one.found(1)).going
    await one.close()


@pytest.mark.parametrize(
    ("script", "wrong"),
    [
        (prints("no JSON"), "cannot be read"),
        (prints('{"name": 1}'), "cannot be read"),
        (prints("x" * 100_000), "cannot be read"),
        ("raise SystemExit(3)", "status 3"),
        ("import os; os.kill(os.getpid(), 9)", "status -9"),
    ],
)
async def test_one_that_is_not_well_says_so(script, wrong):
    told, _ = await all_of(doctor(script))
    assert wrong in told.wrong
    assert not told.going


async def test_one_that_finds_faults_is_well():
    told, _ = await all_of(doctor(prints(FINDS % 1, then="raise SystemExit(1)")))
    assert (len(told.findings), told.wrong) == (1, "")


async def test_there_is_an_end_to_what_it_finds_and_to_how_long_it_takes(monkeypatch):
    told, _ = await all_of(doctor(prints(*[FINDS % n for n in range(MOST_FINDINGS + 50)])))
    assert len(told.findings) == MOST_FINDINGS
    monkeypatch.setattr(module, "LONGEST_S", 1.0)
    told, _ = await all_of(doctor(prints(FINDS % 1, then="time.sleep(60)")))
    assert "took longer" in told.wrong
    with pytest.raises(DoctorError, match="took longer"):
        await doctor("import time; time.sleep(60)").bundle()


async def test_it_ends_with_the_daemon(tmp_path):
    number = tmp_path / "pid"
    told = f"open({str(number)!r}, 'w').write(str(os.getpid()))"
    one = doctor(f"import os, time\n{told}\nprint({FINDS % 1!r}, flush=True)\ntime.sleep(60)")
    one.begin()
    await one.found(0)
    await one.close()
    with pytest.raises(ProcessLookupError):
        os.kill(int(number.read_text()), 0)
    await one.close()


async def test_a_bundle_is_what_it_prints_after_it_was_given_the_log():
    script = (
        "import sys\nassert sys.argv[1:] == ['--within', '--bundle', '-']\n"
        "sys.stdout.write(sys.stdin.read()[::-1])\nraise SystemExit(1)"
    )
    assert await doctor(script, log=lambda: b"abc" * 100_000).bundle() == b"cba" * 100_000


@pytest.mark.parametrize(
    ("script", "wrong"),
    [
        ("raise SystemExit(2)", "status 2"),
        ("import sys\nfor _ in range(40): sys.stdout.write('x' * 100_000)", "larger than 2 MiB"),
    ],
)
async def test_what_is_no_bundle_is_told(script, wrong):
    with pytest.raises(DoctorError, match=wrong):
        await doctor(script, log=lambda: b"x" * 1_000_000).bundle()


async def test_a_doctor_that_cannot_be_started_says_so(tmp_path):
    one = Doctor(command=(str(tmp_path / "none"),))
    told, _ = await all_of(one)
    assert "cannot be started" in told.wrong
    with pytest.raises(DoctorError, match="cannot be started"):
        await one.bundle()


async def test_it_does_not_speak_to_the_service_manager_in_the_daemons_name(monkeypatch):
    monkeypatch.setenv("NOTIFY_SOCKET", "/run/x")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", "/run/keys")
    script = (
        "import os, json\nnames = [n for n in os.environ if n in ('NOTIFY_SOCKET', 'CREDENTIALS_DIRECTORY')]\n"
        "print(json.dumps({'name': ' '.join(names), 'status': 'ok', 'message': ''}))"
    )
    told, _ = await all_of(doctor(script))
    assert told.findings == (Finding("CREDENTIALS_DIRECTORY", "ok", ""),)


@pytest.mark.parametrize(
    ("service", "typed"), [(True, "sudo systemctl stop parley; "), (False, "./scripts/run doctor")]
)
def test_what_is_not_tried_can_be_tried_by_hand(monkeypatch, service, typed):
    monkeypatch.setattr(module.asks, "is_service", lambda: service)
    monkeypatch.setattr(module, "typed", lambda arguments: f"./scripts/run {arguments}")
    assert typed in module.by_hand()
