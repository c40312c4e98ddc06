import json

import numpy as np

from scripts.comparing.clients import KINDS
from scripts.comparing.figures import Findings
from scripts.comparing.report import NOTHING, Measured, Result, echo, table, write

MINUS = "\N{MINUS SIGN}"


def results():
    quiet = Findings(yielded=[True, False], yield_ms=[300.0], survived=[True, True, False], held_ms=[0.0, 200.0])
    loud = Findings(cuts=4, alone_s=30.0, truncation_ms=[-20.0, 10.0], down_ms=[20.0, 40.0])
    phases = [Measured(-np.inf, quiet, 0, 0.1, 100.0), Measured(-20.0, loud, 0, 0.2, 120.0)]
    return [Result(KINDS[0], "1.0", phases), Result(KINDS[1], "2.0", phases[:1])]


def test_levels_of_echo_have_names():
    assert [echo(level) for level in (-np.inf, -20.0, 0.0, 6.0)] == [
        "no echo",
        f"echo {MINUS}20 dB",
        "echo 0 dB",
        "echo +6 dB",
    ]


def test_the_table_has_a_line_a_figure_and_a_column_a_client():
    lines = table(results()).splitlines()
    assert lines[0] == "|  | Parley 1.0 | pipecat 2.0 |"
    assert "| interruptions that silence the reply, no echo | 1 of 2 | 1 of 2 |" in lines
    assert "| backchannels that leave the reply alone, no echo | 2 of 3 | 2 of 3 |" in lines
    assert f"| own reply cut off with nobody speaking, times a minute, echo {MINUS}20 dB | 8 | {NOTHING} |" in lines
    assert f"| what the engine is told was heard: median error (worst) | 15 (20) ms | {NOTHING} |" in lines
    assert "| CPU, of one core | 15 % | 10 % |" in lines
    assert "| memory | 120 MB | 100 MB |" in lines
    assert not any(f"echo {MINUS}20 dB" in line and "interruptions that silence" in line for line in lines)


def test_all_figures_are_written_beside_the_table(tmp_path):
    file = tmp_path / "table.md"
    write(file, "text", results())
    assert file.read_text() == "text"
    data = json.loads((tmp_path / "table.md.json").read_text())
    assert [client["name"] for client in data["clients"]] == ["Parley", "pipecat"]
    assert data["clients"][0]["phases"][0]["echo_db"] is None
    assert data["clients"][0]["phases"][1]["found"]["cuts"] == 4
