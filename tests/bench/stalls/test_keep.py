"""What is kept of a case."""

import wave

import msgspec
from support.stalls import evidence

from device.bench.stalls.device import Entry, Line
from device.bench.stalls.keep import keep
from device.bench.stalls.stage import Done
from device.simulation.timed_engine import Report


def test_what_is_kept_can_be_listened_to_and_read(tmp_path):
    keep(
        evidence(
            replies=(3.0,),
            visits=(10.0,),
            seconds=12.0,
            report=Report(audio=bytearray(48_000)),
            entries=[Entry(104.0, "cut", {"why": "speech"})],
            log=[Line(102.0, "stalled")],
            faults=[Done("freeze", 103.0, 103.2)],
        ),
        tmp_path / "a",
    )
    with wave.open(str(tmp_path / "a/room.wav")) as file:
        assert (file.getnchannels(), file.getnframes()) == (4, 12 * 48_000)
    with wave.open(str(tmp_path / "a/received.wav")) as file:
        assert (file.getframerate(), file.getnframes()) == (24_000, 24_000)
    told = msgspec.json.decode((tmp_path / "a/case.json").read_bytes())
    assert told["ledger"] == [[3.0, "cut", {"why": "speech"}]]
    assert told["log"] == [[1.0, "stalled"]]
    assert told["faults"][0][:2] == ["freeze", 2.0]
    assert told["visits"][0][0] == "interruption"
