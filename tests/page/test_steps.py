"""The first steps in a real browser: each step, what goes wrong in it, and how it is taken up again."""

import asyncio
import re
import sys
import tomllib

import msgspec
import pytest
from clients.house import NODE_MODULES
from support.chromium import DESK, PHONE
from support.steps_door import SOUND

from device.daemon import helper
from device.daemon.steps.answers import LIGHTS
from device.door import first_steps as m
from device.door.messages import Level, SetVolume, Subscribe
from device.door.server import Refusal
from device.page.assets import STATIC
from device.page.words import owner_words
from device.settings.loading import read

STEPS = ("language", "name", "wake_word", "voice", "engine", "sound", "panel", "end")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
AXE = f"""axe.run({{resultTypes: ['violations'], runOnly: {RULES}}})
    .then(({{violations}}) => violations.map((one) => [one.id, one.nodes[0].html]))"""
OUTSIDE = """[...document.querySelectorAll("body *")].filter((one) => {
    const box = one.getBoundingClientRect();
    return box.width && !one.closest(".unseen") && getComputedStyle(one).clipPath === "none"
        && (box.left < -1 || box.right > document.body.clientWidth + 1);
}).map((one) => one.outerHTML.slice(0, 200))"""
TITLE = "document.getElementById('step')?.innerText"
RESULT = "document.querySelector('.result')?.innerText"
NEXT, SKIP, BACK = (f"document.querySelector('.step-actions .{kind}')" for kind in ("first", "skip", "back"))
THERE = f"({NEXT} && !{NEXT}.disabled || document.querySelector('.stage .word'))"
OK = m.EngineTried(ok=True, delay_ms=640, question="What time is it?", answer="It is late.", price=0.0123)


def title(step, language="en"):
    return owner_words(language)["steps"][f"{step}_title"]


async def at(tab, step, language="en"):
    """Wait until a step is shown, and can be worked with."""
    await tab.until(f"{TITLE} === {title(step, language)!r} && {THERE}")


async def go(tab, step):
    await tab.run(f"location.hash = 'steps/{step}'")
    await at(tab, step)


async def opened(browser, page, daemon, size=DESK, step=""):
    """Open the view with the right code."""
    tab = await browser.tab(f"{page.url}/settings", size)
    await tab.until("document.getElementById('code')")
    code = daemon.codes.new()
    await tab.run(f"document.getElementById('code').value = {code!r}; document.querySelector('form').requestSubmit()")
    await tab.until("document.getElementById('sections')")
    if step:
        await go(tab, step)
    return tab


async def again(tab, page):
    """Open the view anew, as by its address alone."""
    await tab.go("about:blank")
    await tab.until("location.href === 'about:blank'")
    await tab.go(f"{page.url}/settings")
    await tab.until("document.getElementById('sections')")


async def click(tab, what):
    await tab.run(f"{what}.click()")


def written(daemon):
    return tomllib.loads(daemon.config.read_text())


async def restart(daemon):
    """Do what the daemon does when it is asked to start anew."""
    await daemon.restarted.wait()
    daemon.restarted.clear()
    await daemon.close()
    await daemon.open()


async def test_a_device_that_nobody_has_set_up_shows_them_by_itself_and_one_that_is_does_not(browser, page):
    async with page.steps_door() as daemon, page.serving():
        tab = await opened(browser, page, daemon)
        await at(tab, "language")
        assert await tab.run("location.hash") == "#steps"
        assert tab.complaints == []
        daemon.config.write_text('name = "Ada"\n')
        await again(tab, page)
        await tab.until("document.querySelector('h1')?.innerText === 'All settings'")


async def test_each_can_be_passed_over_and_they_go_on_where_they_were_left(browser, page):
    async with page.steps_door() as daemon, page.serving():
        tab = await opened(browser, page, daemon)
        for step in STEPS[:-1]:
            await at(tab, step)
            if step == "voice":  # left in the middle
                await click(tab, "document.querySelector('.later')")
                await tab.until("document.querySelector('h1')?.innerText === 'All settings'")
                await tab.run("location.hash = 'steps'")
                await at(tab, step)
            await click(tab, SKIP)
        await at(tab, "end")
        assert daemon.config.read_text() == ""
        assert [one.step for one in daemon.asked if isinstance(one, m.NoteStep) and one.skipped] == list(STEPS[:-1])
        await click(tab, "document.querySelector('.stage .first')")
        await tab.until("document.querySelector('h1')?.innerText === 'All settings'")
        await again(tab, page)
        await tab.until("document.querySelector('h1')?.innerText === 'All settings'")


async def test_the_language_is_that_of_the_page_at_once(browser, page, monkeypatch):
    monkeypatch.setattr("device.daemon.steps.choices._here", lambda settings, folder: True)
    async with page.steps_door() as daemon, page.serving():
        tab = await opened(browser, page, daemon)
        await at(tab, "language")
        await tab.run("document.querySelector('input[value=de]').click()")
        await at(tab, "language", "de")
        assert await tab.run("document.documentElement.lang") == "de"
        assert await tab.run("document.querySelector('input:checked').value") == "de"
        await click(tab, NEXT)
        await at(tab, "name", "de")
        settings = read(daemon.config, {}).settings
        assert (settings.language, settings.local.stt) == ("de", "whisper")


async def test_a_language_whose_files_are_not_here_cannot_be_chosen(browser, page, monkeypatch):
    monkeypatch.setattr("device.daemon.steps.choices._here", lambda settings, folder: False)
    async with page.steps_door() as daemon, page.serving():
        tab = await opened(browser, page, daemon)
        await at(tab, "language")
        assert await tab.run("document.querySelector('input[value=de]').disabled")
        assert re.search(r"Fetch it \(\d+ MB\)", await tab.run("document.querySelector('.fetch').innerText"))


async def test_files_that_are_not_here_are_fetched_with_progress_and_what_goes_wrong_is_said(
    browser, page, monkeypatch, tmp_path
):
    came = tmp_path / "came"
    slow = f"""
import sys, time
from pathlib import Path
print('{{"what": "a", "done": 5000000, "size": 82000000}}', flush=True)
for _ in range(600):
    time.sleep(0.05)
    if Path({str(came)!r}).exists():
        sys.exit(0)
"""
    monkeypatch.setattr("device.daemon.steps.choices._here", lambda settings, folder: came.exists())
    offline = "import sys; print('cannot fetch a: no network', file=sys.stderr); sys.exit(1)"
    programs = [slow, offline]
    monkeypatch.setattr(helper, "module", lambda *_: [sys.executable, "-c", programs.pop()])
    async with page.steps_door() as daemon, page.serving():
        tab = await opened(browser, page, daemon)
        await at(tab, "language")
        await click(tab, "document.querySelector('.fetch button')")
        await tab.until("document.querySelector('.fetch .problem')?.innerText.includes('no network')")
        assert await tab.run("document.querySelector('.fetch progress').hidden")
        await click(tab, "document.querySelector('.fetch button')")
        await tab.until("document.querySelector('.fetch progress').value === 5e6")
        assert "5 of 82 MB" in await tab.run("document.querySelector('.fetch').innerText")
        await again(tab, page)  # which does not end it
        await tab.until("document.querySelector('.fetch progress')?.value === 5e6")
        came.touch()
        await tab.until("document.querySelector('input[value=de]:not(:disabled)') && !document.querySelector('.fetch')")


async def test_a_name_and_a_wake_word_are_kept_and_the_file_stays_as_it_was(browser, page):
    async with page.steps_door("# mine\n") as daemon, page.serving():
        tab = await opened(browser, page, daemon, step="name")
        await tab.run("document.getElementById('assistant-name').value = 'Ada'")
        await tab.run("document.getElementById('assistant-name').focus()")
        await tab.press("Enter")
        await at(tab, "wake_word")
        await tab.run("document.querySelector('input[value=alexa]').click()")
        await click(tab, NEXT)
        await at(tab, "voice")
        assert daemon.config.read_text().startswith("# mine")
        assert written(daemon) == {"name": "Ada", "wake": {"models": ["alexa"]}}
        await click(tab, BACK)
        await at(tab, "wake_word")
        assert await tab.run("document.querySelector('input:checked').value") == "alexa"


async def test_a_voice_is_heard_here_and_on_the_device_and_chosen(browser, page):
    async with page.steps_door() as daemon, page.serving():
        tab = await opened(browser, page, daemon, step="voice")
        here = "document.querySelector('input[value=en-gb]').closest('.choice').querySelectorAll('.hear button')"
        await tab.run(f"{here}[0].id = 'hear'; {here}[0].scrollIntoView({{block: 'center'}})")
        await tab.click("#hear")
        await tab.until(f"{here}[0].ariaPressed === 'true' && Number({here}[0].dataset.seconds) > 2")
        assert daemon.spoken == [], "the device is silent"
        await click(tab, f"{here}[1]")
        await tab.until(f"!{here}[1].disabled")
        (text,) = daemon.spoken
        assert text.startswith("Hello")
        await tab.run("document.querySelector('input[value=en-gb]').click()")
        await click(tab, NEXT)
        await at(tab, "engine")
        assert written(daemon) == {"local": {"tts": "espeak-ng", "voice": "en-gb"}}
        assert tab.complaints == []


async def test_voices_that_cannot_be_listed_keep_nobody_from_the_next_step(browser, page):
    async with page.steps_door() as daemon, page.serving():
        daemon.given[m.GetVoices] = Refusal("failed", "it takes too long")
        tab = await opened(browser, page, daemon, step="voice")
        assert "too long" in await tab.run("document.querySelector('.wrong').innerText")
        await click(tab, NEXT)
        await at(tab, "engine")


async def choose_openai(tab, key="s3cret"):
    await tab.run("document.querySelector('input[value=openai]').click()")
    await tab.run(f"document.getElementById('engine-key').value = {key!r}")


async def test_an_engine_is_tried_with_its_key_and_then_kept(browser, page):
    async with page.steps_door() as daemon, page.serving():
        daemon.given[m.TryEngine] = OK
        tab = await opened(browser, page, daemon, step="engine")
        await choose_openai(tab)
        assert "api.openai.com" in await tab.run("document.querySelector('.trial').innerText")
        daemon.slow.clear()
        await click(tab, "document.querySelector('.trial button')")
        await tab.until("document.querySelector('.result progress')")
        daemon.slow.set()
        await tab.until(f"{RESULT}.includes('0.6 s')")
        assert "It is late." in await tab.run(RESULT)
        (tried,) = (one for one in daemon.asked if isinstance(one, m.TryEngine))
        assert (tried.engine, tried.server, tried.key) == ("openai", "wss://api.openai.com", "s3cret")
        assert "s3cret" not in daemon.config.read_text(), "it is only tried"
        await click(tab, NEXT)
        await at(tab, "sound")
        assert written(daemon) == {"engines": ["openai", "local"], "engine": {"openai": {"api_key": "s3cret"}}}
        await go(tab, "engine")
        assert await tab.run("document.querySelector('input:checked').value") == "openai"
        assert "s3cret" not in await tab.run("document.documentElement.outerHTML")
        assert await tab.run("document.getElementById('engine-key').value") == ""


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("key", "refused the key"),
        ("unreachable", "cannot be reached"),
        ("credit", "no credit"),
        ("silent", "no answer"),
    ],
)
async def test_what_is_wrong_with_an_engine_is_said_in_plain_words(browser, page, wrong, told):
    found = (m.Found("openai session", "fail", "<b>401</b>", "set OPENAI_API_KEY"),)
    async with page.steps_door() as daemon, page.serving():
        daemon.given[m.TryEngine] = m.EngineTried(ok=False, wrong=wrong, found=found)
        tab = await opened(browser, page, daemon, step="engine")
        await choose_openai(tab)
        await click(tab, "document.querySelector('.trial button')")
        await tab.until("document.querySelector('.result .failed')")
        said = await tab.run(RESULT)
        assert told in said
        assert "api.openai.com" in said
        assert "<b>401</b>" in await tab.run("document.querySelector('.result .fail').textContent")


async def test_an_engine_at_a_strange_server_is_warned_of_and_one_that_moves_meanwhile_gets_no_key(browser, page):
    async with page.steps_door('[engine.openai]\nurl = "wss://evil.example/v1"\n') as daemon, page.serving():
        tab = await opened(browser, page, daemon, step="engine")
        await choose_openai(tab)
        assert "evil.example" in await tab.run("document.querySelector('.trial .problem').innerText")
        daemon.config.write_text('[engine.openai]\nurl = "wss://worse.example/v1"\n')
        await click(tab, NEXT)
        await tab.until("document.querySelector('.wrong .problem')?.innerText.includes('worse.example')")
        assert "s3cret" not in daemon.config.read_text()


async def test_an_engine_without_its_key_is_not_chosen(browser, page):
    async with page.steps_door() as daemon, page.serving():
        tab = await opened(browser, page, daemon, step="engine")
        await choose_openai(tab, key="")
        await click(tab, NEXT)
        await tab.until(f"{RESULT}.includes('needs a key')")
        assert await tab.run("document.activeElement.id") == "engine-key"
        assert await tab.run(TITLE) == title("engine")
        assert daemon.config.read_text() == ""


async def test_levels_are_shown_as_long_as_the_step_is(browser, page):
    async with page.steps_door() as daemon, page.serving():
        tab = await opened(browser, page, daemon, step="sound")
        lit = "[...document.querySelectorAll('.meter')].map((one) => Number(one.dataset.lit))"
        while "level" not in daemon.server.wanted:  # noqa: ASYNC110 - the browser's request is under way
            await asyncio.sleep(0.01)
        daemon.server.publish(Level(-30.0, 0.5))
        await tab.until(f"{lit}[0] > 10 && {lit}[1] === 12")
        daemon.server.publish(Level(-100.0, 0.0))
        await tab.until(f"{lit}[0] === 0 && {lit}[1] === 0")
        await go(tab, "panel")
        while "level" in daemon.server.wanted:  # noqa: ASYNC110 - likewise
            await asyncio.sleep(0.01)
        assert not any(isinstance(one, (Subscribe, SetVolume)) for one in daemon.asked)


async def test_a_test_sound_that_goes_well_is_told_with_its_figures(browser, page):
    async with page.steps_door() as daemon, page.serving():
        daemon.given[m.CheckSound] = SOUND
        tab = await opened(browser, page, daemon, step="sound")
        daemon.slow.clear()
        await click(tab, "document.querySelector('.step-body .row button')")
        await tab.until("document.querySelector('.result progress')")
        daemon.slow.set()
        await tab.until(f"{RESULT}.includes('All is well')")
        said = await tab.run(RESULT)
        assert all(figure in said for figure in ("63 ms", "-27 dBFS", "-7 dB", "25 dB")), said


@pytest.mark.parametrize("fault", ["zeros", "silent", "unheard", "overdriven", "echo_stays"])
async def test_what_is_wrong_with_the_sound_is_said_with_its_fix(browser, page, fault):
    words = owner_words("en")["steps"]
    async with page.steps_door() as daemon, page.serving():
        daemon.given[m.CheckSound] = msgspec.structs.replace(SOUND, delay_ms=None, removed_db=None, faults=(fault,))
        tab = await opened(browser, page, daemon, step="sound")
        await click(tab, "document.querySelector('.step-body .row button')")
        await tab.until("document.querySelector('.result .failed')")
        said = await tab.run(RESULT)
        assert words[f"fault_{fault}"] in said
        assert words[f"fix_{fault}"] in said


async def test_a_sound_that_cannot_be_tried_now_is_told_why(browser, page):
    async with page.steps_door() as daemon, page.serving():
        daemon.given[m.CheckSound] = Refusal("impossible", "the microphone is muted", "unmute it")
        tab = await opened(browser, page, daemon, step="sound")
        await click(tab, "document.querySelector('.step-body .row button')")
        await tab.until(f"{RESULT}?.includes('muted')")


async def test_another_microphone_holds_after_a_restart_after_which_the_page_is_back(browser, page):
    async with page.steps_door() as daemon, page.serving():
        tab = await opened(browser, page, daemon, step="sound")
        await tab.run("""{
            const input = document.getElementById("card-input");
            document.querySelector(".step-body details").open = true;
            input.value = "Device";
            input.onchange();
            document.getElementById("card-channel").value = "2";
            document.querySelector(".card-form button").click();
        }""")
        await restart(daemon)
        await tab.until("!document.querySelector('.busy')")
        await at(tab, "sound")
        assert written(daemon) == {"card": {"input": "Device", "channel": 2}}
        assert tab.complaints == []


async def test_the_daemon_started_anew_in_the_middle_loses_nothing_that_was_typed(browser, page):
    async with page.steps_door() as daemon, page.serving():
        tab = await opened(browser, page, daemon, step="engine")
        await choose_openai(tab)
        await daemon.close()
        await tab.until("document.querySelector('#banner .problem')")
        await click(tab, NEXT)
        await tab.until("document.querySelector('.wrong .problem')")
        await daemon.open()
        await tab.until("!document.querySelector('#banner .problem')")
        assert await tab.run("document.getElementById('engine-key').value") == "s3cret"
        await click(tab, NEXT)
        await at(tab, "sound")
        assert written(daemon)["engines"] == ["openai", "local"]


async def test_lights_are_shown_one_after_the_other_and_without_any_that_is_said(browser, page):
    async with page.steps_door() as daemon, page.serving():
        tab = await opened(browser, page, daemon, step="panel")
        said = await tab.run("document.querySelector('.step-body').innerText")
        assert "no lights" in said
        assert "no button" in said
        daemon.lights.has_lights = True
        await go(tab, "sound")
        await go(tab, "panel")
        await tab.run(
            "{ const wait = setTimeout; window.setTimeout = (then, ms) => wait(then, ms === 2000 ? 0 : ms); }"
        )
        await click(tab, "document.querySelector('.tried button')")
        await tab.until("document.querySelector('.tried .now').innerText === 'Those were all.'")
        assert daemon.lights.shown == list(LIGHTS)


async def test_the_button_is_waited_for(browser, page):
    async with page.steps_door("[panel]\nbutton_pin = 17\n") as daemon, page.serving():
        tab = await opened(browser, page, daemon, step="panel")
        await click(tab, "document.querySelector('.tried button')")
        await tab.until("document.querySelector('.tried .busy')")
        while daemon.controls.pressed is None:  # noqa: ASYNC110 - the browser's request is under way
            await asyncio.sleep(0.01)
        daemon.controls.pressed()
        await tab.until("document.querySelector('.tried .done')")
        daemon.given[m.AwaitButton] = Refusal("failed", "nobody pressed the button")
        await click(tab, "document.querySelector('.tried button')")
        await tab.until("document.querySelector('.tried .failed')")


async def test_at_the_end_it_starts_anew_if_it_must_and_only_then(browser, page):
    async with page.steps_door() as daemon, page.serving():
        tab = await opened(browser, page, daemon, step="end")
        assert not daemon.restarted.is_set()
        await go(tab, "name")
        await tab.run("document.getElementById('assistant-name').value = 'Ada'")
        await click(tab, NEXT)
        await at(tab, "wake_word")
        await tab.run("location.hash = 'steps/end'")
        await restart(daemon)
        await at(tab, "end")
        assert "Hey Jarvis" in await tab.run("document.querySelector('.stage .word').innerText")
        assert not daemon.restarted.is_set()


async def test_it_is_done_by_keys(browser, page):
    async with page.steps_door() as daemon, page.serving():
        tab = await opened(browser, page, daemon, step="name")
        await go(tab, "wake_word")
        assert await tab.run("document.activeElement.id") == "main"
        seen = []
        for _ in range(20):
            await tab.press("Tab")
            seen.append(await tab.run("document.activeElement.type || document.activeElement.className"))
            if seen[-1] == "radio":
                ring = "getComputedStyle(document.activeElement.closest('.choice')).outlineStyle"
                assert await tab.run(ring) == "solid"
            if await tab.run(f"document.activeElement === {NEXT}"):
                break
        assert "radio" in seen
        await tab.press("Enter")
        await at(tab, "voice")


@pytest.mark.parametrize("size", [DESK, PHONE, (360, 640, 2)], ids=["desk", "phone", "narrow"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing(browser, page, size, scheme):
    axe = (NODE_MODULES / "axe-core" / "axe.min.js").read_text("utf-8")
    async with page.steps_door("[panel]\nbutton_pin = 17\n") as daemon, page.serving():
        daemon.given |= {
            m.TryEngine: m.EngineTried(ok=False, wrong="key", found=(m.Found("x", "fail", "wrong", "right"),)),
            m.CheckSound: msgspec.structs.replace(SOUND, faults=("too_loud", "echo_stays")),
        }
        daemon.lights.has_lights = True
        tab = await opened(browser, page, daemon, size, step="language")
        await tab.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        await tab.run(axe + ";0")
        for step in STEPS:
            await go(tab, step)
            if step == "engine":
                await choose_openai(tab)
            if step in ("engine", "sound"):
                trial = ".trial button" if step == "engine" else ".step-body .row button"
                await click(tab, f"document.querySelector({trial!r})")
                await tab.until("document.querySelector('.result .failed')")
            await tab.run("for (const one of document.querySelectorAll('details')) one.open = true")
            assert (step, await tab.run(AXE)) == (step, [])
            assert (step, await tab.run(OUTSIDE)) == (step, [])
        assert tab.complaints == []


async def test_in_german_all_fits_on_a_narrow_telephone(browser, page):
    async with page.steps_door('language = "de"\n[local]\nstt = "whisper"\n') as daemon, page.serving():
        tab = await opened(browser, page, daemon, (360, 640, 2))
        await tab.run("localStorage.setItem('parley-language', 'de'); location.hash = 'steps/name'; location.reload()")
        await at(tab, "name", "de")
        for step in STEPS[1:]:
            await tab.run(f"location.hash = 'steps/{step}'")
            await at(tab, step, "de")
            assert (step, await tab.run(OUTSIDE)) == (step, [])
            tall = "[...document.querySelectorAll('.step-actions button')].map((one) => one.offsetHeight)"
            assert all(height < 60 for height in await tab.run(tall)), "a word is broken"


async def test_they_are_small_on_the_wire(browser, page):
    async with page.steps_door() as daemon, page.serving():
        tab = await opened(browser, page, daemon)
        await at(tab, "language")
        assert 5_000 < tab.bytes < 100_000


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_word_that_a_step_asks_for_is_there(language):
    words = owner_words(language)["steps"]
    sources = [STATIC / "owner" / "steps.js", *(STATIC / "owner" / "steps").glob("*.js")]
    asked = {
        key
        for path in sources
        for key in re.findall(r'(?<!words\.)\bsay\((?:\w+ \? )?"(\w+)"', path.read_text("utf-8"))
    }
    asked |= {f"{step}_{kind}" for step in STEPS[:-1] for kind in ("title", "short")}
    asked |= {f"fault_{one}" for one in msgspec.inspect.type_info(m.SoundFault).values}
    asked |= {f"fix_{one}" for one in msgspec.inspect.type_info(m.SoundFault).values}
    asked |= {f"light_{one}" for one in LIGHTS}
    asked |= {f"lacks_{one}" for one in ("package", "address")}
    fields = {one.name: one.type for one in msgspec.inspect.type_info(m.EngineTried).fields}
    asked |= {f"tried_{one}" for one in fields["wrong"].values if one}
    asked |= {f"kind_{one}" for one in ("piper", "kokoro", "pico", "espeak-ng")}
    assert asked - set(words) == set()
    assert len(asked) > 70
