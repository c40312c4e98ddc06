"""`/metrics`: who is told figures, and what of them."""

import sys

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_open

from device.door import messages as door
from device.door.figures import FiguresAre, GetFigures
from device.door.upkeep import GetVersion, VersionIs
from device.page import metrics
from device.settings.metrics import MetricsSettings
from device.settings.types import Secret

ELSEWHERE = {"X-Forwarded-For": "192.0.2.7"}
"""What a proxy on this machine says of whoever is elsewhere."""
TOKEN = "0123456789abcdef"
KNOWS = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def told(page):
    """A page that tells figures of a daemon that says some."""
    page.metrics = MetricsSettings(on=True, token=Secret(TOKEN))
    there = page.door()
    there.answers[GetFigures] = FiguresAre("1.2.3", 60.0, turns=3)
    there.answers[GetVersion] = VersionIs("1.2.3", "- Words.", "idle")
    return there


async def asked(page, http, **headers):
    async with http.get(f"{page.url}/metrics", headers=headers) as answer:
        return answer.status, answer.headers.get("Content-Type", ""), await answer.text()


def values(text):
    return {sample.name: sample.value for family in read_open(text) for sample in family.samples}


async def test_figures_are_told_only_where_they_are_wanted_and_a_change_holds_at_once(page, http, told):
    page.metrics = MetricsSettings()
    async with told, page.serving():
        assert (await asked(page, http))[0] == 404
        page.metrics = MetricsSettings(on=True)
        assert (await asked(page, http))[0] == 200


async def test_they_are_for_this_machine_and_for_whoever_knows_the_token(page, http, told):
    async with told, page.serving():
        assert (await asked(page, http))[0] == 200
        assert (await asked(page, http, **ELSEWHERE, **KNOWS))[0] == 200
        for wrong in ({}, {"Authorization": "Bearer "}, {"Authorization": f"Basic {TOKEN}"}, {"Cookie": TOKEN}):
            status, _, text = await asked(page, http, **ELSEWHERE, **wrong)
            assert (status, "parley_" in text) == (401, False)
        page.metrics = MetricsSettings(on=True)
        for offered in ("Bearer ", "Bearer", f"Bearer {TOKEN}"):
            status = (await asked(page, http, Authorization=offered, **ELSEWHERE))[0]
            assert status == 401, "without a token nobody else knows it"
        assert (await asked(page, http, Host="evil.example"))[0] == 403


async def test_they_come_as_whoever_asks_reads_them(page, http, told):
    newest = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=0.0.4;q=0.3"
    async with told, page.serving():
        _, kind, text = await asked(page, http, Accept=newest)
        assert kind == "application/openmetrics-text; version=1.0.0; charset=utf-8"
        found = values(text)
        assert (found["parley_up"], found["parley_turns_total"]) == (1, 3)
        _, kind, text = await asked(page, http)
        assert kind == "text/plain; version=0.0.4; charset=utf-8"
        assert "parley_turns_total 3.0\n" in text
        assert not text.endswith("# EOF\n")


async def test_systemd_is_not_asked_each_time_how_it_is_with_updates(page, http, told, monkeypatch):
    async with told, page.serving():
        for _ in range(3):
            assert "parley_updates" in (await asked(page, http))[2]
        monkeypatch.setattr(metrics, "VERSION_S", 0.0)
        await asked(page, http)
    kinds = [type(told.asked.get_nowait()) for _ in range(told.asked.qsize())]
    assert (kinds.count(GetFigures), kinds.count(GetVersion)) == (4, 2)


async def test_without_a_daemon_it_is_told_that_there_is_none(page, http, told):
    openly = {"Accept": "application/openmetrics-text"}
    async with page.serving():
        assert values((await asked(page, http, **openly))[2])["parley_up"] == 0
        async with told:
            assert values((await asked(page, http, **openly))[2])["parley_up"] == 1
            told.refuses = door.Error("unknown", "what is that?")
            assert values((await asked(page, http, **openly))[2])["parley_up"] == 0


@pytest.mark.parametrize(
    "line",
    [
        b'{"type":"figures_are","id":2,"version":"1","up_s":1e999}\n',
        b'{"type":"figures_are","id":2,"version":"1","up_s":"long"}\n',
        b'{"type":"figures_are","id":2,"version":"1","up_s":1,"sessions":{"a":{}}}\n',
        b"\xff\xfe{}\n",
        b'{"type":"status","id":2}\n',
        b"",
    ],
    ids=str,
)
async def test_a_door_that_says_strange_things_is_one_at_which_nobody_answers(page, http, told, line, monkeypatch):
    monkeypatch.setattr(metrics, "ANSWER_S", 0.3)
    told.answers[GetFigures] = line
    async with told, page.serving():
        status, _, text = await asked(page, http, Accept="application/openmetrics-text")
        assert (status, values(text)["parley_up"]) == (200, 0)


async def test_the_library_is_there_only_once_it_is_asked_for(page, http, told, monkeypatch):
    for name in [name for name in sys.modules if name.startswith("prometheus_client")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, "device.page.families", raising=False)
    async with told, page.serving():
        assert (await asked(page, http, **ELSEWHERE))[0] == 401
        assert "prometheus_client" not in sys.modules
        await asked(page, http)
        assert "prometheus_client" in sys.modules
