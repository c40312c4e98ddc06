"""The sections that look after the device, in a real browser: what was said, costs, timers, log, doctor, device."""

import asyncio
import csv
import io
import json
import re
import time

import pytest
from clients.house import NODE_MODULES
from support.chromium import DESK, PATIENCE, PHONE
from support.owner_page import AXE, opened
from support.owner_page import OUTSIDE as FOUND_OUTSIDE
from support.scripted_door import snapshot
from support.upkeep import Kept

from device.door import messages as m
from device.door import upkeep as u
from device.records.transcripts import stored

SECTIONS = ("transcripts", "conversation", "costs", "timers", "doctor", "log", "device")
OUTSIDE = FOUND_OUTSIDE.replace(".unseen", ".unseen, .picture .area, .rows table")
"""What does not fit onto the screen; the picture's tracks are cut off, and tables are moved."""
HOSTILE = "<img src=x onerror=\"document.title='taken'\">\x1b[2J\u202e'\"`${1+1}</p>"
READY = {
    "transcripts": "document.querySelector('.conversation')",
    "conversation": "document.querySelector('.picture .timeline')",
    "costs": "document.querySelector('.plot svg')",
    "timers": "document.querySelector('.cards li')",
    "doctor": "document.querySelector('.findings')",
    "log": "document.querySelector('.log > div')",
    "device": "document.querySelector('#confirm')",
}


@pytest.fixture
def kept():
    made, now = Kept(), time.time()
    made.timers = m.TimersSet(
        (m.Timer("Pasta", 600, 312, now + 312), m.Timer("Egg", 300, 120, now + 120, paused=True)),
        (m.Alarm(7, "alarm", "", now + 4000, (0, 1)), m.Alarm(8, "reminder", "the oven", None)),
    )
    return made


def a_door(page, kept):
    timers = m.Timers(kept.timers.timers, kept.timers.alarms)
    return page.owner_door("", others=kept.others, now=snapshot(timers=timers))


async def at(tab, section):
    """Go to a section, and wait until it is there."""
    await tab.run(f"location.hash = {section!r}")
    await tab.until(f"document.querySelector('nav [aria-current]').hash === '#{section}' && {READY[section]}")


def chosen(number, value):
    """Return what chooses a value of a list."""
    return f"{{ const s = document.querySelectorAll('#main select')[{number}]; s.value = {value!r}; s.onchange(); }}"


def searched(text):
    """Return what types into the section's search."""
    return f"{{ const s = document.querySelector('#main [type=search]'); s.value = {text!r}; s.oninput(); }}"


async def there_is(tab, text):
    """Tell whether there is a button of that text to be seen."""
    return await tab.run(
        f"[...document.querySelectorAll('#main button')].some((one) => one.offsetHeight && one.innerText === {text!r})"
    )


async def click(tab, text, within="#main"):
    """Click the button of that text."""
    await tab.run(
        f"[...document.querySelectorAll('{within} button')].find((one) => one.innerText === {text!r}).click()"
    )


async def files_of(tab, trigger):
    """Return what the browser is given to keep by what `trigger` does: the file's name, and its bytes as latin-1."""
    await tab.run("""{
        window.kept = null;
        const make = URL.createObjectURL;
        URL.createObjectURL = (blob) => {
            const url = make.call(URL, blob);
            HTMLAnchorElement.prototype.click = function () {
                const name = this.download;
                blob.arrayBuffer().then((data) => {
                    window.kept = [name, [...new Uint8Array(data)].map((one) => String.fromCharCode(one)).join("")];
                });
            };
            return url;
        };
    }""")
    await trigger
    await tab.until("window.kept")
    name, data = await tab.run("window.kept")
    return name, data.encode("latin-1")


# What was said


async def test_what_was_said_is_read_found_and_paged(browser, page, kept):
    kept.say(*(f"Question {n}?" for n in range(23)), "How many minutes?")
    async with a_door(page, kept) as daemon, page.serving():
        tab = await opened(browser, page, daemon)
        await at(tab, "transcripts")
        assert await tab.run("document.querySelectorAll('.conversation').length") == 20
        await click(tab, "Show more")
        await tab.until("document.querySelectorAll('.conversation').length === 24")
        assert not await there_is(tab, "Show more")
        told = await tab.run(
            "document.querySelector('.conversation').open = true; document.querySelector('.conversation').innerText"
        )
        for part in ("How many minutes?", "get_time", "It is twelve,", "openai"):
            assert part in told
        assert await tab.run("document.querySelector('.said s').textContent.trim()") == "my friend."
        await tab.run(searched("QUESTION 7"))
        await tab.until(
            "document.querySelectorAll('.conversation').length === 1 && document.querySelector('.conversation').open"
        )
        await tab.run(searched("xyzzy"))
        await tab.until("document.querySelector('#main').innerText.includes('Nobody said that')")
        assert tab.complaints == []


@pytest.mark.parametrize("kind", ["json", "csv", "txt"])
async def test_all_of_it_is_kept_as_a_file_in_which_no_cell_is_a_formula(browser, page, kept, kind):
    kept.say(*(f"Question {n}?" for n in range(25)), "=HYPERLINK(1)")
    async with a_door(page, kept) as daemon, page.serving():
        tab = await opened(browser, page, daemon)
        await at(tab, "transcripts")
        await tab.run(f"document.querySelector('select').value = {kind!r}")
        name, data = await files_of(tab, click(tab, "Save all"))
        text = data.decode()
        assert name == f"transcripts.{kind}"
        if kind == "json":
            assert len(json.loads(text)) == 26
        elif kind == "csv":
            said = [row["text"] for row in csv.DictReader(io.StringIO(text)) if row["kind"] == "user"]
            assert (len(said), said[0]) == (26, "'=HYPERLINK(1)")
        else:
            assert text.count("You: ") == 26


async def test_one_is_deleted_and_all_are_and_one_is_asked_before(browser, page, kept):
    kept.say("One", "Two", "Three")
    async with a_door(page, kept) as daemon, page.serving():
        tab = await opened(browser, page, daemon)
        await at(tab, "transcripts")
        await tab.run("document.querySelector('.conversation').open = true")
        await click(tab, "Delete")
        await tab.until("document.querySelector('dialog[open]')")
        await click(tab, "Cancel", "dialog")
        assert len(stored()) == 3
        await click(tab, "Delete")
        await tab.until("document.querySelector('dialog[open]')")
        await click(tab, "Delete", "dialog")
        await tab.until("document.querySelectorAll('.conversation').length === 2")
        assert [one.lines[1].text for one in stored()] == ["One", "Two"]
        assert await tab.run("document.activeElement.tagName") == "SUMMARY"
        apart = "[...document.querySelectorAll('#main button')].find((one) => one.innerText === 'Delete all')"
        last = "[...document.querySelectorAll('.conversation')].at(-1)"
        assert await tab.run(f"{apart}.getBoundingClientRect().top > {last}.getBoundingClientRect().bottom")
        await click(tab, "Delete all")
        await tab.until("document.querySelector('dialog[open]')")
        assert len(stored()) == 2, "it is asked before"
        await click(tab, "Delete all", "dialog")
        await tab.until("document.querySelector('#main').innerText.includes('No conversation is kept')")
        assert stored() == []


async def test_hostile_words_are_words_wherever_they_are_shown(browser, page, kept):
    kept.say(HOSTILE + "x" * 1_000_000, answer=HOSTILE + "y" * 1_000_000)
    kept.converse(HOSTILE + "z" * 1_000_000)
    kept.recent.add(f"ERROR device.x: {HOSTILE}{'w' * 1_000_000}", 40)
    kept.findings = ((HOSTILE, "fail", HOSTILE, HOSTILE),)
    kept.pay(3, (HOSTILE, HOSTILE), ("openai", "gpt-realtime-2.1"))
    now = time.time()
    kept.timers = m.TimersSet((m.Timer(HOSTILE, 60, 30, now),), (m.Alarm(1, "reminder", HOSTILE, now),))
    kept.version = u.VersionIs(HOSTILE, f"- {HOSTILE}\n\n# {HOSTILE}", "failed", fix=HOSTILE)
    kept.goes = u.ResetIs(HOSTILE, ("settings",), fix=HOSTILE)
    async with a_door(page, kept) as daemon, page.serving():
        tab = await opened(browser, page, daemon)
        for section in SECTIONS:
            await at(tab, section)
            if section == "doctor":
                await click(tab, "Have it look")
                await tab.until("document.querySelector('.findings .fail')")
            await tab.run("for (const one of document.querySelectorAll('details')) one.open = true")
            assert await tab.run("document.querySelectorAll('#page img, #page p > p').length") == 0
            assert "<img src=x" in await tab.run("document.querySelector('#main').textContent"), section
            assert not re.search(r"[\x1b\u202e]", await tab.run("document.body.innerText"))
            assert len(await tab.run("document.body.innerText")) < 60_000
            assert "taken" not in await tab.run("document.title")
            assert await tab.run(OUTSIDE) == [], section
        assert tab.complaints == []


# What it cost


async def test_costs_are_stacked_by_engine_with_the_budget(browser, page, kept):
    kept.pay(40, ("openai", "gpt-realtime-2.1"), ("local", ""), ("box", "mystery"))
    async with a_door(page, kept) as daemon, page.serving():
        tab = await opened(browser, page, daemon)
        await at(tab, "costs")
        assert await tab.run("document.querySelectorAll('.plot g').length") == 31
        assert await tab.run("document.querySelector('.limit-name').textContent") == "Budget a day $2.00"
        assert await tab.run("[...document.querySelectorAll('.legend li')].map((one) => one.innerText)") == ["openai"]
        assert "mystery" in await tab.run("document.querySelector('#main').innerText")
        await tab.run(chosen(0, "replies"))
        names = await tab.run("[...document.querySelectorAll('.legend li')].map((one) => one.innerText)")
        assert sorted(names) == ["box", "local", "openai"]
        assert await tab.run("document.querySelector('.limit') === null"), "the budget is of money"
        heights = await tab.run("""[...document.querySelectorAll('.plot g:last-of-type rect:not(.hit)')]
            .map((one) => ["y", "height"].map((name) => Number(one.getAttribute(name))))""")
        assert len(heights) == 3
        bottoms = [round(y + height, 3) for y, height in heights]
        tops = [round(y, 3) for y, _ in heights]
        assert bottoms[1:] == tops[:-1], "each stands on the one before"
        await tab.run(chosen(1, "7"))
        await tab.until("document.querySelectorAll('.plot g').length === 7")
        assert await tab.run("document.querySelectorAll('tbody tr').length") == 21
        assert tab.complaints == []


async def test_a_day_is_looked_at_by_pointer_and_by_keys(browser, page, kept):
    kept.pay(7, ("openai", "gpt-realtime-2.1"), ("local", ""))
    told = "document.querySelector('.told').innerText"
    async with a_door(page, kept) as daemon, page.serving():
        tab = await opened(browser, page, daemon)
        await at(tab, "costs")
        await tab.run(chosen(0, "replies"))
        await tab.run("document.querySelector('.plot .canvas').focus()")
        last = await tab.run(told)
        await tab.call("Input.dispatchKeyEvent", type="keyDown", key="ArrowLeft", code="ArrowLeft")
        before = await tab.run(told)
        assert last != before
        assert "local" in before
        assert "together" in before
        box = await tab.run(
            "(({x, y, height}) => [x, y, height])(document.querySelector('.plot svg').getBoundingClientRect())"
        )
        await tab.call("Input.dispatchMouseEvent", type="mouseMoved", x=box[0] + 60, y=box[1] + box[2] / 2)
        await tab.until(f"{told}.endsWith('nothing')")


async def test_without_any_costs_there_is_a_plot_of_nothing(browser, page, kept):
    async with a_door(page, kept) as daemon, page.serving():
        tab = await opened(browser, page, daemon, PHONE)
        await at(tab, "costs")
        assert "nothing" in await tab.run("document.querySelector('.told').innerText")
        assert tab.complaints == []


# Timers


async def test_timers_count_down_and_are_cancelled(browser, page, kept):
    async with a_door(page, kept) as daemon, page.serving():
        tab = await opened(browser, page, daemon)
        await at(tab, "timers")
        first = "document.querySelector('.cards time').innerText"
        shown = await tab.run(first)
        assert re.fullmatch(r"\d:\d\d", shown)
        await tab.until(f"{first} !== {shown!r}")
        text = await tab.run("document.querySelector('.cards').innerText")
        for part in ("Pasta", "paused", "every Mon, Tue", "the oven", "once the clock is set"):
            assert part in text
        await tab.run("document.querySelectorAll('.cards button')[0].click()")
        await tab.run("document.querySelectorAll('.cards button')[2].click()")
        async with asyncio.timeout(PATIENCE):
            cancelled = [await kept.asked.get(), await kept.asked.get()]
        assert [(type(one), one.id > 0) for one in cancelled] == [(m.CancelTimer, True), (m.CancelAlarm, True)]
        assert (cancelled[0].name, cancelled[1].number) == ("Pasta", 7)
        daemon.server.publish(m.Timers(ringing=True))
        await tab.until(
            "!document.querySelector('.cards li') && document.querySelector('#main').innerText.includes('It rings')"
        )
        await click(tab, "Stop ringing")
        async with asyncio.timeout(PATIENCE):
            assert isinstance(await kept.asked.get(), m.Stop)


# The log


async def test_the_log_follows_stands_still_and_is_sifted(browser, page, kept):
    kept.recent.add("INFO device.x: one")
    lines = (
        "[...document.querySelectorAll('.log > div')].filter((one) => one.offsetHeight)"
        ".map((one) => one.querySelector('span').innerText)"
    )
    async with a_door(page, kept) as daemon, page.serving():
        tab = await opened(browser, page, daemon)
        await at(tab, "log")
        kept.recent.add("ERROR device.x: two", 40)
        await tab.until(f"{lines}.length === 2")
        await click(tab, "Pause")
        kept.recent.add("INFO device.x: three")
        await tab.run("new Promise((done) => setTimeout(done, 2500))")
        assert await tab.run(f"{lines}.length") == 2
        await click(tab, "Go on")
        await tab.until(f"{lines}.length === 3")
        await tab.run(chosen(0, "errors"))
        assert await tab.run(lines) == ["ERROR device.x: two"]
        await tab.run(chosen(0, "all"))
        await tab.run(searched("THREE"))
        assert await tab.run(lines) == ["INFO device.x: three"]
        await tab.run("navigator.clipboard.writeText = async (text) => { window.copied = text; }")
        await click(tab, "Copy")
        await tab.until("document.querySelector('#main .done')")
        assert "INFO device.x: three" in await tab.run("window.copied")
        assert tab.complaints == []


async def test_on_a_telephone_a_line_of_the_log_has_all_of_its_width(browser, page, kept):
    kept.recent.add("INFO device.x: " + "word " * 12)
    async with a_door(page, kept) as daemon, page.serving():
        tab = await opened(browser, page, daemon, PHONE)
        await at(tab, "log")
        box = "document.querySelector('.log > div {}').getBoundingClientRect()"
        assert await tab.run(f"{box.format('span')}.top >= {box.format('time')}.bottom")
        assert await tab.run(f"{box.format('span')}.left === {box.format('time')}.left")
        await tab.run(searched("nothing like it"))
        assert await tab.run("document.querySelector('.log > div').offsetHeight") == 0


async def test_a_daemon_that_was_started_anew_has_a_log_of_its_own(browser, page, kept):
    for n in range(5):
        kept.recent.add(f"INFO device.x: before {n}")
    async with page.serving():
        async with a_door(page, kept) as daemon:
            tab = await opened(browser, page, daemon)
            await at(tab, "log")
        await tab.until("document.querySelector('#banner .problem')")
        other = Kept()
        other.recent.add("INFO device.x: after")
        async with a_door(page, other):
            await tab.until("document.querySelector('.log').innerText.includes('device.x: after')")
            assert "started anew" in await tab.run("document.querySelector('.log').innerText")


# The doctor


async def test_what_the_doctor_finds_is_shown_with_what_to_do(browser, page, kept):
    async with a_door(page, kept) as daemon, page.serving():
        tab = await opened(browser, page, daemon)
        await at(tab, "doctor")
        assert await tab.run("document.querySelectorAll('.findings li').length") == 0
        await click(tab, "Have it look")
        await tab.until(
            "document.querySelectorAll('.findings li').length === 3 && !document.querySelector('#main .first').disabled"
        )
        assert await tab.run("[...document.querySelectorAll('.badge')].map((one) => one.innerText)") == [
            "Well",
            "Check",
            "Wrong",
        ]
        text = await tab.run("document.querySelector('#main').innerText")
        for part in ("connect the network", "1 well, 1 to check, 1 wrong", "not tried here"):
            assert part in text
        await at(tab, "device")
        await at(tab, "doctor")
        await tab.until("document.querySelectorAll('.findings li').length === 3")


async def test_a_bundle_is_a_file_of_the_browser_s(browser, page, kept):
    kept.bundle = bytes(range(256)) * 40
    async with a_door(page, kept) as daemon, page.serving():
        tab = await opened(browser, page, daemon)
        await at(tab, "doctor")
        name, data = await files_of(tab, click(tab, "Make a bundle"))
        assert re.fullmatch(r"parley-bundle-\d{8}-\d{6}\.tar\.gz", name)
        assert data == kept.bundle
        await tab.until("document.querySelector('#main .done')")


# The device


async def test_an_update_is_asked_for_where_there_is_one(browser, page, kept):
    async with a_door(page, kept) as daemon, page.serving():
        tab = await opened(browser, page, daemon)
        await at(tab, "device")
        text = await tab.run("document.querySelector('#main').innerText")
        assert "Parley 1.2.3" in text
        await click(tab, "Update now")
        await tab.until("document.querySelector('#main').innerText.includes('A newer version is looked for')")
        assert isinstance(kept.asked.get_nowait(), u.Update)
        await tab.run("document.querySelector('details').open = true")
        assert await tab.run("[...document.querySelectorAll('.prose li')].map((one) => one.innerText)") == [
            "One thing is new, code too.",
            "Another one.",
        ]
        kept.version = u.VersionIs("1.2.3", "", "none", fix="type this")
        await tab.run("location.hash = 'log'")
        await at(tab, "device")
        await tab.until("document.querySelector('#main').innerText.includes('type this')")
        assert not await there_is(tab, "Update now")


async def test_a_factory_reset_takes_the_name(browser, page, kept):
    kept.goes = u.ResetIs("Ada", ("settings", "keys"), ("models",), fix="sudo rm it")
    async with a_door(page, kept) as daemon, page.serving():
        tab = await opened(browser, page, daemon)
        await at(tab, "device")
        text = await tab.run("document.querySelector('#main').innerText")
        for part in ("your settings", "all keys", "the models", "sudo rm it"):
            assert part in text
        button = "document.querySelector('form .danger')"
        put = "{{ const f = document.getElementById('confirm'); f.value = {!r}; f.oninput(); }}"
        for wrong in ("", "Bob"):
            await tab.run(put.format(wrong))
            assert await tab.run(f"{button}.disabled")
        assert not kept.reset.is_set()
        await tab.run(put.format("ada"))
        await tab.run(f"{button}.click()")
        await asyncio.wait_for(kept.reset.wait(), PATIENCE)
        await tab.until("document.querySelector('form .done')")


async def test_it_is_started_anew(browser, page, kept):
    async with a_door(page, kept) as daemon, page.serving():
        tab = await opened(browser, page, daemon)
        await at(tab, "device")
        await click(tab, "Start anew")
        await asyncio.wait_for(daemon.restarted.wait(), PATIENCE)


# The last conversation


async def test_the_last_conversation_is_drawn_without_sound_and_drawn_anew(browser, page, kept):
    async with a_door(page, kept) as daemon, page.serving():
        tab = await opened(browser, page, daemon)
        await tab.run("location.hash = 'conversation'")
        await tab.until("document.querySelector('#main').innerText.includes('There was no conversation')")
        kept.converse("What time is it?")
        daemon.server.publish(m.State("listening", "listening"))
        daemon.server.publish(m.State("asleep", "asleep"))
        await tab.until("document.querySelector('.picture .timeline')")
        text = await tab.run("document.querySelector('.picture').innerText")
        for part in ("What time is it?", "1 interruption", "600 ms"):
            assert part in text
        assert await tab.run("document.querySelector('.picture .play') === null")
        assert {one["url"].split("/")[2] for one in tab.responses} == {page.url.split("/")[2]}
        assert tab.complaints == []


# All of them


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_and_all_fits_onto_the_screen(browser, page, kept, size, scheme):
    kept.say("One?", "Two?")
    kept.pay(40, ("openai", "gpt-realtime-2.1"), ("local", ""), ("box", "mystery"))
    kept.converse()
    kept.recent.add("WARNING device.x: one", 30)
    kept.recent.add("ERROR device.x: two", 40)
    kept.goes = u.ResetIs("Ada", ("settings", "keys"), ("models",), fix="sudo rm it")
    axe = (NODE_MODULES / "axe-core" / "axe.min.js").read_text("utf-8")
    async with a_door(page, kept) as daemon, page.serving():
        tab = await opened(browser, page, daemon, size)
        await tab.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        await tab.run(axe + ";0")
        for section in SECTIONS:
            await at(tab, section)
            if section == "doctor":
                await click(tab, "Have it look")
                await tab.until("document.querySelectorAll('.findings li').length === 3")
            if section == "costs":
                await tab.run(chosen(0, "replies"))
            await tab.run("for (const one of document.querySelectorAll('details')) one.open = true")
            assert await tab.run(AXE) == [], section
            assert await tab.run(OUTSIDE) == [], section


@pytest.mark.parametrize("section", SECTIONS)
async def test_it_is_german_where_one_wants(browser, page, kept, section):
    kept.say("One?")
    kept.pay(3, ("openai", "gpt-realtime-2.1"))
    kept.converse()
    kept.recent.add("INFO device.x: one")
    async with a_door(page, kept) as daemon, page.serving():
        tab = await opened(browser, page, daemon)
        await tab.run("document.querySelector('#languages [lang=de]').click()")
        await tab.until("document.documentElement.lang === 'de' && document.querySelector('h1')")
        await at(tab, section)
        words = await tab.run(
            "Promise.all(['de', 'en'].map((one) => fetch('/owner-words.json?' + one).then((found) => found.json())))"
            f".then(([de, en]) => [de.words.de.{section}, en.words.en.{section}])"
        )
        assert set(words[0]) == set(words[1])
        text = await tab.run("document.querySelector('#main').innerText")
        assert words[0]["title"] in text
        assert "undefined" not in text
