"""Writes down what the figures of a case are made of, to be listened to."""

from __future__ import annotations

import wave
from typing import TYPE_CHECKING

import msgspec

from device.bench.virtual_card import CHANNELS, RATE
from device.simulation.scripted_reply import RATE as WIRE_RATE

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from device.bench.stalls.stage import Evidence


def keep_sound(tracks: NDArray[np.int16], received: bytes, folder: Path) -> None:
    """Write into `folder` what was recorded and what the engine was sent.

    That is the `tracks` of the virtual card, `(n, CHANNELS) int16` at `RATE`, and `received`, s16le mono at
    `WIRE_RATE`.
    """
    for name, rate, channels, data in (
        ("room.wav", RATE, CHANNELS, tracks.tobytes()),
        ("received.wav", WIRE_RATE, 1, received),
    ):
        with wave.open(str(folder / name), "wb") as file:
            file.setnchannels(channels)
            file.setsampwidth(2)
            file.setframerate(rate)
            file.writeframes(data)


def keep(evidence: Evidence, folder: Path) -> None:
    """Write into `folder` what was recorded, what the engine was sent, and `case.json`: seconds since the waking."""
    folder.mkdir(parents=True, exist_ok=True)
    recording, report, woken = evidence.recording, evidence.report, evidence.woken
    keep_sound(recording.tracks, bytes(report.audio), folder)
    told = {
        "case": evidence.case.name,
        "began": recording.moment(0) - woken,
        "visits": [(visit.label, recording.moment(visit.onset) - woken) for visit in recording.visits],
        "faults": [(one.kind, one.began - woken, one.ended - one.began) for one in evidence.faults],
        "engine": [(note.at - woken, note.kind, note.item, note.ms) for note in report.notes],
        "ledger": [(entry.at - woken, entry.event, entry.fields) for entry in evidence.entries],
        "log": [(line.at - woken, line.what) for line in evidence.log],
    }
    (folder / "case.json").write_bytes(msgspec.json.format(msgspec.json.encode(told)))
