import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.local.session.coding import RATES, decode, encode

G711 = ("audio/pcmu", "audio/pcma")
EVERY_BYTE = bytes(range(256))


@pytest.mark.parametrize(
    ("kind", "byte", "meaning"),
    # Extremes and the codes next to zero, from the tables of ITU-T G.711 times 4 (mu-law) and 16 (A-law) over 2.
    [
        ("audio/pcmu", 0x00, -32124),
        ("audio/pcmu", 0x80, 32124),
        ("audio/pcmu", 0xFF, 0),
        ("audio/pcmu", 0x7E, -8),
        ("audio/pcma", 0xAA, 32256),
        ("audio/pcma", 0x2A, -32256),
        ("audio/pcma", 0xD5, 8),
        ("audio/pcma", 0x55, -8),
    ],
)
def test_g711_known_values(kind, byte, meaning):
    assert decode(kind, bytes([byte])).tolist() == [meaning]


@pytest.mark.parametrize("kind", G711)
def test_g711_meanings_survive_a_round_trip(kind):
    meaning = decode(kind, EVERY_BYTE)
    assert decode(kind, encode(kind, meaning)).tolist() == meaning.tolist()


@pytest.mark.parametrize("kind", G711)
@given(sample=st.integers(-32768, 32767))
def test_g711_takes_the_nearest_meaning(kind, sample):
    meanings = decode(kind, EVERY_BYTE).astype(int)
    coded = int(decode(kind, encode(kind, np.array([sample], np.int16)))[0])
    assert abs(coded - sample) == np.abs(meanings - sample).min()


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="audioop left the standard library")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(("kind", "law"), [("audio/pcmu", "ulaw2lin"), ("audio/pcma", "alaw2lin")])
def test_g711_means_what_audioop_says(kind, law):
    import audioop  # noqa: PLC0415 - not in every Python

    expected = np.frombuffer(getattr(audioop, law)(EVERY_BYTE, 2), np.int16)
    assert decode(kind, EVERY_BYTE).tolist() == expected.tolist()


@given(data=st.lists(st.integers(-32768, 32767)))
def test_pcm_is_little_endian(data):
    coded = encode("audio/pcm", np.array(data, np.int16))
    assert coded == b"".join(sample.to_bytes(2, "little", signed=True) for sample in data)
    assert decode("audio/pcm", coded).tolist() == data


def test_half_a_sample_is_an_error():
    with pytest.raises(ValueError, match="3 bytes"):
        decode("audio/pcm", b"abc")


def test_rates():
    assert RATES == {"audio/pcm": 24_000, "audio/pcmu": 8_000, "audio/pcma": 8_000}
