"""Other programs at a sound server, PulseAudio or PipeWire: lowered by their volumes, and raised again by as much.

A server keeps a program's volume for the next time that it plays, so what was lowered and could not be raised, because
the program had ended or this one was killed, is kept in a file until it plays again.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from device.system import inputs, state_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

log = logging.getLogger(__name__)

FILE: Final = "lowered.json"
LOCK: Final = "parley-music.lock"
LOWERED_DB: Final = -20.0
"""By how much: as much as a reply falls that somebody talks over (`barge_in.duck_db`)."""
FACTOR: Final = 10 ** (LOWERED_DB / 60)
"""Of a volume, which these servers take to the third power."""
TIMEOUT_S: Final = 5.0
"""How long the server may take to answer: a choice; it takes some ms."""
MOST_KEPT: Final = 100
"""Programs that are kept because they ended while they were lowered, the last ones."""


class MusicError(Exception):
    """The sound server cannot be asked; says why, and what to do if that is known."""

    def __init__(self, what: str, fix: str = "") -> None:
        super().__init__(f"{what}: {fix}" if fix else what)
        self.what, self.fix = what, fix


class Program(Struct, frozen=True):
    """What a program plays: a stream of the server."""

    number: int
    name: str
    """By which the server knows it the next time."""
    pid: int
    sink: int
    volume: tuple[int, ...]
    """Of each channel; 65536 is 100 %."""


class Lowered(Struct, frozen=True, forbid_unknown_fields=True):
    """A stream that was lowered."""

    number: int
    name: str
    was: tuple[int, ...]
    now: tuple[int, ...]


def is_own(pid: int) -> bool:
    """Whether a process is this one or a child of it, as the sound card's is."""
    if pid == os.getpid():
        return True
    with contextlib.suppress(OSError, ValueError, IndexError):
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
        return int(stat.rpartition(")")[2].split()[1]) == os.getpid()
    return False


class Programs:
    """Those that play on the same loudspeaker as this process does; for one thread at a time.

    What is lowered is kept in `folder`. Of several assistants at a user's server, one lowers. What plays of this one is
    told by `own`, of the number of a process.
    """

    def __init__(self, folder: Path, own: Callable[[int], bool] = is_own) -> None:
        self._own = own
        self._file = folder / FILE
        self._lock: int | None = None
        self._lowered = self._kept()

    @property
    def lowered(self) -> bool:
        """Whether anything is, or was when it ended."""
        return bool(self._lowered)

    def lower(self) -> None:
        """Lower all that play and are not lowered yet. Raises MusicError."""
        if not self._alone():
            return
        playing = self._others()
        known = {one.number for one in self._return(playing)}
        for program in playing:
            if program.number in known:  # also if somebody set it to another volume since: that stays
                continue
            now = tuple(round(FACTOR * volume) for volume in program.volume)
            if now != program.volume:
                self._note([*self._lowered, Lowered(program.number, program.name, program.volume, now)])
                set_volume(program, now)

    def restore(self) -> None:
        """Raise those again that play; the others once they do, by another call. Raises MusicError."""
        if not self._lowered:
            self._let_go()
            return
        playing = {program.number: program for program in self._others(everywhere=True)}
        for one in self._return(list(playing.values())):
            program = playing[one.number]
            if program.volume == one.now:
                set_volume(program, one.was)
            self._note([other for other in self._lowered if other != one])
        self._let_go()

    def _return(self, playing: Sequence[Program]) -> list[Lowered]:
        """Return what was lowered of those `playing`: by their numbers, or by their names if they have new ones."""
        free = {program.number: program for program in playing}
        found, gone = [], []
        for one in self._lowered:
            program = free.get(one.number)
            if program is not None and program.name == one.name:
                del free[one.number]
                found.append(one)
            else:
                gone.append(one)
        left = []
        for one in gone:
            same = [program for program in free.values() if program.name == one.name]
            if not same:
                left.append(one)  # it may play again
            for program in same:
                if program.volume == one.now:
                    del free[program.number]
                    found.append(replace(one, number=program.number))
                    break
        if (lowered := found + left) != self._lowered:
            self._note(lowered[-MOST_KEPT:])
        return found

    def _others(self, *, everywhere: bool = False) -> list[Program]:
        """Return who plays beside this process: on its own loudspeaker, if it plays itself and not `everywhere`."""
        playing = list(streams())
        own = [program for program in playing if self._own(program.pid)]
        sinks = {program.sink for program in own}
        return [
            program for program in playing if program not in own and (everywhere or not sinks or program.sink in sinks)
        ]

    def _note(self, lowered: list[Lowered]) -> None:
        """Keep what is lowered, before it is."""
        self._lowered = lowered
        try:
            if lowered:
                state_file.write(self._file, msgspec.json.encode(lowered))
            else:
                state_file.delete(self._file)
        except OSError as error:
            log.warning("%s cannot be written (%s): music may stay soft after a crash.", self._file, error.strerror)

    def _kept(self) -> list[Lowered]:
        try:
            return msgspec.json.decode(inputs.read(self._file), type=list[Lowered])
        except FileNotFoundError:
            pass
        except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
            log.warning("%s cannot be read (%s): what was lowered stays so.", self._file, error)
        return []

    def _alone(self) -> bool:
        """Whether no other assistant lowers what plays at this user's server; until it lets go, this one does."""
        if self._lock is not None:
            return True
        folder = os.environ.get("XDG_RUNTIME_DIR")
        if folder is None:
            return True  # no other has one either
        try:
            lock = os.open(Path(folder, LOCK), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:
            return True
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            return False
        self._lock = lock
        return True

    def _let_go(self) -> None:
        lock, self._lock = self._lock, None
        if lock is not None:
            os.close(lock)


def streams() -> Iterator[Program]:
    """Yield all that plays at the server. Raises MusicError."""
    try:
        listed: list[dict[str, Any]] = msgspec.json.decode(_pactl("--format=json", "list", "sink-inputs"))
        for stream in listed:
            told = stream["properties"]
            name = told.get("module-stream-restore.id") or told.get("application.name") or told.get("media.name", "")
            pid = str(told.get("application.process.id", ""))
            volume = tuple(int(channel["value"]) for channel in stream["volume"].values())
            yield Program(int(stream["index"]), str(name), int(pid) if pid.isdecimal() else 0, stream["sink"], volume)
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise MusicError(f"what pactl lists cannot be read ({error!r})") from None


def set_volume(program: Program, volume: Sequence[int]) -> None:
    """Set how loud a program plays; nothing if it has just ended. Raises MusicError."""
    try:
        _pactl("set-sink-input-volume", str(program.number), *map(str, volume))
    except MusicError:
        if any(other.number == program.number for other in streams()):
            raise


def _pactl(*arguments: str) -> bytes:
    """Return what `pactl` prints. Raises MusicError."""
    # Of some languages it writes numbers that are no JSON.
    environ = {**os.environ, "LC_ALL": "C.UTF-8"}
    try:
        done = subprocess.run(  # noqa: S603 - a command of ours
            ["pactl", *arguments],  # noqa: S607 - the system's
            capture_output=True,
            timeout=TIMEOUT_S,
            check=False,
            env=environ,
        )
    except FileNotFoundError:
        raise MusicError("pactl is not there", "sudo apt install pulseaudio-utils") from None
    except (OSError, subprocess.SubprocessError) as error:
        raise MusicError(f"pactl: {error}") from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().replace("\n", " ")
        raise MusicError(f"the sound server does not answer ({said or f'pactl ended with {done.returncode}'})")
    return done.stdout
