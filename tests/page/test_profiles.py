"""Profiles in the owner's view, in a real browser: looked at, copied, written, checked, chosen."""

import json

import pytest
from support.chromium import DESK, PHONE
from support.owner_page import looked_through, opened

from device.settings.own_profiles import OwnProfiles
from device.settings.profiles import load

TEXT = 'name = "Ada"\n'
SHOP = 'description = "Sells."\ngreeting = "Hello!"\n'
CARD = "[...document.querySelectorAll('.card')].find((one) => one.querySelector('h2').firstChild.data === '{}')"
SOUND = "document.querySelector('#profile-findings .done')"
WRONG = "document.querySelector('#profile-findings .problem')?.innerText"


@pytest.fixture
def shop(page):
    """Write a profile of one's own; return its file."""
    (page.folder / "profiles").mkdir()
    path = page.folder / "profiles" / "shop.toml"
    path.write_text(SHOP)
    return path


async def written(tab, text):
    """Write a text into the editor."""
    await tab.until("document.getElementById('profile-text')")
    await tab.run(f"""{{
        const area = document.getElementById("profile-text");
        area.value = {json.dumps(text)};
        area.dispatchEvent(new Event("input"));
    }}""")


async def press(tab, word):
    """Press the button that says so."""
    found = f"[...document.querySelectorAll('main button')].find((one) => one.innerText === {word!r})"
    await tab.until(found)
    await tab.run(f"{found}.click()")


@pytest.mark.usefixtures("shop")
async def test_one_is_chosen_and_none_is(browser, page):
    async with page.owner_door(TEXT) as daemon, page.serving():
        tab = await opened(browser, page, daemon, section="profiles")
        await tab.until(CARD.format("support"))
        names = await tab.run("[...document.querySelectorAll('.card h2')].map((one) => one.innerText)")
        assert names == ["home", "kiosk", "support", "shop"]
        for name, setting in (("home", "home"), ("shop", "profiles/shop.toml")):
            await tab.run(f"{CARD.format(name)}.querySelector('button').click()")
            await tab.until(f"{CARD.format(name)}.querySelector('.badge')")
            assert daemon.config.read_text() == f'name = "Ada"\nprofile = "{setting}"\n'
        assert "profile" in await tab.run("document.querySelector('.pending').innerText")
        await press(tab, "Use none")
        await tab.until("!document.querySelector('.badge')")
        assert daemon.config.read_text() == TEXT
        assert tab.complaints == []


async def test_a_bundled_one_is_looked_at_and_a_copy_is_changed(browser, page):
    async with page.owner_door(TEXT) as daemon, page.serving():
        tab = await opened(browser, page, daemon, section="profiles/support")
        await tab.until("document.getElementById('profile-text')?.readOnly")
        await tab.run("[...document.querySelectorAll('a')].find((one) => one.innerText === 'Make a copy').click()")
        await tab.until(f"document.getElementById('profile-name')?.value === 'my-support' && {SOUND}")
        text = await tab.run("document.getElementById('profile-text').value")
        await written(
            tab, text.replace("Kitchen shop, hello!", "Hello!").replace('engines = "openai"', 'engines = "local"')
        )
        await press(tab, "Save")
        await tab.until("location.hash === '#profiles/my-support' && document.querySelector('#profile-name').readOnly")
        await tab.until("document.querySelector('main').innerText.includes('Saved.')")
        assert daemon.config.read_text() == TEXT
        await press(tab, "Use it")
        await tab.until("document.querySelector('main').innerText.includes('It is the one chosen')")
        assert daemon.config.read_text() == f'{TEXT}profile = "profiles/my-support.toml"\n'
        assert "profile" in await tab.run("document.querySelector('.pending').innerText")
        made = load(OwnProfiles(daemon.config).path("my-support"))
        assert made.layer["greeting"] == "Hello! What can I do for you?"
        assert set(made.lookups) == {"find_order", "find_answer"}


async def test_what_is_wrong_is_said_by_line_and_not_saved(browser, page, shop):
    async with page.owner_door(TEXT) as daemon, page.serving():
        tab = await opened(browser, page, daemon, section="profiles/shop")
        await written(tab, 'name = "x"\ngreting = "y"\nidle_s = -1\n')
        await tab.until(f"{WRONG}?.includes('greting: no such key; did you mean greeting?')")
        assert "Line 3" in await tab.run(WRONG)
        assert "idle_s: -1 is not valid" in await tab.run(WRONG)
        await tab.run("document.querySelector('#profile-findings .link').click()")
        area = "document.getElementById('profile-text')"
        marked = await tab.run(f"{area}.value.slice({area}.selectionStart, {area}.selectionEnd)")
        assert marked == 'greting = "y"'
        await press(tab, "Save")
        await tab.until("[...document.querySelectorAll('main .problem')].length === 2")
        assert shop.read_text() == SHOP
        await written(tab, 'name = "x"\n')
        await tab.until(SOUND)
        await press(tab, "Save")
        await tab.until("document.querySelector('main').innerText.includes('Saved.')")
        assert shop.read_text() == 'name = "x"\n'


async def test_what_each_engine_would_be_sent_is_shown_without_keys(browser, page, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    payload = "JSON.parse(document.querySelector('.sent pre').textContent)"
    async with page.owner_door(TEXT) as daemon, page.serving():
        tab = await opened(browser, page, daemon, section="profiles/support")
        await tab.until(f"{payload}.session")
        session = (await tab.run(payload))["session"]
        assert session["instructions"].startswith("You are the customer support")
        assert "find_order" in [tool["name"] for tool in session["tools"]]
        await tab.run("""{
            const engine = document.getElementById("profile-engine");
            engine.value = "gemini";
            engine.dispatchEvent(new Event("change"));
        }""")
        await tab.until(f"{payload}.setup")
        assert "sk-secret" not in await tab.run("document.documentElement.outerHTML")


@pytest.mark.parametrize("takes", ["theirs", "mine"])
async def test_a_file_that_was_changed_meanwhile_is_shown_and_one_chooses(browser, page, shop, takes):
    async with page.owner_door(TEXT) as daemon, page.serving():
        tab = await opened(browser, page, daemon, section="profiles/shop")
        await tab.until(SOUND)
        shop.write_text('name = "theirs"\n')
        await written(tab, 'name = "mine"\n')
        await press(tab, "Save")
        await tab.until("document.querySelector('main .problem pre')?.textContent.includes('theirs')")
        assert shop.read_text() == 'name = "theirs"\n'
        await press(tab, "Save mine" if takes == "mine" else "Keep the file\N{RIGHT SINGLE QUOTATION MARK}s")
        await tab.until("!document.querySelector('main .problem')")
        assert shop.read_text() == f'name = "{takes}"\n'
        assert await tab.run("document.getElementById('profile-text').value") == f'name = "{takes}"\n'


async def test_what_was_written_and_not_saved_is_there_when_one_comes_back(browser, page, shop):
    async with page.owner_door(TEXT) as daemon, page.serving():
        tab = await opened(browser, page, daemon, section="profiles/shop")
        await written(tab, 'name = "draft"\n')
        await tab.run("location.hash = 'settings'")
        await tab.until("document.querySelector('.setting')")
        await tab.run("location.hash = 'profiles/shop'")
        await tab.until("document.getElementById('profile-text')?.value === 'name = \"draft\"\\n'")
        assert shop.read_text() == SHOP


async def test_a_full_disk_is_said_and_the_text_stays(browser, page, shop, monkeypatch):
    async with page.owner_door(TEXT) as daemon, page.serving():
        tab = await opened(browser, page, daemon, section="profiles/shop")
        await written(tab, 'name = "x"\n')
        await tab.until(SOUND)

        def full(path, data):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("device.system.state_file.write", full)
        await press(tab, "Save")
        await tab.until("document.querySelector('main .problem')?.innerText.includes('No space left on device')")
        assert await tab.run("document.getElementById('profile-text').value") == 'name = "x"\n'
        assert shop.read_text() == SHOP


@pytest.mark.usefixtures("shop")
async def test_one_is_deleted_but_not_the_one_in_force(browser, page, shop):
    async with page.owner_door('profile = "profiles/shop.toml"\n') as daemon, page.serving():
        tab = await opened(browser, page, daemon, section="profiles/shop")
        for text in ("choose another first", ""):
            await press(tab, "Delete")
            await tab.until("document.querySelector('dialog[open] .danger')")
            await tab.run("document.querySelector('dialog .danger').click()")
            if text:
                await tab.until(f"document.querySelector('main .problem')?.innerText.includes({text!r})")
                daemon.config.write_text(TEXT)
        await tab.until(f"location.hash === '#profiles' && {CARD.format('home')}")
        assert not shop.exists()


async def test_what_stands_in_a_profile_is_text_and_nothing_else(browser, page, shop):
    hostile = "<img src=x onerror=\"document.title='taken'\">\x1b[2J\u202e</textarea></pre>"
    shop.write_text(f"description = {json.dumps(hostile)}\ninstructions = {json.dumps(hostile)}\n")
    (shop.parent / "<b>.toml").write_text("")
    (shop.parent / "broken.toml").write_text(f'"{"<b>"}" = 1\n')
    async with page.owner_door(TEXT) as daemon, page.serving():
        tab = await opened(browser, page, daemon, section="profiles")
        await tab.until(CARD.format("shop"))
        await tab.run("location.hash = 'profiles/shop'")
        await tab.until("document.querySelector('.sent pre')?.textContent.includes('img src')")
        assert await tab.run("document.querySelectorAll('#page img, #page b').length") == 0
        assert "taken" not in await tab.run("document.title")
        assert tab.complaints == []


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.usefixtures("shop")
async def test_axe_finds_nothing(browser, page, size, scheme):
    async with page.owner_door(TEXT) as daemon, page.serving():
        tab = await opened(browser, page, daemon, size, section="profiles")
        await tab.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        await tab.until(CARD.format("shop"))
        assert await looked_through(tab) == []
        await tab.run("location.hash = 'profiles/shop'")
        await tab.until(SOUND)
        await tab.run("document.querySelector('.sent').open = true")
        assert await looked_through(tab) == []
        await written(tab, "nmae = 1\n")
        await tab.until(WRONG)
        assert await looked_through(tab) == []
