"""What is asked for at the door that concerns no sound: settings, what is kept, codes. The rest is in test_doorway."""

import asyncio
import threading
from types import SimpleNamespace

import pytest
from support.transcripts import NOW, Desk

from device.conversation import entries
from device.daemon.requests import LONGEST_SAID, Requests
from device.door import messages as m
from device.door.codes import MOST_MADE, PageCodes
from device.door.server import Peer, Refusal
from device.records.transcripts import FILE
from device.settings.last_good import InForce
from device.settings.loading import read
from device.system.paths import state_dir

OWNER, OTHER = Peer(0, 1), Peer(65_534, 1)


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "parley.toml"
    path.write_text('# mine\nname = "Ada"\n\n[brain]\napi_key = "s3cret"\n')
    return path


@pytest.fixture
def requests(config):
    restarted = []
    made = Requests(
        SimpleNamespace(), SimpleNamespace(), PageCodes(), None, InForce(read(config)), config=config,
        restart=lambda: restarted.append(True),
    )  # fmt: skip
    made.restarted = restarted
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


async def test_files_are_worked_at_one_after_the_other_also_when_somebody_hangs_up(requests, config, monkeypatch):
    began, go_on, at_work, most = threading.Semaphore(0), threading.Semaphore(0), [], []

    def slowly(key, value, **more):
        at_work.append(key)
        most.append(len(at_work))
        began.release()
        go_on.acquire()
        at_work.remove(key)
        return config

    monkeypatch.setattr("device.daemon.requests.change", slowly)
    many = [asyncio.ensure_future(requests.answer(m.ChangeSetting(f"a{n}"), OTHER)) for n in range(4)]
    await asyncio.to_thread(began.acquire)
    many[0].cancel()
    await asyncio.wait({many[0]})
    go_on.release(4)
    done = await asyncio.gather(*many, return_exceptions=True)
    assert [type(one) for one in done] == [asyncio.CancelledError, *[m.Changed] * 3]
    assert most == [1] * 4


async def test_of_a_file_that_is_broken_by_hand_it_is_said_and_what_is_in_force_is_told(requests, config):
    config.write_text("name = [")
    told = await requests.answer(m.GetSettings("name"), OTHER)
    assert "not TOML" in told.fault
    assert told.settings[0].value == "Ada"


async def test_what_was_said_is_told_found_and_deleted(requests):
    path = state_dir() / FILE
    hostile = "<script>\x1b[2J" + "x" * 1_000_000
    for text in ("Hello", hostile):
        desk = Desk(path, began=NOW)
        desk.wake(10)
        desk(11, entries.User, text=text)
        desk.sleep(20)
        desk.close()
    first = await requests.answer(m.GetTranscripts(most=1), OTHER)
    second = await requests.answer(m.GetTranscripts(most=1, before=first.next), OTHER)
    texts = [one.transcripts[0].lines[-1].text for one in (first, second)]
    assert texts == [hostile[:LONGEST_SAID], "Hello"]
    assert (first.transcripts[0].clipped, second.transcripts[0].clipped, second.next) == (True, False, "")
    assert len(m.encode(first)) < m.LONGEST_REPLY
    found = await requests.answer(m.GetTranscripts(search="hELLO"), OTHER)
    assert [one.id for one in found.transcripts] == [second.transcripts[0].id]
    assert (await refused(requests, m.DeleteTranscripts())).code == "invalid"
    assert (await refused(requests, m.DeleteTranscripts(("x",), all=True))).code == "invalid"
    assert await requests.answer(m.DeleteTranscripts((found.transcripts[0].id,)), OTHER) == m.Deleted(1)
    assert await requests.answer(m.DeleteTranscripts(all=True), OTHER) == m.Deleted(1)


async def test_a_store_that_is_damaged_is_named(requests):
    path = state_dir() / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"no database at all" * 100)
    error = await refused(requests, m.GetTranscripts())
    assert (error.code, str(path) in error.what) == ("failed", True)


async def test_costs_without_any_are_none(requests):
    assert await requests.answer(m.GetCosts(), OTHER) == m.CostsAre(())


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


async def test_every_request_is_answered_by_somebody():
    from typing import get_args  # noqa: PLC0415 - for this alone

    answered = set(vars(Requests)["_do"].dispatcher.registry)
    by_the_server = {m.Subscribe, m.Unsubscribe}
    assert set(get_args(m.AnyRequest)) - by_the_server <= answered
