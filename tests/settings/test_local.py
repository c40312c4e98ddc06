"""What the stages of the local engine need that are chosen."""

import pytest

from device.settings.local import (
    CartesiaSettings,
    LocalSettings,
    SherpaSettings,
    TranscriptionSettings,
    lacks,
    unheard,
)
from device.settings.types import Secret

KEYED = {"api_key": Secret("x")}


@pytest.mark.parametrize(
    ("local", "given", "lacking"),
    [
        ({}, {}, ""),
        (
            {"stt": "endpoint"},
            {},
            'transcription.url: is missing, and local.stt = "endpoint" needs it: give it',
        ),
        ({"stt": "endpoint"}, {"transcription": {"url": "http://x"}}, ""),
        (
            {"stt": "sherpa-onnx"},
            {},
            'sherpa.model: is missing, and local.stt = "sherpa-onnx" needs it: give',
        ),
        ({"stt": "sherpa-onnx"}, {"sherpa": {"model": "m"}}, ""),
        ({"tts": "piper"}, {}, ""),
        (
            {"stt": "cartesia"},
            {},
            'cartesia.api_key: is missing, and local.stt = "cartesia" needs it: set',
        ),
        ({"tts": "cartesia"}, {}, 'cartesia.api_key: is missing, and local.tts = "cartesia" needs it'),
        ({"tts": "cartesia"}, {"cartesia": KEYED}, 'cartesia.voice: is missing, and local.tts = "cartesia" needs it'),
        ({"tts": "cartesia"}, {"cartesia": KEYED | {"voice": "v"}}, ""),
        ({"stt": "cartesia"}, {"cartesia": KEYED}, ""),
        (
            {"stt": "cartesia"},
            {"cartesia": KEYED | {"eager_end_threshold": 0.3, "end_threshold": 0.3}},
            "cartesia.eager_end_threshold: must lie between cartesia.end_threshold (0.3)",
        ),
        ({"tts": "cartesia"}, {"cartesia": KEYED | {"voice": "v", "end_threshold": 0.5}}, ""),
    ],
)
def test_what_is_missing_is_named_with_who_needs_it_and_what_to_do(local, given, lacking):
    found = lacks(
        LocalSettings(**local),
        TranscriptionSettings(**given.get("transcription", {})),
        SherpaSettings(**given.get("sherpa", {})),
        CartesiaSettings(**given.get("cartesia", {})),
    )
    assert found.startswith(lacking)
    assert bool(found) == bool(lacking)


@pytest.mark.parametrize(
    ("stt", "language", "heard"),
    [
        ("moonshine", "en", True),
        ("moonshine", "EN-gb", True),
        ("moonshine", "de", False),
        ("cartesia", "fr-CA", False),
        ("endpoint", "de", True),
        ("sherpa-onnx", "de", True),
    ],
)
def test_a_language_that_the_recogniser_does_not_know_is_named_with_those_that_do(stt, language, heard):
    found = unheard(LocalSettings(stt=stt), language)
    assert (found == "") == heard
    if not heard:
        assert all(word in found for word in ("local.stt", stt, language, "endpoint"))
