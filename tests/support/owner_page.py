"""The owner's view in a browser, for those who have the code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clients.house import NODE_MODULES
from support.chromium import DESK

if TYPE_CHECKING:
    from typing import Any

    from support.chromium import Browser, Tab
    from support.owner_door import OwnerDoor

ROW = "[...document.querySelectorAll('.setting')].find((one) => one.querySelector('label').textContent === '{}')"
"""The row of a setting, by its key."""
OUTSIDE = """[...document.querySelectorAll("body *")].filter((one) => {
    const box = one.getBoundingClientRect();
    return box.width && !one.closest(".unseen") && (box.left < -1 || box.right > document.body.clientWidth + 1);
}).map((one) => one.outerHTML.slice(0, 200))"""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
AXE = f"""axe.run({{resultTypes: ['violations'], runOnly: {RULES}}})
    .then(({{violations}}) => violations.map((one) => [one.id, one.nodes[0].html]))"""


async def at_the_code(browser: Browser, page: Any, size: tuple[int, int, int] = DESK) -> Tab:
    """Open the view; return the page, which asks for the code."""
    tab = await browser.tab(f"{page.url}/settings", size)
    await tab.until("document.getElementById('code')")
    return tab


async def try_code(tab: Tab, code: str) -> None:
    """Type a code, and send it."""
    await tab.run(f"document.getElementById('code').value = {code!r}; document.querySelector('form').requestSubmit()")


async def opened(
    browser: Browser, page: Any, daemon: OwnerDoor, size: tuple[int, int, int] = DESK, section: str = ""
) -> Tab:
    """Open the view with the right code."""
    tab = await at_the_code(browser, page, size)
    await try_code(tab, daemon.codes.new())
    await tab.until("document.getElementById('sections')")
    if section:
        await tab.run(f"location.hash = {section!r}")
    return tab


async def put(tab: Tab, key: str, value: str) -> None:
    """Write into the control of a setting, and save it."""
    row = ROW.format(key)
    await tab.until(row)
    await tab.run(f"""{{
        const row = {row}, control = row.querySelector("input, select, textarea");
        row.closest("details").open = true;
        control.type === "checkbox" ? control.checked = {str(value == "true").lower()} : control.value = {value!r};
        control.dispatchEvent(new Event("input"));
        row.querySelector("button.first").click();
    }}""")


async def looked_through(tab: Tab) -> list[Any]:
    """Return what axe-core finds wrong with what is shown, and what does not fit onto the screen."""
    axe = (NODE_MODULES / "axe-core" / "axe.min.js").read_text("utf-8")
    await tab.run(axe + ";0")
    return [*await tab.run(AXE), *await tab.run(OUTSIDE)]
