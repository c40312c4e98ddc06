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
    return config.default_session("sess_1", "parley", "en-gb")


def change(**audio_input):
    return Session(type="realtime", audio=AudioConfig(input=AudioInput(**audio_input)))


def test_defaults_are_in_force(session):
    read = config.read_config(session)
    assert read.detection == config.Detection(0.5, 300, 500, None, True, True, None)
    assert (read.speak, read.speed, read.max_tokens, read.transcription) == (True, 1.0, None, True)
    assert (read.input_format, read.output_format) == ("audio/pcm", "audio/pcm")


def test_what_is_absent_stays(session):
    first = config.update_session(session, Session(type="realtime", instructions="Be brief.", tools=[Tool(name="f")]))
    second = config.update_session(first, change(turn_detection=TurnDetection(silence_duration_ms=200)))
    read = config.read_config(second)
    assert read.instructions == "Be brief."
    assert read.tools[0].name == "f"
    assert read.detection.silence_ms == 200
    assert read.detection.threshold == 0.5


def test_empty_and_null_clear(session):
    full = config.update_session(session, Session(type="realtime", instructions="x", tools=[Tool(name="f")]))
    bare = config.update_session(full, Session(type="realtime", instructions="", tools=[]))
    bare = config.update_session(bare, change(turn_detection=None, transcription=None))
    read = config.read_config(bare)
    assert (read.instructions, read.tools, read.detection, read.transcription) == ("", (), None, False)
    again = config.update_session(
        bare, change(turn_detection=TurnDetection(), transcription=Transcription(model="any"))
    )
    assert config.read_config(again).detection.silence_ms == 500
    assert config.read_config(again).transcription


def test_another_kind_of_turn_detection_starts_from_its_defaults(session):
    tuned = config.update_session(
        session, change(turn_detection=TurnDetection(idle_timeout_ms=6000, silence_duration_ms=900))
    )
    semantic = config.update_session(tuned, change(turn_detection=TurnDetection(type="semantic_vad")))
    assert config.read_config(semantic).detection.delays == config.EAGERNESS["auto"]
    assert config.read_config(tuned).detection.delays is None
    assert config.read_config(semantic).detection.idle_timeout_ms is None


def test_eagerness_is_how_short_a_silence_ends_a_turn(session):
    def delays(eagerness):
        chosen = config.update_session(
            session, change(turn_detection=TurnDetection(type="semantic_vad", eagerness=eagerness))
        )
        return config.read_config(chosen).detection.delays

    assert delays("auto") == delays("medium")
    for less, more in (("high", "medium"), ("medium", "low")):
        assert all(a < b for a, b in zip(astuple(delays(less)), astuple(delays(more)), strict=True))


def test_the_first_keywords_are_heeded(session):
    heard = change(transcription=Transcription(keywords=[str(n) for n in range(config.MAX_KEYWORDS + 5)]))
    after = config.read_config(config.update_session(session, heard))
    assert after.keywords == tuple(str(n) for n in range(config.MAX_KEYWORDS))
    assert config.read_config(session).keywords == ()


def test_a_format_brings_its_own_rate(session):
    coded = config.update_session(session, change(format=AudioFormat(type="audio/pcmu")))
    assert config.read_config(coded).input_format == "audio/pcmu"
    assert coded.audio.input.format.rate is None
    back = config.update_session(coded, change(format=AudioFormat(type="audio/pcm")))
    assert back.audio.input.format.rate == 24_000


def test_what_does_nothing_here_is_kept_for_the_client_to_see(session):
    kept = config.update_session(session, Session(type="realtime", tracing="auto"))
    kept = config.update_session(kept, change(noise_reduction=NoiseReduction(type="far_field")))
    assert (kept.tracing, kept.audio.input.noise_reduction.type) == ("auto", "far_field")
    assert kept.audio.input.turn_detection is not UNSET


def test_a_client_cannot_rename_the_session(session):
    assert config.update_session(session, Session(type="realtime", id="mine", model="other")).id == "sess_1"


def test_a_response_has_its_own_settings(session):
    read = config.response_config(
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
    assert config.read_config(session).instructions == ""


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
        config.response_config(session, params)
    assert (caught.value.param, caught.value.code) == (param, "invalid_value")
