import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.scripted import Vad, tone

from device.listen.endpointer import Offset, Onset
from device.local.end_of_turn.endpointing import EndpointingDelays
from device.local.session.config import Detection
from device.local.session.hearing import MAX_IDLE, EndpointDue, Hearing, Paused, Resumed, ms

DETECTION = Detection(0.5, 300, 500, None, create_response=True, interrupt_response=True, idle_timeout_ms=None)

SEMANTIC = Detection(
    0.5,
    300,
    500,
    EndpointingDelays(500, 500, 700, 1000, 1400),
    create_response=True,
    interrupt_response=True,
    idle_timeout_ms=None,
)


async def detect(vad, frames):
    return [vad.probability(frame) for frame in frames]


def silence(ms, rate=24_000):
    return np.zeros(ms * rate // 1000, np.int16)


def ear(detection=DETECTION, kind="audio/pcm"):
    hearing = Hearing(Vad(), detect)
    hearing.configure(kind, detection)
    return hearing


async def hear(hearing, *pieces):
    return [event for pcm in pieces for event in [event async for event in hearing.append(pcm.tobytes())]]


async def test_onset_pause_and_offset_in_turn():
    hearing = ear()
    events = await hear(hearing, silence(1000), tone(600), silence(1000))
    assert [type(event) for event in events] == [Onset, Paused, Offset]
    onset, pause, offset = events
    assert ms(onset.start) == 692
    assert pause.start == onset.start
    assert ms(pause.at - offset.end) == 160
    assert 500 <= ms(offset.at - offset.end) < 500 + 32
    assert not hearing.speaking


async def test_a_short_pause_is_a_pause_that_resumes():
    events = await hear(ear(), tone(400), silence(300), tone(400), silence(1000))
    assert [type(event) for event in events] == [Onset, Paused, Resumed, Paused, Offset]


@settings(max_examples=20, deadline=None)
@given(cuts=st.lists(st.integers(1, 60_000), max_size=12))
async def test_events_do_not_depend_on_how_audio_is_cut(cuts):
    whole = np.concatenate([silence(300), tone(500), silence(700), tone(300), silence(700)])
    pieces = np.split(whole, sorted({cut for cut in cuts if cut < len(whole)}))
    assert await hear(ear(), *pieces) == await hear(ear(), whole)


async def test_silence_is_forgotten_but_positions_go_on():
    hearing = ear()
    for _ in range(50):
        await hear(hearing, silence(1000))
    assert ms(hearing.end) == 49_996
    assert hearing.end - hearing.start <= MAX_IDLE
    events = await hear(hearing, tone(200))
    assert ms(events[0].start) == pytest.approx(50_000 - 300, abs=64)
    assert len(hearing.take(events[0].start, hearing.end)) == hearing.end - events[0].start


async def test_without_detection_all_is_kept_to_the_last_sample():
    hearing = ear(None)
    assert not await hear(hearing, tone(500), silence(400))
    assert len(hearing.uncommitted()) == 900 * 16
    hearing.clear()
    await hear(hearing, tone(100))
    assert len(hearing.uncommitted()) == 100 * 16
    assert ms(hearing.end) == 1000


async def test_another_format_goes_on_where_the_first_ended():
    hearing = ear(None)
    await hear(hearing, tone(500))
    hearing.configure("audio/pcmu", None)
    await hear(hearing, np.full(4000, 0xFF, np.uint8))
    assert len(hearing.uncommitted()) == 1000 * 16


async def decide(hearing, wait_ms, *pieces):
    """Hear; whenever it is due, say how long the silence must be."""
    heard = []
    for pcm in pieces:
        async for event in hearing.append(pcm.tobytes()):
            heard.append(event)
            if isinstance(event, EndpointDue):
                hearing.end_after(wait_ms)
    return heard


@pytest.mark.parametrize("wait_ms", [500, 700, 1400])
async def test_a_silence_that_is_decided_on_lasts_as_long_as_it_is_told_to(wait_ms):
    events = await decide(ear(SEMANTIC), wait_ms, tone(608), silence(2000))
    assert [type(event) for event in events] == [Onset, Paused, EndpointDue, Offset]
    assert wait_ms <= ms(events[-1].at - events[-1].end) < wait_ms + 32


async def test_deciding_costs_nothing_where_it_ends_as_early_as_without():
    plain = await hear(ear(), tone(600), silence(2000))
    assert (await decide(ear(SEMANTIC), 500, tone(600), silence(2000)))[-1] == plain[-1]


async def test_each_silence_is_decided_on_anew():
    hearing = ear(SEMANTIC)
    events = await decide(hearing, 1000, tone(400), silence(800), tone(400), silence(300), tone(400))
    assert [type(event) for event in events] == [Onset, Paused, EndpointDue, Resumed, Paused, Resumed]
    # Without a word from outside, the longest silence counts.
    events = await hear(hearing, silence(1380))
    assert [type(event) for event in events] == [Paused, EndpointDue]
    assert type((await hear(hearing, silence(100)))[-1]) is Offset


async def test_settings_change_without_losing_speech():
    hearing = ear()
    first = await hear(hearing, tone(400))
    hearing.configure("audio/pcm", Detection(0.5, 300, 1500, None, True, True, None))
    events = await hear(hearing, silence(1000), tone(200), silence(2000))
    assert [type(event) for event in first + events] == [Onset, Paused, Resumed, Paused, Offset]


async def test_clear_ends_speech_without_a_word():
    hearing = ear()
    await hear(hearing, tone(400))
    assert hearing.speaking
    hearing.clear()
    assert not hearing.speaking
    assert not await hear(hearing, silence(1000))


class Lingering(Vad):
    """Hears voice for three frames after its end, as Silero does."""

    left = 0

    def probability(self, block):
        self.left = 3 if super().probability(block) > 0.5 else self.left - 1
        return 0.8 if self.left >= 0 else 0.02


@pytest.mark.parametrize(("floor", "late"), [(0, 0), (40, 0), (400, 96)])
async def test_voice_that_lingers_in_the_vad_alone_is_silence_unless_the_room_is_noisy(floor, late):
    hearing = Hearing(Lingering(), detect)
    hearing.configure("audio/pcm", DETECTION)
    noise = np.tile(np.array([floor, floor, -floor, -floor], np.int16), 6_000)
    events = await hear(hearing, tone(608), noise, noise)
    assert ms(events[-1].end) == pytest.approx(608 + late, abs=32)


async def test_without_detection_there_is_no_silence_to_decide_on():
    hearing = ear(None)
    hearing.end_after(500)
    assert await hear(hearing, tone(400), silence(2000)) == []
