"""`parley settings fetch`: what is fetched, refused and kept, and when the assistant starts anew."""

import pytest
from support.fleet import GOOD, Keeper
from support.scripted_door import ScriptedDoor, snapshot, state

from device.commands import settings
from device.door import messages as door
from device.door.client import connect
from device.settings import central
from device.system import paths


@pytest.fixture
def keeper(tmp_path, monkeypatch):
    made = Keeper(tmp_path / "keeper")
    monkeypatch.setattr(central, "KEYS", made.keys)
    monkeypatch.setattr(paths, "FLEET", tmp_path / "parley-fleet" / "settings.toml")
    paths.FLEET.parent.mkdir()
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    return made


@pytest.fixture
def asked(monkeypatch, tmp_path):
    """What the assistant is asked; it is in `asked.state`."""

    class Asked(list):
        state = state("asleep")

    told = Asked()

    async def reach(who):
        served = ScriptedDoor(tmp_path / "door.socket")
        served.answers[door.GetStatus] = door.Status(snapshot(told.state))
        await served.open()
        client = await connect(who, served.path)
        request = client.request

        async def noted(one, expects):
            told.append(type(one).__name__)
            return await request(one, expects)

        client.request = noted
        return client

    monkeypatch.setattr(settings, "connect", reach)
    return told


@pytest.fixture
def run(parley, tmp_path, keeper):
    """Run `parley settings fetch` on a device that is told where the settings are."""
    config = tmp_path / "own.toml"

    def run(url, *arguments):
        config.write_text(f'[fleet]\nurl = "{url}"\n')
        result = parley("settings", "fetch", "--config", str(config), *arguments)
        return result.exit_code, result.output

    return run


def owed():
    return (paths.FLEET.parent / settings.OWED).exists()


def test_new_settings_are_kept_and_the_assistant_starts_anew_once(run, keeper, asked):
    keeper.publish(GOOD)
    with keeper.published() as url:
        assert run(url) == (0, "The settings of the fleet are others now.\n")
        assert paths.FLEET.read_text() == GOOD
        assert paths.FLEET.stat().st_mode & 0o777 == 0o644, "the page and the engine read them"
        assert (asked, owed()) == (["GetStatus", "Restart"], False)
        assert run(url) == (0, "")
        assert len(asked) == 2


@pytest.mark.parametrize("now", [state("speaking"), state("asleep", "ringing")])
def test_while_somebody_talks_or_something_rings_it_waits(run, keeper, asked, now):
    keeper.publish(GOOD)
    asked.state = now
    with keeper.published() as url:
        status, said = run(url)
        assert (status, "Not now: somebody talks" in said, owed()) == (settings.LATER, True, True)
        assert asked == ["GetStatus"]
        asked.state = state("asleep")
        assert run(url) == (0, "")
        assert (asked[-1], owed()) == ("Restart", False)


def test_bad_settings_are_refused_and_the_last_good_ones_stay(run, keeper, asked, tmp_path):
    keeper.publish(GOOD)
    stranger = Keeper(tmp_path / "stranger", "eve")
    stranger.publish(GOOD.replace("3", "4"))
    with keeper.published() as url, stranger.published() as elsewhere:
        run(url)
        status, said = run(elsewhere)
        assert (status, "Refused" in said, "not signed by a key" in said) == (1, True, True)
        for text, why in (
            (GOOD.replace("3", "2"), "older than"),
            ("[fleet]\nserial = 9\n[pag]\nlan = 1\n", "did you mean"),
        ):
            keeper.publish(text)
            status, said = run(url)
            assert (status, "Refused" in said, why in said) == (1, True, True)
        assert paths.FLEET.read_text() == GOOD
        assert asked.count("Restart") == 1
    status, said = run(url)
    assert (status, "Not now" in said, "cannot be reached" in said) == (settings.LATER, True, True)


def test_without_an_assistant_nothing_is_owed(run, keeper, monkeypatch, tmp_path):
    async def reach(who):
        return await connect(who, tmp_path / "nobody.socket")

    monkeypatch.setattr(settings, "connect", reach)
    keeper.publish(GOOD)
    with keeper.published() as url:
        assert run(url)[0] == 0
    assert not owed(), "it reads them when it starts"


def test_where_no_fleet_is_set_it_says_so(run):
    status, said = run("")
    assert (status, "fleet.url" in said) == (1, True)


def test_a_file_can_be_checked_before_it_is_signed(run, tmp_path, asked):
    file = tmp_path / "settings.toml"
    file.write_text(GOOD)
    assert run("", "--check", str(file)) == (0, "They would be taken.\n")
    file.write_text("[fleet]\nserial = 0\n")
    status, said = run("", "--check", str(file))
    assert (status, "fleet.serial" in said) == (1, True)
    assert run("", "--check", str(tmp_path / "none"))[0] == 1
    assert asked == []
    assert not paths.FLEET.exists()
