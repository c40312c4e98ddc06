"""Other programs are lowered while somebody talks, at a real sound server, and raised to exactly what they were."""

import os
import time
from contextlib import ExitStack

import numpy as np
import pytest
from support.pulse import RATE

from device.audio.music.programs import FACTOR, FILE, MusicError, is_own, streams
from device.audio.music.programs import Programs as AllPrograms


def Programs(folder):  # noqa: N802 - for a class
    """Return it as it is where what plays is no child of its own process, as it is here."""
    return AllPrograms(folder, lambda pid: False)


MINUTE = np.zeros(60 * RATE, np.int16)


def volumes(count=1):
    """How loud the programs play, by their names, once there are so many."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        found = {stream.name.rpartition(":")[2]: stream.volume for stream in streams()}
        if len(found) == count:
            return found
        time.sleep(0.02)
    pytest.fail(f"not {count} programs, but {found}")


def play(stack, pulse, name, volume=None):
    """Have a program play, and return once the server knows of it."""
    stack.enter_context(pulse.playing(MINUTE, name))
    end = time.monotonic() + 20
    while (found := [stream for stream in streams() if stream.name.endswith(name)]) == []:
        assert time.monotonic() < end
        time.sleep(0.02)
    if volume is not None:
        pulse.pactl("set-sink-input-volume", str(found[0].number), str(volume))


def test_where_nothing_was_lowered_nothing_is_said(tmp_path, caplog):
    assert not AllPrograms(tmp_path).lowered
    assert not caplog.text


def test_programs_are_lowered_and_raised_to_exactly_what_they_were(pulse, tmp_path):
    with ExitStack() as stack:
        play(stack, pulse, "one")
        play(stack, pulse, "two", 33_333)
        before = volumes(2)
        assert before["two"] == (33_333,)
        programs = Programs(tmp_path)
        programs.lower()
        assert volumes(2) == {name: (round(FACTOR * volume),) for name, (volume,) in before.items()}
        programs.lower()
        assert volumes(2)["two"] == (round(FACTOR * 33_333),), "what is lowered is not lowered again"
        programs.restore()
        assert volumes(2) == before
        assert not programs.lowered
        assert not (tmp_path / FILE).exists()


def test_a_program_that_begins_meanwhile_is_lowered_and_one_that_the_user_sets_stays(pulse, tmp_path):
    with ExitStack() as stack:
        play(stack, pulse, "one")
        programs = Programs(tmp_path)
        programs.lower()
        play(stack, pulse, "late", 60_000)
        programs.lower()
        assert volumes(2)["late"] == (round(FACTOR * 60_000),)
        number = next(stream.number for stream in streams() if stream.name.endswith("one"))
        pulse.pactl("set-sink-input-volume", str(number), "50000")
        programs.lower()
        programs.restore()
        assert volumes(2) == {"one": (50_000,), "late": (60_000,)}


def test_after_a_crash_the_next_one_raises_what_was_lowered(pulse, tmp_path):
    with ExitStack() as stack:
        play(stack, pulse, "one", 44_444)
        Programs(tmp_path).lower()
        assert volumes()["one"] != (44_444,)
        after = Programs(tmp_path)
        assert after.lowered
        after.restore()
        assert volumes() == {"one": (44_444,)}


def test_a_program_that_ended_while_it_was_lowered_is_raised_when_it_plays_again(pulse, tmp_path):
    pulse.pactl("load-module", "module-stream-restore")
    programs = Programs(tmp_path)
    with ExitStack() as stack:
        play(stack, pulse, "one", 44_444)
        programs.lower()
        lowered = volumes()
    volumes(0)
    programs.restore()
    assert programs.lowered, "it may come back"
    with ExitStack() as stack:
        play(stack, pulse, "one")
        assert volumes() == lowered, "the server has kept it"
        programs.restore()
        assert volumes() == {"one": (44_444,)}
    assert not programs.lowered


def test_one_that_comes_back_at_a_volume_of_its_own_keeps_that(pulse, tmp_path):
    programs = Programs(tmp_path)
    with ExitStack() as stack:
        play(stack, pulse, "one", 44_444)
        programs.lower()
    volumes(0)
    with ExitStack() as stack:
        play(stack, pulse, "one", 20_000)
        programs.restore()
        assert volumes() == {"one": (20_000,)}
    assert not programs.lowered


def test_a_server_that_goes_and_comes_is_told_of_and_then_asked_again(pulse, tmp_path):
    programs = Programs(tmp_path)
    with ExitStack() as stack:
        play(stack, pulse, "one")
        programs.lower()
        pulse.stop()
        with pytest.raises(MusicError, match="does not answer"):
            programs.restore()
    pulse.start()
    with ExitStack() as stack:
        play(stack, pulse, "one")
        before = volumes()
        programs.restore()
        assert volumes() == before
        programs.lower()
        assert volumes() != before
        programs.restore()
        assert volumes() == before


def test_the_assistants_own_voice_is_not_lowered_nor_what_plays_elsewhere(pulse, tmp_path):
    pulse.pactl("load-module", "module-null-sink", "sink_name=elsewhere", "norewinds=1")
    with ExitStack() as stack:
        play(stack, pulse, "one")
        play(stack, pulse, "own")
        play(stack, pulse, "other")
        before = volumes(3)
        found = {stream.name.rpartition(":")[2]: stream for stream in streams()}
        pulse.pactl("move-sink-input", str(found["other"].number), "elsewhere")
        programs = AllPrograms(tmp_path, lambda pid: pid == found["own"].pid)
        programs.lower()
        assert volumes(3) == {**before, "one": (round(FACTOR * before["one"][0]),)}
        programs.restore()
        assert volumes(3) == before


def test_a_child_and_the_process_itself_are_its_own_and_nobody_else(pulse):
    with pulse.playing(MINUTE):
        child = next(iter(streams())).pid if volumes() else 0
        assert is_own(child)
    assert is_own(os.getpid())
    assert not is_own(os.getppid())
    assert not is_own(0)
    assert not is_own(2**30)


def test_of_two_assistants_at_one_server_one_lowers(pulse, tmp_path):
    with ExitStack() as stack:
        play(stack, pulse, "one", 44_444)
        first, second = Programs(tmp_path / "first"), Programs(tmp_path / "second")
        first.lower()
        lowered = volumes()
        second.lower()
        assert volumes() == lowered
        second.restore()
        first.restore()
        assert volumes() == {"one": (44_444,)}
        second.lower()
        assert volumes() == lowered
        second.restore()
        assert volumes() == {"one": (44_444,)}


@pytest.mark.parametrize("kept", [b"", b"nonsense", b'{"a": 1}', b"\xff\xfe", b'[{"number": 1}]'])
def test_what_cannot_be_read_of_what_was_kept_is_told_and_left(tmp_path, kept, caplog):
    (tmp_path / FILE).write_bytes(kept)
    assert not Programs(tmp_path).lowered
    assert "cannot be read" in caplog.text


def test_without_pactl_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MusicError, match="pulseaudio-utils"):
        Programs(tmp_path).lower()


@pytest.mark.parametrize(
    "printed",
    ["", "nonsense", "{}", '[{"index": 1}]', '[{"index": "x", "sink": 1, "volume": {}, "properties": {}}]', "[1]"],
)
def test_what_a_strange_pactl_prints_is_no_traceback(tmp_path, monkeypatch, printed):
    pactl = tmp_path / "pactl"
    pactl.write_text(f"#!/bin/sh\ncat <<'END'\n{printed}\nEND\n")
    pactl.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    if printed == "{}":
        assert list(streams()) == []
    else:
        with pytest.raises(MusicError, match="cannot be read"):
            list(streams())
