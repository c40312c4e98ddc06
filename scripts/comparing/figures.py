"""The figures of one client, from what was recorded in the room and what the engine received.

Pure: a recording and a report in, numbers out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

from device.bench.virtual_card import LOUDSPEAKER, RATE
from device.simulation.timed_engine import Report
from scripts.comparing.director import AFTER_S, Marks
from scripts.comparing.engine import NETWORK_MS
from scripts.comparing.plays import Play, heard_ms, over, passages, plays, silent_after_ms
from scripts.comparing.received import Received
from scripts.comparing.room import Recording

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Evidence(Struct, frozen=True):
    """What there is to be known of a client's time at one level of echo."""

    recording: Recording
    marks: Marks
    report: Report


class Findings(Struct):
    """What was found in it, or in several such times."""

    yielded: list[bool] = field(default_factory=list)
    """For each interruption, whether the reply fell silent for good."""
    yield_ms: list[float] = field(default_factory=list)
    """Of those that did: how long after the onset."""
    survived: list[bool] = field(default_factory=list)
    """For each backchannel, whether the reply went on."""
    held_ms: list[float] = field(default_factory=list)
    """Of those that did: how long it was silent meanwhile."""
    cuts: int = 0
    """How often the device cut its own reply off with nobody else speaking."""
    pauses: int = 0
    """How often it fell silent, and went on, with nobody else speaking."""
    alone_s: float = 0.0
    """How long nobody else spoke."""
    truncation_ms: list[float] = field(default_factory=list)
    """What the engine was told was heard, less what was."""
    untold: int = 0
    """Interruptions of which the engine was told nothing."""
    first_word: list[bool] = field(default_factory=list)
    """For each interruption, whether its first word was received."""
    up_ms: list[float] = field(default_factory=list)
    """Microphone to wire."""
    down_ms: list[float] = field(default_factory=list)
    """Wire to loudspeaker."""


def find(evidence: Evidence, reply: NDArray[np.int16]) -> Findings:
    """Return what came of a client's time in which every reply was `reply`, (n,) int16 at 24 kHz."""
    recording, report, found = evidence.recording, evidence.report, Findings()
    sent = report.spoke
    track = recording.tracks[:, LOUDSPEAKER]
    played = plays(passages(track), [(item, recording.at(at)) for item, at in sent.items()])
    told = {note.item: note.ms for note in reversed(report.notes) if note.kind == "truncate"}
    _trials(found, evidence, played, told)
    for play in played:
        found.down_ms.append(1000 * (recording.moment(play.start) - sent[play.item]) - NETWORK_MS)
        if play.item in told and (heard := heard_ms(track, play, reply, told[play.item])) is not None:
            found.truncation_ms.append(told[play.item] - heard)
    for stretch in evidence.marks.alone:
        found.cuts += sum(stretch.start <= play.end < stretch.end for play in played)
        found.pauses += sum(play.pauses(stretch.start, stretch.end) for play in played)
        found.alone_s += (stretch.end - stretch.start) / RATE
    return found


def _trials(found: Findings, evidence: Evidence, played: list[Play], told: dict[str, int]) -> None:
    """Add what came of what visitors said."""
    recording, received = evidence.recording, Received(evidence.report)
    for visit in recording.visits:
        if visit.kind == "complete":
            found.up_ms += received.delays_ms(recording, visit)
    for visit in evidence.marks.trials:
        play = over(played, visit.onset)
        watched = visit.onset + round(AFTER_S * RATE)
        stops = play is not None and play.end < watched
        if visit.kind == "interruptions":
            found.first_word.append(received.has_word(recording, visit))
        if play is None:
            continue
        if visit.kind == "backchannels":
            found.survived.append(not stops)
            found.held_ms += [] if stops else [play.silence_ms(visit.onset, watched)]
        else:
            found.yielded.append(stops)
            found.yield_ms += [silent_after_ms(recording.tracks[:, LOUDSPEAKER], visit.onset, play)] if stops else []
            found.untold += stops and play.item not in told


def together(all_of_them: list[Findings]) -> Findings:
    """Return the findings of several times as one."""
    whole = Findings()
    for one in all_of_them:
        for name in Findings.__struct_fields__:
            setattr(whole, name, getattr(whole, name) + getattr(one, name))
    return whole
