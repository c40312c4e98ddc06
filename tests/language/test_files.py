import pytest

from device.language.files import base, file_of, languages, skill_files


@pytest.mark.parametrize("tag", ["en", "en-GB", "EN_us"])
def test_a_language_is_found_by_its_tag(tag):
    assert base(tag) == "en"
    assert file_of(tag, "common.toml") == file_of("en", "common.toml")
    assert file_of(tag, "common.toml").is_file()
    assert "timers" in [path.stem for path in skill_files(tag)]


@pytest.mark.parametrize("tag", ["tlh", "", "..", "../en", "skills"])
def test_what_is_no_language_has_no_files(tag):
    assert tag not in languages()
    assert file_of(tag, "common.toml") is None
    assert skill_files(tag) == []


def test_languages_can_have_files_without_being_spoken():
    assert {"de", "en"} <= set(languages())
    assert set(languages()) < set(languages("lexicon.toml"))
    assert languages("skills/timers.toml") == languages()
    assert languages("no_such.toml") == ()


def test_a_file_that_a_language_lacks_is_none():
    assert file_of("en", "no_such.toml") is None
