"""What a reply of Gemini Live cost, added up from the pieces in which it is told."""

import pytest

from device.conversation.engine import Usage
from device.engines.gemini.usage import charged
from device.wire.gemini import ModalityTokenCount, UsageMetadata

AUDIO = [ModalityTokenCount(modality="AUDIO", token_count=7), ModalityTokenCount(modality="TEXT", token_count=3)]


@pytest.mark.parametrize(
    ("now", "spent", "then"),
    [
        (Usage(), UsageMetadata(), Usage()),
        (Usage(), UsageMetadata(prompt_token_count=0), Usage(input_tokens=0)),
        (Usage(input_tokens=1), UsageMetadata(prompt_token_count=2), Usage(input_tokens=3)),
        (Usage(input_tokens=1), UsageMetadata(), Usage(input_tokens=1)),
        (Usage(), UsageMetadata(response_token_count=5, thoughts_token_count=4), Usage(output_tokens=9)),
        (Usage(), UsageMetadata(thoughts_token_count=4), Usage(output_tokens=4)),
        (Usage(), UsageMetadata(prompt_tokens_details=AUDIO), Usage(input_audio_tokens=7)),
        (Usage(output_audio_tokens=1), UsageMetadata(response_tokens_details=AUDIO), Usage(output_audio_tokens=8)),
        (Usage(), UsageMetadata(response_tokens_details=AUDIO[1:]), Usage(output_audio_tokens=0)),
        (Usage(cached_tokens=1), UsageMetadata(cached_content_token_count=1), Usage(cached_tokens=2)),
    ],
)
def test_what_is_told_is_added_up_by_kind(now: Usage, spent: UsageMetadata, then: Usage) -> None:
    assert charged(now, spent) == then
