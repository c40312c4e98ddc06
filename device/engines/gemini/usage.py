"""What Gemini Live says that it used, in tokens by kind; it tells in pieces, which are added up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from device.conversation.engine import Usage

if TYPE_CHECKING:
    from device.wire import gemini as wire


def charged(now: Usage, spent: wire.UsageMetadata) -> Usage:
    """Return what was used so far, with what a message tells of; what no message told stays None."""
    output = _sum(spent.response_token_count, spent.thoughts_token_count)
    return Usage(
        input_tokens=_sum(now.input_tokens, spent.prompt_token_count),
        output_tokens=_sum(now.output_tokens, output),
        input_audio_tokens=_sum(now.input_audio_tokens, _audio_tokens(spent.prompt_tokens_details)),
        output_audio_tokens=_sum(now.output_audio_tokens, _audio_tokens(spent.response_tokens_details)),
        cached_tokens=_sum(now.cached_tokens, spent.cached_content_token_count),
    )


def _sum(one: int | None, other: int | None) -> int | None:
    return None if one is None and other is None else (one or 0) + (other or 0)


def _audio_tokens(details: list[wire.ModalityTokenCount] | None) -> int | None:
    return None if details is None else sum(one.token_count or 0 for one in details if one.modality == "AUDIO")
