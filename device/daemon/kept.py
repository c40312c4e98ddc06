"""What outlives the process: timers and volume, which the user has set, and how loud speech arrives.

A timer is kept with two times at which it rings: by the machine's uptime, which counts until the machine is started
anew, and by the wall clock, which a Raspberry Pi has to be told by the network first. A timer that ran out meanwhile
rings when it is found.
"""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec
from msgspec import Struct

from device.listen.gain import Gain
from device.sample_clock import CLOCK_RATE
from device.skills.timers.timers import Timer
from device.system import inputs, state_file, wall_clock

if TYPE_CHECKING:
    from device.audio.loudspeaker import Loudspeaker
    from device.daemon.kept_lists import KeptLists
    from device.skills.timers.timers import Timers

_log = logging.getLogger(__name__)
_Shape = TypeVar("_Shape")

TIMERS: Final = "timers.json"
VOLUME: Final = "volume.json"
SPEECH: Final = "speech.json"
BUSY: Final = "timer"
"""Of the service's folder below /run: it is there while a timer runs or rings. scripts/switch waits for its end."""
STEADY_S: Final = 1.0
"""How long the volume must stay as it is to be kept: a choice, so that a turn of the knob is written once."""
NEWS_DB: Final = 1.0
"""By how much how loud speech arrives must have changed to be kept: a choice, so that not every word is written."""
JUMP_S: Final = 2.0
"""From which on the wall clock was set: more than it is adjusted by in 100 ms, less than anybody notices of a timer."""


class KeptTimer(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A timer as it is kept."""

    name: str
    seconds: int
    rings_at: float
    """By the wall clock, in seconds since 1970."""
    rings_up: float
    """By the machine's uptime, in seconds."""
    paused_s: float | None = None
    """How long it still takes, of one that stands still."""


class KeptTimers(Struct, frozen=True, forbid_unknown_fields=True):
    """The file of timers."""

    boot: str
    """The start of the machine by which uptimes count."""
    at: float
    """When it was written, by the wall clock."""
    timers: tuple[KeptTimer, ...]


class KeptVolume(Struct, frozen=True, forbid_unknown_fields=True):
    """The file of the volume."""

    volume: float
    setting: float
    """What the settings said then: when they say something else, they count."""


class KeptSpeech(Struct, frozen=True, forbid_unknown_fields=True):
    """The file of how loud speech arrives."""

    db: float
    """dBFS."""
    microphone: str
    """At which one; at another it says nothing."""


class Kept:
    """Keeps timers and volume in files of `folder`, and has them again; `setting` is the settings' volume.

    So it does with how loud speech arrives at `microphone`, if `gain` is to find that.

    Without a folder, nothing is kept. `run` is a folder that does not outlive the service, if there is one.
    """

    def __init__(
        self,
        folder: Path | None,
        timers: Timers,
        playout: Loudspeaker,
        *,
        setting: float,
        gain: Gain | None = None,
        microphone: str = "",
        run: Path | None = None,
        lists: KeptLists | None = None,
    ) -> None:
        self._gain, self._microphone = gain or Gain(), microphone
        self._kept_speech: float | None = None
        self._folder = folder
        self._lists = lists
        self._timers = timers
        self._playout = playout
        self._setting = setting
        self._busy = run / BUSY if run else None
        self._was_busy = False
        self._written: tuple[Timer, ...] | None = ()
        self._ahead = _ahead()
        self._by_wall: dict[Timer, float] = {}
        """When those ring that were set before the machine was started: they move when the network tells the time."""
        self._not_before = 0.0
        """The wall clock was there already."""
        self._volume = self._kept_volume = playout.volume
        self._changed = time.monotonic()

    def recall(self) -> None:
        """Let the timers of before run on, and set the volume of before, and expect speech to be as loud as before."""
        if self._lists is not None:
            self._lists.recall()
        if self._folder is None:
            return
        if (speech := read(self._folder / SPEECH, KeptSpeech)) is not None and speech.microphone == self._microphone:
            self._kept_speech = speech.db
            self._gain.start(speech.db)
        if (volume := read(self._folder / VOLUME, KeptVolume)) is not None and volume.setting == self._setting:
            self._playout.volume = volume.volume
        self._volume = self._kept_volume = self._playout.volume
        if (kept := read(self._folder / TIMERS, KeptTimers)) is None:
            return
        same_boot = bool(kept.boot) and kept.boot == wall_clock.boot()
        self._not_before, self._written = kept.at, None  # the file is of another start, perhaps
        for timer in kept.timers:
            if timer.paused_s is not None:
                still = max(0, round(timer.paused_s * CLOCK_RATE))
                self._timers.resume(Timer(timer.name, timer.seconds, self._timers.now + still, still))
                continue
            left = timer.rings_up - wall_clock.uptime() if same_boot else timer.rings_at - self._wall()
            runs = self._run_on(timer.name, timer.seconds, left)
            if not same_boot:
                self._by_wall[runs] = timer.rings_at
            if left <= 0:
                ended = wall_clock.local_time(timer.rings_at)
                _log.warning("The timer %r ran out at %s, while Parley did not run.", timer.name, f"{ended:%H:%M}")

    def look(self, *, ringing: bool) -> None:
        """Keep what has changed; called every 100 ms."""
        if self._lists is not None:
            self._lists.look()
        if self._folder is None:
            return
        self._follow_wall()
        jumped = abs(_ahead() - self._ahead) > JUMP_S
        running = self._timers.running
        if running != self._written or (jumped and running):
            self._written, self._ahead = running, _ahead()
            self._keep_timers(running, self._folder / TIMERS)
        self._keep_volume(self._folder / VOLUME, after_s=STEADY_S)
        self._keep_speech(self._folder / SPEECH)
        self._tell_busy(on=ringing or self._timers.counting)

    def close(self) -> None:
        """Keep what was about to be kept; harmless when repeated."""
        if self._lists is not None:
            self._lists.look()
        if self._folder is not None:
            self._keep_volume(self._folder / VOLUME, after_s=0.0)

    def _wall(self) -> float:
        return max(time.time(), self._not_before)

    def _run_on(self, name: str, seconds: int, left_s: float) -> Timer:
        timer = Timer(name, seconds, self._timers.now + round(left_s * CLOCK_RATE))
        self._timers.resume(timer)
        return timer

    def _follow_wall(self) -> None:
        """Move the timers of before when the network tells the time."""
        if not self._by_wall or abs(_ahead() - self._ahead) <= JUMP_S:
            return
        running = {timer: self._by_wall[timer] for timer in self._timers.running if timer in self._by_wall}
        self._by_wall = {
            self._run_on(timer.name, timer.seconds, rings_at - self._wall()): rings_at
            for timer, rings_at in running.items()
        }

    def _keep_timers(self, running: tuple[Timer, ...], path: Path) -> None:
        up, wall = wall_clock.uptime(), time.time()
        timers = []
        for timer in running:
            left = self._timers.left(timer) / CLOCK_RATE
            paused = None if timer.paused is None else left
            rings_at = self._by_wall.get(timer, wall + left)
            timers.append(KeptTimer(timer.name, timer.seconds, rings_at, up + left, paused))
        try:
            if timers:
                kept = KeptTimers(wall_clock.boot(), wall, tuple(timers))
                state_file.write(path, msgspec.json.encode(kept))
            elif path.exists():
                state_file.delete(path)
        except OSError as error:
            _log.warning("%s: timers will not outlast a restart: %s", path, error.strerror)

    def _keep_volume(self, path: Path, *, after_s: float) -> None:
        now = time.monotonic()
        if (volume := self._playout.volume) != self._volume:
            self._volume, self._changed = volume, now
        if volume != self._kept_volume and now - self._changed >= after_s:
            self._kept_volume = volume
            try:
                state_file.write(path, msgspec.json.encode(KeptVolume(volume, self._setting)))
            except OSError as error:
                _log.warning("%s: the volume will not outlast a restart: %s", path, error.strerror)

    def _keep_speech(self, path: Path) -> None:
        db = None if self._gain.speech is None else self._gain.speech.db
        if db is None or (self._kept_speech is not None and abs(db - self._kept_speech) < NEWS_DB):
            return
        self._kept_speech = db
        try:
            state_file.write(path, msgspec.json.encode(KeptSpeech(round(db, 1), self._microphone)))
        except OSError as error:
            _log.warning("%s: how loud speech arrives will be found anew: %s", path, error.strerror)

    def _tell_busy(self, *, on: bool) -> None:
        if self._busy is None or on is self._was_busy:
            return
        self._was_busy = on
        try:
            if on:
                self._busy.touch(mode=0o644)
            else:
                self._busy.unlink(missing_ok=True)
        except OSError as error:
            _log.warning("%s: an update will not wait for timers: %s", self._busy, error.strerror)


def runtime_dir() -> Path | None:
    """Return the folder that systemd has made for the service below /run; None without it."""
    given = os.environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]
    return Path(given) if given else None


def _ahead() -> float:
    """Return how far the wall clock is ahead of the machine's uptime, in seconds: it changes when the clock is set."""
    return time.time() - wall_clock.uptime()


def read(path: Path, shape: type[_Shape]) -> _Shape | None:
    """Return what a file says; None without one, or if it is not what was written there."""
    try:
        return msgspec.json.decode(inputs.read(path), type=shape)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        _log.warning("%s cannot be used and is passed over: %s", path, error)
        return None
