from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.local.tts.words import sounds_of, spoken_as

WORDS = st.lists(st.text(st.sampled_from("abc1"), min_size=1, max_size=6), max_size=12)


@pytest.mark.parametrize(
    ("written", "spoken", "found"),
    [
        ("the light is on.", "the light is on", [(0, 1), (1, 2), (2, 3), (3, 4)]),
        ("21 °C now", "twenty-one degrees Celsius now", [(0, 2), (2, 3), (3, 4)]),
        ("It is 5:30.", "it is five thirty", [(0, 1), (1, 2), (2, 4)]),
        ("Fine 🙂 then", "Fine then", [(0, 1), (1, 1), (1, 2)]),
        ("🙂", "", [(0, 0)]),
        ("", "", []),
    ],
)
def test_written_and_spoken(written, spoken, found):
    assert spoken_as(written.split(), spoken.split()) == found


@given(WORDS, WORDS)
def test_spoken_words_are_shared_out_in_order(written, spoken):
    found = spoken_as(written, spoken)
    assert len(found) == len(written)
    assert all(0 <= a <= b <= len(spoken) for a, b in found)
    assert all(one[1] <= other[0] for one, other in pairwise(found))


@pytest.mark.parametrize(
    ("words", "sounds", "found"),
    [
        ("the sun is shining", "ðə sˈʌn ɪz ʃˈaɪnɪŋ", [(0, 1), (1, 2), (2, 3), (3, 4)]),
        (
            "the birds are singing in the trees",
            "ðə bˈɜːdz ɑːɹ sˈɪŋɪŋ ɪnðə tɹˈiːz",
            [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (4, 5), (5, 6)],
        ),
        ("it is 3.5 now", "ɪɾ ɪz θɹˈiː pɔɪnt fˈaɪv nˈaʊ", [(0, 1), (1, 2), (2, 5), (5, 6)]),
        ("one", "", [(0, 0)]),
        ("", "wˈʌn", []),
    ],
)
def test_words_and_their_sounds(words, sounds, found):
    assert sounds_of(words.split(), sounds.split()) == found


@given(WORDS, WORDS)
def test_sounds_are_shared_out_in_order(words, sounds):
    found = sounds_of(words, sounds)
    assert len(found) == len(words)
    assert all(0 <= a <= b <= len(sounds) for a, b in found)
    assert all(one[0] <= other[0] for one, other in pairwise(found))
