"""What is kept of what was said: what is asked, and what is said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from device.skills.privacy.tools import privacy_tools
from device.skills.skill import Arguments, Skill

if TYPE_CHECKING:
    from collections.abc import Sequence

    from device.skills.skill import Meaning, Talk


def _arguments(meaning: Meaning, _talk: Talk) -> Arguments:
    match meaning.intent:
        case "forget_today":
            return {"which": "today"}
        case "forget_all":
            return {"which": "all"}
    return {}


def _answer(meaning: Meaning, talk: Talk) -> str:
    if meaning.intent == "what_was_heard":
        return talk.phrase("heard", text=talk.heard.rstrip(".?! ")) if talk.heard else talk.phrase("heard_nothing")
    return ""


def _privacy(output: dict[str, Any], _asked: Sequence[Meaning], talk: Talk) -> list[str]:
    days = output["transcripts_kept_days"]
    phrase = "keeps_nothing" if not days else "keeps_words_one" if days == 1 else "keeps_words"
    return [talk.phrase(phrase, days=days)]


def _deleted(output: dict[str, Any], _asked: Sequence[Meaning], talk: Talk) -> list[str]:
    count, which = output["conversations_deleted"], output["which"]
    if not count:
        return [talk.phrase("deleted_nothing")]
    return [talk.phrase(f"deleted_{which}_one" if count == 1 else f"deleted_{which}", count=count)]


PRIVACY: Final = Skill(
    name="privacy",
    tools=privacy_tools,
    calls={"ask_privacy": "get_privacy", "forget_today": "delete_transcripts", "forget_all": "delete_transcripts"},
    arguments=_arguments,
    unavailable="privacy_unavailable",
    answer=_answer,
    outputs={"get_privacy": _privacy, "delete_transcripts": _deleted},
)
