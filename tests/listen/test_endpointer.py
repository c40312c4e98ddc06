import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.listen.endpointer import FRAME, GAP_MS, Endpointer, EndpointSettings, Offset, Onset
from device.sample_clock import samples

PLAIN = EndpointSettings(min_voice_ms=64, silence_ms=128, prefix_padding_ms=0)


def run(endpointer, probabilities):
    return [event for p in probabilities if (event := endpointer.push(p)) is not None]


@pytest.mark.parametrize(
    ("probabilities", "expected"),
    [
        pytest.param([0.1] * 50, [], id="silence"),
        pytest.param([0.1, 0.9, 0.1, 0.1, 0.9, 0.1, 0.1], [], id="clicks far apart"),
        pytest.param([0.1, 0.9, 0.9], [Onset(512, 512, 1536)], id="onset is dated back to the first voiced frame"),
        pytest.param([0.9, 0.1, 0.9], [Onset(0, 0, 1536)], id="a short gap is bridged before the onset"),
        pytest.param([0.4] * 9, [], id="between the thresholds is no onset"),
        pytest.param([0.9, 0.4, 0.1], [Onset(0, 0, 1024)], id="between the thresholds voice goes on"),
        pytest.param([0.9, 0.9, 0.1, 0.4, 0.4, 0.4], [Onset(0, 0, 1024), Offset(0, 0, 1024, 3072, 64)],
                     id="between the thresholds silence goes on"),
        pytest.param([0.9, 0.9, 0.1, 0.1, 0.1, 0.9], [Onset(0, 0, 1024)], id="a pause shorter than silence_ms"),
        pytest.param([0.9] * 2 + [0.1, 0.1, 0.9] + [0.1] * 4, [Onset(0, 0, 1024), Offset(0, 0, 2560, 4608, 96)],
                     id="pauses are not voiced"),
        pytest.param([0.5, 0.5], [Onset(0, 0, 1024)], id="the threshold itself is voice"),
    ],
)  # fmt: skip
def test_decides(probabilities, expected):
    assert run(Endpointer(PLAIN), probabilities) == expected


@pytest.mark.parametrize(("threshold", "off"), [(0.5, 0.35), (0.9, 0.75), (0.1, 0.01), (0.005, 0.005)])
def test_the_off_threshold_stays_useful(threshold, off):
    assert EndpointSettings(threshold=threshold).off_threshold == pytest.approx(off)


def test_padding_never_reaches_into_the_speech_before():
    endpointer = Endpointer(EndpointSettings(min_voice_ms=32, silence_ms=32, prefix_padding_ms=300))
    first, _, second = run(endpointer, [0.9, 0.1, 0.9])
    assert (first.start, second.position, second.start) == (0, 1024, 1024)
    endpointer.reset(16_000)
    (later,) = run(endpointer, [0.0] * 20 + [0.9])
    assert later.position == 16_000 + 20 * FRAME
    assert later.start == later.position - 4800


def test_running_figures():
    endpointer = Endpointer(PLAIN)
    run(endpointer, [0.9])
    assert (endpointer.speaking, endpointer.onset, endpointer.voiced_ms) == (False, None, 0)
    run(endpointer, [0.9, 0.9, 0.0, 0.0])
    assert (endpointer.speaking, endpointer.onset, endpointer.voiced_ms, endpointer.silence_ms) == (True, 0, 96, 64)
    run(endpointer, [0.0, 0.0])
    assert (endpointer.speaking, endpointer.onset, endpointer.silence_ms) == (False, None, 0)


def test_settings_hold_from_the_next_frame():
    endpointer = Endpointer(PLAIN)
    run(endpointer, [0.9, 0.9, 0.1])
    endpointer.settings = EndpointSettings(silence_ms=64)
    assert isinstance(endpointer.push(0.1), Offset)


def test_what_is_not_known_is_neither_voice_nor_silence():
    endpointer = Endpointer(PLAIN)
    run(endpointer, [0.9, 0.9, 0.1])
    voiced, silent = endpointer.voiced_ms, endpointer.silence_ms
    endpointer.skip(9 * FRAME)
    assert endpointer.position == 12 * FRAME
    assert (endpointer.voiced_ms, endpointer.silence_ms) == (voiced, silent)
    assert endpointer.onset == 0


@pytest.mark.parametrize(
    "wrong", [{"threshold": 0}, {"threshold": 1}, {"silence_ms": -1}, {"min_voice_ms": float("inf")}]
)
def test_a_value_out_of_range_is_named(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        EndpointSettings(**wrong)


@given(
    probabilities=st.lists(st.sampled_from([0.0, 0.2, 0.4, 0.6, 1.0]), max_size=300),
    settings=st.builds(
        EndpointSettings,
        threshold=st.sampled_from([0.1, 0.5, 0.9]),
        min_voice_ms=st.integers(0, 200),
        silence_ms=st.integers(0, 700),
        prefix_padding_ms=st.integers(0, 500),
    ),
    at=st.integers(0, 10**9),
)
def test_onsets_and_offsets(probabilities, settings, at):
    endpointer = Endpointer(settings, at=at)
    floor, last = at, None
    for i, p in enumerate(probabilities):
        event = endpointer.push(p)
        now = at + (i + 1) * FRAME
        assert endpointer.position == now
        if event is None:
            assert endpointer.speaking == isinstance(last, Onset)
            continue
        assert event.at == now
        if isinstance(event, Onset):
            assert not isinstance(last, Onset)
            assert floor <= event.start <= event.position < now
            assert event.position - event.start <= samples(settings.prefix_padding_ms)
            frames = probabilities[(event.position - at) // FRAME : i + 1]
            voiced = sum(q >= settings.off_threshold for q in frames) * FRAME
            assert frames[0] >= settings.threshold
            assert voiced >= samples(settings.min_voice_ms)
        else:
            assert isinstance(last, Onset)
            assert (event.onset, event.start) == (last.position, last.start)
            assert now - event.end >= max(1, samples(settings.silence_ms))
            tail = probabilities[(event.end - at) // FRAME : i + 1]
            assert all(q < settings.threshold for q in tail)
            assert FRAME <= samples(event.voiced_ms) <= event.end - event.onset
            floor = now
        last = event


def test_the_gap_is_longer_than_one_frame():
    assert samples(GAP_MS) > FRAME
