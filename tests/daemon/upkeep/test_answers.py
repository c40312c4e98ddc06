"""What is asked for to look after the device: the log without secrets, updates and a reset that are only asked for."""

import asyncio
import json
import logging

import pytest

from device.conversation import entries
from device.conversation.states import State
from device.daemon.aside import Aside
from device.daemon.upkeep import answers as module
from device.daemon.upkeep.answers import UPDATES_APART_S, Upkeep
from device.daemon.upkeep.doctor import DoctorError
from device.daemon.upkeep.last_conversation import LastConversation
from device.door import messages as m
from device.door import upkeep as u
from device.door.server import Peer, Refusal
from device.settings.last_good import InForce
from device.settings.loading import settle
from device.system import asks
from device.system.recent_log import RecentLog

OTHER = Peer(65_534, 1)
KEYS = {"OPENAI_API_KEY": "key-of-the-environment-1", "SOME_TOKEN": "token-of-something-2"}


class House:
    """An assistant called Ada, with somebody at its door."""

    def __init__(self):
        self.recent, self.last, self.resets = RecentLog(now=lambda: 7.0), LastConversation(), []
        settings = settle({"name": "Ada", "brain": {"api_key": "key-of-the-brain-3"}}, KEYS)
        self.upkeep = Upkeep(
            InForce(settings), self.recent, self.last, Aside(), reset=lambda: self.resets.append(True), environ=KEYS
        )

    async def ask(self, request):
        return await self.upkeep.answers[type(request)](request, OTHER)

    async def refused(self, request):
        with pytest.raises(Refusal) as refusal:
            await self.ask(request)
        return refusal.value.error


@pytest.fixture
async def house():
    made = House()
    yield made
    await made.upkeep.close()


@pytest.fixture
def updates(monkeypatch):
    """Let updates be as they are told to be; returns what root was asked for."""
    asked = []

    def be(how, fix=""):
        monkeypatch.setattr(module.version, "look", lambda: u.VersionIs("1.0", "", how, fix=fix))
        monkeypatch.setattr(asks, "ask", asked.append)
        return asked

    return be


async def test_the_log_is_told_line_by_line_and_then_what_is_new(house):
    house.recent.add("INFO device.x: one")
    house.recent.add("ERROR device.x: two", logging.CRITICAL)
    told = await house.ask(u.GetLog())
    assert told.lines == (u.LogLine(7.0, "INFO device.x: one"), u.LogLine(7.0, "ERROR device.x: two", "error"))
    assert told.last == 2
    assert (await house.ask(u.GetLog(2))).lines == ()
    house.recent.add("DEBUG device.x: three", logging.DEBUG)
    told = await house.ask(u.GetLog(2))
    assert ([one.level for one in told.lines], told.last) == (["debug"], 3)
    assert len((await house.ask(u.GetLog(most=1))).lines) == 1


async def test_who_followed_the_log_of_another_process_gets_all_of_this_one(house):
    house.recent.add("INFO device.x: one")
    assert len((await house.ask(u.GetLog(5000))).lines) == 1


async def test_no_secret_and_no_control_character_is_in_the_log_and_no_line_is_without_end(house):
    for text in (
        *KEYS.values(),
        "key-of-the-brain-3",
        "http://me:hush@10.0.0.5/?key=x",
        "Bearer abcdef",
        "\x1b[2J\u202e",
    ):
        house.recent.add(f"ERROR device.x: it says {text}, and {'x ' * 5000}", logging.ERROR)
    told = (await house.ask(u.GetLog())).lines
    text = "".join(one.text for one in told)
    for secret in ("environment-1", "something-2", "brain-3", "hush", "abcdef", "\x1b", "\u202e"):
        assert secret not in text
    assert "it says ***, and" in text
    assert max(len(one.text) for one in told) == u.LONGEST_LINE


async def test_one_bundle_is_made_at_a_time(house, monkeypatch):
    monkeypatch.setattr(module.Doctor, "packs", True)
    assert (await house.refused(u.MakeBundle())).code == "too_many"


async def test_the_bundle_is_given_the_log_as_the_system_would_print_it(house, monkeypatch):
    house.recent.add("INFO device.x: one")
    (entry,) = map(json.loads, house.upkeep._as_journal().splitlines())  # noqa: SLF001 - what the doctor's process gets
    assert entry == {
        "MESSAGE": "INFO device.x: one",
        "_SYSTEMD_UNIT": "parley.service",
        "SYSLOG_IDENTIFIER": "parley",
        "__REALTIME_TIMESTAMP": "7000000",
    }

    async def bundle(_):
        return b"packed"

    monkeypatch.setattr(module.Doctor, "bundle", bundle)
    made = await house.ask(u.MakeBundle())
    assert made.data == b"packed"
    assert made.name.endswith(".tar.gz")

    async def fails(_):
        raise DoctorError("it is not well")

    monkeypatch.setattr(module.Doctor, "bundle", fails)
    error = await house.refused(u.MakeBundle())
    assert (error.code, "not well" in error.what, "doctor --bundle" in error.fix) == ("failed", True, True)


async def test_the_doctor_is_begun_and_asked(house, monkeypatch):
    begun = []
    monkeypatch.setattr(module.Doctor, "begin", lambda _: begun.append(True))
    assert await house.ask(u.Examine()) == m.Done()
    assert begun == [True]
    assert (await house.ask(u.GetFindings())).findings == ()


@pytest.mark.parametrize("how", ["none", "off"])
async def test_an_update_that_nobody_would_make_is_refused_with_what_to_type(house, updates, how):
    asked = updates(how, "type this")
    error = await house.refused(u.Update())
    assert (error.code, error.fix, asked) == ("impossible", "type this", [])


@pytest.mark.parametrize("how", ["idle", "looking", "failed", "later"])
async def test_an_update_is_asked_for_once_a_minute(house, updates, monkeypatch, how):
    asked = updates(how)
    now = [0.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    assert await house.ask(u.Update()) == m.Done()
    error = await house.refused(u.Update())
    assert (error.code, error.wait_s) == ("wait", UPDATES_APART_S)
    now[0] += UPDATES_APART_S
    assert await house.ask(u.Update()) == m.Done()
    assert asked == [asks.UPDATE] * 2


async def test_a_disk_that_takes_no_mark_is_told_of_and_asked_again_at_once(house, updates, monkeypatch):
    updates("idle")

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(asks, "ask", full)
    for _ in range(2):
        error = await house.refused(u.Update())
        assert (error.code, "No space left" in error.what) == ("failed", True)


async def test_a_reset_takes_the_name_and_is_answered_first(house):
    for wrong in ("", "Bob", "x" * 200):
        error = await house.refused(u.Reset(wrong))
        assert (error.code, house.resets) == ("invalid", [])
    assert await house.ask(u.Reset(" ada ")) == m.Done()
    assert house.resets == []
    async with asyncio.timeout(5):
        while not house.resets:  # noqa: ASYNC110 - the loop's own timer
            await asyncio.sleep(0.01)


async def test_what_a_reset_deletes_depends_on_who_would_come(house, monkeypatch, tmp_path):
    monkeypatch.setattr(asks, "heard", lambda mark: True)
    all_ = await house.ask(u.GetReset())
    assert {"settings", "transcripts", "keys", "machine_settings", "browsers"} <= set(all_.goes)
    assert (all_.name, all_.fix) == ("Ada", "")
    monkeypatch.setattr(asks, "heard", lambda mark: False)
    monkeypatch.setattr(module, "MACHINES", tmp_path)
    own = await house.ask(u.GetReset())
    assert "keys" in own.stays
    assert f"sudo rm -f {tmp_path}/parley.toml" in own.fix
    monkeypatch.setattr(module, "MACHINES", tmp_path / "none")
    alone = await house.ask(u.GetReset())
    assert ({"settings", "transcripts"} <= set(alone.goes), "keys" in alone.stays, alone.fix) == (True, False, "")


async def test_the_last_conversation_is_told(house):
    house.last.take(entries.StateEntered(0, state=State.LISTENING))
    told = await house.ask(u.GetLastConversation())
    assert ([one["event"] for one in told.events], told.going) == (["state"], True)
