"""The whole daemon in a simulated room, on a virtual clock, with what the tests ask about it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import soxr
from msgspec.structs import replace
from support.kept_models import kept

from device.conversation.entries import SessionOpen, SessionSwitch
from device.engines.factory import session_with
from device.settings.tree import ListenSettings, Settings
from device.simulation import recording, virtual_clock
from device.simulation.rehearsal import Rehearsal
from device.simulation.scene import Acoustics, CardEvent, Scene, Visitor

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from support.listener import Listener

    from device.conversation.engine import EngineSession, ToolSpec
    from device.conversation.entries import Entry
    from device.daemon.daemon import Daemon
    from device.simulation.room import Room
    from device.simulation.summary import Summary
    from device.simulation.visitors import Visit
    from device.tools.registry import Tool

RATE: Final = 16_000
DRY = Acoustics(rate=RATE, rt60=0.0, echo_db=-np.inf, visitor_reverb_db=-np.inf)
"""Headphones in a room without walls: what the microphone hears is what visitors say, over soft noise."""
Script = Callable[["House"], Coroutine[Any, Any, None]]


def says(text: str, **when: Any) -> Visitor:
    return Visitor(text=text, **when)


class House:
    """One scene with a daemon in it; `play` lets it pass and keeps what came of it."""

    def __init__(
        self,
        folder: Path,
        visitors: Sequence[Visitor],
        seconds: float,
        *,
        room: Acoustics = DRY,
        card: Sequence[CardEvent] = (),
        engine: str = "local",
        tools: Sequence[Tool] = (),
        **listen: Any,
    ) -> None:
        self.folder = folder
        self.scene = Scene(seconds=seconds, name="house", room=room, visitors=tuple(visitors), card=tuple(card))
        self.settings = Settings(engines=(engine,), listen=ListenSettings(**listen))
        self.tools = tools
        self.urls: dict[str, str] = {}
        """Where engines are, by name; all others are where `play` says."""
        self.sounds: list[str] = []
        self.summary: Summary | None = None
        self.expects_tracebacks = False
        self.failures: list[logging.LogRecord] = []

    rehearsal: _Noting
    """The scene as it passes, once `play` was called."""
    daemon: Daemon
    """The one that plays, or played."""

    async def session_at(self, url: str, tools: Sequence[ToolSpec]) -> EngineSession:
        """Make a session with the engine at `url`."""
        openai = replace(self.settings.engine["openai"], url=url)
        settings = replace(self.settings, engine={"openai": openai})
        return session_with(settings, settings.engines[0], tools, local_url=url)

    async def play(self, url: str, script: Script | None = None) -> None:
        """Let the scene pass with the engine at `url`."""

        async def session(tools: Sequence[ToolSpec], engine: str, _names: Sequence[str]) -> EngineSession:
            return await self.session_at(self.urls.get(engine, url), tools)

        async def act(daemon: Daemon) -> None:
            self.daemon = daemon
            if script is not None:
                await script(self)

        self.rehearsal = _Noting(
            self.scene, self.settings, self.folder, session=session, tools=self.tools, pace="step", sounds=self.sounds
        )
        catcher = _Catcher(self.failures)
        logging.getLogger("device").addHandler(catcher)
        try:
            with kept():
                self.summary = await self.rehearsal.play(act)
        finally:
            logging.getLogger("device").removeHandler(catcher)
        if not self.expects_tracebacks:
            assert not [r.getMessage() for r in self.failures if r.exc_info], "something failed with a traceback"
        assert self.summary.lost_samples == 0

    @property
    def room(self) -> Room:
        return self.rehearsal.room

    @property
    def entries(self) -> list[Entry]:
        return self.rehearsal.entries

    @property
    def states(self) -> list[str]:
        return [e.state for e in self.all("state")]

    def all(self, event: str) -> list[Any]:
        return [e for e in self.entries if e.event() == event]

    def codes(self) -> list[str]:
        return [e.code for e in self.all("engine_error")]

    async def until(self, event: str, nth: int = 1, **fields: Any) -> Any:
        """Wait for an entry of the ledger."""
        while True:
            found = [e for e in self.all(event) if fields.items() <= e.line().items()]
            if len(found) >= nth:
                return found[nth - 1]
            await asyncio.sleep(0.01)

    def tracks(self) -> recording.Tracks:
        return recording.load(self.folder / "conversation.wav")

    def sent(self, session: int = -1) -> list[tuple[int, int]]:
        """Return from where to where audio was sent to a session, joined where it goes on; positions at 16 kHz."""
        numbers = sorted({number for number, *_ in self.rehearsal.blocks})
        pieces: list[tuple[int, int]] = []
        for number, start, end, _ in self.rehearsal.blocks:
            if number == numbers[session]:
                goes_on = pieces and pieces[-1][1] == start
                pieces.append((pieces.pop()[0] if goes_on else start, end))
        return pieces

    def _silence_before(self, at: int, session: int) -> int:
        """Return how much silence a session was sent in place of its own sounds, before the sound at `at`."""
        numbers = sorted({number for number, *_ in self.rehearsal.blocks})
        before = max((silence for number, *_, silence in self.rehearsal.blocks if number < numbers[session]), default=0)
        (found,) = {s for number, start, _, s in self.rehearsal.blocks if (number, start) == (numbers[session], at)}
        return found - before

    def visitor_track(self) -> NDArray[np.float32]:
        """What visitors said, in the room's time, (n,) float32 at 16 kHz."""
        return self.tracks().visitors.astype(np.float32)

    def check_arrived(self, server: Listener, visit: Visit, *, whole: bool = True, session: int = -1) -> None:
        """Check that the engine heard all of a visit once, as it was said: nothing missing, nothing doubled.

        Not `whole`: of what was said in one breath with the wake word, all that comes after it.
        """
        first = visit.onset if whole or visit.wake_end is None else visit.wake_end
        pieces = self.sent(session)
        around = [(start, end) for start, end in pieces if start <= first and end >= visit.offset]
        assert len(around) == 1, (pieces, visit)
        twice = [piece for piece in pieces if piece != around[0] and piece[0] < visit.offset and piece[1] > first]
        assert not twice, (pieces, visit)
        # The same by the sound itself, whatever the daemon believes to have sent.
        heard = soxr.resample(server.ears[session].samples.astype(np.float32), 24_000, RATE)
        begin = sum(end - start for start, end in pieces[: pieces.index(around[0])])
        begin += self._silence_before(around[0][0], session)
        heard = heard[begin:][: visit.offset - around[0][0]]
        found = lags(heard, self.visitor_track()[around[0][0] : visit.offset], RATE)
        assert len(found) >= 5
        times = [lag for _, lag, _ in found]
        assert max(times) - min(times) < 2, found
        assert abs(times[0]) < 15, found
        assert min(likeness for *_, likeness in found) > 0.8, found


class _Noting(Rehearsal):
    """Notes which audio was sent in which session, and the earcons that came after the start."""

    def __init__(self, *args: Any, sounds: list[str], **keys: Any) -> None:
        self.blocks: list[tuple[int, int, int, int]] = []
        """The session, from where to where, and how much silence was sent before."""
        self.total = 0
        self.sounds = sounds
        super().__init__(*args, **keys)

    @property
    def silence(self) -> int:
        """How much silence was sent in place of its own sounds so far, in samples at 16 kHz."""
        return self._sent_audio.silence

    def earcon(self, name: str) -> None:
        if name != "ready":
            self.sounds.append(name)

    def sent(self, at: int, total: int) -> None:
        length, self.total = total - self.total, total
        sessions = sum(isinstance(e, (SessionOpen, SessionSwitch)) for e in self.entries)
        self.blocks.append((sessions, at - length, at, self.silence))


class _Catcher(logging.Handler):
    def __init__(self, records: list[logging.LogRecord]) -> None:
        super().__init__(logging.ERROR)
        self.records = records

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


def play(house: House, server: Listener, script: Script | None = None, url: str = "") -> House:
    """Let the scene pass on a virtual clock with `server` as its engine, or with another at `url`."""

    async def main() -> None:
        async with server:
            await house.play(url or server.url, script)

    virtual_clock.run(main())
    return house


def lags(
    sent: NDArray[np.float32], source: NDArray[np.float32], rate: int, *, window_ms: int = 200, reach_ms: int = 60
) -> list[tuple[float, float, float]]:
    """Compare what was sent with what was said, `(n,)` each at `rate` and from the same moment on.

    For each window of `source` in which somebody speaks: where it is (s), how much later (ms) it is found in `sent`,
    and the correlation there. Nothing missing and nothing doubled means one lag throughout.
    """
    window, reach = rate * window_ms // 1000, rate * reach_ms // 1000
    loud = np.sqrt(np.mean(source.astype(np.float64) ** 2)) * 0.5
    found = []
    padded = np.concatenate((np.zeros(reach), sent.astype(np.float64), np.zeros(reach + window)))
    for start in range(0, len(source) - window, window // 2):
        piece = source[start : start + window].astype(np.float64)
        if np.sqrt(np.mean(piece**2)) < loud or start + window > len(sent):
            continue
        field = padded[start : start + window + 2 * reach]
        size = 1 << (len(field) + window).bit_length()
        product = np.fft.irfft(np.fft.rfft(field, size) * np.conj(np.fft.rfft(piece, size)), size)[: 2 * reach + 1]
        energy = np.concatenate(([0.0], np.cumsum(field**2)))
        scale = np.sqrt((energy[window : window + 2 * reach + 1] - energy[: 2 * reach + 1]) * np.sum(piece**2))
        likeness = product / np.maximum(scale, 1e-9)
        best = int(np.argmax(likeness))
        found.append((start / rate, (best - reach) * 1000 / rate, float(likeness[best])))
    return found
