"""What is asked at the door of profiles."""

import json

import pytest

from device.daemon.profiles import Profiles
from device.door import profiles as m
from device.door.messages import Done
from device.door.server import Refusal

TEXT = 'name = "Butler"\ndescription = "Serves."\n'


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "parley.toml"
    path.write_text('profile = "kiosk"\n')
    return path


@pytest.fixture
def profiles(config):
    return Profiles(config)


def refused(profiles, request):
    with pytest.raises(Refusal) as refusal:
        profiles.answer(request)
    return refusal.value.error


def test_the_bundled_ones_and_one_s_own_are_listed(profiles, config):
    saved = profiles.answer(m.SaveProfile("butler", TEXT, was=""))
    assert (saved.name, saved.setting) == ("butler", "profiles/butler.toml")
    (config.parent / "profiles" / "broken.toml").write_text("name = [")
    told = profiles.answer(m.GetProfiles())
    assert [one.name for one in told.profiles] == ["home", "kiosk", "support", "broken", "butler"]
    by_name = {one.name: one for one in told.profiles}
    assert (by_name["kiosk"].chosen, by_name["kiosk"].bundled, by_name["home"].chosen) == (True, True, False)
    assert (by_name["butler"].description, by_name["butler"].bundled) == ("Serves.", False)
    assert "not TOML" in by_name["broken"].fault
    assert (told.folder, told.elsewhere) == (str(config.parent / "profiles"), "")
    elsewhere = config.parent / "mine.toml"
    elsewhere.write_text(TEXT)
    config.write_text(f'profile = "{elsewhere}"\n')
    told = profiles.answer(m.GetProfiles())
    assert told.elsewhere == str(elsewhere)
    assert not any(one.chosen for one in told.profiles)


def test_one_is_told_checked_saved_and_deleted(profiles):
    saved = profiles.answer(m.SaveProfile("butler", TEXT, was=""))
    told = profiles.answer(m.GetProfile("butler"))
    assert (told.text, told.mark) == (TEXT, saved.mark)
    assert profiles.answer(m.GetProfile("support")).mark == ""
    assert refused(profiles, m.SaveProfile("butler", TEXT, was="")).code == "changed"
    assert refused(profiles, m.SaveProfile("butler", "nmae = 1", was=saved.mark)).code == "invalid"
    assert refused(profiles, m.GetProfile("nobody")).code == "invalid"
    assert profiles.answer(m.DeleteProfile("butler")) == Done()
    assert refused(profiles, m.DeleteProfile("kiosk")).code == "invalid"


def test_what_is_wrong_is_told_by_line(profiles):
    told = profiles.answer(m.CheckProfile("butler", "name = 'x'\nnmae = 'y'"))
    assert told.findings == (m.Finding("nmae: no such key; did you mean name?", 2),)
    assert (told.engines, told.payload) == ((), None)


def test_what_an_engine_would_be_sent_is_told(profiles):
    told = profiles.answer(m.CheckProfile("butler", TEXT + 'engines = "openai"\n'))
    assert told.engine == told.engines[0] == "openai"
    assert told.payload["type"] == "session.update"
    assert "Butler" in json.dumps(told.payload)
    gemini = profiles.answer(m.CheckProfile("butler", TEXT, engine="gemini"))
    assert "setup" in gemini.payload
    assert refused(profiles, m.CheckProfile("butler", TEXT, engine="opnai")).code == "unknown"
