"""`parley room` and `parley demo`: a scene is played and summed up, or it is said why it cannot be."""

import json
from pathlib import Path

import pytest

from device.audio.card.base import CardError
from device.commands import room
from device.conversation.engine import EngineError, Fault
from device.model_files.files import ModelError
from device.simulation.recording import RecordingError
from device.simulation.summary import Summary

SUMMARY = Summary(scene="x", seconds=2.0, xruns=0, lost_samples=0, cpu=0.1, rss_mb=99, turns=[], restored=[])


@pytest.fixture
def played(monkeypatch):
    """Play nothing; returns what scenes were to be played into which folders with which tools."""
    scenes = []

    async def rehearse(scene, settings, *, tools, config, out, timeline):
        scenes.append((scene.name, out, [tool.name for tool in tools]))
        return SUMMARY

    monkeypatch.setattr(room, "rehearse", rehearse)
    monkeypatch.setattr(room, "render", lambda summary: f"summed up: {summary.seconds}")
    return scenes


def test_the_demo_is_a_bundled_scene_and_leaves_a_recording(parley, played, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = parley("demo")
    assert result.exit_code == 0
    assert played == [("demo", Path("out"), [])]
    assert "summed up: 2.0" in result.output
    assert "Listen to it: out/conversation.wav" in result.output
    assert "conversation.html" not in result.output, "none was drawn"


def test_a_picture_is_named_with_its_size(parley, played, tmp_path):
    (tmp_path / "conversation.html").write_bytes(bytes(1_240_000))
    result = parley("room", "demo", "--out", str(tmp_path))
    assert f"See and hear it in a browser: {tmp_path}/conversation.html (1.2 MB)" in result.output


def test_a_scene_of_one_s_own_with_the_tools_of_the_profile(parley, played, tmp_path):
    scene, config = tmp_path / "mine.toml", tmp_path / "parley.toml"
    scene.write_text("seconds = 2\n")
    config.write_text('engines = "local"\nprofile = "kiosk"\n[brain]\nurl = "http://127.0.0.1:1/v1"\n')
    result = parley("room", str(scene), "--config", str(config), "--json", str(tmp_path / "summary.json"))
    assert result.exit_code == 0
    assert [(out, bool(tools)) for _, out, tools in played] == [(None, True)]
    assert "Listen to it" not in result.output
    assert json.loads((tmp_path / "summary.json").read_text())["seconds"] == 2.0


def test_a_summary_that_cannot_be_written_is_named(parley, played, tmp_path):
    result = parley("room", "demo", "--json", str(tmp_path / "no" / "summary.json"))
    assert result.exit_code == 1
    assert f"parley: --json {tmp_path}/no/summary.json: No such file or directory\n" in result.output


@pytest.mark.parametrize(
    "error",
    [
        CardError("no card"),
        EngineError(Fault("refused", "no engine", retry=False)),
        ModelError("no model"),
        RecordingError("no recording"),
    ],
)
def test_what_keeps_a_scene_from_being_played_is_one_line(parley, monkeypatch, error):
    async def rehearse(*_args, **_kwargs):
        raise error

    monkeypatch.setattr(room, "rehearse", rehearse)
    result = parley("room", "demo")
    assert (result.exit_code, result.output) == (1, f"parley: {error}\n")


def test_where_the_demo_cannot_leave_its_recording_the_option_is_offered(parley, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out").touch()
    result = parley("demo")
    assert result.exit_code == 1
    assert result.output == f"parley: {tmp_path}/out: File exists; name another folder by --out\n"
