"""Whether a card has a volume that alsamixer can turn; many microphones on I2S have none."""

from __future__ import annotations

import ctypes
from ctypes import c_int, c_void_p
from typing import TYPE_CHECKING

from device.audio.card.portaudio import quiet

if TYPE_CHECKING:
    from device.audio.card.libasound import Direction

_HAS = {"input": "snd_mixer_selem_has_capture_volume", "output": "snd_mixer_selem_has_playback_volume"}


def has_volume(pcm: str, direction: Direction) -> bool:
    """Return whether the card of the device that ALSA opens by `pcm` has a volume in one direction."""
    try:
        library = ctypes.CDLL("libasound.so.2")
    except OSError:
        return False
    library.snd_mixer_first_elem.restype = library.snd_mixer_elem_next.restype = c_void_p
    mixer = c_void_p()
    with quiet:
        if library.snd_mixer_open(ctypes.byref(mixer), c_int(0)) < 0:
            return False
        try:
            if (
                library.snd_mixer_attach(mixer, control(pcm).encode()) < 0
                or library.snd_mixer_selem_register(mixer, None, None) < 0
                or library.snd_mixer_load(mixer) < 0
            ):
                return False
            element = library.snd_mixer_first_elem(mixer)
            while element:
                if getattr(library, _HAS[direction])(c_void_p(element)):
                    return True
                element = library.snd_mixer_elem_next(c_void_p(element))
            return False
        finally:
            library.snd_mixer_close(mixer)


def control(pcm: str) -> str:
    """Return what ALSA opens the mixer of a device by: without the device's number, hw:1 for plughw:1,0."""
    return pcm.partition(",")[0].removeprefix("plug")


def alsamixer(pcm: str) -> str:
    """Return the command that shows the mixer of a device."""
    name = control(pcm)
    if name == "default":
        return "alsamixer"
    return f"alsamixer -c {name.removeprefix('hw:')}" if name.startswith("hw:") else f"alsamixer -D {name}"
