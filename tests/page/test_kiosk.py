"""The kiosk view in a real browser: what it shows of what the door tells, and what can be done there."""

import asyncio
import re

import pytest
from clients.house import NODE_MODULES
from support.browser import page as foreign_page
from support.chromium import DESK, PATIENCE, PHONE, SMALL, Browser
from support.scripted_door import LIGHTS, snapshot, state

from device.door import messages as door
from device.page import live
from device.page.assets import STATIC
from device.page.link import ensure
from device.panel import lights
from device.settings.profiles import BUNDLED

USER = door.Caption(id="u1", role="user", text="How many minutes are two hours?", final=True)
REPLY = door.Caption(id="a1", role="assistant", text="Two hours are 120 minutes. That is all.", final=True)
TALK = (state("speaking"), USER, REPLY, door.Heard(id="a1", chars=26))
TIMERS = door.Timers(
    timers=(door.Timer(name="Pasta", seconds=600, left_s=300, rings_at=4e9, paused=True),),
    alarms=(door.Alarm(number=1, kind="reminder", text="water", rings_at=4e9),),
)
WORDS = {
    "asleep": "Asleep",
    "connecting": "One moment",
    "listening": "Listening",
    "thinking": "Thinking",
    "speaking": "Speaking",
    "overlap": "I hear you",
    "muted": "Muted",
    "fault": "Out of order",
    "updating": "Updating",
    "setting_up": "Wi-Fi",
    "code": "Code",
    "ringing": "Ringing",
}
"""What each light is called."""
MOST_ON_THE_WIRE = 100_000
OUTSIDE = """[...document.querySelectorAll("header *, footer *, #idle *")].filter((one) => {
    const box = one.getBoundingClientRect();
    return box.width && (box.left < 0 || box.right > innerWidth + 1 || box.bottom > innerHeight + 1);
}).map((one) => one.outerHTML)"""
"""What does not fit onto the screen."""
TEXT = "document.querySelector('#captions li:last-child .{}').textContent.trim()"


def shown(light):
    return f"document.body.dataset.light === '{light}'"


def a_state(light):
    """Return the state that a light shows."""
    turn = (
        light if light in {"connecting", "listening", "thinking", "speaking", "overlap", "muted", "fault"} else "asleep"
    )
    return state(turn, light)


async def opened(browser, page, size=DESK):
    """Open the page and wait until it is told how all is."""
    tab = await browser.tab(page.url, size)
    await tab.until("document.body.dataset.view !== 'start' && document.body.dataset.light !== 'gone'")
    return tab


def luminance(colour):
    """Return the relative luminance of a colour, 0 to 255 each (WCAG 2.2)."""
    parts = (part / 255 for part in colour)
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    """Return the ratio of two colours, 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_words_are_read_on_every_light():
    """Also at the top, where the light is brightest: axe does not look through gradients."""
    css = (STATIC / "page.css").read_text("utf-8")
    own = {name: bytes.fromhex(code) for name, code in re.findall(r"--(\w+): #([0-9a-f]{6});", css)}
    strongest = float(re.search(r"#light::before \{.*?opacity: ([\d.]+);", css, re.DOTALL)[1])
    for pattern in lights.PATTERNS.values():
        for colour in (pattern.colour, pattern.other or pattern.colour):
            ground = [
                255 * part * strongest + below * (1 - strongest)
                for part, below in zip(colour, own["ground"], strict=True)
            ]
            assert contrast(own["ink"], ground) >= 7
            assert contrast(own["quiet"], ground) >= 4.5
            assert contrast(own["unheard"], ground) >= 3, "large"
    for name in ("quiet", "unheard"):
        assert contrast(own[name], own["ground"]) >= 4.5
    assert contrast(own["edge"], own["ground"]) >= 3


def test_the_colours_here_are_those_of_the_lights():
    for light, colour in LIGHTS.items():
        assert colour == "#" + "".join(f"{round(255 * part):02x}" for part in lights.PATTERNS[light].colour)


async def test_whose_turn_it_is_is_seen_by_colour_and_word(browser, page):
    async with page.door() as daemon, page.serving():
        tab = await opened(browser, page)
        await tab.until(shown("asleep"))
        for light, word in WORDS.items():
            await daemon.tell(a_state(light))
            await tab.until(shown(light))
            assert await tab.run("document.getElementById('state').textContent") == word
            assert await tab.run("document.body.style.getPropertyValue('--light')") == LIGHTS[light]
        assert tab.complaints == []


async def test_it_is_white_while_the_microphone_is_sent(browser, page):
    lead = "getComputedStyle(document.getElementById('lead'))"
    async with page.door() as daemon, page.serving():
        tab = await opened(browser, page)
        await daemon.tell(state("listening", streaming=True))
        await tab.until(f"{shown('listening')} && {lead}.opacity === '1'")
        assert await tab.run(f"{lead}.backgroundColor") == "rgb(255, 255, 255)"
        await daemon.tell(state("listening"))
        await tab.until(f"{lead}.opacity === '0'")


async def test_what_is_not_heard_yet_is_grey_and_what_never_was_is_struck_out(browser, page):
    async with page.door() as daemon, page.serving():
        tab = await opened(browser, page)
        await daemon.tell(*TALK)
        await tab.until(f"{TEXT.format('heard')} === 'Two hours are 120 minutes.'")
        assert await tab.run(TEXT.format("yet")) == "That is all."
        style = "getComputedStyle(document.querySelector('#captions li:last-child .{}')).{}"
        assert await tab.run(style.format("heard", "color")) == "rgb(243, 245, 248)"
        assert await tab.run(style.format("yet", "color")) == "rgb(146, 156, 171)"
        assert await tab.run(style.format("yet", "textDecorationLine")) == "none"
        await daemon.tell(door.Heard(id="a1", chars=31, over=True))
        await tab.until(f"{TEXT.format('heard')} === 'Two hours are 120 minutes. That'")
        assert await tab.run(style.format("yet", "textDecorationLine")) == "line-through"
        assert "Not heard:" in await tab.run(TEXT.format("what"))


async def test_the_light_follows_the_voice_and_the_bars_the_microphone(browser, page):
    band = "new DOMMatrix(getComputedStyle(document.getElementById('band')).transform).a"
    bars = "document.querySelectorAll('#level .on').length"
    async with page.door() as daemon, page.serving():
        tab = await opened(browser, page)
        await daemon.tell(state("speaking"), door.Level(dbfs=-15, playing=0.0))
        await tab.until(f"{shown('speaking')} && {bars} === 12 && {band} < 0.31")
        await daemon.tell(door.Level(dbfs=-80, playing=1.0))
        await tab.until(f"{bars} === 0 && {band} > 0.99")


async def test_what_rings_is_named(browser, page):
    more = "document.getElementById('more').textContent"
    pasta = door.Timer(name="Pasta", seconds=60, left_s=0, rings_at=0)
    bins = door.Alarm(number=1, kind="reminder", text="the bins", rings_at=1.0)
    async with page.door() as daemon, page.serving():
        tab = await opened(browser, page)
        await daemon.tell(state("asleep", "ringing"), door.Timers(timers=(pasta,), ringing=True))
        await tab.until(f"{more} === 'Pasta'")
        await daemon.tell(door.Timers(alarms=(bins,), ringing=True))
        await tab.until(f"{more} === 'the bins'")


async def test_words_that_are_being_said_are_replaced_by_what_follows(browser, page):
    async with page.door() as daemon, page.serving():
        tab = await opened(browser, page)
        await daemon.tell(state("listening"))
        for text in ("How", "How many", "How many minutes"):
            await daemon.tell(door.Caption(id="u1", role="user", text=text))
        await tab.until(f"{TEXT.format('what')} === 'How many minutes'")
        assert await tab.run("document.querySelectorAll('#captions li').length") == 1


async def test_characters_are_counted_as_the_daemon_counts_them(browser, page):
    text = "\N{TIMER CLOCK} \U0001f600 gut"
    async with page.door() as daemon, page.serving():
        tab = await opened(browser, page)
        await daemon.tell(door.Caption(id="a", role="assistant", text=text), door.Heard(id="a", chars=text.index("g")))
        await tab.until(f"{TEXT.format('yet')} === 'gut'")


HOSTILE = [
    "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>",
    "\x00\x07\x1b[2Jclear\r\nline\u2028line\u202eright to left\u2066isolate",
    "x" * 1_000_000,
    "\N{FACE WITH TEARS OF JOY}" * 250_000,
    "a\u0301" * 100_000,
    "'\"`${1+1}{{1+1}}&lt;b&gt;</p></li>",
]


@pytest.mark.parametrize("text", HOSTILE, ids=["markup", "controls", "long", "emoji", "accents", "quotes"])
async def test_a_hostile_transcript_is_text_and_nothing_else(browser, page, text):
    async with page.door() as daemon, page.serving():
        tab = await opened(browser, page)
        what = "document.querySelector('#captions .{} .what').textContent"
        await daemon.tell(
            door.Caption(id=text[:50], role="user", text=text, final=True),
            door.Caption(id="a", role="assistant", text=text, final=True),
            door.Heard(id="a", chars=10, over=True),
            door.Faults(faults=(door.Fault(code="engine", what=text[:8000]),)),
            door.Timers(timers=(door.Timer(name=text[:8000], seconds=1, left_s=1, rings_at=0),)),
            state("fault"),
        )
        await tab.until(f"{shown('fault')} && {what.format('assistant')}")
        for role in ("user", "assistant"):
            told = await tab.run(what.format(role))
            assert 5 < len(told) < 2500
            assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]", told)
        assert await tab.run("document.querySelectorAll('main script, main img[src=x], #captions b').length") == 0
        assert "taken" not in await tab.run("document.title")
        assert await tab.run(OUTSIDE) == []
        assert len(await tab.run("document.body.innerText + document.title")) < 6000
        await daemon.tell(state("listening"))
        await tab.until(shown("listening"))  # it goes on
        assert tab.complaints == []


@pytest.mark.parametrize("more", [{}, {"idle": "Ask me!", "languages": ("en", "de")}], ids=["bare", "dressed"])
async def test_while_nobody_talks_there_are_time_timers_and_how_to_wake_it(browser, page, more):
    text = "document.getElementById('{}').innerText"
    async with page.door(snapshot(timers=TIMERS)), page.serving(**more):
        tab = await opened(browser, page)
        await tab.until("document.body.dataset.view === 'idle'")
        assert re.fullmatch(r"\d{1,2}:\d\d", await tab.run(text.format("time")))
        assert await tab.run(text.format("hint")) == more.get("idle", "Say “Hey Jarvis”")
        timers = await tab.run(text.format("timers"))
        assert "Pasta" in timers
        assert "5:00 paused" in timers
        assert "water" in timers


async def test_the_picture_is_shown(browser, page, tmp_path):
    picture = tmp_path / "hall.svg"
    picture.write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><script>document.title = 1</script></svg>'
    )
    async with page.door(), page.serving(picture=str(picture)):
        tab = await opened(browser, page)
        await tab.until("document.getElementById('picture').offsetHeight > 100")
        await tab.go(f"{page.url}/picture")  # by itself, what is in it must not run
        await tab.until("document.documentElement.tagName === 'svg'")
        assert await tab.run("document.title") == ""


async def test_the_buttons_ask_for_what_they_say(browser, page):
    async with page.door() as daemon, page.serving():
        tab = await opened(browser, page)
        await tab.until(shown("asleep"))
        label = "document.querySelector('#{}').innerText.trim()"
        for now, button, word, asks in (
            (state("asleep"), "talk", "Talk", door.Wake),
            (state("speaking"), "talk", "Interrupt", door.Wake),
            (state("speaking"), "stop", "Stop", door.Stop),
            (state("listening"), "stop", "End", door.Stop),
            (state("asleep", "ringing"), "talk", "Stop ringing", door.Stop),
            (state("fault"), "talk", "Talk", door.Wake),
        ):
            await daemon.tell(now)
            await tab.until(f"{label.format(button)} === {word!r} && {shown(now.light)}")
            await tab.click(f"#{button}")
            assert isinstance(await daemon.asked.get(), asks)
        await tab.click("#mute")
        assert isinstance(await daemon.asked.get(), door.Mute)
        await daemon.tell(door.Muted(on=True), state("muted"))
        await tab.until(f"{label.format('mute')} === 'Unmute'")
        await tab.click("#mute")
        assert isinstance(await daemon.asked.get(), door.Unmute)
        await daemon.tell(door.Muted(on=True, switch=True))
        await tab.until("document.getElementById('mute').disabled")


async def test_all_of_it_is_done_by_keys(browser, page):
    async with page.door() as daemon, page.serving():
        tab = await opened(browser, page)
        await daemon.tell(state("speaking"))
        await tab.until(shown("speaking"))
        focused = "document.activeElement.id"
        order = []
        for _ in range(4):
            await tab.press("Tab")
            order.append(await tab.run(focused))
        assert order == ["captions", "talk", "stop", "mute"]
        assert await tab.run("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        await tab.press("Enter")
        assert isinstance(await daemon.asked.get(), door.Mute)
        await tab.press("Escape")
        assert isinstance(await daemon.asked.get(), door.Stop)


async def test_a_screen_reader_is_told_little_and_what_matters(browser, page):
    async with page.door() as daemon, page.serving():
        tab = await opened(browser, page)
        await tab.until(shown("asleep"))
        await tab.run("""{
            window.told = [];
            new MutationObserver(() => told.push(document.getElementById('announce').textContent))
                .observe(document.getElementById('announce'), { childList: true, characterData: true, subtree: true });
        }""")
        await daemon.tell(state("listening"))
        for n in range(100):
            await daemon.tell(door.Caption(id="u", role="user", text="word " * (n + 1), final=n == 99))
        await daemon.tell(state("thinking"), state("speaking"))
        for n in range(100):
            await daemon.tell(
                door.Caption(id="a", role="assistant", text="word " * 100), door.Heard(id="a", chars=5 * n)
            )
        await daemon.tell(state("muted"), door.Muted(on=True))
        await tab.until("told.at(-1) === 'Muted'")
        assert len(await tab.run("told")) == 2
        assert (await tab.run("told"))[0].startswith("Understood: word word")
        live = "document.querySelectorAll('[aria-live], [role=status], [role=log], [role=alert]')"
        assert await tab.run(f"[...{live}].map((one) => one.id)") == ["announce"]


async def test_its_language_is_chosen_and_kept(browser, page):
    async with page.door(), page.serving(languages=("en", "de")):
        tab = await opened(browser, page)
        await tab.until("document.getElementById('state').textContent === 'Asleep'")
        await tab.click("#languages [lang=de]")
        await tab.until("document.getElementById('state').textContent === 'Schläft'")
        assert await tab.run("document.documentElement.lang") == "de"
        assert await tab.run("document.querySelector('#languages [lang=de]').innerText") == "Deutsch"
        await tab.go(page.url)
        await tab.until("document.getElementById('hint').textContent === 'Sag „Hey Jarvis“'")


async def test_a_screen_nobody_looks_at_grows_dark_and_a_touch_of_it_only_lights_it(browser, page):
    async with page.door() as daemon, page.serving(saver_s=1):
        tab = await opened(browser, page)
        await tab.until("!document.getElementById('saver').hidden")
        await tab.until("document.getElementById('drift').style.transform.startsWith('translate')")
        assert await tab.run("document.getElementById('dim-time').textContent")
        await tab.click("#talk")
        await tab.until("document.getElementById('saver').hidden")
        await tab.until("!document.getElementById('saver').hidden")
        await daemon.tell(state("listening"))
        await tab.until("document.getElementById('saver').hidden")
        await tab.click("#mute")
        assert isinstance(await daemon.asked.get(), door.Mute), "what lit the screen asked for nothing"


async def test_two_browsers_see_the_same(browser, page):
    async with page.door() as daemon, page.serving(), Browser() as other:
        tabs = [await opened(browser, page), await opened(other, page, PHONE)]
        for tab in tabs:
            await tab.until(shown("asleep"))
        await daemon.tell(*TALK)
        for tab in tabs:
            await tab.until(f"{TEXT.format('heard')} === 'Two hours are 120 minutes.'")
        await tabs[0].click("#talk")
        assert isinstance(await daemon.asked.get(), door.Wake)


async def test_without_a_daemon_it_says_so_and_comes_back_by_itself(browser, page):
    async with page.serving():
        tab = await browser.tab(page.url)
        await tab.until(f"{shown('gone')} && document.getElementById('more').textContent.includes('does not answer')")
        assert await tab.run("[...document.querySelectorAll('#controls button')].every((one) => one.disabled)")
        async with page.door():
            await tab.until(shown("asleep"))
        await tab.until(shown("gone"))
        async with page.door(snapshot(state("listening"))):  # it was started anew
            await tab.until(shown("listening"))
        assert tab.complaints == []


async def test_it_outlives_its_own_server(browser, page):
    async with page.door(), page.serving():
        port = page.port
        tab = await opened(browser, page)
        await tab.until(shown("asleep"))
    await tab.until(shown("gone"))
    async with page.door(), page.serving(port=port):
        await tab.until(shown("asleep"))


async def test_a_line_on_which_nothing_comes_is_opened_anew(browser, page, monkeypatch):
    """As to a device that was unplugged: nobody says that it is over."""
    monkeypatch.setattr(live, "HERE_S", 1e6)
    async with page.door() as daemon, page.serving():
        tab = await opened(browser, page)
        await daemon.subscribed.get()
        await daemon.tell(state("listening"))
        await tab.until(shown("listening"))
        await daemon.subscribed.get()
        await tab.until(shown("asleep"))  # as the new line's snapshot has it


async def test_it_is_loaded_anew_if_it_is_to_look_otherwise(browser, page):
    async with page.serving():
        async with page.door():
            tab = await opened(browser, page)
            await tab.until(shown("asleep"))
        await tab.until(shown("gone"))
        page.language = "de"
        async with page.door():
            await tab.until("document.getElementById('state').textContent === 'Schläft'")


STEALS = """
const page = new URL(location).searchParams.get("engine");
tried.page = await get(`http://${page}/`);
tried.about = await get(`http://${page}/page.json`);
tried.live = await socket(`ws://${page}/live`);
tried.framed = await new Promise((done) => {
    const frame = document.createElement("iframe");
    frame.onload = () => { try { done(frame.contentDocument === null ? "shut" : "open"); } catch { done("shut"); } };
    frame.src = `http://${page}/`;
    document.body.append(frame);
});
"""


@pytest.mark.parametrize("name", ["127.0.0.1", "evil.example"], ids=["by address", "by a name that it gave us"])
async def test_a_page_of_another_site_reaches_nothing(browser, page, name):
    async with page.door() as daemon, page.serving(), foreign_page(STEALS, "evil.example") as (origin, reported):
        await browser.tab(f"{origin}/?engine={name}:{page.port}")
        tried = await asyncio.wait_for(reported, PATIENCE)
        assert tried == {"page": "unreadable", "about": "unreadable", "live": "refused", "framed": "shut"}
        assert daemon.subscribed.empty()


async def test_the_kiosk_link_lets_a_browser_of_the_network_in(browser, page, http):
    """A proxy on this machine, which says for whom it asks, makes the browser one that is elsewhere."""
    token = ensure(page.folder)
    async with page.door(), page.serving():
        tab = await browser.tab()
        await tab.call("Network.setExtraHTTPHeaders", headers={"X-Forwarded-For": "192.0.2.7"})
        await tab.go(page.url)
        await tab.until("document.body.dataset.view === 'locked'")
        await tab.go(f"{page.url}/k/{token}")
        await tab.until(shown("asleep"))
        assert token not in await tab.run("location.href")


async def test_it_is_small_on_the_wire(browser, page):
    async with page.door(), page.serving():
        tab = await opened(browser, page)
        await tab.until(shown("asleep"))
        assert 5_000 < tab.bytes < MOST_ON_THE_WIRE
        assert {response["url"].split("/")[2] for response in tab.responses} == {page.url.split("/")[2]}


async def test_an_old_browser_and_one_without_scripts_get_a_plain_notice(browser, page):
    async with page.door(), page.serving():
        tab = await browser.tab()
        await tab.call("Emulation.setScriptExecutionDisabled", value=True)
        await tab.go(page.url)
        await tab.until("document.querySelector('noscript')?.innerText.includes('needs JavaScript')", frames=False)
        await tab.call("Emulation.setScriptExecutionDisabled", value=False)
        await tab.go(page.url)
        await tab.until(shown("asleep"))
        assert await tab.run("document.getElementById('old').hidden")
        old = re.sub(r"//.*", "", (STATIC / "old.js").read_text("utf-8"))
        assert not re.search(r"=>|\b(let|const|class|import)\b|`", old), "what such a browser understands"
        await tab.call("Network.setBlockedURLs", urls=["*/kiosk.js"])
        await tab.go(page.url)
        await tab.until("document.getElementById('old').offsetHeight > 0")


async def test_who_wants_no_motion_gets_none(browser, page):
    async with page.door() as daemon, page.serving():
        tab = await opened(browser, page)
        await daemon.tell(state("thinking"))
        await tab.until(shown("thinking"))
        moving = "document.getAnimations().filter((one) => one.playState === 'running').length"
        await tab.until(f"{moving} > 0")
        await tab.screen(DESK, still=True)
        for light in WORDS:
            await daemon.tell(a_state(light))
            await tab.until(shown(light))
            assert await tab.run(moving) == 0, light


SCENES = {light: (a_state(light),) for light in WORDS} | {
    "talk": (*TALK, door.Latency(ms=700)),
    "cut": (state("listening", streaming=True), USER, REPLY, door.Heard(id="a1", chars=26, over=True)),
    "timers": (state("asleep"), TIMERS),  # with the picture, it is the fullest
}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
AXE = f"axe.run({{resultTypes: ['violations'], runOnly: {RULES}}})"


@pytest.mark.parametrize("size", [DESK, SMALL, PHONE], ids=["desk", "small", "phone"])
async def test_axe_finds_nothing(browser, page, size):
    axe = (NODE_MODULES / "axe-core" / "axe.min.js").read_text("utf-8")
    picture = BUNDLED / "kiosk.svg"
    async with page.door() as daemon, page.serving(languages=("de", "en"), picture=str(picture)):
        tab = await opened(browser, page, size)
        await tab.run(axe + ";0")
        found = {}
        for name, events in SCENES.items():
            await daemon.tell(*events)
            await tab.until(shown(events[0].light))
            wrong = await tab.run(
                f"{AXE}.then(({{violations}}) => violations.map((one) => [one.id, one.nodes[0].html]))"
            )
            if wrong:
                found[name] = wrong
            assert await tab.run(OUTSIDE) == [], name
        assert found == {}


async def test_axe_finds_nothing_on_the_locked_page(browser, page):
    axe = (NODE_MODULES / "axe-core" / "axe.min.js").read_text("utf-8")
    async with page.serving():
        tab = await browser.tab()
        await tab.call("Network.setExtraHTTPHeaders", headers={"X-Forwarded-For": "192.0.2.7"})
        await tab.go(page.url)
        await tab.until("document.body.dataset.view === 'locked'")
        await tab.run(axe + ";0")
        assert await tab.run(f"{AXE}.then(({{violations}}) => violations.map((one) => one.id))") == []


async def test_targets_are_large(browser, page):
    async with page.door(), page.serving(languages=("en", "de")):
        for size, least in ((DESK, 90), (PHONE, 64)):
            tab = await opened(browser, page, size)
            await tab.until(shown("asleep"))
            heights = await tab.run("[...document.querySelectorAll('#controls button')].map((one) => one.offsetHeight)")
            assert len(heights) == 3
            assert min(heights) >= least
            assert await tab.run("document.querySelector('#languages button').offsetHeight") >= 44
