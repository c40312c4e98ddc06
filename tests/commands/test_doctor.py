"""`parley doctor`: findings with their fixes, the engine that is asked for, and the bundle that it writes."""

import io
import json
import tarfile

import pytest
from click.testing import CliRunner

from device.commands import doctor
from device.commands.main import main
from device.doctor.bundle import CONTENTS, gather
from device.doctor.finding import Finding

KEY = "sk-of-the-file-4711"


@pytest.fixture
def config(tmp_path, monkeypatch):
    """A settings file with a key in it, and no other key."""
    monkeypatch.delenv("GEMINI_API_KEY", raising=False)
    path = tmp_path / "parley.toml"
    path.write_text(f'engines = ["openai", "local"]\n[engine.openai]\napi_key = "{KEY}"\n')
    path.chmod(0o600)
    return path


@pytest.fixture
def finds(monkeypatch, tmp_path):
    """Let the doctor find what it is told, without a look at the machine; returns what it was asked to examine."""
    asked = []

    def find(*findings):
        async def examine(settings, config, fault, tell=None):
            asked.append((settings.engines, fault))
            for finding in findings:
                yield finding

        async def examine_engine(settings, name, config):
            asked.append((settings.engines, name))
            for finding in findings:
                yield finding

        monkeypatch.setattr(doctor, "examine", examine)
        monkeypatch.setattr(doctor, "examine_engine", examine_engine)
        return asked

    monkeypatch.setattr(doctor, "set_up_log", lambda _: None)
    monkeypatch.chdir(tmp_path)
    return find


def test_each_finding_is_shown_and_what_is_not_well_with_its_fix(parley, finds, config):
    asked = finds(Finding("clock", "ok", "12:00", "none needed"), Finding("gpio", "warn", "not for you", "usermod"))
    result = parley("doctor", "--config", str(config))
    assert result.exit_code == 0, "a warning is no failure"
    assert result.output == "ok    clock: 12:00\nwarn  gpio: not for you\n      → usermod\n"
    assert asked == [(("openai", "local"), "")]


@pytest.mark.parametrize(
    "said", ["[/]", "[/nothing]", "[bold]not[/bold]", "set [card] input", "see [link=x]", "[", "engine.[openai].url"]
)
def test_what_looks_like_markup_neither_ends_the_doctor_nor_vanishes(parley, finds, config, said):
    finds(Finding("engine", "fail", f"the server says: {said}", f"try {said}"), Finding("clock", "ok", "12:00"))
    result = parley("doctor", "--config", str(config))
    assert result.output == f"fail  engine: the server says: {said}\n      → try {said}\nok    clock: 12:00\n"


def test_a_servers_words_forge_no_finding(parley, finds, config):
    finds(Finding("engine", "fail", "gone\nok    engine: fine\x1b[1A\x1b[2K", "wait\r\nok    key: set"))
    result = parley("doctor", "--config", str(config), "--bundle", "b.tar.gz")
    assert not [line for line in result.output.splitlines() if line.startswith("ok")]
    assert "\x1b" not in result.output
    with tarfile.open("b.tar.gz") as bundle:
        told = bundle.extractfile("parley-bundle/doctor.txt").read().decode()
    assert not [line for line in told.splitlines() if line.startswith("ok")]


def test_a_failure_is_status_1(parley, finds, config):
    finds(Finding("card", "fail", "none"))
    result = parley("doctor", "--config", str(config))
    assert (result.exit_code, result.output) == (1, "fail  card: none\n")


def test_settings_that_cannot_be_used_are_what_the_doctor_is_told(parley, finds, tmp_path):
    asked = finds()
    (tmp_path / "parley.toml").write_text("name = ")
    assert parley("doctor", "--config", str(tmp_path / "parley.toml")).exit_code == 0
    ((engines, fault),) = asked
    assert engines == ("local",)
    assert "not TOML" in fault
    assert "goes by the defaults" in fault


def test_one_engine_is_talked_with_instead(parley, finds, config):
    asked = finds(Finding("openai reply", "ok", "1 s"))
    assert parley("doctor", "--config", str(config), "--engine", "openai").exit_code == 0
    assert asked == [(("openai",), "openai")]


@pytest.mark.parametrize(("engine", "named"), [("frob", "'frob' is not known"), ("gemini", "GEMINI_API_KEY")])
def test_an_engine_that_is_not_known_or_lacks_its_key_is_one_line(parley, finds, config, engine, named):
    asked = finds()
    result = parley("doctor", "--config", str(config), "--engine", engine)
    assert result.exit_code == 1
    assert result.output.startswith("parley: ")
    assert named in result.output
    assert asked == []


def test_the_bundle_is_shown_with_what_is_in_it(parley, finds, config, tmp_path):
    finds(Finding("card", "fail", f"none for {KEY}", "plug one in"))
    result = parley("doctor", "--config", str(config), "--bundle")
    assert result.exit_code == 1, "what the doctor found counts"
    (made,) = tmp_path.glob("parley-bundle-*.tar.gz")
    assert f"{made.name} holds, without keys or words spoken:" in result.output
    assert all(f"  {name} " in result.output for name in CONTENTS)
    with tarfile.open(made) as tar:
        members = {member.name: tar.extractfile(member).read().decode() for member in tar.getmembers()}
    assert members["parley-bundle/doctor.txt"] == "fail  card: none for ***\n      → plug one in\n"
    assert len(members) == len(CONTENTS)
    assert KEY not in "".join(members.values())


def test_a_bundle_goes_where_it_is_wanted_and_a_folder_that_is_not_there_is_said(parley, finds, config, tmp_path):
    finds(Finding("card", "ok", "USB"))
    assert parley("doctor", "--config", str(config), "--bundle", str(tmp_path / "mine.tgz")).exit_code == 0
    assert tarfile.is_tarfile(tmp_path / "mine.tgz")
    result = parley("doctor", "--bundle", str(tmp_path / "no" / "mine.tgz"))
    assert result.exit_code == 1
    assert f"parley: --bundle {tmp_path}/no/mine.tgz: No such file or directory\n" in result.output


def test_machines_get_json_and_nothing_else(parley, finds, config):
    finds(Finding("clock", "ok", "12:00"), Finding("card", "fail", "none"))
    result = parley("doctor", "--config", str(config), "--json")
    assert [one["status"] for one in json.loads(result.stdout)] == ["ok", "fail"]
    assert result.exit_code == 1


def test_within_the_daemon_each_finding_is_a_line_at_once(parley, finds, config):
    finds(Finding("clock", "ok", "12:00"), Finding("card", "fail", "none\nok", "plug one in"))
    result = parley("doctor", "--config", str(config), "--within")
    assert [json.loads(line)["message"] for line in result.output.splitlines()] == ["12:00", "none\nok"]


def test_a_bundle_for_standard_output_is_nothing_else_and_on_no_disk(parley, finds, config, tmp_path):
    finds(Finding("card", "fail", "none", "plug one in"))
    before = set(tmp_path.iterdir())
    result = parley("doctor", "--config", str(config), "--bundle", "-")
    with tarfile.open(fileobj=io.BytesIO(result.stdout_bytes)) as bundle:
        assert bundle.getnames() == [f"parley-bundle/{name}" for name in CONTENTS]
        assert b"plug one in" in bundle.extractfile("parley-bundle/doctor.txt").read()
    assert {path for path in tmp_path.iterdir() if path.name != "pulse"} == before


def test_within_the_daemon_its_log_is_packed_where_no_other_can_be_read(finds, config, monkeypatch):
    finds(Finding("clock", "ok", "12:00"))
    monkeypatch.setattr(
        doctor, "gather", lambda found, findings, log: gather(found, findings, asked=lambda _: "", log=log)
    )
    lines = (
        "INFO device.x: It begins",
        "  1.00 s  understood “a secret wish”",
        f"ERROR device.x: refused {KEY}",
        "words",
    )
    entries = [json.dumps({"MESSAGE": one, "_SYSTEMD_UNIT": "parley.service"}) for one in lines]
    arguments = ["doctor", "--config", str(config), "--within", "--bundle", "-"]
    result = CliRunner().invoke(main, arguments, input="\n".join(entries))
    with tarfile.open(fileobj=io.BytesIO(result.stdout_bytes)) as bundle:
        told = bundle.extractfile("parley-bundle/log.txt").read().decode()
    assert told.startswith("Only the assistant's own log since it was started can be read here")
    assert "INFO device.x: It begins" in told
    assert "ERROR device.x: refused ***" in told
    assert "wish" not in told
    assert told.endswith("(1 lines left out)\n")
