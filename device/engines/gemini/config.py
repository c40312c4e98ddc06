"""What a Gemini Live session is to be like, in the device's words and in the protocol's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from device.engines.config import Config
from device.settings.engines import GeminiEngine
from device.wire import gemini as wire

if TYPE_CHECKING:
    from device.conversation.engine import ToolSpec

RATE: Final = 24_000
"""Hz of replies."""
HEAR_RATE: Final = 16_000
"""Hz of microphone audio: what the models work on; any other is only made into it."""

_SENSITIVITY: Final = {"low": "END_SENSITIVITY_LOW", "high": "END_SENSITIVITY_HIGH"}
_KEPT: Final = frozenset(
    {
        "description",
        "maxItems",
        "maxLength",
        "maximum",
        "minItems",
        "minLength",
        "minimum",
        "pattern",
        "required",
    }
)
"""Keys of a JSON schema that mean the same in Google's."""


class GeminiConfig(Config[GeminiEngine], frozen=True, kw_only=True):
    """Where a session is to be had, and what it shall be like."""

    section: str = "engine.gemini"

    @property
    def blocking(self) -> bool:
        """Whether the model waits for its tools, instead of talking on."""
        return self.engine.tools == "blocking"

    @property
    def manual(self) -> bool:
        """Whether the device says where the user's turns begin and end."""
        return self.wanted.end_of_turn == "device"


def setup_of(config: GeminiConfig, *, handle: str = "", history: bool = False) -> wire.Setup:
    """Return what is asked of the server: a new session, which gets to know a history first, or the one of `handle`."""
    detection = wire.ActivityDetection(
        silence_duration_ms=config.wanted.silence_ms,
        end_of_speech_sensitivity=_SENSITIVITY.get(config.wanted.eagerness),
    )
    speech = None
    if config.engine.voice:
        speech = wire.Speech(
            voice_config=wire.Voice(prebuilt_voice_config=wire.PrebuiltVoice(voice_name=config.engine.voice))
        )
    declared = [_declared(tool, blocking=config.blocking) for tool in config.wanted.tools]
    return wire.Setup(
        model=config.model if "/" in config.model else f"models/{config.model}",
        generation_config=wire.Generation(
            response_modalities=["AUDIO"],
            speech_config=speech,
            thinking_config=wire.Thinking(thinking_level=config.engine.thinking.upper())
            if config.engine.thinking
            else None,
        ),
        system_instruction=wire.Content(parts=[wire.Part(text=config.wanted.instructions)])
        if config.wanted.instructions
        else None,
        tools=[wire.Tool(function_declarations=declared)] if declared else None,
        realtime_input_config=wire.RealtimeInputConfig(
            automatic_activity_detection=wire.ActivityDetection(disabled=True) if config.manual else detection,
            # Where the device decides what is an interruption, the server must not.
            activity_handling="START_OF_ACTIVITY_INTERRUPTS" if config.wanted.interrupts else "NO_INTERRUPTION",
        ),
        session_resumption=wire.Resumption(handle=handle or None),
        context_window_compression=wire.Compression(sliding_window=wire.SlidingWindow()),
        input_audio_transcription=wire.Transcribe(
            language_codes=[config.wanted.language] if config.wanted.language else None
        ),
        output_audio_transcription=wire.Transcribe(),
        # With it, the server waits for a history: only where there is one.
        history_config=wire.HistoryConfig(initial_history_in_client_content=True) if history else None,
    )


def _declared(tool: ToolSpec, *, blocking: bool) -> wire.FunctionDeclaration:
    return wire.FunctionDeclaration(
        name=tool.name,
        description=tool.description,
        # An object without properties is refused.
        parameters=schema_of(tool.parameters) if tool.parameters.get("properties") else None,
        behavior="BLOCKING" if blocking else "NON_BLOCKING",
    )


def schema_of(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a JSON schema in Google's shape (`Schema` of google-genai 3.4), without what that cannot say."""
    made = {key: value for key, value in schema.items() if key in _KEPT}
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else list(kinds)
    kinds += [one["type"] for one in schema.get("anyOf", ()) if one == {"type": "null"}]
    choices = [schema_of(one) for one in schema.get("anyOf", ()) if one != {"type": "null"}]
    if "null" in kinds:
        made["nullable"] = True
    if len(choices) == 1:
        made = {**choices[0], **made}
    elif choices:
        made["anyOf"] = choices
    kind = next((kind for kind in kinds if kind != "null"), None)
    if kind is not None:
        made["type"] = kind.upper()
    choices_of_text = [schema["const"]] if "const" in schema else schema.get("enum", [])
    if choices_of_text and all(isinstance(one, str) for one in choices_of_text):
        made["enum"] = choices_of_text
    if "items" in schema and isinstance(schema["items"], dict):
        made["items"] = schema_of(schema["items"])
    if schema.get("properties"):
        made["properties"] = {name: schema_of(one) for name, one in schema["properties"].items()}
    return made
