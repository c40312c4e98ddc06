"""The whole daemon in a room on the virtual clock, with somebody at its door."""

import asyncio

import pytest
from support.doorway import door, told
from support.house import House, play, says
from support.listener import Listener, spoken

from device.daemon.doorway import about
from device.daemon.doorway import spoken as spoken_code
from device.door import messages as m
from device.door import upkeep as u
from device.door.client import DoorError
from device.settings.tree import Settings
from device.wire.realtime import ConversationItemCreate

QUESTION = "hey jarvis, what time is it?"
LONG = spoken(6.0, "One two three four five six seven eight nine ten eleven twelve.", pace=0.3)


def in_room(tmp_path, script, *replies, visitors=(), seconds=12, server=None):
    """Let `script(client, house)` talk to the daemon by its door."""
    house = House(tmp_path, list(visitors), seconds)
    passed = []

    async def act(house):
        async with door(house) as client:
            await script(client, house)
        passed.append(True)

    play(house, server or Listener(*replies), act)
    assert passed, "the scene ended before the script"
    return house


def test_what_is_said_and_heard_is_told_as_it_happens(tmp_path):
    log = []

    async def script(client, house):
        events = client.subscribe()
        now = await anext(events)
        assert (now.state.state, now.captions, now.about.language) == ("asleep", (), "en")
        async for event in events:
            log.append(event)
            if isinstance(event, m.Heard) and event.over:
                break

    in_room(tmp_path, script, LONG, visitors=[says(QUESTION, at=1.0)], seconds=14)
    states = list(dict.fromkeys(e.state for e in log if isinstance(e, m.State)))
    assert states == ["connecting", "listening", "thinking", "speaking"]
    words = "One two three four five six seven eight nine ten eleven twelve."
    said = [e for e in log if isinstance(e, m.Caption)]
    assert [e.text for e in said if e.role == "user"] == ["words"]
    assert [e.text for e in said if e.role == "assistant" and e.final] == [words]
    heard = [e.chars for e in log if isinstance(e, m.Heard)]
    assert heard == sorted(heard)
    assert len(heard) > 5, "word by word"
    assert heard[-1] == len(words)
    (latency,) = [e for e in log if isinstance(e, m.Latency)]
    assert 400 < latency.ms < 3000
    assert latency.stages["reply_first_audio"] == latency.ms
    assert next(e for e in log if isinstance(e, m.Engine)).open
    assert next(e for e in log if isinstance(e, m.State) and e.state == "listening" and e.streaming)


def test_after_an_interruption_it_is_told_what_was_not_heard(tmp_path):
    async def script(client, house):
        events = client.subscribe()
        caption = await told(events, m.Caption, role="assistant", final=True)
        await house.until("state", state="speaking")
        await asyncio.sleep(2.5)
        await client.request(m.Stop(), m.Done)
        heard = await told(events, m.Heard, over=True)
        assert heard.id == caption.id
        assert 10 < heard.chars < len(caption.text) - 10
        assert caption.text[heard.chars] in " ."
        status = await client.request(m.GetStatus(), m.Status)
        assert status.now.heard[-1] == heard
        assert status.now.captions[-1] == caption

    in_room(tmp_path, script, LONG, visitors=[says(QUESTION, at=1.0)], seconds=14)


def test_what_happened_in_the_last_conversation_is_told_while_it_goes_on_and_afterwards(tmp_path):
    told = []

    async def script(client, house):
        told.append(await client.request(u.GetLastConversation(), u.LastConversation))
        await house.until("reply_first_audio")
        told.append(await client.request(u.GetLastConversation(), u.LastConversation))
        await house.until("sleep")
        await house.until("state", state="asleep")
        told.append(await client.request(u.GetLastConversation(), u.LastConversation))

    house = in_room(tmp_path, script, spoken(1.0, "Ten past."), visitors=[says(QUESTION, at=1.0)], seconds=20)
    before, going, over = told
    assert (before.events, before.going, going.going, over.going) == ((), False, True, False)
    kinds = [one["event"] for one in over.events]
    assert kinds[-1] == "state"
    assert set(kinds) >= {"wake", "voice_start", "user", "assistant", "reply_first_audio", "heard", "turn", "sleep"}
    of_the_ledger = [entry.event() for entry in house.rehearsal.entries if entry.event() in {"wake", "user", "sleep"}]
    assert [kind for kind in kinds if kind in {"wake", "user", "sleep"}] == of_the_ledger


def test_wake_listen_and_stop(tmp_path):
    async def script(client, house):
        events = client.subscribe(["state"])
        await client.request(m.Wake(), m.Done)
        await told(events, m.State, state="listening")
        await client.request(m.Wake(), m.Done)  # it listens already, and goes on
        assert (await client.request(m.GetStatus(), m.Status)).now.state.state == "listening"
        await client.request(m.Stop(), m.Done)
        await told(events, m.State, state="asleep")
        await client.request(m.Stop(), m.Done)
        assert (await client.request(m.GetStatus(), m.Status)).now.state.state == "asleep"

    in_room(tmp_path, script)


def test_a_question_by_text_is_answered_aloud_and_in_words(tmp_path):
    async def script(client, house):
        answer = await client.request(m.Ask("How are you?"), m.Answer)
        assert answer == m.Answer("Very well.", question="How are you?", id=1)
        again = await client.request(m.Ask("And now?"), m.Answer)
        assert again.text == "Still well."

    server = Listener(spoken(1.0, "Very well."), spoken(1.0, "Still well."))
    house = in_room(tmp_path, script, server=server, seconds=16)
    asked = [event.item for event in server.all(ConversationItemCreate)]
    assert [(one.role, one.content[0].text) for one in asked] == [("user", "How are you?"), ("user", "And now?")]
    assert [e.text for e in house.all("user")] == ["How are you?", "And now?"]
    assert house.tracks().loudspeaker.any()


def test_a_question_by_text_that_nobody_can_be_asked_is_refused_at_once(tmp_path):
    async def script(client, house):
        house.daemon.conversation._connection._failover._barred = lambda engine: True  # noqa: SLF001 - over budget
        for _ in range(2):  # the second time, the fault is there already
            with pytest.raises(DoorError, match="over the day's budget"):
                await client.request(m.Ask("How are you?"), m.Answer)

    in_room(tmp_path, script)


def test_a_text_that_cannot_be_spoken_is_refused_and_no_failure_of_the_daemon(tmp_path, caplog):
    async def script(client, house):
        async def dumb(text):
            return None

        house.daemon.announcer._speak = dumb  # noqa: SLF001 - as without a voice
        with pytest.raises(DoorError, match="cannot speak it"):
            await client.request(m.Say("Hello"), m.Said)
        assert await client.request(m.Say("Hello", wait=False), m.Said) == m.Said(whole=False, id=2)

    in_room(tmp_path, script)
    assert "failed" not in caplog.text


def test_a_question_by_text_over_a_reply_cuts_it_off(tmp_path):
    async def script(client, house):
        events = client.subscribe(["state"])
        await told(events, m.State, state="speaking")
        answer = await client.request(m.Ask("What else?"), m.Answer)
        assert (answer.text, answer.question) == ("Nothing.", "What else?")

    house = in_room(tmp_path, script, LONG, spoken(1.0, "Nothing."), visitors=[says(QUESTION, at=1.0)], seconds=16)
    assert [e.why for e in house.all("cut")] == ["a question by text"]


def test_a_text_is_said_asleep_and_muted_and_nothing_is_sent(tmp_path):
    async def script(client, house):
        assert await client.request(m.Say("Dinner is ready."), m.Said) == m.Said(id=1)
        await client.request(m.Mute(), m.Done)
        events = client.subscribe(["captions"])
        await anext(events)
        assert (await client.request(m.Say("It gets cold."), m.Said)).whole
        assert (await told(events, m.Caption)).text == "It gets cold."
        await told(events, m.Heard, over=True)

    server = Listener()
    house = in_room(tmp_path, script, server=server)
    assert not server.connections
    assert [e.how for e in house.all("announcement")] == ["whole", "whole"]
    assert house.tracks().loudspeaker.any()


def test_a_text_waits_for_a_moment_in_which_nobody_speaks(tmp_path):
    async def script(client, house):
        events = client.subscribe(["state"])
        await told(events, m.State, state="speaking")
        assert (await client.request(m.Say("Dinner is ready."), m.Said)).whole

    house = in_room(tmp_path, script, LONG, visitors=[says(QUESTION, at=1.0)], seconds=18)
    (reply,) = house.all("reply_last_audio")
    (said,) = house.all("announcement")
    assert said.at > reply.at
    assert house.states[-1] in ("listening", "asleep")


def test_the_button_ends_what_is_said(tmp_path):
    async def script(client, house):
        events = client.subscribe(["captions"])
        await anext(events)
        saying = asyncio.ensure_future(client.request(m.Say("one two three four five six seven eight nine"), m.Said))
        await told(events, m.Caption, role="device")
        await asyncio.sleep(0.5)
        await client.request(m.Stop(), m.Done)
        assert not (await saying).whole

    in_room(tmp_path, script)


def test_mute_volume_and_timers_are_told_of_and_set(tmp_path):
    async def script(client, house):
        events = client.subscribe()
        await anext(events)
        await client.request(m.Mute(), m.Done)
        assert (await told(events, m.Muted)).on
        assert (await client.request(m.GetStatus(), m.Status)).now.state.light == "muted"
        with pytest.raises(DoorError, match="muted: unmute it"):
            await client.request(m.Wake(), m.Done)
        with pytest.raises(DoorError, match="muted: unmute it"):
            await client.request(m.Ask("x"), m.Answer)
        await client.request(m.Unmute(), m.Done)
        assert not (await told(events, m.Muted)).on
        await client.request(m.SetVolume(35), m.Done)
        assert await told(events, m.Volume) == m.Volume(35)
        house.daemon.timers.add(300, "tea")
        assert [one.name for one in (await told(events, m.Timers)).timers] == ["tea"]
        with pytest.raises(DoorError, match="no timer 'coffee'"):
            await client.request(m.CancelTimer("coffee"), m.Done)
        await client.request(m.CancelTimer("tea"), m.Done)
        assert (await told(events, m.Timers)).timers == ()
        alarm = house.daemon.alarms.add_in(600, "the oven")
        (found,) = (await client.request(m.GetTimers(), m.TimersSet)).alarms
        assert (found.number, found.kind, found.text) == (alarm.number, "reminder", "the oven")
        await client.request(m.CancelAlarm(alarm.number), m.Done)
        assert house.daemon.alarms.all == ()
        with pytest.raises(DoorError, match="no alarm 99"):
            await client.request(m.CancelAlarm(99), m.Done)
        with pytest.raises(DoorError, match="no reply yet"):
            await client.request(m.Repeat(), m.Done)
        house.daemon.mute.switch(closed=True)
        with pytest.raises(DoorError, match="a switch holds"):
            await client.request(m.Unmute(), m.Done)

    in_room(tmp_path, script)


def test_the_level_comes_to_who_asks_and_not_too_often(tmp_path):
    async def script(client, house):
        events = client.subscribe(["level"])
        await anext(events)
        began = asyncio.get_running_loop().time()
        levels = [(await told(events, m.Level)).dbfs for _ in range(30)]
        assert asyncio.get_running_loop().time() - began >= 29 / 15 - 0.02
        assert -100 <= min(levels) < max(levels) - 20, "somebody spoke"

    in_room(tmp_path, script, visitors=[says("hello there", at=0.5)], seconds=8)


def test_a_timer_that_rings_is_seen_and_stopped(tmp_path):
    async def script(client, house):
        events = client.subscribe(["state"])
        house.daemon.timers.add(1)
        ringing = await told(events, m.State, ringing=True)
        assert (ringing.light, ringing.colour) == ("ringing", "#fff247")
        await client.request(m.Stop(), m.Done)
        await told(events, m.State, ringing=False)

    in_room(tmp_path, script)


def test_a_card_that_is_gone_is_a_fault_until_it_is_back(tmp_path):
    from device.conversation.events import CardBack, CardLost  # noqa: PLC0415 - for this alone

    async def script(client, house):
        events = client.subscribe(["faults"])
        await anext(events)
        house.daemon.on(CardLost(house.daemon.position))
        (fault,) = (await told(events, m.Faults)).faults
        assert fault.code == "card"
        house.daemon.on(CardBack(house.daemon.position))
        assert (await told(events, m.Faults)).faults == ()

    in_room(tmp_path, script)


def test_the_pages_code_is_made_said_checked_and_used_up_and_shown_nowhere(tmp_path, caplog):
    caplog.set_level("DEBUG")

    async def script(client, house):
        events = client.subscribe()
        await anext(events)
        made = await client.request(m.NewCode(speak=True), m.CodeIs)
        assert made.seconds == pytest.approx(600, abs=1)
        assert (await told(events, m.CodeMade)).seconds > 0
        await house.until("announcement")
        with pytest.raises(DoorError) as wrong:
            await client.request(m.CheckCode("x"), m.Done)
        assert wrong.value.code == "wait"
        await asyncio.sleep(1)
        client.doorway.requests._codes._again = 0.0  # its clock is the wall's  # noqa: SLF001
        await client.request(m.CheckCode(made.code), m.Done)
        with pytest.raises(DoorError, match="no code"):
            await client.request(m.CheckCode(made.code), m.Done)
        shown = (await client.request(m.GetStatus(), m.Status)).now
        assert shown.captions == ()
        assert made.code not in caplog.text
        assert ", ".join(made.code) not in caplog.text
        client.doorway.speak_code()
        await house.until("announcement", 2)

    house = in_room(tmp_path, script, seconds=40)
    assert house.tracks().loudspeaker.any()


def test_two_clients_and_a_restart(tmp_path):
    async def script(client, house):
        async with door(house) as other:  # the daemon's second door is refused: one is there
            one, two = client.subscribe(["volume"]), other.subscribe(["volume"])
            await anext(one)
            await anext(two)
            await other.request(m.SetVolume(11), m.Done)
            assert await anext(one) == await anext(two) == m.Volume(11)
        await client.doorway.close()
        with pytest.raises(DoorError):
            await client.request(m.Mute(), m.Done)
        async with door(house) as again:
            assert (await again.request(m.GetStatus(), m.Status)).now.volume == m.Volume(11)

    in_room(tmp_path, script)


def test_which_assistant_it_is():
    found = about(Settings(name="Ada", profile="/x/shop.toml"), "USB")
    assert (found.name, found.profile, found.wake_words, found.card) == ("Ada", "shop", ("hey jarvis",), "USB")


@pytest.mark.parametrize(("language", "begins"), [("en", "The code"), ("de", "Der Code"), ("fi", "The code")])
def test_a_code_is_said_by_its_digits_and_twice(language, begins):
    text = spoken_code("012345", language)
    assert text.startswith(begins)
    assert text.count("0, 1, 2, 3, 4, 5") == 2
