"""How words are spelt: what is asked, and what is said. It goes by what was heard, of which all letters are known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from device.skills.skill import Skill

if TYPE_CHECKING:
    from device.skills.skill import Meaning, Talk


class SpellingWords(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The `[words]` of `spelling.toml`."""

    between: str
    """What is said between letters; and between words:"""
    next_word: str
    also: tuple[tuple[str, ...], ...]
    """Words that sound alike: nobody can hear which is meant."""
    names: dict[str, str] = {}
    """Letters that are called otherwise than they look, or have no capital."""
    other: str
    """How {word}, which sounds alike, and its {letters} are said after the first."""


def _answer(meaning: Meaning, talk: Talk) -> str:
    words, language = talk.language.words("spelling", SpellingWords), talk.language
    said = " ".join(
        language.numbers.words(int(word)) if word.isascii() and word.isdigit() and len(word) < 3 else word
        for word in str(meaning.slots["word"]).split()
    ).replace("-", " ")
    if meaning.intent == "count_letters":
        count = sum(letter.isalnum() for letter in said)
        return talk.phrase("letters_one" if count == 1 else "letters", word=said, count=count)
    alike = next((group for group in words.also if said in group), ())
    others = [words.other.format(word=other, letters=_letters(other, words)) for other in alike if other != said]
    return talk.phrase("spelt", word=said, letters=_letters(said, words), others="".join(others))


def _letters(said: str, words: SpellingWords) -> str:
    spelt = (
        words.between.join(words.names.get(letter, letter.upper()) for letter in word if letter.isalnum())
        for word in said.split()
    )
    return words.next_word.join(spelt)


SPELLING: Final = Skill(name="spelling", answer=_answer)
