"""Audio as it goes over the wire: s16le at 24 kHz, or G.711 at 8 kHz."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

RATES: Final = {"audio/pcm": 24_000, "audio/pcmu": 8_000, "audio/pcma": 8_000}
"""Sample rate of each coding that the protocol knows, Hz."""


def _mu_law() -> NDArray[np.int16]:
    """Return what each of the 256 bytes of mu-law means (ITU-T G.711, scaled to 16 bits)."""
    code = ~np.arange(256, dtype=np.uint8)
    exponent, mantissa = (code >> 4) & 7, (code & 15).astype(np.int32)
    size = ((2 * mantissa + 33) << exponent) * 4 - 132
    return np.where(code & 0x80, -size, size).astype(np.int16)


def _a_law() -> NDArray[np.int16]:
    """Return what each of the 256 bytes of A-law means (ITU-T G.711, scaled to 16 bits)."""
    code = np.arange(256, dtype=np.uint8) ^ 0x55
    exponent, mantissa = (code >> 4) & 7, (code & 15).astype(np.int32)
    size = np.where(exponent, (2 * mantissa + 33) << np.maximum(exponent, 1) - 1, 2 * mantissa + 1) * 8
    return np.where(code & 0x80, size, -size).astype(np.int16)


def _nearest(meaning: NDArray[np.int16]) -> NDArray[np.uint8]:
    """Return, for each uint16 reading of an int16, the byte of which the meaning is nearest."""
    order = np.argsort(meaning, kind="stable")
    levels = meaning[order].astype(np.float64)
    samples = np.arange(65536, dtype=np.uint16).view(np.int16)
    return order[np.searchsorted((levels[1:] + levels[:-1]) / 2, samples)].astype(np.uint8)


_MEANING: Final = {"audio/pcmu": _mu_law(), "audio/pcma": _a_law()}
_CODE: Final = {kind: _nearest(meaning) for kind, meaning in _MEANING.items()}


def decode(kind: str, data: bytes) -> NDArray[np.int16]:
    """Return (n,) int16 at `RATES[kind]`. Raises ValueError for half a sample."""
    if kind in _MEANING:
        return _MEANING[kind][np.frombuffer(data, np.uint8)]
    if len(data) % 2:
        raise ValueError(f"{len(data)} bytes are no whole number of 16-bit samples")
    return np.frombuffer(data, "<i2").astype(np.int16, copy=False)


def encode(kind: str, pcm: NDArray[np.int16]) -> bytes:
    """Return (n,) int16 at `RATES[kind]` as bytes."""
    if kind in _CODE:
        return _CODE[kind][pcm.view(np.uint16)].tobytes()
    return pcm.astype("<i2", copy=False).tobytes()
