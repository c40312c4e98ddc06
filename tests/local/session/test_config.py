import pytest
from msgspec import UNSET
from msgspec.structs import astuple

from device.local.session import config
from device.local.stages import Choice
from device.wire.errors import WireError
from device.wire.realtime_items import (
    AudioConfig,
    AudioFormat,
    AudioInput,
    AudioOutput,
    NoiseReduction,
    ResponseParams,
    Session,
    Tool,
    ToolChoice,
    Transcription,
    TurnDetection,
)


@pytest.fixture
def session():
    return config.default("sess_1", "parley", "en-gb")


def change(**audio_input):
    return Session(type="realtime", audio=AudioConfig(input=AudioInput(**audio_input)))


def test_defaults_are_in_force(session):
    read = config.read(session)
    assert read.detection == config.Detection(0.5, 300, 500, None, True, True, None)
    assert (read.speak, read.speed, read.max_tokens, read.transcription) == (True, 1.0, None, True)
    assert (read.input_format, read.output_format) == ("audio/pcm", "audio/pcm")


def test_what_is_absent_stays(session):
    first = config.update(session, Session(type="realtime", instructions="Be brief.", tools=[Tool(name="f")]))
    second = config.update(first, change(turn_detection=TurnDetection(silence_duration_ms=200)))
    read = config.read(second)
    assert read.instructions == "Be brief."
    assert read.tools[0].name == "f"
    assert read.detection.silence_ms == 200
    assert read.detection.threshold == 0.5


def test_empty_and_null_clear(session):
    full = config.update(session, Session(type="realtime", instructions="x", tools=[Tool(name="f")]))
    bare = config.update(full, Session(type="realtime", instructions="", tools=[]))
    bare = config.update(bare, change(turn_detection=None, transcription=None))
    read = config.read(bare)
    assert (read.instructions, read.tools, read.detection, read.transcription) == ("", (), None, False)
    again = config.update(bare, change(turn_detection=TurnDetection(), transcription=Transcription(model="any")))
    assert config.read(again).detection.silence_ms == 500
    assert config.read(again).transcription


def test_another_kind_of_turn_detection_starts_from_its_defaults(session):
    tuned = config.update(session, change(turn_detection=TurnDetection(idle_timeout_ms=6000, silence_duration_ms=900)))
    semantic = config.update(tuned, change(turn_detection=TurnDetection(type="semantic_vad")))
    assert config.read(semantic).detection.patience == config.EAGERNESS["auto"]
    assert config.read(tuned).detection.patience is None
    assert config.read(semantic).detection.idle_timeout_ms is None


def test_eagerness_is_patience(session):
    def patience(eagerness):
        chosen = config.update(session, change(turn_detection=TurnDetection(type="semantic_vad", eagerness=eagerness)))
        return config.read(chosen).detection.patience

    assert patience("auto") == patience("medium")
    for less, more in (("high", "medium"), ("medium", "low")):
        assert all(a < b for a, b in zip(astuple(patience(less)), astuple(patience(more)), strict=True))


def test_a_format_brings_its_own_rate(session):
    coded = config.update(session, change(format=AudioFormat(type="audio/pcmu")))
    assert config.read(coded).input_format == "audio/pcmu"
    assert coded.audio.input.format.rate is None
    back = config.update(coded, change(format=AudioFormat(type="audio/pcm")))
    assert back.audio.input.format.rate == 24_000


def test_what_does_nothing_here_is_kept_for_the_client_to_see(session):
    kept = config.update(session, Session(type="realtime", tracing="auto"))
    kept = config.update(kept, change(noise_reduction=NoiseReduction(type="far_field")))
    assert (kept.tracing, kept.audio.input.noise_reduction.type) == ("auto", "far_field")
    assert kept.audio.input.turn_detection is not UNSET


def test_a_client_cannot_rename_the_session(session):
    assert config.update(session, Session(type="realtime", id="mine", model="other")).id == "sess_1"


def test_a_response_has_its_own_settings(session):
    read = config.for_response(
        session,
        ResponseParams(
            instructions="Shout.",
            output_modalities=["text"],
            max_output_tokens=7,
            tools=[Tool(name="g")],
            tool_choice=ToolChoice(type="function", name="g"),
            audio=AudioConfig(output=AudioOutput(format=AudioFormat(type="audio/pcma"))),
        ),
    )
    assert (read.instructions, read.speak, read.max_tokens) == ("Shout.", False, 7)
    assert (read.choice, read.output_format, read.input_format) == (Choice("required", "g"), "audio/pcma", "audio/pcm")
    assert config.read(session).instructions == ""


@pytest.mark.parametrize(
    ("params", "param"),
    [
        (ResponseParams(conversation="mine"), "response.conversation"),
        (ResponseParams(metadata={str(n): "x" for n in range(17)}), "response.metadata"),
        (ResponseParams(metadata={"k" * 65: "x"}), "response.metadata"),
        (ResponseParams(metadata={"k": "x" * 513}), "response.metadata"),
        (ResponseParams(max_output_tokens=0), "response.max_output_tokens"),
        (ResponseParams(output_modalities=[]), "response.output_modalities"),
    ],
)
def test_bad_settings_of_a_response(session, params, param):
    with pytest.raises(WireError) as caught:
        config.for_response(session, params)
    assert (caught.value.param, caught.value.code) == (param, "invalid_value")
