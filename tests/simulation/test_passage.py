from functools import cache

import numpy as np
import pytest
import soxr
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from support.speech import say

from device.audio.measure import SILENCE_DBFS, levels
from device.audio.playout import Playout
from device.sample_clock import CLOCK_RATE, samples
from device.simulation.passage import Interval, Loudspeaker, Passage

RATE = 48_000
TEXT = "It is a quarter past ten. The weather will be fine tomorrow, with some clouds in the evening. Good night."


def reply(rate: int = 24_000) -> np.ndarray:
    """What an engine sends: a few sentences, (n,) int16, with digital silence between and within them."""
    return np.rint(soxr.resample(say(TEXT, "en-gb", 165, -22.0).astype(float), CLOCK_RATE, rate)).astype(np.int16)


def track_of(*pieces: tuple[float, np.ndarray], seconds: float = 10.0) -> np.ndarray:
    """Return a loudspeaker track with each piece of (ms, samples at 48 kHz) added at its time."""
    track = np.zeros(round(seconds * RATE))
    for ms, piece in pieces:
        at = round(ms * RATE / 1000)
        track[at : at + len(piece)] += piece[: len(track) - at]
    return np.clip(track.round(), -32768, 32767).astype(np.int16)


def played(
    ms: float, *, gain: float = 0.64, duck: tuple[float, float] | None = None, fade_ms: float = 30.0
) -> np.ndarray:
    """Return the first `ms` of the reply as it leaves the loudspeaker, faded at the end, ducked between two times."""
    sound = soxr.resample(reply().astype(float), 24_000, RATE)[: round(ms * RATE / 1000)] * gain
    gains = np.ones(len(sound))
    if duck:
        first, last = (round(t * RATE / 1000) for t in duck)
        down, up = round(0.010 * RATE), round(0.080 * RATE)
        gains[first:last] = 0.1
        gains[first : first + down] = np.linspace(1, 0.1, down)
        gains[last : last + up] = np.linspace(0.1, 1, up)[: len(gains) - last]
    fade = round(fade_ms * RATE / 1000)
    gains[len(gains) - fade :] *= np.linspace(1, 0, fade + 1)[1:]
    return sound * gains


def passage(track: np.ndarray, begins_ms: float, rate: int = 24_000, until_ms: float | None = None) -> Passage:
    until = None if until_ms is None else samples(until_ms)
    return Passage(Loudspeaker(track, RATE), reply(rate), rate, begins=samples(begins_ms), until=until)


def in_ms(position: int | None) -> float | None:
    return None if position is None else position * 1000 / CLOCK_RATE


def tone(ms: float, hertz: float = 660, dbfs: float = -20) -> np.ndarray:
    n = round(ms * RATE / 1000)
    return np.sin(2 * np.pi * hertz * np.arange(n) / RATE) * 32768 * 10 ** (dbfs / 20) * np.hanning(n)


@pytest.mark.parametrize("rate", [8000, 16_000, 24_000, 48_000])
@pytest.mark.parametrize("claim_ms", [1500, 1300, 1780])
def test_the_start_is_found_wherever_it_is_claimed_to_be(rate, claim_ms):
    assert in_ms(passage(track_of((1500, played(4000))), claim_ms, rate).begins) == pytest.approx(1500, abs=3)


def test_the_start_is_not_an_earcon_before_it():
    track = track_of((1350, tone(120)), (1500, played(4000)))
    assert in_ms(passage(track, 1500).begins) == pytest.approx(1500, abs=3)


def test_leading_silence_of_an_item_is_not_its_start():
    pcm = np.concatenate((np.zeros(4800, np.int16), reply()))  # 200 ms
    track = track_of((1700, played(4000)))
    found = Passage(Loudspeaker(track, RATE), pcm, 24_000, begins=samples(1500))
    assert in_ms(found.begins) == pytest.approx(1700, abs=3)
    cut = found.cut(samples(2000))
    assert in_ms(cut[1].first) == pytest.approx(4200, abs=5)  # of the item, its silence included


def test_an_item_that_never_played_is_not_found():
    assert passage(track_of((1000, tone(2000))), 1000).begins is None
    assert passage(track_of((1000, tone(2000))), 1000).cut(samples(1200)) is None


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    begins=st.integers(100, 2000),
    heard=st.integers(250, 5500),
    overlap=st.integers(150, 700),
    fade=st.sampled_from([5, 30, 100]),
    gain=st.sampled_from([1.0, 0.64, 0.36]),
)
def test_what_was_heard_is_measured_to_5_ms(begins, heard, overlap, fade, gain):
    onset = max(20, heard - overlap)
    sound = played(heard, gain=gain, duck=(onset + 60, heard + 500), fade_ms=fade)
    silent, told = passage(track_of((begins, sound)), begins).cut(samples(begins + onset))
    nearest = in_ms(told.nearest(samples(heard)))
    assert nearest <= heard + 1
    # Lowered, and perhaps fading, a word that begins softly is not heard, and nobody can tell.
    assert audible(sound[round(nearest * 48) :]) <= 5
    # By the same token it fell silent then, except that what is faded far enough is silent by definition.
    assert in_ms(silent.nearest(samples(begins + heard))) == pytest.approx(begins + nearest, abs=5)


def audible(sound: np.ndarray) -> int:
    """Return for how many milliseconds a sound at 48 kHz is no silence, by windows of 5 ms."""
    return np.count_nonzero(levels(sound, RATE // 200, RATE // 1000) >= SILENCE_DBFS)


@cache
def pauses() -> list[tuple[float, float]]:
    """Return where the reply itself is silent for more than 100 ms."""
    loud = np.flatnonzero(soxr.resample(reply().astype(float), 24_000, RATE).round())
    gaps = np.flatnonzero(np.diff(loud) > 0.1 * RATE)
    return [(loud[g] / 48, loud[g + 1] / 48) for g in gaps]


def test_a_cut_in_a_pause_of_the_reply_is_believed_only_within_the_pause():
    first, last = pauses()[0]
    middle = (first + last) / 2
    silent, told = passage(track_of((1000, played(middle, fade_ms=5))), 1000).cut(samples(1000 + first - 300))
    assert in_ms(told.first) == pytest.approx(first, abs=5)
    assert in_ms(told.last) == pytest.approx(last, abs=12)  # the next sentence begins softly
    assert in_ms(told.nearest(samples(middle))) == pytest.approx(middle, abs=0.1)
    assert in_ms(told.nearest(samples(last + 200))) == pytest.approx(last, abs=12)
    assert in_ms(told.nearest(samples(first - 200))) == pytest.approx(first, abs=5)
    assert told.nearest(None) == told.first
    assert in_ms(silent.nearest(samples(1000 + middle))) == pytest.approx(1000 + middle, abs=0.1)


def test_a_pause_of_the_reply_is_not_its_end():
    assert any(last - first > 250 for first, last in pauses())  # or there is nothing to be fooled by
    whole = len(reply()) / 24
    found = passage(track_of((500, played(whole, fade_ms=1)), seconds=12), 500)
    assert in_ms(found.ends(samples(600))) == pytest.approx(500 + whole, abs=40)


def test_an_earcon_after_the_cut_is_not_the_reply():
    track = track_of((500, played(2000)), (2750, tone(300)), (3100, tone(300, 440)))
    silent, told = passage(track, 500).cut(samples(2000))
    assert in_ms(silent.first) == pytest.approx(2500, abs=8)
    assert in_ms(told.first) == pytest.approx(2000, abs=5)


def test_the_next_reply_is_not_this_one():
    other = soxr.resample(say("Certainly, what else can I do for you?", "en-gb").astype(float), 16_000, RATE)
    track = track_of((500, played(2000)), (3100, other))
    silent, told = passage(track, 500, until_ms=3100).cut(samples(2000))
    assert in_ms(silent.first) == pytest.approx(2500, abs=8)
    assert in_ms(told.first) == pytest.approx(2000, abs=5)


@pytest.mark.parametrize("gap", [80, 300, 900])
def test_a_reply_that_waited_for_the_network_is_still_one(gap):
    sound = played(3000)
    split = round(1.2 * RATE)
    track = track_of((500, sound[:split]), (500 + 1200 + gap, sound[split:]))
    silent, told = passage(track, 500).cut(samples(1000))
    assert in_ms(told.first) == pytest.approx(3000, abs=5)
    assert in_ms(silent.first) == pytest.approx(3500 + gap, abs=8)


def test_a_reply_that_is_never_cut_has_no_cut():
    track = track_of((500, played(3000, fade_ms=1)))
    assert passage(track, 500, until_ms=3000).ends(samples(1000)) is None


def test_ducking_and_coming_back_are_measured():
    track = track_of((500, played(5000, duck=(2500, 3050))))
    found = passage(track, 500)
    lowered, back = found.lowered(samples(2900)), found.restored(samples(3400))
    assert in_ms(lowered.nearest(samples(3000))) == pytest.approx(3008, abs=8)
    assert in_ms(back.nearest(samples(3550))) == pytest.approx(3605, abs=8)
    assert lowered.last - lowered.first < samples(40)  # the reply sounded there: the claim hardly matters


def test_a_level_that_does_not_change_is_not_ducked():
    assert passage(track_of((500, played(5000, fade_ms=1))), 500).lowered(samples(2000)) is None
    assert passage(track_of((500, played(5000, fade_ms=1))), 500).lowered(samples(9000)) is None


def test_a_cut_after_ducking_is_not_taken_for_it():
    track = track_of((500, played(3000, duck=(2500, 9000))))
    assert in_ms(passage(track, 500).lowered(samples(2900)).last) == pytest.approx(3008, abs=8)


def test_ducking_in_a_pause_is_believed_only_within_the_pause():
    first, last = pauses()[0]
    track = track_of((500, played(3000, duck=(first + 60, 9000))))
    lowered = passage(track, 500).lowered(samples(500 + first - 200))
    assert in_ms(lowered.first) == pytest.approx(500 + first, abs=30)
    assert in_ms(lowered.last) == pytest.approx(500 + last, abs=30)


@settings(max_examples=15, deadline=None, derandomize=True)
@example(cut_block=356, duck_blocks=2, latency=1920)
@example(cut_block=183, duck_blocks=3, latency=1920)
@given(cut_block=st.integers(30, 500), duck_blocks=st.integers(0, 45), latency=st.sampled_from([0, 960, 1920]))
def test_it_agrees_with_what_the_playout_counts(cut_block, duck_blocks, latency):
    """The real thing: its resampler's delay, its ramps and its rounding."""
    assume(cut_block >= duck_blocks + 25)  # or too little of it is there to be found
    playout = Playout(RATE, volume=0.8, latency=lambda: latency)
    playout.play("a", reply().tobytes(), 24_000)
    playout.finish("a")
    blocks, notes = [], []
    for block in range(cut_block + 60):
        if block == cut_block - duck_blocks:
            playout.duck(-20)
        if block == cut_block:
            playout.cut(30)
        out = np.zeros(480, np.int16)
        playout.render(out, block * 480)
        blocks.append(out)
        notes += playout.notes()
    track = np.concatenate((np.zeros(latency, np.int16), *blocks))
    begins = next(n for n in notes if n.kind == "started").frame // 3
    heard = next(n for n in notes if n.kind == "cut").heard[0].ms
    found = Passage(Loudspeaker(track, RATE), reply(), 24_000, begins=begins)
    _, told = found.cut(samples(10 * (cut_block - duck_blocks)))
    nearest = told.nearest(samples(heard))
    # It counts whole blocks; of the one in which the fade ends, nothing need have been heard.
    assert in_ms(nearest) < heard + 12
    # After a pause, less than 20 ms of the next word are too little to be told for the reply's; and lowered, it may
    # begin more softly than what counts as sound.
    missed = track[(found.begins + nearest) * 3 : (found.begins + samples(heard - 12)) * 3]
    assert audible(missed) <= 20


class Player:
    """Plays the reply with the real playout, 1 s into the track, and obeys orders."""

    def __init__(self, text_gain: float = 1.0) -> None:
        self.playout = Playout(RATE, volume=0.8)
        self.playout.play("a", np.rint(reply() * text_gain).astype(np.int16).tobytes(), 24_000)
        self.playout.finish("a")
        self.blocks: list[np.ndarray] = [np.zeros(RATE, np.int16)]
        self.notes = []

    @property
    def ms(self) -> float:
        return 1000 + (len(self.blocks) - 1) * 10

    def run(self, ms: int, *orders) -> float:
        """Give orders and let time pass; return when (ms on the track) they were given."""
        began = self.ms
        for order, *arguments in orders:
            getattr(self.playout, order)(*arguments)
        for _ in range(ms // 10):
            out = np.zeros(480, np.int16)
            self.playout.render(out, len(self.blocks) * 480)
            self.blocks.append(out)
            self.notes += self.playout.notes()
        return began

    def passage(self) -> Passage:
        return Passage(Loudspeaker(np.concatenate(self.blocks), RATE), reply(), 24_000, begins=samples(1000))

    @property
    def told(self) -> int:
        return next(n for n in self.notes if n.kind == "cut").heard[0].ms


def test_a_reply_that_was_held_lost_nothing_and_when_it_came_back_is_measured():
    player = Player()
    player.run(1300)
    ducked = player.run(400, ("duck", -20))
    back = player.run(8000, ("restore",))
    found = player.passage()
    lowered = found.lowered(samples(ducked - 100))
    assert in_ms(lowered.nearest(samples(ducked))) == pytest.approx(ducked + 8, abs=10)
    restored = found.restored(lowered.last)
    assert in_ms(restored.nearest(samples(back))) == pytest.approx(back + 20, abs=25)
    assert in_ms(restored.last) < back + 120
    assert in_ms(found.lost(samples(ducked - 50), samples(back + 1500))) <= 2
    assert in_ms(found.lost(samples(0), samples(back))) > 20, "by then it had not been repeated"
    # It ends as much later as it stood still, and went back.
    assert in_ms(found.ends(samples(back))) == pytest.approx(1000 + len(reply()) / 24 + 400 + 300, abs=300)
    assert len(found.runs) == 2


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    first=st.integers(40, 400),
    held=st.integers(5, 90),
    played=st.integers(15, 120),
    again=st.one_of(st.none(), st.tuples(st.integers(8, 60), st.integers(15, 60))),
    ducked=st.integers(0, 40),
)
def test_what_was_heard_is_true_after_rewinds(first, held, played, again, ducked):
    # Of less than 150 ms between two holds it cannot be told where in the reply they are.
    player = Player()
    player.run(10 * first)
    onset = player.run(10 * held, ("duck", -20))
    player.run(10 * played, ("restore",))
    if again is not None:
        player.run(10 * again[0], ("duck", -20))
        player.run(10 * again[1], ("restore",))
    if ducked:
        player.run(10 * ducked, ("duck", -20))
    player.run(500, ("cut", 30))
    if not any(n.kind == "cut" and n.heard for n in player.notes):
        return  # it had come to its end
    _, heard = player.passage().cut(samples(onset))
    nearest = in_ms(heard.nearest(samples(player.told)))
    assert nearest <= player.told + 5
    missed = 0.64 * 0.1 * soxr.resample(reply().astype(float), 24_000, RATE)[round(nearest * 48) : player.told * 48]
    # Lowered, a word may begin more softly than what counts as sound.
    assert audible(missed) <= 20


@settings(max_examples=15, deadline=None, derandomize=True)
@given(first=st.integers(40, 400), held=st.integers(5, 90), between=st.integers(30, 100))
def test_nothing_is_lost_however_often_it_is_held(first, held, between):
    player = Player()
    player.run(10 * first)
    onset = player.run(10 * held, ("duck", -20))
    player.run(10 * between, ("restore",))
    player.run(10 * held, ("duck", -20))
    player.run(8000, ("restore",))
    found = player.passage()
    assert in_ms(found.lost(samples(onset - 50), samples(player.ms))) <= 6


def test_what_is_only_murmured_is_lost():
    track = track_of((500, played(5000, duck=(2500, 3050))))
    lost = passage(track, 500).lost(samples(2900), samples(4500))
    speech = levels(played(5000), RATE // 200, RATE // 1000)[2500:3080]
    assert in_ms(lost) == pytest.approx(np.count_nonzero(speech > speech.max() - 30), abs=60)


def test_an_item_that_was_cut_off_before_it_was_heard_was_not_lowered():
    never = passage(track_of(), 1000)
    assert never.lowered(samples(1000)) is None
    assert never.restored(samples(1000)) is None


def test_of_an_item_that_is_not_there_nobody_knows_what_was_lost():
    assert passage(track_of((1000, tone(2000))), 1000).lost(0, samples(3000)) is None


def test_an_interval_believes_what_can_be_true():
    span = Interval(100, 200)
    assert [span.nearest(c) for c in (50, 150, 250, None)] == [100, 150, 200, 100]
