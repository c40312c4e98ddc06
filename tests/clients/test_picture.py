"""`conversation.html` in a real browser, opened as a file: what it shows and plays, and cannot be made to do."""

import json
import platform
from itertools import pairwise
from types import SimpleNamespace

import pytest
from clients.house import FIX
from msgspec.structs import replace
from simulation.picture.test_adpcm import unpack
from support.chromium import CHROMIUM, Browser
from support.house import House, play, says
from support.listener import Listener, spoken
from support.speech import say

from device.conversation import entries
from device.sample_clock import samples
from device.simulation.picture import conversation
from device.simulation.picture.document import modules

pytestmark = pytest.mark.skipif(platform.machine() != "x86_64", reason="the browser's package has it for x86 only")

DESK, PHONE = (1600, 1000, 1), (360, 740, 2)
NASTY = "</script><img src=x onerror='window.owned = 1'><svg onload='window.owned = 1'>\u202edlrow\u0000\x1b[2J"
LONG = "One two three four five six seven eight nine ten eleven twelve."
AT = "Number(document.querySelector('[role=slider]').getAttribute('aria-valuenow'))"
AREA = "document.querySelector('.area')"


@pytest.fixture(scope="module")
def played(tmp_path_factory, models):
    """A conversation with an interruption, played once."""
    assert CHROMIUM.exists(), FIX
    folder = tmp_path_factory.mktemp("played")
    visitors = [
        says("hey jarvis, what time is it?", at=1.0),
        says("wait, how many kilometres is that?", after="speaking", plus=1.5),
    ]
    house = House(folder, visitors, 12)
    play(house, Listener(spoken(6.0, LONG, pace=0.3)))
    file = folder / "conversation.html"
    house.rehearsal.draw(house.summary, file)
    lines = [json.loads(line) for line in (folder / "ledger.jsonl").read_text().splitlines()]
    return SimpleNamespace(file=file, lines=lines, house=house)


def hostile(played, path):
    """Write the picture of the same conversation, in which everybody says what breaks out of anything."""
    told = [
        entries.Tool(samples(2000), NASTY, NASTY),
        entries.EngineError(samples(2000), NASTY, NASTY),
        entries.Timer(samples(2000), NASTY),
        entries.User(samples(2000), "x" * 1_000_000),
        entries.Assistant(samples(2000), NASTY, NASTY),
        entries.Heard(samples(2000), NASTY, 5, whole=False, text=NASTY, unheard="y" * 1_000_000),
    ]
    house = played.house
    summary = replace(house.summary, scene=NASTY)
    visits = [replace(visit, text=NASTY, label=NASTY) for visit in house.room.visits]
    path.write_bytes(conversation.write(summary, house.tracks(), visits, [*house.entries, *told]))
    return path


async def shown(browser, file, size=DESK):
    tab = await browser.tab(file.as_uri(), size)
    await tab.until("document.querySelector('.chip') !== null")
    return tab


async def key(tab, name):
    """Press a key on what has the focus."""
    text = {"text": name} if len(name) == 1 else {}
    await tab.call("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", key=name, **text)
    await tab.call("Input.dispatchKeyEvent", type="keyUp", key=name)


async def mouse(tab, kind, x, **more):
    """Do something with the mouse, at a part of the area's width."""
    left, top, width = await tab.run(f"(({{x, y, width}}) => [x, y, width])({AREA}.getBoundingClientRect())")
    await tab.call("Input.dispatchMouseEvent", type=kind, x=left + x * width, y=top + 150, **more)


async def click_at(tab, x):
    for kind in ("mousePressed", "mouseReleased"):
        await mouse(tab, kind, x, button="left", clickCount=1)


async def edges(tab):
    """Return the times at the left and the right edge of what is shown, by pointing there."""
    found = []
    for x in (0.001, 0.999):
        await click_at(tab, x)
        found.append(await tab.run(AT))
    return found


async def zoomed(tab):
    left, right = await edges(tab)
    return right - left


async def test_it_shows_each_event_of_the_ledger_and_loads_nothing_else(played):
    async with Browser() as browser:
        tab = await shown(browser, played.file)
        rows = await tab.run(
            "[...document.querySelectorAll('[data-event]')].map((r) => [r.dataset.event, +r.dataset.t])"
        )
        assert sorted(rows) == sorted([line["event"], line["t"]] for line in played.lines)
        assert {"wake", "voice_start", "duck", "hold", "cut", "truncate", "heard"} <= {event for event, _ in rows}
        assert [response["url"] for response in tab.responses] == [played.file.as_uri()]
        assert await tab.run("performance.getEntriesByType('resource').length") == 0
        assert tab.complaints == []


async def test_each_event_on_a_track_has_a_label_once_there_is_room(played):
    async with Browser() as browser:
        tab = await shown(browser, played.file)
        for kind in ("wake", "duck", "cut", "truncate", "reply_first_audio", "engine_speech_stopped"):
            t = next(line["t"] for line in played.lines if line["event"] == kind)
            await tab.run(f"document.querySelector('[data-event={kind}] .jump').click()")
            assert await tab.run(AT) == pytest.approx(t, abs=0.006)
            await tab.run("document.querySelector('[role=slider]').focus()")
            for _ in range(12):
                await key(tab, "+")
            chip = f"document.querySelector('.chip[data-kind={kind}][data-t=\"{t}\"]')"
            await tab.until(f"{chip} !== null")
            place = f"({chip}.getBoundingClientRect().x - {AREA}.getBoundingClientRect().x) / {AREA}.clientWidth"
            left, right = await edges(tab)
            assert left + await tab.run(place) * (right - left) == pytest.approx(t, abs=0.02)
            await tab.click("[aria-label='Show all of it']")


async def test_both_sides_are_told_with_what_was_not_heard_apart(played):
    heard = next(line for line in played.lines if line["event"] == "heard" and line["unheard"])
    async with Browser() as browser:
        tab = await shown(browser, played.file)
        assert await tab.run("document.querySelector('.turn .unheard').textContent") == f"not heard {heard['unheard']}"
        said = await tab.run("document.querySelector('.turn:has(.unheard)').innerText")
        assert f"{heard['text']} not heard {heard['unheard']}" in " ".join(said.split())
        colours = await tab.run(
            "[...document.querySelectorAll('.turn dd, .turn dd .unheard')].map((e) => getComputedStyle(e).color)"
        )
        assert len(set(colours)) == 2


async def test_latencies_of_a_turn_are_those_of_the_ledger(played):
    turn = next(line for line in played.lines if line["event"] == "turn")
    names = ("voice_end", "engine_speech_stopped", "reply_received", "reply_first_audio")
    times = [turn[name] for name in names]
    async with Browser() as browser:
        tab = await shown(browser, played.file)
        legend = await tab.run(
            "[...document.querySelectorAll('.strip')[0].querySelectorAll('b')].map((e) => e.innerText)"
        )
        assert legend == [f"{1000 * (b - a):.0f} ms" for a, b in pairwise(times)]
        widths = await tab.run("[...document.querySelectorAll('.bar')[0].children].map((e) => e.clientWidth)")
        assert widths[0] == max(widths) > 20


async def test_wheel_keys_buttons_and_two_fingers_zoom(played):
    async with Browser() as browser:
        tab = await shown(browser, played.file)
        whole = await zoomed(tab)
        assert whole == pytest.approx(12, abs=0.1)
        left, right = await edges(tab)
        for _ in range(4):
            await mouse(tab, "mouseWheel", 0.25, deltaX=0, deltaY=-100)
        nearer = await edges(tab)
        assert nearer[1] - nearer[0] == pytest.approx(whole * 0.301, rel=0.1)
        under = [a + 0.25 * (b - a) for a, b in ((left, right), nearer)]
        assert under[0] == pytest.approx(under[1], abs=0.05), "what is under the mouse stays there"

        await tab.click("[aria-label='Show all of it']")
        await tab.click("[aria-label='Zoom in']")
        assert await zoomed(tab) == pytest.approx(whole / 1.6, rel=0.02)
        await key(tab, "+")
        assert await zoomed(tab) == pytest.approx(whole / 1.6**2, rel=0.02)
        await key(tab, "-")
        assert await zoomed(tab) == pytest.approx(whole / 1.6, rel=0.02)
        await key(tab, "0")
        assert await zoomed(tab) == pytest.approx(whole, rel=0.02)

        x, y, width = await tab.run(f"(({{x, y, width}}) => [x, y + 150, width])({AREA}.getBoundingClientRect())")

        async def touch(kind, *parts):
            points = [{"x": x + part * width, "y": y, "id": i} for i, part in enumerate(parts)]
            await tab.call("Input.dispatchTouchEvent", type=kind, touchPoints=points)

        await tab.call("Emulation.setTouchEmulationEnabled", enabled=True, maxTouchPoints=2)
        await touch("touchStart", 0.4)
        await touch("touchStart", 0.4, 0.6)
        await touch("touchMove", 0.3, 0.7)
        await touch("touchMove", 0.2, 0.8)
        await touch("touchEnd")
        assert await zoomed(tab) == pytest.approx(whole / 3, rel=0.05)
        assert tab.complaints == []


async def test_dragging_moves_and_a_wheel_at_the_end_leaves_the_page_to_scroll(played):
    async with Browser() as browser:
        tab = await shown(browser, played.file, (1600, 500, 1))
        await mouse(tab, "mouseWheel", 0.5, deltaX=0, deltaY=120)
        await tab.until("scrollY > 0")
        await tab.run("scrollTo(0, 0)")
        await click_at(tab, 0.8)
        for _ in range(3):
            await tab.click("[aria-label='Zoom in']")
        before = await edges(tab)
        await mouse(tab, "mousePressed", 0.2, button="left", clickCount=1)
        await mouse(tab, "mouseMoved", 0.3, button="left", buttons=1)
        await mouse(tab, "mouseMoved", 0.5, button="left", buttons=1)
        await mouse(tab, "mouseReleased", 0.5, button="left", clickCount=1)
        after = await edges(tab)
        assert before[0] - after[0] == pytest.approx(0.3 * (before[1] - before[0]), abs=0.05)


async def test_it_plays_from_where_one_points_and_stops_there(played):
    async with Browser() as browser:
        tab = await shown(browser, played.file)
        await click_at(tab, 0.5)
        start = await tab.run(AT)
        assert start == pytest.approx(6, abs=0.05)
        await tab.click(".play")
        await tab.until("document.querySelector('.play').textContent.includes('Pause')")
        await tab.until(f"{AT} > {start} + 0.3")
        await tab.click(".play")
        paused = await tab.run(AT)
        assert start + 0.3 < paused < start + 5
        # Two frames later it is still there.
        await tab.run("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        assert await tab.run(AT) == paused
        await tab.run("document.querySelector('[role=slider]').focus()")
        await key(tab, "End")
        await key(tab, "ArrowLeft")
        await key(tab, " ")
        await tab.until("document.querySelector('.play').textContent.includes('Play')")
        assert await tab.run(AT) == pytest.approx(12, abs=0.05), "it was played to its end"
        assert tab.complaints == []


async def test_what_the_browser_unpacks_is_what_was_packed():
    pcm = say("how many minutes is two hours?")[:20_000]
    sound = conversation.packed({"visitors": pcm})
    script = modules("sound").replace("export ", "")
    call = f"unpack({json.dumps(sound.tracks['visitors'])}, {len(pcm)}, {list(sound.steps)})"
    async with Browser() as browser:
        tab = await browser.tab()
        found = await tab.run(f"(async () => {{ {script}; return [...await {call}]; }})()")
    expected = unpack(conversation.adpcm.pack(pcm))[: len(pcm)] / 32768
    assert found == pytest.approx(list(expected), abs=1e-7)


async def test_it_can_be_used_without_a_mouse_and_without_eyes(played):
    wake = next(line for line in played.lines if line["event"] == "wake")
    async with Browser() as browser:
        tab = await shown(browser, played.file)
        reached = []
        for _ in range(12):
            await tab.press("Tab")
            reached.append(
                await tab.run("document.activeElement.getAttribute('role') ?? document.activeElement.innerText")
            )
        assert "slider" in reached
        await tab.run("document.querySelector('[role=slider]').focus()")
        while await tab.run(AT) < wake["t"] - 0.01:
            await key(tab, "n")
        assert "“hey_jarvis”, score" in await tab.run(
            "document.querySelector('[role=slider]').getAttribute('aria-valuetext')"
        )
        assert "wake: “hey_jarvis”" in await tab.run("document.querySelector('[role=status]').textContent")
        nameless = await tab.run(
            "[...document.querySelectorAll('button, input, [tabindex]')].filter((e) => !(e.ariaLabel || e.innerText "
            "|| e.labels?.length)).length"
        )
        assert nameless == 0


@pytest.mark.parametrize("size", [PHONE, DESK])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_it_fits_the_screen_and_its_colours_follow_the_system(played, size, scheme):
    async with Browser() as browser:
        tab = await shown(browser, played.file, size)
        await tab.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        assert await tab.run("document.documentElement.scrollWidth <= innerWidth")
        red, green, blue = await tab.run("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)")
        assert (red + green + blue > 600) == (scheme == "light")


async def test_what_came_from_outside_does_nothing(played, tmp_path):
    file = hostile(played, tmp_path / "hostile.html")
    assert file.stat().st_size < played.file.stat().st_size + 100_000, "a megabyte that nobody reads is not kept"
    async with Browser() as browser:
        tab = await shown(browser, file)
        assert await tab.run("[document.images.length, document.scripts.length, window.owned ?? 'safe']") == [
            0,
            2,
            "safe",
        ]
        text = await tab.run("document.querySelector('[data-event=tool] .what').textContent")
        assert text.startswith("</script><img src=x")
        assert "\\u202edlrow\\u0000\\u001b[2J" in text
        assert [response["url"] for response in tab.responses] == [file.as_uri()]
        assert tab.complaints == []


async def test_data_of_any_shape_are_drawn_or_left_out():
    odd = [
        None,
        5,
        {"t": "x", "event": "wake"},
        {"t": 1, "event": "__proto__"},
        {"t": 1, "event": {"a": 1}},
        {"t": 2, "event": "user", "text": {"a": 1}},
        {"t": 2, "event": "wake", "word": None, "score": "high"},
        {"t": 3, "event": "heard", "item": None},
        {"t": 1e300, "event": "truncate"},
        {"t": 2.5, "event": "state"},
        {"t": 2.6, "event": "never_heard_of", "text": NASTY},
    ]
    script = modules("picture").replace("export ", "")
    async with Browser() as browser:
        tab = await browser.tab()
        for data in (
            {},
            {"events": "x"},
            {"events": odd, "visits": [{"start": "y"}]},
            {"events": odd[:8], "seconds": -1},
        ):
            drawn = f"draw(document.body, {json.dumps(data)}); return document.querySelectorAll('canvas').length;"
            assert await tab.run(f"(() => {{ {script}; {drawn} }})()") >= 4
        assert await tab.run("document.images.length") == 0
        assert tab.complaints == []


async def test_events_alone_are_drawn_as_the_last_conversation(played):
    """As a page of the device shows them: without sound, on the card's clock, which began long before."""
    lines = [line | {"t": line["t"] + 5000} for line in played.lines]
    script = modules("picture").replace("export ", "")
    async with Browser() as browser:
        tab = await browser.tab()
        await tab.run(f"(() => {{ {script}; draw(document.body, {json.dumps({'events': lines})}) }})()")
        await tab.until("document.querySelector('.chip') !== null")
        assert await tab.run("document.querySelectorAll('[data-event]').length") == len(lines)
        assert await tab.run("document.querySelector('.play')") is None
        assert await tab.run("[...document.querySelectorAll('[data-track]')].map((e) => e.dataset.track)") == [
            "microphone",
            "loudspeaker",
            "engine",
        ]
        first = min(line["t"] for line in lines)
        assert await tab.run("document.querySelector('[data-event] .jump').innerText") == "0.50 s"
        assert first > 5000


async def test_a_long_list_is_shown_in_parts():
    lines = [{"t": i / 10, "event": "voice_start"} for i in range(1200)]
    script = modules("picture").replace("export ", "")
    rows = "document.querySelectorAll('[data-event]').length"
    async with Browser() as browser:
        tab = await browser.tab()
        await tab.run(f"(() => {{ {script}; draw(document.body, {json.dumps({'events': lines})}) }})()")
        counts = [await tab.run(rows)]
        for _ in range(2):
            await tab.run("document.querySelector('.more').click()")
            counts.append(await tab.run(rows))
        assert counts == [500, 1000, 1200]
        assert await tab.run("document.querySelector('.more').hidden")


async def test_what_becomes_of_a_voice_over_a_reply_is_told_by_steps():
    """A reply that comes back, and then one that is cut off by words that are the next turn's."""
    told = [
        ("voice_start", 1.0), ("voice_end", 2.0), ("engine_speech_stopped", 2.4), ("reply_received", 2.5),
        ("reply_first_audio", 2.6), ("assistant", 2.6), ("duck", 4.04), ("voice_start", 4.0), ("hold", 4.1),
        ("restore", 4.6), ("duck", 6.03), ("voice_start", 6.0), ("hold", 6.05), ("cut", 6.5), ("truncate", 6.54),
        ("heard", 6.54), ("silence", 6.55), ("turn", 6.55), ("voice_end", 7.0), ("user", 7.4),
    ]  # fmt: skip
    more = {"assistant": {"text": "One two"}, "heard": {"text": "One", "unheard": "two"}, "user": {"text": "Stop"}}
    lines = [{"t": t, "event": event, "item": "a", **more.get(event, {})} for event, t in told]
    script = modules("turns").replace("export ", "")
    async with Browser() as browser:
        tab = await browser.tab()
        first, second = await tab.run(f"(() => {{ {script}; return turns({json.dumps(lines)}) }})()")

    def steps(found):
        return [(step["what"].removeprefix("until "), round(1000 * step["seconds"])) for step in found["steps"]]

    assert steps(first["answer"]) == [
        ("the turn is over", 400),
        ("the first audio is there", 100),
        ("the loudspeaker begins", 100),
    ]
    back, cut = first["overlaps"]
    assert (back["cut"], steps(back)) == (False, [("it is lowered", 40), ("it waits", 60), ("it comes back", 500)])
    assert (cut["cut"], steps(cut)) == (
        True,
        [("it is lowered", 30), ("it waits", 20), ("it is cut off", 450), ("it is silent", 50)],
    )
    assert first["items"] == [{"from": 2.6, "until": 6.54, "heard": "One", "unheard": "two"}]
    assert (second["user"], second["voice"], second["at"]) == ("Stop", [6.0, 7.0], 6.0)
