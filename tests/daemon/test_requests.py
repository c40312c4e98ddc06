"""What is asked for at the door that concerns no sound: settings and codes. The rest is in test_doorway and upkeep/."""

import asyncio
from types import SimpleNamespace

import pytest

from device.daemon.aside import Aside
from device.daemon.figures import Figures
from device.daemon.requests import Requests
from device.daemon.steps.answers import StepAnswers
from device.daemon.upkeep.answers import Upkeep
from device.daemon.upkeep.last_conversation import LastConversation
from device.daemon.upkeep.records import Records
from device.door import messages as m
from device.door.codes import MOST_MADE, PageCodes
from device.door.server import Peer, Refusal
from device.settings.last_good import InForce
from device.settings.loading import read, settle
from device.settings.tree import Settings
from device.system.recent_log import RecentLog

OWNER, OTHER = Peer(0, 1), Peer(65_534, 1)


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "parley.toml"
    path.write_text('# mine\nname = "Ada"\n\n[brain]\napi_key = "s3cret"\n')
    return path


@pytest.fixture
def requests(config):
    restarted, blinked = [], []
    spawned = SimpleNamespace(spawn=lambda coroutine: coroutine.close())
    made = Requests(
        spawned, SimpleNamespace(), PageCodes(), None, InForce(read(config)), config=config,
        restart=lambda: restarted.append(True), blink=blinked.append,
    )  # fmt: skip
    made.restarted, made.blinked = restarted, blinked
    return made


async def refused(requests, request, peer=OWNER):
    with pytest.raises(Refusal) as refusal:
        await requests.answer(request, peer)
    return refusal.value.error


async def test_settings_are_told_with_what_they_admit_and_no_secret(requests, config):
    told = await requests.answer(m.GetSettings(), OTHER)
    by_key = {one.key: one for one in told.settings}
    assert (told.file, told.fault) == (str(config), "")
    assert (by_key["name"].value, by_key["name"].file, by_key["name"].origin) == ("Ada", "Ada", str(config))
    assert by_key["wake.threshold"].file is None
    assert (by_key["brain.api_key"].value, by_key["brain.api_key"].present) == (None, True)
    assert b"s3cret" not in m.encode(told)
    wake = await requests.answer(m.GetSettings("wake"), OTHER)
    assert {one.key.partition(".")[0] for one in wake.settings} == {"wake"}
    assert (await refused(requests, m.GetSettings("wok"))).code == "unknown"


async def test_a_setting_is_changed_and_told_as_it_is_now(requests, config):
    changed = await requests.answer(m.ChangeSetting("wake.threshold", 0.3, was=None), OTHER)
    assert changed == m.Changed("wake.threshold", str(config))
    assert config.read_text().startswith("# mine\n")
    (told,) = (await requests.answer(m.GetSettings("wake.threshold"), OTHER)).settings
    assert (told.value, told.file, told.origin) == (0.3, 0.3, str(config))
    stale = await refused(requests, m.ChangeSetting("wake.threshold", 0.2, was=0.9))
    assert stale.code == "changed"
    wrong = await refused(requests, m.ChangeSetting("wake.threshold", "x"))
    assert (wrong.code, "valid is a number" in wrong.what) == ("invalid", True)


async def test_what_holds_only_after_a_restart_is_told_whatever_was_asked_for(requests, config):
    assert (await requests.answer(m.GetSettings(), OTHER)).pending == ()
    await requests.answer(m.ChangeSetting("wake.threshold", 0.3), OTHER)
    config.write_text(config.read_text().replace("Ada", "Eve"))
    assert (await requests.answer(m.GetSettings("playout"), OTHER)).pending == ("name", "wake.threshold")


async def test_a_key_is_sent_elsewhere_by_its_owner_alone(requests, config):
    config.write_text('[brain]\nurl = "http://ada:s3cret@box/v1"\nmodel = "m"\napi_key = "sk-brain"\n')
    elsewhere = m.ChangeSetting("brain.url", "http://evil.example/v1")
    error = await refused(requests, elsewhere, OTHER)
    assert (error.code, "http://evil.example" in error.what, "by hand" in error.what) == ("invalid", True, True)
    assert b"s3cret" not in m.encode(await requests.answer(m.GetSettings(), OTHER))
    assert await requests.answer(elsewhere, OWNER) == m.Changed("brain.url", str(config))


async def test_of_a_file_that_is_broken_by_hand_it_is_said_and_what_is_in_force_is_told(requests, config):
    config.write_text("name = [")
    told = await requests.answer(m.GetSettings("name"), OTHER)
    assert "not TOML" in told.fault
    assert told.settings[0].value == "Ada"


async def test_a_restart_is_answered_first(requests):
    assert await requests.answer(m.Restart(), OTHER) == m.Done()
    assert requests.restarted == []
    async with asyncio.timeout(5):
        while not requests.restarted:  # noqa: ASYNC110 - the loop's own timer
            await asyncio.sleep(0.01)


async def test_only_its_owner_gets_the_pages_code_and_not_without_end(requests):
    error = await refused(requests, m.NewCode(), OTHER)
    assert (error.code, "root" in error.what) == ("refused", True)
    for _ in range(MOST_MADE):
        made = await requests.answer(m.NewCode(), OWNER)
    assert (await refused(requests, m.NewCode())).code == "wait"
    assert await requests.answer(m.CheckCode(made.code), OTHER) == m.Done()
    error = await refused(requests, m.CheckCode(made.code), OTHER)
    assert (error.code, "hold the button" in error.fix) == ("refused", True)


async def test_a_code_that_is_spoken_is_blinked_until_it_is_used(requests):
    quiet = await requests.answer(m.NewCode(), OWNER)
    assert requests.blinked == []
    told = await requests.answer(m.NewCode(speak=True), OWNER)
    assert requests.blinked == [told.code]
    await refused(requests, m.CheckCode(quiet.code))
    assert requests.blinked == [told.code]


async def test_a_code_that_was_used_is_blinked_no_more(requests):
    code = (await requests.answer(m.NewCode(speak=True), OWNER)).code
    await requests.answer(m.CheckCode(code), OTHER)
    assert requests.blinked == [code, ""]


async def test_who_says_digits_has_them_blinked_also_if_they_cannot_be_spoken(requests):
    await requests.answer(m.Say("One, two.", wait=False, digits="12"), OTHER)
    await requests.answer(m.Say("Good evening.", wait=False), OTHER)
    assert requests.blinked == ["12"]
    assert "12" not in repr(m.Say("One, two: 12.", digits="12"))


async def test_every_request_is_answered_by_somebody():
    from typing import get_args  # noqa: PLC0415 - for this alone

    settings = Settings()
    upkeep = Upkeep(InForce(settle({}, {})), RecentLog(), LastConversation(), Aside(), reset=lambda: None)
    answered = {*vars(Requests)["_do"].dispatcher.registry, *upkeep.answers, *Records(settings, Aside()).answers}
    answered |= set(vars(StepAnswers)["_do"].dispatcher.registry)
    answered |= set(Figures(SimpleNamespace(), dict).answers)
    by_the_server = {m.Subscribe, m.Unsubscribe}
    assert set(get_args(m.AnyRequest)) - by_the_server <= answered
