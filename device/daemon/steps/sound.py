"""Microphone and loudspeaker tried by the daemon, which has the card: a test sound, and what comes back of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import numpy as np
from msgspec.structs import replace

from device.audio.card.soundcheck import CLIPPING_PEAK, LOUD_DBFS, SILENT_DBFS
from device.audio.earcons import READY, earcon
from device.audio.echo.trial import try_out
from device.audio.measure import FULL_SCALE, dbfs
from device.conversation.states import State
from device.door.first_steps import SoundIs
from device.door.server import Refusal
from device.system.typed import typed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from device.audio.ring import Cursor
    from device.daemon.daemon import Daemon
    from device.door.first_steps import SoundFault
    from device.door.messages import Code

ROOM_S: Final = 1.0
"""How long the room is listened to before the sound."""
CALM_S: Final = 0.5
"""How long the loudspeaker must be silent before: longer than most rooms reverberate."""
TIMES: Final = 3
"""How often the start-up sound is played: the canceller learns by the first, and is judged by the last."""
PAUSE_S: Final = 0.2
"""Between two of them: a choice, so that they are heard as three."""
AFTER_S: Final = 1.0
"""How long is listened afterwards: the latest echo that the canceller finds comes after 0.9 s."""
LOOK_S: Final = 0.1
"""How often the rings are emptied, of which the loudspeaker's holds 5 s."""
PATIENCE_S: Final = 5.0
"""How much longer it may take than the sound: then the card stands still."""
LOUD_PEAK: Final = 0.7
"""Of full scale: 3 dB below clipping; somebody who speaks over it would clip. A choice."""
CLIPPED: Final = 8
"""Samples at full scale that are clipping and no click: a choice."""
AUDIBLE_DB: Final = 10.0
"""By how much the sound must be louder than the room for what is left over of it to matter: a choice."""
LEAST_REMOVED_DB: Final = 6.0
"""What a canceller that works takes out at least: rooms that it was measured in have 11 and more."""


class SoundTrial:
    """Tries the sound of a daemon; `tail_ms` is the echo canceller's."""

    def __init__(self, daemon: Daemon, tail_ms: int) -> None:
        self._daemon, self._tail_ms = daemon, tail_ms
        self._going = False

    async def check(self) -> SoundIs:
        """Play the test sound and return what was heard. Raises Refusal."""
        self._see_idle("impossible")
        if self._going:
            raise Refusal("too_many", "the sound is tried already", "wait for it")
        self._going = True
        try:
            return await self._check()
        finally:
            self._going = False

    def _see_idle(self, code: Code) -> None:
        """Raise Refusal, with this code, unless nothing else is to be heard."""
        daemon = self._daemon
        if daemon.mute.on:
            raise Refusal(code, "the microphone is muted", f"unmute it: `{typed('unmute', root=True)}`")
        if daemon.conversation.card_gone:
            raise Refusal(code, "the sound card is gone", "plug it in")
        if daemon.ringing or daemon.conversation.state not in (State.ASLEEP, State.FAULT):
            what = "somebody talks with the assistant, or it rings"
            raise Refusal(code, what, "try it once it is quiet")

    async def _check(self) -> SoundIs:
        daemon = self._daemon
        card, playout = daemon.card, daemon.playout
        one, pause = earcon(READY, playout.rate), np.zeros(round(PAUSE_S * playout.rate), np.int16)
        sound = np.concatenate(TIMES * [one, pause])
        start = card.mic.position
        cursors = card.mic.cursor(start), card.reference.cursor(start)
        while (await self._record(cursors, CALM_S))[1].any():
            pass  # an earcon, or the start-up sound itself, is heard to its end
        room, _ = await self._record(cursors, ROOM_S)
        playout.sound(sound)
        try:
            heard, played = await self._record(cursors, len(sound) / playout.rate + AFTER_S)
        except BaseException:
            playout.sound(None)
            raise
        lost = any(cursor.lost for cursor in cursors) or card.gaps.touch(start, card.mic.position)
        return await asyncio.to_thread(judge, room, heard, played, card.rate, self._tail_ms, lost=lost)

    async def _record(self, cursors: tuple[Cursor, Cursor], seconds: float) -> list[NDArray[np.int16]]:
        """Return what both cursors read in so many seconds. Raises Refusal."""
        frames = round(seconds * self._daemon.card.rate)
        pieces: tuple[list[NDArray[np.int16]], ...] = ([], [])
        there = [0, 0]
        try:
            async with asyncio.timeout(seconds + PATIENCE_S):
                while min(there) < frames:
                    await asyncio.sleep(LOOK_S)
                    self._see_idle("failed")
                    for n, cursor in enumerate(cursors):
                        pieces[n].append(cursor.take(frames - there[n]))
                        there[n] += len(pieces[n][-1])
        except TimeoutError:
            raise Refusal("failed", "the sound card stands still", "check its cable, its power and its hub") from None
        return [np.concatenate(piece) for piece in pieces]


def judge(
    room: NDArray[np.int16],
    microphone: NDArray[np.int16],
    reference: NDArray[np.int16],
    rate: int,
    tail_ms: int,
    *,
    lost: bool = False,
) -> SoundIs:
    """Return what tracks say, `(n,) int16` at `rate`: the microphone before the sound, and both from its begin on."""
    echo = try_out(microphone, reference, rate, tail_ms)
    at = np.flatnonzero(reference)
    playing = slice(at[0], at[-1] + 1) if len(at) else slice(0, 0)
    both = np.abs(np.concatenate([room, microphone]).astype(np.int32))
    found = SoundIs(
        round(dbfs(room), 1),
        round(float(both.max(initial=0)) / FULL_SCALE, 5),
        round(dbfs(reference[playing]), 1),
        round(dbfs(microphone[playing]), 1),
        None if echo.delay_ms is None else round(echo.delay_ms, 1),
        None if echo.removed_db is None else round(echo.removed_db, 1),
    )
    clipped = int(np.count_nonzero(np.abs(microphone.astype(np.int32)) >= CLIPPING_PEAK * FULL_SCALE))
    room_peak = float(np.abs(room.astype(np.int32)).max(initial=0)) / FULL_SCALE
    return replace(found, faults=tuple(_faults(found, room_peak, clipped, lost=lost)))


def _faults(found: SoundIs, room_peak: float, clipped: int, *, lost: bool) -> Iterator[SoundFault]:
    """Yield what is wrong, the worst first."""
    if lost:
        yield "lost"
    if found.peak == 0:
        yield "zeros"
        return
    if found.delay_ms is None:
        yield "silent" if max(found.room, found.heard) < SILENT_DBFS else "unheard"
    if room_peak >= CLIPPING_PEAK:
        yield "clipped"
    elif found.room > LOUD_DBFS:
        yield "noisy"
    if found.delay_ms is None or found.removed_db is None:
        return
    if clipped >= CLIPPED:
        yield "overdriven"
    elif found.peak >= LOUD_PEAK:
        yield "too_loud"
    if found.removed_db < LEAST_REMOVED_DB and found.heard > found.room + AUDIBLE_DB:
        yield "echo_stays"
