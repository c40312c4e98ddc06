"""Whether what other programs play can be lowered and taken out of what is heard, if `card.music` wants it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from device.audio.card import libasound
from device.audio.card.base import CardError
from device.audio.card.monitor import MONITOR
from device.audio.card.portaudio import quiet
from device.audio.music.programs import MusicError, streams
from device.doctor.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from device.settings.tree import Settings


def check_music(settings: Settings) -> Iterator[Finding]:
    """Say what keeps music from being lowered, or from being taken out of what the microphone hears."""
    if settings.card.music == "leave":
        return
    try:
        playing = len(list(streams()))
    except MusicError as error:
        fix = error.fix or f"have a sound server run that {_user()} may use: device/audio/music/beside.md"
        yield Finding("music", "warn", f"it cannot be lowered: {error.what}", fix)
        return
    yield Finding("music", "ok", f"it is lowered while somebody talks; at the sound server, {playing} play now")
    if settings.listen.echo_canceller != "device":
        fix = 'set listen.echo_canceller = "device"'
        yield Finding("music", "warn", "it is not taken out of what is heard, since nothing is", fix)
        return
    try:
        with quiet:
            taken = libasound.rates(MONITOR, "input")
    except CardError as error:
        yield Finding("music", "warn", f"it is not taken out of what is heard: {error}", _PLUGIN)
        return
    if not taken:
        yield Finding("music", "warn", "it is not taken out of what is heard: the server has no monitor", _PLUGIN)
    elif settings.card.output != "default":
        text = "what is taken out of what is heard is what the server's usual loudspeaker plays"
        fix = 'set card.output = "default", and choose the loudspeaker by: pactl set-default-sink'
        yield Finding("music", "warn", text, fix)


_PLUGIN = "sudo apt install libasound2-plugins"


def _user() -> str:
    return "root" if os.geteuid() == 0 else "this user"
