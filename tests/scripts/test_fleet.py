"""What scripts/fleet has for Prometheus and Grafana names the figures that there are, and all of them."""

import json
import math
import re
from pathlib import Path

import msgspec
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read

from device.door.figures import RESPONSE_S, SILENCE_S, FiguresAre, Spread
from device.door.upkeep import VersionIs
from device.page.families import MOST_ENGINES, OPEN, families, written

FLEET = Path(__file__).parents[2] / "scripts" / "fleet"
FULL = FiguresAre(
    "1.2.3",
    1.0,
    response=Spread((1,) * (len(RESPONSE_S) + 1), 1.0),
    silence=Spread((1,) * (len(SILENCE_S) + 1), 1.0),
    sessions={f"engine-{n}": 1 for n in range(2 * MOST_ENGINES)},
)


def samples():
    """Return all there is to tell: of each sample its family and its labels."""
    body, _ = written(families(FULL, VersionIs("1.2.3", updates="idle", looked=1.0), 48.3), OPEN)
    return [(sample, family.name) for family in read(body.decode()) for sample in family.samples]


def known():
    """Return the labels of each sample by its name."""
    found = {}
    for sample, _ in samples():
        found.setdefault(sample.name, {"instance"}).update(sample.labels)
    return found


def dashboard():
    return json.loads((FLEET / "grafana.json").read_text("utf-8"))


def asked():
    """Return what the dashboard asks Prometheus for."""
    return [target["expr"] for panel in dashboard()["panels"] for target in panel["targets"]]


def named(expressions):
    return {name for one in expressions for name in re.findall(r"\bparley_\w+(?=[{\[ )]|$)", one)}


def test_the_dashboard_asks_for_what_there_is_and_for_all_of_it():
    names = named(asked())
    assert names <= set(known())
    families_there = {family for _, family in samples()}
    used = {family for sample, family in samples() if sample.name in names}
    assert used == families_there


def test_what_it_sorts_by_is_there():
    for expression in asked():
        (name,) = named([re.sub(r"\bby \([^)]*\)", "", expression)]) if "/" not in expression else (None,)
        for labels in re.findall(r"\bby \(([^)]*)\)", expression):
            for label in labels.split(", "):
                assert name is None or label in known()[name], expression
    legends = [target["legendFormat"] for panel in dashboard()["panels"] for target in panel["targets"]]
    every = set().union(*known().values(), *(re.findall(r'count_values\("(\w+)"', one) for one in asked()))
    assert {label for legend in legends for label in re.findall(r"{{(\w+)}}", legend)} <= every


def test_panels_do_not_lie_on_each_other():
    taken = set()
    for panel in dashboard()["panels"]:
        at = panel["gridPos"]
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= 24
        taken |= cells
    numbers = [panel["id"] for panel in dashboard()["panels"]]
    assert len(set(numbers)) == len(numbers)


def test_alerts_go_by_what_there_is():
    expressions = re.findall(
        r"^ +expr: (?:>\n((?: {10}.*\n)+)|(.*)\n)", (FLEET / "alerts.yml").read_text(), re.MULTILINE
    )
    assert len(expressions) == 7
    assert named(" ".join(one) for one in expressions) <= set(known())


def test_a_device_stays_below_what_prometheus_takes_of_one():
    limits = dict(re.findall(r"^ +(\w+_limit): (\d+)$", (FLEET / "prometheus.yml").read_text(), re.MULTILINE))
    assert len(samples()) < int(limits["sample_limit"])
    longest = max(len(value) for sample, _ in samples() for value in sample.labels.values())
    assert longest < int(limits["label_value_length_limit"])


@pytest.mark.parametrize("name", ["prometheus.yml", "alerts.yml", "grafana.json"])
def test_nothing_in_them_is_of_one_machine(name):
    text = (FLEET / name).read_text("utf-8")
    assert not re.search(r"\b\d+\.\d+\.\d+\.\d+\b", text)
    assert "password" not in text


def servers(offered, refused=0.001):
    """Return how many servers refuse no more than that share of what is offered: Erlang's formula B."""
    blocked, count = 1.0, 0
    while blocked > refused:
        count += 1
        blocked = offered * blocked / (count + offered * blocked)
    return count


def test_the_table_of_what_a_fleet_needs_is_the_arithmetic_that_it_says():
    rows = re.findall(r"^\| (\d+)( at home)? \| (.*) \|$", (FLEET / "FLEET.md").read_text("utf-8"), re.MULTILINE)
    assert len(rows) == 4
    for devices, home, rest in rows:
        average, needed, engines, machine, network, kept = rest.split(" | ")
        offered = int(devices) / (20 if home else 4)
        engines_of_8 = math.ceil(int(needed) / 8)
        gigabytes = (engines_of_8 + 1) * 0.37
        assert (float(average), int(needed), engines) == (offered, servers(offered), f"{engines_of_8} + 1")
        cores, memory = machine.removesuffix(" GB").split("; ")
        assert (int(cores), float(memory)) == (engines_of_8 + 1, pytest.approx(gigabytes, rel=0.05))
        assert float(network.split()[0]) == pytest.approx(int(needed) * 0.512, rel=0.1)
        number, unit = kept.split()
        on_disk = int(devices) * 74 * 15 * 86_400 / 30 * 1.3
        assert float(number) * {"MB": 1e6, "GB": 1e9}[unit] == pytest.approx(on_disk, rel=0.05)


def test_how_many_figures_a_device_tells_is_what_the_page_says():
    figures = msgspec.structs.replace(FULL, sessions={"local": 1, "openai": 1})
    body, _ = written(families(figures, VersionIs("1.2.3", updates="idle", looked=1.0), 48.3), OPEN)
    count = sum(len(family.samples) for family in read(body.decode()))
    assert f"{count} samples of a device" in (FLEET / "FLEET.md").read_text("utf-8")
