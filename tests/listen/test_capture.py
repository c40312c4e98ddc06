import numpy as np
import pytest

from device.audio.card.base import Card, ignore
from device.audio.echo.canceller import Revised
from device.audio.playout import Playout
from device.audio.ring import RingBuffer
from device.conversation.events import (
    Echo,
    Helpless,
    Missed,
    NearEnd,
    PlayoutCut,
    PlayoutDone,
    PlayoutStarted,
    PlayoutStarved,
    Tick,
    VoiceStart,
    Wake,
)
from device.listen.capture import CLEAN_SECONDS, NEAR, SETTLED, WAKE_WORD, Capture
from device.listen.gain import Gain, SpeechLevel
from device.listen.near_end import NEAR_END_BLOCKS, NEAR_END_DB
from device.sample_clock import CLOCK_RATE, samples

LOUD, QUIET = np.full(8000, 3000, np.int16), np.zeros(8000, np.int16)


class Level:
    """Takes loud frames for voice."""

    def __init__(self):
        self.resets = 0

    def probability(self, block):
        assert block.shape == (512,)
        return 0.9 if np.abs(block).max() > 500 else 0.05

    def reset(self):
        self.resets += 1


class Fricative(Level):
    """Cannot tell it for a voice."""

    def probability(self, block):
        return 0.0


class Hit:
    word, score, position = "hey_jarvis", 0.87654, 1280


class OnceWake:
    """Finds a wake word in the tenth block."""

    resting = False

    def __init__(self):
        self.pushed = 0

    def push(self, block):
        before, self.pushed = self.pushed, self.pushed + len(block)
        return [Hit] if before < 1600 <= self.pushed else []


class Subtract:
    """A canceller for an echo without delay, which cannot explain what is louder than 100."""

    delay = 0
    active = True
    converged = True
    echoing = True
    moves = 0
    helpless = False
    own = False
    revised = None
    excess = np.zeros(0, np.float32)

    def __init__(self, excess_db=20.0):
        self.excess_db = excess_db

    expected_db = 0.0

    def doubt(self):
        self.converged = False

    def expect(self, gain_db):
        self.expected_db = gain_db

    def cancel(self, mic, reference, missing=None):
        clean = mic - reference
        loud = np.abs(clean).reshape(-1, 160).max(axis=1) > 100
        self.excess = np.where(loud, self.excess_db, 0).astype(np.float32)
        return clean


class Puppet(Card):
    """A card whose blocks the test exchanges."""

    def open(self, source, on_presence=ignore):
        self._source = source


def make(rate=16_000, canceller=None, wake=None, voice=None, gain=None):
    card = Puppet(rate)
    playout = Playout(rate, prebuffer_ms=0, latency=lambda: card.output_latency)
    card.open(playout)
    events = []
    capture = Capture(
        card,
        playout,
        RingBuffer(CLOCK_RATE, CLEAN_SECONDS),
        canceller=canceller,
        voice=voice or Level(),
        wake=wake,
        emit=events.append,
        gain=gain,
    )
    return card, playout, capture, events


def feed(card, capture, pcm):
    for i in range(0, len(pcm), card.block):
        card.exchange(np.ascontiguousarray(pcm[i : i + card.block]))
        assert capture.process()


def of(events, kind):
    return [e for e in events if isinstance(e, kind)]


@pytest.mark.parametrize("rate", [16_000, 24_000, 48_000])
def test_clean_positions_are_the_clock_whatever_the_rate_of_the_card(rate):
    card, _, capture, events = make(rate)
    click = np.zeros(rate, np.int16)
    click[rate // 2 : rate // 2 + rate // 100] = 10_000
    feed(card, capture, click)
    clean = capture.clean.cursor(0).take(16_000)
    assert abs(int(np.argmax(np.abs(clean) > 5000)) - 8000) <= 3
    assert 0 <= card.now - capture.now <= samples(30)
    ticks = [e.at for e in of(events, Tick)]
    assert len(ticks) == pytest.approx(20, abs=1)


def test_the_echo_is_cancelled_against_what_was_played_at_the_same_moment():
    card, playout, capture, _ = make(canceller=Subtract())
    noise = np.random.default_rng(1).integers(-5000, 5000, 16_000).astype(np.int16)
    playout.play("a", noise.tobytes(), 16_000)
    feed(card, capture, noise)  # the microphone hears exactly what is played
    assert not capture.clean.cursor(0).take(16_000).any()


def test_the_wake_word_is_looked_for_in_every_sample():
    card, _, capture, events = make(wake=(wake := OnceWake()))
    feed(card, capture, np.zeros(16_000, np.int16))
    assert wake.pushed == 16_000
    assert of(events, Wake) == [Wake(1600, "hey_jarvis", 0.877)]


def test_frames_lost_leave_silence_and_true_positions():
    card, _, capture, _ = make()
    feed(card, capture, np.full(1600, 1, np.int16))
    lost = 16_000 * 61
    for _ in range(lost // 160):
        card.exchange(np.full(160, 2, np.int16))
    while capture.process():
        pass
    assert capture.lost == lost - card.mic.capacity
    assert capture.now == card.now
    cursor = capture.clean.cursor(capture.now - 16_000)
    assert (cursor.take(16_000) == 2).all()


def test_playout_is_reported_on_the_clock_with_the_latency_of_the_card():
    card, playout, capture, events = make(48_000)
    card.output_latency = 480
    playout.play("a", np.ones(2400, np.int16).tobytes(), 24_000)
    playout.finish("a")
    feed(card, capture, np.zeros(48_000, np.int16))
    assert [e.at for e in of(events, PlayoutStarted)] == [160]
    done = of(events, PlayoutDone)[0]
    assert done.at == pytest.approx(160 + 1600, abs=16)
    assert done.heard.whole


def test_a_reply_that_starves_and_one_that_is_cut_are_reported():
    card, playout, capture, events = make()
    playout.play("a", np.ones(320, np.int16).tobytes(), 16_000)
    feed(card, capture, np.zeros(480, np.int16))
    assert of(events, PlayoutStarved) == [PlayoutStarved(320, "a")]
    playout.cut(10)
    feed(card, capture, np.zeros(160, np.int16))
    (cut,) = of(events, PlayoutCut)
    assert (cut.at, [heard.ms for heard in cut.heard]) == (480, [20])


def test_until_the_echo_path_is_learnt_nothing_over_a_reply_is_a_voice():
    canceller = Subtract()
    canceller.converged = False
    card, _, capture, events = make(canceller=canceller)
    capture.want_voice(True, alert=True)
    feed(card, capture, np.concatenate([QUIET, LOUD]))
    assert not of(events, VoiceStart)
    assert not of(events, NearEnd)


def test_a_detector_that_fails_does_not_end_listening():
    voice = Level()
    card, _, capture, _ = make(voice=voice)
    capture.want_voice(True)
    voice.probability = lambda block: 1 / 0
    capture.start()
    for _ in range(30):
        card.exchange(np.zeros(160, np.int16))
    assert capture.clean.cursor(0).read(30 * 160, timeout=5) is not None
    voice.probability = lambda block: 0.0
    card.exchange(np.zeros(160, np.int16))
    cursor = capture.clean.cursor(0)
    assert cursor.read(31 * 160, timeout=5) is not None
    capture.stop()


def test_asleep_it_takes_blocks_up_to_the_end_of_a_frame_of_the_wake_words_models_at_once():
    wake = OnceWake()
    card, _, capture, _ = make(wake=wake)
    assert capture.blocks_at_once == 8
    feed(card, capture, np.zeros(3 * card.block, np.int16))
    assert capture.blocks_at_once == 5
    wake.resting = True
    assert capture.blocks_at_once == 21
    capture.want_voice(True)
    assert capture.blocks_at_once == 1


def test_many_blocks_at_once_are_as_good_as_one_by_one():
    pcm = np.random.default_rng(5).integers(-3000, 3000, 48_000, np.int16)
    card, _, capture, events = make(48_000, wake=OnceWake())
    feed(card, capture, pcm)
    other_card, _, other, other_events = make(48_000, wake=OnceWake())
    for i in range(0, len(pcm), other_card.block):
        other_card.exchange(pcm[i : i + other_card.block])
        other.process(blocks=8)
    assert not other.process(blocks=8)
    whole = other.now
    assert whole >= capture.now - samples(80)
    assert np.array_equal(other.clean.cursor(0).take(whole), capture.clean.cursor(0).take(whole))
    assert [e.word for e in of(other_events, Wake)] == [e.word for e in of(events, Wake)] == ["hey_jarvis"]


def test_a_microphone_that_is_unplugged_in_mid_reply_hears_nothing():
    card, playout, capture, events = make(canceller=Subtract())
    capture.want_voice(True)
    tone = (np.sin(np.arange(16_000) / 5) * 8000).astype(np.int16)
    playout.play("a", tone.tobytes(), 16_000)
    feed(card, capture, np.zeros(8000, np.int16))
    assert card.reference.cursor(0).take(8000).any()
    assert not capture.clean.cursor(0).take(8000).any()
    assert of(events, VoiceStart) == []


@pytest.mark.parametrize(("excess_db", "noticed"), [(NEAR_END_DB - 0.1, 0), (NEAR_END_DB, 1)])
def test_what_exceeds_the_echo_is_noticed_at_once_and_once(excess_db, noticed):
    card, _, capture, events = make(canceller=Subtract(excess_db), voice=Fricative())
    capture.want_voice(True, alert=True)
    feed(card, capture, np.concatenate([QUIET, LOUD]))
    assert [e.at - 8000 for e in of(events, NearEnd)] == [160 * NEAR_END_BLOCKS] * noticed


def test_a_click_is_not_noticed_at_the_near_end():
    card, _, capture, events = make(canceller=Subtract())
    capture.want_voice(True, alert=True)
    feed(card, capture, np.concatenate([QUIET, LOUD[: 160 * (NEAR_END_BLOCKS - 1)], QUIET]))
    assert not of(events, NearEnd)


def test_nothing_at_the_near_end_is_told_while_no_reply_plays():
    card, _, capture, events = make(canceller=Subtract())
    capture.want_voice(True)
    feed(card, capture, np.concatenate([QUIET, LOUD]))
    assert not of(events, NearEnd)


@pytest.mark.parametrize("ends_unsure", [True, False])
def test_what_of_the_echo_may_be_heard_is_told_and_its_end_once_no_voice_can_have_begun_in_it(ends_unsure):
    canceller = Subtract()
    canceller.active = canceller.echoing = False
    card, _, capture, events = make(canceller=canceller)
    feed(card, capture, QUIET[:1600])
    canceller.active = canceller.echoing = True
    canceller.converged = not ends_unsure
    feed(card, capture, QUIET[:3200])
    canceller.converged = ends_unsure
    feed(card, capture, QUIET[:1600])
    canceller.echoing = False
    feed(card, capture, QUIET)
    first, second, last = of(events, Echo)
    assert [first.kind, second.kind] == (["unknown", "known"] if ends_unsure else ["known", "unknown"])
    assert [first.since, second.since] == [1600, 4800]
    assert (last.kind, last.since) == ("none", 6400)
    assert last.at == 6400 + SETTLED
    assert of(events, VoiceStart) == []


def test_it_is_told_when_the_canceller_is_helpless_and_when_it_is_not_any_more():
    canceller = Subtract()
    card, _, capture, events = make(canceller=canceller)
    for helpless in (False, True, True, False):
        canceller.helpless = helpless
        feed(card, capture, QUIET[:160])
    assert [(event.at, event.on) for event in of(events, Helpless)] == [(320, True), (640, False)]


def test_who_looks_for_the_wake_word_is_told_what_of_the_echo_may_be_heard():
    wake, canceller = OnceWake(), Subtract()
    card, _, capture, _ = make(wake=wake, canceller=canceller)
    for active, converged, echo in ((True, True, "known"), (True, False, "unknown"), (False, True, "none")):
        canceller.active, canceller.converged = active, converged
        card.exchange(np.zeros(160, np.int16))
        capture.process()
        assert wake.echo == echo


def test_who_looks_for_the_wake_word_is_told_whether_anybody_was_near_of_late():
    wake, canceller = OnceWake(), Subtract()
    card, _, capture, _ = make(wake=wake, canceller=canceller)
    near = []
    for loud in [0] * 5 + [1] * 4 + [0] * 160:
        card.exchange(np.full(160, 3000 * loud, np.int16))
        capture.process()
        near.append(wake.near)
    assert near.index(True) == 5 + NEAR_END_BLOCKS - 1
    assert sum(near) == pytest.approx(NEAR // 160, abs=3)
    assert not near[-1]


def test_what_the_card_missed_is_known_to_be_missing_from_the_clean_audio():
    class Notes(Subtract):
        def __init__(self):
            super().__init__()
            self.missing = []

        def cancel(self, mic, reference, missing=None):
            self.missing += [False] * (len(mic) // 160) if missing is None else missing.tolist()
            return super().cancel(mic, reference)

    canceller = Notes()
    card, _, capture, events = make(48_000, canceller)
    feed(card, capture, np.zeros(4800, np.int16))
    card.skip(2400)
    assert not of(events, Missed)
    feed(card, capture, np.zeros(4800, np.int16))
    while capture.process():
        pass
    assert sum(event.length for event in of(events, Missed)) == 800
    assert capture.gaps.last == (1600, 2400)
    assert capture.gaps.touch(1600, 2400)
    assert not capture.gaps.touch(0, 1600)
    assert not capture.gaps.touch(2400, 9999)
    assert canceller.missing[:20] == [False] * 10 + [True] * 5 + [False] * 5


def test_no_echo_is_told_of_from_before_the_first_sample():
    card, _, capture, events = make(canceller=Subtract())
    feed(card, capture, QUIET[:160])
    (echo,) = of(events, Echo)
    assert echo.since == 0


def test_where_the_loudspeaker_starts_anew_it_is_doubted_where_the_echo_is():
    canceller = Subtract()
    card, _, capture, events = make(16_000, canceller)
    feed(card, capture, np.zeros(1600, np.int16))
    for _ in range(5):
        card.hear(np.zeros(card.block, np.int16))
        capture.process()
    assert canceller.converged
    feed(card, capture, np.zeros(1600, np.int16))
    assert not canceller.converged
    assert not capture.gaps.since(0)
    assert not of(events, Missed)


def test_who_was_taken_for_the_device_at_first_is_heard_from_there():
    class Mistakes(Subtract):
        """Takes the first 200 ms of a voice for the device's own."""

        def __init__(self):
            super().__init__()
            self.taken = 0

        def cancel(self, mic, reference, missing=None):
            clean = super().cancel(mic, reference, missing)
            self.taken += 1
            self.own = 50 <= self.taken < 70
            if self.own:
                self.excess[:] = 0
            return clean

    card, _, capture, events = make(canceller=Mistakes())
    capture.want_voice(True, alert=True)
    feed(card, capture, np.concatenate((QUIET, LOUD[:8000])))
    (start,) = of(events, VoiceStart)
    assert start.onset > 8000 + samples(150)
    assert start.start <= 8000


@pytest.mark.parametrize("later", [0, 320])
def test_what_is_heard_again_takes_its_place_and_is_listened_to(later):
    class Finds(Subtract):
        """Knows in the hundredth block that the half second before was a voice."""

        blocks = 0

        def cancel(self, mic, reference, missing=None):
            clean = super().cancel(mic, reference, missing)
            self.blocks += len(mic) // 160
            self.converged = self.blocks >= 100
            self.revised = Revised(LOUD, np.full(50, 20.0), np.zeros(50, bool), later) if self.blocks == 100 else None
            return clean

    card, _, capture, events = make(canceller=Finds(), gain=Gain(6.0))
    capture.want_voice(True, alert=True)
    feed(card, capture, np.concatenate((QUIET, QUIET)))
    (start,) = of(events, VoiceStart)
    assert start.onset == pytest.approx(len(QUIET) - later, abs=512)
    heard = capture.clean.cursor(0).take(2 * len(QUIET))
    assert not heard[: len(QUIET) - later].any()
    assert np.allclose(heard[len(QUIET) - later : 2 * len(QUIET) - later], 3000 * 10 ** (6 / 20), atol=2)


class Taking(Subtract):
    """A canceller that keeps what it is given."""

    def __init__(self, *, echoing):
        super().__init__()
        self.active = self.echoing = echoing
        self.taken = []

    def cancel(self, mic, reference, missing=None):
        self.taken.append(mic.copy())
        return super().cancel(mic, reference, missing)


def test_the_microphone_is_amplified_after_the_echo_canceller():
    canceller = Taking(echoing=False)
    card, _, capture, _ = make(canceller=canceller, gain=Gain(20.0))
    feed(card, capture, LOUD // 100)
    assert (np.concatenate(canceller.taken) == LOUD // 100).all()
    assert (capture.clean.cursor(0).take(8000) == LOUD // 10).all()


class Told:
    """A speech level that keeps whether it was told that somebody is alone."""

    db = None

    def __init__(self):
        self.alone = []

    def push(self, block, *, alone):
        self.alone.append(alone)
        return False


@pytest.mark.parametrize("echoing", [True, False])
def test_how_loud_speech_is_is_learnt_only_where_there_is_no_echo(echoing):
    told = Told()
    card, _, capture, _ = make(canceller=Taking(echoing=echoing), gain=Gain(speech=told))
    feed(card, capture, LOUD)
    assert set(told.alone) == {not echoing}


def test_from_what_is_missing_no_speech_is_learnt():
    told = Told()
    card, _, capture, _ = make(gain=Gain(speech=told))
    feed(card, capture, LOUD[:1600])
    card.skip(1600)
    assert capture.process(blocks=10)
    assert told.alone[-1] is False
    feed(card, capture, LOUD[:1600])
    assert told.alone[-1] is True


class Late(OnceWake):
    """Finds a wake word after 2 s."""

    def push(self, block):
        before, self.pushed = self.pushed, self.pushed + len(block)
        return [Hit] if before < 2 * CLOCK_RATE <= self.pushed else []


@pytest.mark.parametrize(("missing", "amplified"), [(False, True), (True, False)])
def test_the_first_wake_word_and_what_follows_it_are_amplified_before_anything_is_sent(missing, amplified):
    card, _, capture, events = make(wake=Late(), gain=Gain(speech=SpeechLevel(Level())))
    quiet = np.random.default_rng(2).integers(-50, 51, 2 * CLOCK_RATE).astype(np.int16)
    if missing:
        feed(card, capture, quiet[: len(quiet) - 8000])
        card.skip(1600)
        assert capture.process(blocks=10)
        quiet = quiet[:6400]
    feed(card, capture, quiet)
    assert len(of(events, Wake)) == 1
    heard = capture.clean.cursor(0).take(capture.now)
    assert bool(np.abs(heard[-WAKE_WORD // 4 :]).max() > 500) is amplified
    assert np.abs(heard[: 2 * CLOCK_RATE - WAKE_WORD]).max() <= 50, "what came long before it is as it was"


def test_the_canceller_knows_of_a_microphone_that_needs_amplifying():
    canceller = Subtract()
    card, _, capture, _ = make(canceller=canceller, gain=Gain(20.0))
    feed(card, capture, LOUD[:320])
    assert canceller.expected_db == 20.0
