import numpy as np
import pytest
from support.speech import say

from device.audio.echo.filter import BLOCK, EchoFilter
from device.simulation import acoustics

SECOND = 16_000
WORDS = (
    "Once upon a time there was a small house near the sea, and in the house lived an old man who liked to talk. "
    "The weather in London is mostly cloudy today, with a light breeze from the west and some rain in the evening."
)


def played(seconds):
    return (np.resize(say(WORDS, "en-us", 165, -20), round(seconds * SECOND)) / 32768).astype(np.float32)


def room(sound, seed=1, clip=np.inf):
    response = acoustics.impulse_response(SECOND, 0.1, -6, np.random.default_rng(seed))
    late = np.concatenate((np.zeros(400, np.float32), acoustics.saturate(sound, clip)))
    echo = acoustics.convolve(late, response)[: len(sound)]
    hiss = np.random.default_rng(9).standard_normal(len(sound)) * 10 ** (-70 / 20)
    return (echo + hiss).astype(np.float32)


def run(echo, mic, sound):
    """Return the errors, one block after the other."""
    blocks = zip(mic.reshape(-1, BLOCK), sound.reshape(-1, BLOCK), strict=True)
    errors = []
    for heard, block in blocks:
        echo.step(heard, block)
        errors.append(echo.error)
    return np.concatenate(errors)


def less(mic, error):
    return 10 * np.log10(np.sum(mic.astype(float) ** 2) / np.sum(error.astype(float) ** 2))


@pytest.mark.parametrize("clip", [0.15, 0.25, 0.6])
def test_the_loudspeakers_limit_is_learnt(clip):
    sound = played(6)
    mic, echo = room(sound, clip=clip), EchoFilter(15)
    error = run(echo, mic, sound)
    assert 1 / np.sqrt(echo.bend) == pytest.approx(clip, rel=0.1)
    assert less(mic[-2 * SECOND :], error[-2 * SECOND :]) > 26


def test_a_linear_loudspeaker_is_left_alone():
    sound = played(5)
    echo = EchoFilter(15)
    run(echo, room(sound), sound)
    assert echo.bend < 0.5


def test_another_room_is_found_and_who_speaks_is_none():
    sound, words = played(12), (say("what is the weather like in Paris", "en-gb") / 32768).astype(np.float32)
    mic = np.concatenate((room(sound)[: 8 * SECOND], room(sound, seed=2)[8 * SECOND :]))
    mic[5 * SECOND : 5 * SECOND + len(words)] += words
    echo, counted = EchoFilter(15), []
    for second in range(12):
        part = slice(second * SECOND, (second + 1) * SECOND)
        error = run(echo, mic[part], sound[part])
        counted.append(echo.changes)
    assert counted[7] == counted[4]
    assert counted[9] > counted[7]
    assert less(mic[part], error) > 18


def test_it_knows_how_sure_it_is():
    sound = played(6)
    echo = EchoFilter(15)
    run(echo, room(sound[:BLOCK]), sound[:BLOCK])
    at_first = echo.sureness().mean()
    run(echo, room(sound), sound)
    assert echo.sureness().mean() > max(0.9, at_first)


def test_a_path_that_is_moved_with_its_input_stays_the_same():
    sound = played(4)
    mic, echo = room(sound), EchoFilter(15)
    run(echo, mic, sound)
    moved = np.concatenate((np.zeros(2 * BLOCK, np.float32), sound))[: len(sound)]
    echo.move(2)
    last = moved.reshape(-1, BLOCK)[-16:]
    echo.hear_again(list(last))
    more = played(5)[-SECOND:]
    echo_now = room(np.concatenate((sound, more)))[-SECOND:]
    late = np.concatenate((sound[-2 * BLOCK :], more))[:SECOND]
    assert less(echo_now, run(echo, echo_now, late)) > 15


def test_a_dead_microphone_teaches_nothing():
    sound = played(4)
    echo = EchoFilter(15)
    run(echo, room(sound), sound)
    before = echo.path()
    run(echo, np.zeros(SECOND, np.float32), sound[:SECOND])
    assert np.array_equal(echo.path(), before)
