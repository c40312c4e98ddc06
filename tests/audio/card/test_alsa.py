"""The card on a real sound server: full duplex, names, latency, and a server that goes away and comes back."""

import contextlib
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from numpy.typing import NDArray
from support.pulse import RATE, Pulse

from device.audio.card.alsa import AlsaCard
from device.audio.card.base import CardError, ignore
from device.audio.card.buffer_size import BufferSize
from device.audio.card.devices import Device
from device.audio.card.latency import Latency
from device.audio.card.stream import Client, SilenceError, Stall, Stream
from device.settings.tree import CardSettings

PERIOD = 30_000
"""Length of the sawtooth whose every sample tells its place."""
LOOP = CardSettings(input="Loopback", output="Loopback")


def ramp(start: int, n: int) -> NDArray[np.int16]:
    return ((start + np.arange(n)) % PERIOD + 1).astype(np.int16)


def breaks(track: NDArray[np.int16]) -> int:
    """How often the ramp is left: by a jump, or by a stretch of silence, which a busy machine may cause."""
    follows = np.diff(track.astype(np.int32)) % PERIOD == 1
    silent = (track[1:] == 0) & (track[:-1] == 0)
    return int(np.count_nonzero(~follows & ~silent))


def is_ramp(track: NDArray[np.int16]) -> bool:
    """True if all but a few hiccups are the ramp."""
    return breaks(track) < 20 and np.count_nonzero(track) > 0.9 * len(track)


class RampSource:
    """Plays the ramp by position, and keeps a list of the blocks asked for."""

    def __init__(self) -> None:
        self.blocks: list[tuple[int, int]] = []
        self.skipped: set[int] = set()
        self.trouble: Exception | None = None

    def render(self, out: NDArray[np.int16], position: int) -> None:
        self.blocks.append((position, len(out)))
        if self.trouble is not None:
            raise self.trouble
        out[:] = ramp(position, len(out))

    def skip(self, frames: int) -> None:
        position, n = self.blocks[-1] if self.blocks else (0, 0)
        self.blocks.append((position + n, frames))
        self.skipped.add(position + n)

    def assert_one_after_the_other(self) -> None:
        expected = 0
        for position, n in list(self.blocks):
            assert position == expected
            expected = position + n


@contextlib.contextmanager
def opened(
    settings: CardSettings, source: RampSource | None = None, on_presence: Callable[[bool], None] = ignore
) -> Iterator[AlsaCard]:
    card = AlsaCard(settings)
    card.open(source or RampSource(), on_presence)
    try:
        yield card
    finally:
        card.close()


def read(card: AlsaCard, seconds: float) -> NDArray[np.int16]:
    """The next seconds of the microphone."""
    block = card.mic.cursor().read(round(seconds * card.rate), 30)
    assert block is not None, "the microphone stands still"
    return block


def await_true(what: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.01)


def await_ramp(card: AlsaCard) -> NDArray[np.int16]:
    """Half a second of the microphone that is the ramp; until it comes, the machine may be busy."""
    for _ in range(16):
        track = read(card, 0.5)
        if is_ramp(track):
            return track
    pytest.fail(f"the ramp does not arrive: {breaks(track)} breaks in the last half second, {card.xruns}")


class Presence:
    """What the card says of its coming and going."""

    def __init__(self) -> None:
        self.said: list[tuple[bool, float]] = []
        self.gone, self.back = threading.Event(), threading.Event()

    def note(self, present: bool) -> None:
        self.said.append((present, time.monotonic()))
        (self.back if present else self.gone).set()


def test_full_duplex_keeps_every_sample(pulse: Pulse) -> None:
    source = RampSource()
    with pulse.speaking(ramp(0, 30 * RATE)), opened(CardSettings(), source) as card, pulse.recording() as played:
        assert card.rate == RATE
        heard = await_ramp(card)
        reference = card.reference.cursor(card.mic.position - RATE // 2).read(RATE // 2, 5)
    assert len(heard) == RATE // 2
    assert reference is not None
    assert is_ramp(reference)
    loud = np.flatnonzero(played[0])
    track = played[0][loud[0] : loud[-1] + 1]
    assert len(track) > RATE // 4
    assert is_ramp(track)
    source.assert_one_after_the_other()


def test_reference_and_microphone_share_their_positions(pulse: Pulse) -> None:
    with opened(LOOP) as card:
        lags = []
        for _ in range(2):
            heard = await_ramp(card)
            end = card.mic.position
            # The ramp says at which position its sample was rendered; the block ends at `end` or little before.
            lags.append((end - int(heard[-1])) % PERIOD * 1000 / card.rate)
    assert 10 < lags[0] < 300
    assert lags[1] == pytest.approx(lags[0], abs=30)


def test_reference_holds_what_was_rendered(pulse: Pulse) -> None:
    with opened(LOOP) as card:
        read(card, 0.3)
        reference = card.reference.cursor(0).read(4800, 5)
    assert reference is not None
    assert (reference == ramp(0, 4800)).all()


@pytest.mark.parametrize("rate", [16_000, 24_000])
def test_a_rate_can_be_asked_for(pulse: Pulse, rate: int) -> None:
    with opened(CardSettings(rate=rate)) as card:
        began = time.monotonic()
        read(card, 1)
        assert card.rate == rate
        assert card.block == rate // 100
        assert time.monotonic() - began == pytest.approx(1, abs=0.5)


def test_latency_is_what_was_asked_for(pulse: Pulse) -> None:
    latencies = []
    for ms in (20, 150):
        with opened(CardSettings(latency_ms=ms)) as card:
            read(card, 1)
            latencies.append(card.output_latency * 1000 / card.rate)
    assert 10 < latencies[0] < 100
    assert latencies[1] > latencies[0] + 80


def test_names(pulse: Pulse) -> None:
    assert AlsaCard(LOOP).name == "Loopback"
    mixed = AlsaCard(CardSettings(input="microph", output="loop"))
    assert mixed.name == "Microphone and Loopback"
    assert not mixed.present


def test_an_unknown_name_lists_those_there_are(pulse: Pulse) -> None:
    with pytest.raises(CardError, match=r'no microphone "Jabra".*"default", "Loopback", "Microphone"$'):
        AlsaCard(CardSettings(input="Jabra"))
    with pytest.raises(CardError, match=r'no loudspeaker "Jabra".*"Loopback"'):
        AlsaCard(CardSettings(output="Jabra"))


def test_no_card_is_said(no_sound: None) -> None:
    with pytest.raises(CardError, match=r"^no microphone was found that can be opened: plug in a sound card"):
        AlsaCard(CardSettings())


def test_a_card_that_went_before_it_was_opened_is_an_error(pulse: Pulse) -> None:
    card = AlsaCard(CardSettings())
    pulse.stop()
    with pytest.raises(CardError, match="default"):
        card.open(RampSource())
    pulse.start()
    card.open(RampSource())
    card.close()


def test_opening_makes_no_noise(pulse: Pulse) -> None:
    class Silence:
        def render(self, out: NDArray[np.int16], position: int) -> None:
            out[:] = 0

        def skip(self, frames: int) -> None: ...

    # PortAudio alone plays noise at every other opening, from memory that it has not written to.
    with pulse.recording() as played:
        for _ in range(12):
            card = AlsaCard(CardSettings())
            card.open(Silence())
            card.mic.cursor().read(card.rate // 20, 5)
            card.close()
    assert len(played[0]) > RATE // 4
    assert not played[0].any()


def test_the_callback_goes_first_where_it_may(pulse: Pulse) -> None:
    policies: dict[str, int] = {}

    class Asking:
        def render(self, out: NDArray[np.int16], position: int) -> None:
            out[:] = 0
            policies["callback"] = os.sched_getscheduler(0)

        def skip(self, frames: int) -> None: ...

    def try_it() -> None:
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
        policies["allowed"] = os.sched_getscheduler(0)

    thread = threading.Thread(target=try_it)
    thread.start()
    thread.join()
    card = AlsaCard(CardSettings())
    card.open(Asking())
    await_true(lambda: "callback" in policies)
    card.close()
    assert policies["callback"] == policies["allowed"]


class PuppetStream:
    """A stream whose blocks the test moves; what watches it sees it beat."""

    active, writing, last = True, False, 0.0

    def __init__(self, rate: int, _block: int, size: BufferSize, client: Client) -> None:
        self.size, self.client = size, client
        self.latency = Latency(rate)
        self.stalls: deque[Stall] = deque()
        self.seen = 0

    @property
    def beats(self) -> int:
        self.seen += 1
        return self.seen

    def open(self, _microphone: Device, _loudspeaker: Device) -> None: ...

    def close(self) -> None: ...


@pytest.fixture
def puppets(monkeypatch: pytest.MonkeyPatch, pulse: Pulse) -> list[PuppetStream]:
    """The streams that were opened, whose blocks are the test's to move."""
    streams: list[PuppetStream] = []

    def make(rate: int, block: int, size: BufferSize, client: Client, channel: int) -> PuppetStream:
        assert channel == 1
        streams.append(PuppetStream(rate, block, size, client))
        return streams[-1]

    monkeypatch.setattr("device.audio.card.alsa.Stream", make)
    return streams


def test_a_stall_is_one_line_of_the_log_and_what_it_took_is_missing(
    puppets: list[PuppetStream], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    presence = Presence()
    with opened(CardSettings(), RampSource(), presence.note) as card:
        (stream,) = puppets
        client, heard = stream.client, np.ones(card.block, np.int16)
        client.exchange_block(stream, heard)
        client.miss_frames(stream, 1000)
        client.hear_block(stream, heard)
        client.exchange_block(stream, heard)
        stream.stalls.append(Stall(0.151, 1000 / RATE, dry=True))
        await_true(lambda: bool(caplog.records))
        assert [r.getMessage() for r in caplog.records] == [
            "default stood still for 151 ms; 21 ms of what it heard are missing"
        ]
        assert (card.xruns.overruns, card.xruns.underruns) == (1, 1)
        # The second: nothing is missing there, but the loudspeaker starts anew.
        assert card.gaps.since(0) == ((480, 1480), (1960, 1960))
        assert card.mic.position == card.reference.position == 3 * card.block + 1000
        stream.stalls.append(Stall(0.05, 0, dry=True))
        await_true(lambda: card.xruns.underruns == 2)
    assert caplog.records[1].getMessage() == "default stood still for 50 ms"
    assert not presence.said


def test_the_latency_is_the_stream_s(puppets: list[PuppetStream]) -> None:
    with opened(CardSettings()) as card:
        (stream,) = puppets
        stream.latency.push(1900)
        stream.client.exchange_block(stream, np.zeros(card.block, np.int16))
        assert card.output_latency == 1900


def test_a_stream_that_is_not_the_writer_writes_nothing(puppets: list[PuppetStream]) -> None:
    source = RampSource()
    with opened(LOOP, source) as card:
        (stream,) = puppets
        heard = np.ones(card.block, np.int16)
        assert stream.client.exchange_block(stream, heard).any()
    # As late blocks of a stream that was given up, or early ones of a stream that is being tried.
    assert not stream.client.exchange_block(stream, heard).any()
    stream.client.hear_block(stream, heard)
    stream.client.miss_frames(stream, 7)
    assert (card.mic.position, card.reference.position, len(source.blocks)) == (card.block, card.block, 1)
    assert card.xruns.overruns == 0


def test_a_buffer_that_grows_and_shrinks_leaves_the_echo_where_it_is(puppets: list[PuppetStream]) -> None:
    """The loudspeaker plays what it is given so much later as the buffer has grown: so does the reference."""
    with opened(CardSettings()) as card:
        (stream,) = puppets
        size, client, heard = stream.size, stream.client, np.ones(card.block, np.int16)
        given: list[NDArray[np.int16]] = []

        def exchange(blocks: int) -> None:
            given.extend(client.exchange_block(stream, heard).copy() for _ in range(blocks))

        exchange(20)
        for now in (1, 2):
            size.ran_dry(50, now)
        grown = size.extra_ms // 10
        assert grown == 3
        exchange(20)
        assert size.shrink(100)
        exchange(5)  # until nothing is played, the buffer stays as it is
        for _ in range(4):
            client.hear_block(stream, heard)
        exchange(5)
        silence = np.zeros(card.block, np.int16)
        played = [*given[:20], *[silence] * grown, *given[20:45], *[silence] * 2, *given[45:]]
        reference = card.reference.cursor(0).take(card.reference.capacity)
        assert card.reference.position == card.mic.position == 54 * card.block
        assert np.array_equal(reference, np.concatenate(played)[: len(reference)])


def test_a_stream_that_is_opened_again_at_once_is_a_gap_and_no_more(
    puppets: list[PuppetStream], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    presence, source = Presence(), RampSource()
    with opened(CardSettings(), source, presence.note) as card:
        puppets[0].client.exchange_block(puppets[0], np.ones(card.block, np.int16))
        puppets[0].last = time.monotonic()
        puppets[0].active = False
        await_true(lambda: any("opened again" in r.getMessage() for r in caplog.records))
        fresh = puppets[1]
        at = card.mic.position
        fresh.client.exchange_block(fresh, np.ones(card.block, np.int16))
        assert card.mic.position == at + card.block
        assert card.gaps.since(0)[0][0] == card.block
        assert card.gaps.since(0)[-1][1] == at
        assert len(caplog.records) == 1
    assert not presence.said
    source.assert_one_after_the_other()


def test_an_exception_in_the_source_plays_silence_and_is_reported(
    pulse: Pulse, caplog: pytest.LogCaptureFixture
) -> None:
    source = RampSource()
    with opened(LOOP, source) as card:
        source.trouble = ValueError("no more sound")
        await_true(lambda: "no more sound" in caplog.text)
        read(card, 0.5)
        assert card.present
        assert not np.any(card.reference.cursor(card.mic.position - 1000).read(1000, 5))
        source.trouble = None
        await_ramp(card)
        assert [r.levelname for r in caplog.records] == ["ERROR"], "once, not a hundred times a second"
    source.assert_one_after_the_other()


def test_the_clock_goes_on_without_a_sound_server_and_the_card_comes_back(pulse: Pulse) -> None:
    source = RampSource()
    presence = Presence()
    with opened(LOOP, source, presence.note) as card:
        await_ramp(card)
        card.xruns.overruns += 1000
        began, position = time.monotonic(), card.mic.position
        pulse.stop()
        assert presence.gone.wait(10)
        assert not card.present
        silent = read(card, 1)
        assert not silent.any()
        assert not np.any(card.reference.cursor(card.mic.position - 4800).read(4800, 5))
        gone_for = time.monotonic() - began
        assert (card.mic.position - position) / card.rate == pytest.approx(gone_for, abs=0.2)
        pulse.start()
        assert presence.back.wait(20)
        assert card.present
        await_ramp(card)
        elapsed = time.monotonic() - began
        assert (card.mic.position - position) / card.rate == pytest.approx(elapsed, abs=0.4)
        assert card.xruns.overruns >= 1000
        assert [present for present, _ in presence.said] == [False, True]
    source.assert_one_after_the_other()


def test_a_suspended_loudspeaker_counts_as_unplugged(pulse: Pulse) -> None:
    source = RampSource()
    presence = Presence()
    with opened(LOOP, source, presence.note) as card:
        await_ramp(card)
        pulse.pactl("suspend-sink", "spk", "1")
        assert presence.gone.wait(10)
        read(card, 0.5)
        pulse.pactl("suspend-sink", "spk", "0")
        assert presence.back.wait(20)
        await_ramp(card)
    source.assert_one_after_the_other()


def echo_ms(card: AlsaCard) -> float:
    """How late the ramp comes back, by its positions."""
    heard = await_ramp(card)
    cursor = card.mic.cursor(card.mic.position - len(heard))
    track = cursor.take(len(heard))
    return float((cursor.position - len(track) + 1 - np.median(track - np.arange(len(track)))) % PERIOD * 1000 / RATE)


@pytest.mark.parametrize("ms", [100, 300])
def test_a_stall_is_ridden_out(pulse: Pulse, caplog: pytest.LogCaptureFixture, ms: int) -> None:
    class Stalling(RampSource):
        stall = 0.0

        def render(self, out: NDArray[np.int16], position: int) -> None:
            super().render(out, position)
            stall, self.stall = self.stall, 0.0
            time.sleep(stall)

    caplog.set_level("INFO")
    source, presence = Stalling(), Presence()
    with opened(LOOP, source, presence.note) as card:
        began, position = time.monotonic(), card.mic.position
        before = echo_ms(card)
        stalls = card.xruns.underruns
        source.stall = ms / 1000
        await_true(lambda: card.xruns.underruns > stalls)
        assert echo_ms(card) == pytest.approx(before, abs=40)
        assert (card.mic.position - position) / card.rate == pytest.approx(time.monotonic() - began, abs=0.1)
        assert card.present
    assert not presence.said
    assert all("stood still for" in line for line in caplog.messages)
    source.assert_one_after_the_other()


def test_a_loudspeaker_that_stands_still_for_a_moment_has_the_reply_wait(
    pulse: Pulse, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    source, presence = RampSource(), Presence()
    with opened(CardSettings(), source, presence.note) as card:
        read(card, 0.5)
        position, blocks = card.mic.position, len(source.blocks)
        pulse.pactl("suspend-sink", "spk", "1")
        read(card, 0.5)
        pulse.pactl("suspend-sink", "spk", "0")

        def waited() -> int:
            return sum(n for at, n in source.blocks[blocks:] if at in source.skipped)

        await_true(lambda: waited() > 0.2 * RATE)
        await_true(lambda: any("stood still for" in line for line in caplog.messages))
        assert card.mic.position >= position + RATE // 2
        assert all(first == end for first, end in card.gaps.since(position)), "nothing is missing"
    assert not presence.said
    source.assert_one_after_the_other()


def test_a_device_removed_and_restored_is_heard_again(pulse: Pulse) -> None:
    source = RampSource()
    with opened(LOOP, source) as card:
        await_ramp(card)
        position, began = card.mic.position, time.monotonic()
        pulse.pactl("unload-module", "module-remap-source")
        pulse.pactl("unload-module", "module-null-sink")
        read(card, 1)
        for sink in ("spk", "micbus"):
            pulse.pactl(
                "load-module", "module-null-sink", f"sink_name={sink}", f"rate={RATE}", "channels=1", "norewinds=1"
            )
        pulse.pactl("load-module", "module-remap-source", "source_name=loop", "master=spk.monitor", "channels=1")
        await_true(lambda: card.present)
        await_ramp(card)
        elapsed = time.monotonic() - began
        assert (card.mic.position - position) / card.rate == pytest.approx(elapsed, abs=0.4)
    source.assert_one_after_the_other()


def test_closing_while_the_card_is_away(pulse: Pulse) -> None:
    card = AlsaCard(LOOP)
    presence = Presence()
    card.open(RampSource(), presence.note)
    pulse.stop()
    assert presence.gone.wait(10)
    began = time.monotonic()
    card.close()
    card.close()
    assert time.monotonic() - began < 5
    position = card.mic.position
    await_true(lambda: not any(t.name.startswith("card ") for t in threading.enumerate()))
    assert card.mic.position == position


@pytest.mark.parametrize("silent", [2, 99])
def test_a_stream_that_stays_silent_is_opened_again(pulse: Pulse, monkeypatch: pytest.MonkeyPatch, silent: int) -> None:
    opening, tries = Stream.open, []

    def open_stream(stream: Stream, *devices: Device) -> None:
        tries.append(stream)
        if len(tries) <= silent:
            raise SilenceError("no sound came")
        opening(stream, *devices)

    monkeypatch.setattr(Stream, "open", open_stream)
    card = AlsaCard(LOOP)
    with contextlib.closing(card), pytest.raises(SilenceError) if silent > 2 else contextlib.nullcontext():
        card.open(RampSource())
        assert card.present
    assert len(tries) == 3


def test_opening_again_goes_on_where_the_clock_stood(pulse: Pulse) -> None:
    source = RampSource()
    card = AlsaCard(LOOP)
    card.open(source)
    read(card, 0.2)
    card.close()
    position = card.mic.position
    card.open(source)
    await_ramp(card)
    card.close()
    assert card.mic.position >= position + RATE // 2
    source.assert_one_after_the_other()
