import shutil
from uuid import uuid4

import pytest

from device.language import files
from device.language.language import LanguageError, load_language
from device.local.brain.understand import CALLED


@pytest.mark.parametrize("name", ["en", "en-GB", "en_us", "EN"])
def test_a_language_is_found_by_its_tag(name):
    assert load_language(name) == load_language("en")
    assert load_language(name).language == "en"


def test_unknown_languages_are_named_with_those_there_are():
    with pytest.raises(LanguageError, match=r'"xx".*en.*brain\.url'):
        load_language("xx")


def test_every_reply_can_be_formatted():
    for intent in load_language("en").intents.values():
        for reply in intent.replies:
            assert reply.format(name="Jarvis")[0].isupper()


def test_every_intent_can_be_asked_for_or_is_the_wake_word_alone():
    intents = load_language("en").intents.items()
    assert [name for name, intent in intents if not (intent.sentences or intent.frames)] == [CALLED]


@pytest.fixture
def klingon(tmp_path, monkeypatch):
    """A language of its own name, a copy of English."""
    folder = tmp_path / f"tlh{uuid4().hex}"  # what is read is kept, by its name
    shutil.copytree(files.file_of("en", "common.toml").parent, folder)
    monkeypatch.setattr(files, "LANGUAGES", tmp_path)
    files.languages.cache_clear()
    yield folder
    files.languages.cache_clear()


def test_what_two_files_of_a_language_say_is_named(klingon):
    (klingon / "skills" / "zzz.toml").write_text('[phrases]\nmuted = ["Again."]\n')
    with pytest.raises(LanguageError, match=r"zzz\.toml: phrases\.muted is in another file"):
        load_language(klingon.name)


@pytest.mark.parametrize(
    ("name", "text", "named"),
    [
        ("clock.toml", "hours = 7", r"clock\.toml: .*hours"),
        ("skills/timers.toml", "[intent.x]\n", r"timers\.toml: .*`intent`"),
        ("numbers.toml", "= =", r"numbers\.toml"),
    ],
)
def test_a_file_that_is_wrong_is_named_with_the_key(klingon, name, text, named):
    (klingon / name).write_text(text)
    with pytest.raises(LanguageError, match=named):
        load_language(klingon.name)


def test_a_file_that_is_missing_is_named(klingon):
    (klingon / "spans.toml").unlink()
    with pytest.raises(LanguageError, match=r"has no spans\.toml"):
        load_language(klingon.name)


def test_a_skill_without_words_says_so(klingon):
    (klingon / "skills" / "units.toml").unlink()
    with pytest.raises(LanguageError, match=r"units\.toml"):
        load_language(klingon.name).words("units", dict)
