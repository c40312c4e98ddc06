"""The owner's view in a real browser: the way in, and all settings. Behind it are the settings of a file."""

import asyncio
import json
import re

import pytest
from support.browser import page as foreign_page
from support.chromium import DESK, PATIENCE, PHONE, Browser
from support.owner_page import ROW, at_the_code, looked_through, opened, put, try_code

from device.page.owners import COOKIE

NARROW = (360, 640, 2)
TEXT = """# mine
name = "Ada"

[wake]
threshold = 0.4 # low

[brain]
url = "http://127.0.0.1:11434/v1"
model = "llama3.2"
api_key = "s3cret"
"""
MOST_ON_THE_WIRE = 100_000


async def test_a_wrong_code_is_answered_later_and_later_and_ten_are_of_no_use(browser, page):
    async with page.owner_door(TEXT) as daemon, page.serving():
        now = [0.0]
        daemon.codes._now = lambda: now[0]  # noqa: SLF001 - its clock, that nobody has to wait
        code = daemon.codes.new()
        wrong = f"{(int(code) + 1) % 10**6:06}"
        tab = await at_the_code(browser, page)
        told = "document.querySelector('.problem')?.innerText"
        for n in range(4):
            await try_code(tab, wrong)
            await tab.until(f"{told}?.includes('Try again in {2**n} s')")
            assert await tab.run("document.querySelector('form .first').disabled")
            assert re.fullmatch(r"Try again in \d+ s", await tab.run("document.querySelector('form .first').innerText"))
            now[0] += 2**n
            await tab.run("document.querySelector('.problem').remove()")
        for _ in range(6):
            await try_code(tab, wrong)
            await tab.until(f"{told}?.includes('holds no longer')")
            await tab.run("document.querySelector('.problem').remove()")
        await try_code(tab, code)
        await tab.until(f"{told}?.includes('holds no longer')")
        cookies = (await tab.call("Network.getCookies"))["cookies"]
        assert cookies == []


async def test_the_right_code_lets_in_and_the_page_started_anew_knows_the_browser(browser, page):
    async with page.owner_door(TEXT) as daemon:
        async with page.serving():
            port = page.port
            tab = await opened(browser, page, daemon)
            (cookie,) = (await tab.call("Network.getCookies"))["cookies"]
            assert (cookie["name"], cookie["httpOnly"], cookie["sameSite"]) == (COOKIE, True, "Strict")
            assert await tab.run("document.cookie") == ""
        await tab.until("document.querySelector('#banner .problem')")
        async with page.serving(port=port):
            await tab.until("!document.querySelector('#banner .problem')")
            await tab.go(f"{page.url}/settings")
            await tab.until("document.getElementById('sections')")


async def test_who_signs_out_everywhere_is_asked_for_a_code_in_every_browser(browser, page):
    async with page.owner_door(TEXT) as daemon, page.serving(), Browser() as other:
        tabs = [await opened(browser, page, daemon), await opened(other, page, daemon)]
        await tabs[0].run("[...document.querySelectorAll('.leave > button')].at(-1).click()")
        await tabs[0].until("document.querySelector('dialog[open] .danger')")
        await tabs[0].run("document.querySelector('dialog .danger').click()")
        for tab in tabs:
            await tab.until("document.getElementById('code')")


async def test_a_change_is_written_with_its_comments_and_holds_after_a_restart(browser, page):
    async with page.owner_door(TEXT) as daemon, page.serving():
        tab = await opened(browser, page, daemon)
        await put(tab, "wake.threshold", "0,3")
        await tab.until(f"{ROW.format('wake.threshold')}.querySelector('.done')")
        assert daemon.config.read_text() == TEXT.replace("0.4", "0.3")
        await put(tab, "page.lan", "true")
        await tab.until("document.querySelector('.pending').innerText.includes('2 changes')")
        await tab.run("document.querySelector('.pending button').click()")
        await asyncio.wait_for(daemon.restarted.wait(), PATIENCE)
        await daemon.close()
        await tab.until("document.querySelector('#banner .note')?.innerText === 'The assistant starts anew.'")
        assert not await tab.run("document.querySelector('#banner .problem')")
        await daemon.open()
        await tab.until("!document.querySelector('#banner').innerText && document.querySelector('.pending').hidden")
        await daemon.close()
        await tab.until("document.querySelector('#banner .problem')")
        await daemon.open()
        await tab.until("!document.querySelector('#banner').innerText")
        assert tab.complaints == []


async def test_what_is_not_valid_is_said_at_its_field_and_what_was_typed_stays(browser, page):
    async with page.owner_door(TEXT) as daemon, page.serving():
        tab = await opened(browser, page, daemon)
        row = ROW.format("wake.threshold")
        for value in ("9", "x"):
            await put(tab, "wake.threshold", value)
            await tab.until(f"{row}.querySelector('.problem')?.innerText.includes('{value}')")
            assert "valid is a number above 0 and below 1" in await tab.run(f"{row}.innerText")
            assert await tab.run(f"{row}.querySelector('input').value") == value
            assert await tab.run(f"{row}.querySelector('input').ariaInvalid") == "true"
        assert daemon.config.read_text() == TEXT


async def test_every_kind_of_value_goes_there_and_back(browser, page):
    kinds = {
        "listen.eagerness": ("low", 'eagerness = "low"'),
        "playout.earcons": ("false", "earcons = false"),
        "card.gain_db": ("6", "gain_db = 6"),
        "page.hosts": ("box.lan\nbox.local\n", 'hosts = ["box.lan", "box.local"]'),
        "home.latitude": ("48,2", "latitude = 48.2"),
        "instructions.role": ("One\nTwo", 'role = "One\\nTwo"'),
        "prices": ('{"m": {"minute": 0.5}}', "minute = 0.5"),
    }
    async with page.owner_door(TEXT) as daemon, page.serving():
        tab = await opened(browser, page, daemon)
        for key, (value, line) in kinds.items():
            await put(tab, key, value)
            await tab.until(f"{ROW.format(key)}.querySelector('.done, .problem')")
            assert line in daemon.config.read_text(), await tab.run(f"{ROW.format(key)}.innerText")
        await tab.run(f"{ROW.format('listen.eagerness')}.querySelector('.link').click()")
        await tab.until(f"!{ROW.format('listen.eagerness')}.querySelector('.link')")
        assert "eagerness" not in daemon.config.read_text()


async def test_a_secret_goes_in_and_never_comes_out(browser, page):
    async with page.owner_door(TEXT) as daemon, page.serving():
        tab = await opened(browser, page, daemon)
        await put(tab, "brain.api_key", "sk-new")
        await tab.until(f"{ROW.format('brain.api_key')}.querySelector('.done')")
        assert 'api_key = "sk-new"' in daemon.config.read_text()
        values = "[...document.querySelectorAll('input, textarea')].map((one) => one.value)"
        shown = await tab.run(f"document.documentElement.outerHTML + {values}")
        assert "sk-new" not in shown
        assert "s3cret" not in shown
        assert (
            await tab.run(f"{ROW.format('brain.api_key')}.querySelector('input').placeholder") == "Set, and not shown"
        )
        await tab.run(f"{ROW.format('brain.api_key')}.querySelector('.link').click()")
        await tab.until(f"!{ROW.format('brain.api_key')}.querySelector('.link')")
        assert "api_key" not in daemon.config.read_text()


@pytest.mark.parametrize("takes", ["theirs", "mine"])
async def test_a_file_changed_by_hand_meanwhile_is_shown_and_one_chooses(browser, page, takes):
    async with page.owner_door(TEXT) as daemon, page.serving():
        tab = await opened(browser, page, daemon)
        row = ROW.format("wake.threshold")
        await tab.until(row)
        daemon.config.write_text(TEXT.replace("0.4", "0.6"))
        await put(tab, "wake.threshold", "0.3")
        await tab.until(f"{row}.querySelector('.problem dl')")
        assert await tab.run(f"[...{row}.querySelectorAll('dd')].map((one) => one.innerText)") == ["0.6", "0.3"]
        assert "0.6" in daemon.config.read_text(), "nothing is overwritten unasked"
        await tab.run(f"{row}.querySelectorAll('.problem button')[{int(takes == 'mine')}].click()")
        await tab.until(f"!{row}.querySelector('.problem')")
        wanted = "0.3" if takes == "mine" else "0.6"
        assert daemon.config.read_text() == TEXT.replace("0.4", wanted)
        assert await tab.run(f"{row}.querySelector('input').value") == wanted


async def test_two_browsers_at_once_overwrite_nothing_unasked(browser, page):
    async with page.owner_door(TEXT) as daemon, page.serving(), Browser() as other:
        tabs = [await opened(browser, page, daemon), await opened(other, page, daemon, PHONE)]
        row = ROW.format("name")
        for tab in tabs:
            await tab.until(row)
        await put(tabs[0], "name", "Eve")
        await tabs[0].until(f"{row}.querySelector('.done')")
        await put(tabs[1], "name", "Bob")
        await tabs[1].until(f"{row}.querySelector('.problem dl')")
        assert 'name = "Eve"' in daemon.config.read_text()


async def test_settings_are_found(browser, page):
    async with page.owner_door(TEXT) as daemon, page.serving():
        tab = await opened(browser, page, daemon)
        await tab.until(ROW.format("wake.threshold"))
        await tab.run("""{
            const search = document.querySelector("[type=search]");
            search.value = "WAKE word";
            search.dispatchEvent(new Event("input"));
        }""")
        rows = "[...document.querySelectorAll('.setting')].filter((one) => one.offsetHeight)"
        keys = f"{rows}.map((one) => one.querySelector('label').textContent)"
        await tab.until(f"{keys}.length > 0")
        found = await tab.run(keys)
        assert "wake.threshold" in found
        assert len(found) < 20
        assert f"{len(found)} found" in await tab.run("document.querySelector('.search').innerText")


async def test_without_a_daemon_it_says_so_and_comes_back_by_itself(browser, page):
    daemon = page.owner_door(TEXT)
    async with page.serving():
        async with daemon:
            tab = await opened(browser, page, daemon)
            await tab.until(ROW.format("name"))
        await tab.until("document.querySelector('#banner').innerText.includes('does not answer')")
        await put(tab, "name", "Eve")
        await tab.until(f"{ROW.format('name')}.querySelector('.problem')")
        await tab.go(f"{page.url}/settings")
        await tab.until("document.querySelector('#main .problem')")
        async with daemon:
            await tab.until(ROW.format("name"))


async def test_a_section_that_cannot_be_loaded_is_tried_again(browser, page):
    async with page.owner_door(TEXT) as daemon, page.serving():
        tab = await opened(browser, page, daemon)
        await tab.call("Network.setBlockedURLs", urls=["*/owner/profiles.js"])
        await tab.run("location.hash = 'profiles'")
        await tab.until("document.querySelector('#main .problem')")
        await tab.call("Network.setBlockedURLs", urls=[])
        await daemon.close()
        await tab.until("document.querySelector('#banner .problem')")
        await daemon.open()
        await tab.until("document.querySelector('.card')")


async def test_a_page_of_another_version_is_loaded_anew(browser, page, monkeypatch):
    async with page.owner_door(TEXT) as daemon:
        async with page.serving():
            port = page.port
            tab = await opened(browser, page, daemon)
            await tab.until(ROW.format("name"))
            await tab.run("window.wasHere = true")
        monkeypatch.setattr("device.page.assets.edition", lambda _: "another")
        async with page.serving(port=port):
            await tab.until("!window.wasHere && document.querySelector('.setting')")


async def test_a_full_disk_is_said_and_what_was_typed_stays(browser, page, monkeypatch):
    async with page.owner_door(TEXT) as daemon, page.serving():
        tab = await opened(browser, page, daemon)

        def full(path, data):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("device.system.state_file.write", full)
        await put(tab, "name", "Eve")
        await tab.until(
            f"{ROW.format('name')}.querySelector('.problem')?.innerText.includes('No space left on device')"
        )
        assert await tab.run(f"{ROW.format('name')}.querySelector('input').value") == "Eve"
        assert daemon.config.read_text() == TEXT


async def test_a_file_that_is_no_toml_is_named_and_what_is_in_force_is_shown(browser, page):
    async with page.owner_door(TEXT) as daemon, page.serving():
        tab = await opened(browser, page, daemon)
        await tab.until(ROW.format("name"))
        daemon.config.write_text("name = [")
        await tab.go(f"{page.url}/settings")
        await tab.until("document.querySelector('#main .problem')?.innerText.includes('not TOML')")
        assert await tab.run(f"{ROW.format('name')}.querySelector('input').value") == "Ada"
        await put(tab, "name", "Eve")
        await tab.until(f"{ROW.format('name')}.querySelector('.problem')?.innerText.includes('correct it by hand')")


async def test_without_a_daemon_nobody_is_let_in_and_it_says_why(browser, page):
    async with page.serving():
        tab = await at_the_code(browser, page)
        await try_code(tab, "123456")
        await tab.until("document.querySelector('.problem')?.innerText.includes('there is no daemon')")


HOSTILE = "<img src=x onerror=\"document.title='taken'\">\x1b[2J\u202e'\"`${1+1}</p>"


async def test_what_stands_in_the_file_is_text_and_nothing_else(browser, page):
    said = json.dumps(HOSTILE)  # as TOML has it, too
    text = f"name = {said}\n[page]\nidle = {said}\nhosts = [{said}]\n[prices.{said}]\nminute = 1.0\n"
    async with page.owner_door(text) as daemon, page.serving():
        tab = await opened(browser, page, daemon)
        await tab.until(ROW.format("name"))
        await tab.run("for (const one of document.querySelectorAll('details')) one.open = true")
        assert "<img src=x" in await tab.run(f"{ROW.format('page.idle')}.querySelector('input').value")
        assert await tab.run("document.querySelectorAll('#page img').length") == 0
        assert not re.search(r"[\x1b\u202e]", await tab.run("document.body.innerText"))
        assert "taken" not in await tab.run("document.title")
        await put(tab, "name", "Ada")
        await tab.until(f"{ROW.format('name')}.querySelector('.done')")
        assert tab.complaints == []


STEALS = """
const page = new URL(location).searchParams.get("engine");
tried.shell = await get(`http://${page}/settings`);
tried.about = await get(`http://${page}/owner.json`);
tried.live = await socket(`ws://${page}/owner`);
tried.code = await fetch(`http://${page}/owner/sign-in`, {
    method: "POST", mode: "no-cors", headers: { "Content-Type": "text/plain" }, body: '{"code": "123456"}',
}).then((answer) => answer.type, () => "unreadable");
tried.framed = await new Promise((done) => {
    const frame = document.createElement("iframe");
    frame.onload = () => { try { done(frame.contentDocument === null ? "shut" : "open"); } catch { done("shut"); } };
    frame.src = `http://${page}/settings`;
    document.body.append(frame);
});
"""


async def test_a_page_of_another_site_reaches_nothing_of_the_owner_s(browser, page):
    async with page.owner_door(TEXT) as daemon, page.serving(), foreign_page(STEALS, "evil.example") as (origin, found):
        await opened(browser, page, daemon)
        code = daemon.codes.new()
        await browser.tab(f"{origin}/?engine=127.0.0.1:{page.port}")
        tried = await asyncio.wait_for(found, PATIENCE)
        assert tried == {
            "shell": "unreadable", "about": "unreadable", "live": "refused", "code": "unreadable", "framed": "shut",
        }  # fmt: skip
        daemon.codes.check(code)  # nobody tried another


async def test_it_is_done_by_keys(browser, page):
    async with page.owner_door(TEXT) as daemon, page.serving():
        tab = await opened(browser, page, daemon)
        await tab.until(ROW.format("name"))
        await tab.run("document.querySelector('[type=search]').focus()")
        await tab.press("Tab")
        await tab.press("Enter")
        await tab.until("document.querySelector('details').open")
        await tab.press("Tab")
        assert await tab.run("document.activeElement.closest('.setting') !== null")
        assert await tab.run("getComputedStyle(document.activeElement).outlineStyle") == "solid"


async def test_it_is_in_the_browser_s_language_if_it_can_be(browser, page):
    async with page.owner_door(TEXT), page.serving():
        tab = await browser.tab()
        await tab.call("Emulation.setUserAgentOverride", userAgent="x", acceptLanguage="xx,de-AT,en")
        await tab.go(f"{page.url}/settings")
        await tab.until("document.querySelector('h1')?.innerText === 'Für den Besitzer'")


async def test_it_is_german_where_one_wants(browser, page):
    async with page.owner_door(TEXT) as daemon, page.serving():
        tab = await opened(browser, page, daemon)
        await tab.run("document.querySelector('#languages [lang=de]').click()")
        await tab.until("document.querySelector('h1')?.innerText === 'Alle Einstellungen'")
        assert await tab.run("document.documentElement.lang") == "de"
        row = ROW.format("wake.threshold")
        await tab.until(row)
        assert "Weckwort zählt" in await tab.run(f"{row}.innerText || {row}.textContent")
        assert await tab.run(f"{row}.querySelector('p').lang") == "de"


async def test_what_is_wrong_is_said_in_the_language_of_the_page(browser, page):
    async with page.owner_door(TEXT) as daemon, page.serving():
        tab = await opened(browser, page, daemon)
        await tab.run("document.querySelector('#languages [lang=de]').click()")
        await tab.until("document.querySelector('h1')?.innerText === 'Alle Einstellungen'")
        await put(tab, "wake.threshold", "7")
        problem = "document.querySelector('.setting .problem')?.innerText"
        await tab.until(f"{problem}?.includes('7 ist nicht gültig; gültig ist')")
        assert "wake.threshold" in await tab.run(problem)
        assert tab.complaints == []


CHOOSE = """import('/static/words.js').then(({ Words }) => {
  const words = new Words({ words: { en: { owner: { title: "Sections" } } }, languages: ["en", "de"] }, ["en"]);
  words.choose("de");
  return words.say("owner", "title");
})"""


async def test_until_the_words_of_another_language_are_there_those_that_are_speak(browser, page):
    async with page.owner_door(TEXT) as daemon, page.serving():
        tab = await opened(browser, page, daemon)
        assert await tab.run(CHOOSE) == "Sections"


async def test_an_engine_that_is_known_is_shown_and_set(browser, page):
    async with page.owner_door(TEXT) as daemon, page.serving():
        tab = await opened(browser, page, daemon)
        await tab.until(ROW.format("wake.threshold"))
        assert not await tab.run(f"Boolean({ROW.format('engine.xai.voice')})")
        await tab.run("document.querySelector('.add').open = true")
        await tab.run(
            "{ const known = document.getElementById('engine-known'); known.value = 'xai'; known.onchange(); }"
        )
        assert await tab.run("document.getElementById('engine-url').offsetHeight") == 0
        await tab.run("document.querySelector('.add .first').click()")
        await tab.until(f"{ROW.format('engine.xai.voice')}?.offsetHeight")
        assert daemon.config.read_text() == TEXT, "to look is not to change"
        await put(tab, "engine.xai.voice", "rex")
        await tab.until("document.querySelector('.setting .done')")
        assert daemon.config.read_text() == f'{TEXT}\n[engine.xai]\nvoice = "rex"\n'
        await tab.run("location.reload()")
        await tab.until(ROW.format("engine.xai.voice"))


async def test_an_engine_of_ones_own_is_added_with_its_address(browser, page):
    add = """{
        document.querySelector('.add').open = true;
        const known = document.getElementById('engine-known');
        known.value = '';
        known.onchange();
        document.getElementById('engine-name').value = %r;
        document.getElementById('engine-url').value = %r;
        document.getElementById('engine-like').value = 'openai';
        document.querySelector('.add .first').click();
    }"""
    problem = "document.querySelector('.add .problem')?.innerText"
    async with page.owner_door(TEXT) as daemon, page.serving():
        tab = await opened(browser, page, daemon)
        await tab.until(ROW.format("wake.threshold"))
        for name, url, wrong in (
            ("two words", "ws://box/v1", "letters, digits"),
            ("local", "ws://box/v1", "the local engine"),
            ("box", "http://box", "ws://"),
        ):
            await tab.run("document.querySelector('.add .problem')?.remove()")
            await tab.run(add % (name, url))
            await tab.until(f"{problem}?.includes({wrong!r})")
            assert daemon.config.read_text() == TEXT
        await tab.run(add % ("box", "ws://box:8000/v1/realtime"))
        await tab.until(f"{ROW.format('engine.box.url')}?.offsetHeight")
        assert '[engine.box]\nlike = "openai"\nurl = "ws://box:8000/v1/realtime"\n' in daemon.config.read_text()
        assert await looked_through(tab) == []


@pytest.mark.parametrize("size", [DESK, PHONE, NARROW], ids=["desk", "phone", "narrow"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing(browser, page, size, scheme):
    async with page.owner_door(TEXT) as daemon, page.serving():
        tab = await at_the_code(browser, page, size)
        await tab.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        await try_code(tab, "000000")
        await tab.until("document.querySelector('.problem')")
        assert await looked_through(tab) == []
        await try_code(tab, daemon.codes.new())
        await tab.until(ROW.format("name"))
        await put(tab, "wake.threshold", "9")
        await tab.until("document.querySelector('.problem')")
        await put(tab, "name", "Eve")
        await tab.until("!document.querySelector('.pending').hidden")
        await tab.run("for (const one of document.querySelectorAll('details')) one.open = true")
        await tab.run("document.getElementById('menu').click()")
        assert await looked_through(tab) == []


async def test_it_is_small_on_the_wire(browser, page):
    async with page.owner_door(TEXT) as daemon, page.serving():
        tab = await opened(browser, page, daemon)
        await tab.until(ROW.format("name"))
        await tab.run("location.hash = 'profiles/support'")
        await tab.until("document.querySelector('.sent pre')?.textContent")
        assert 25_000 < tab.bytes + tab.told < MOST_ON_THE_WIRE
        assert {response["url"].split("/")[2] for response in tab.responses} == {page.url.split("/")[2]}


async def test_an_old_browser_and_one_without_scripts_get_a_plain_notice(browser, page):
    async with page.owner_door(TEXT), page.serving():
        tab = await browser.tab()
        await tab.call("Emulation.setScriptExecutionDisabled", value=True)
        await tab.go(f"{page.url}/settings")
        await tab.until("document.querySelector('noscript')?.innerText.includes('needs JavaScript')", frames=False)
        await tab.call("Emulation.setScriptExecutionDisabled", value=False)
        await tab.call("Network.setBlockedURLs", urls=["*/owner.js"])
        await tab.go(f"{page.url}/settings")
        await tab.until("document.getElementById('old').offsetHeight > 0")
