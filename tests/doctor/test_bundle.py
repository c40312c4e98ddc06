"""The support bundle: what is in it, and that no key and no word spoken is."""

import json
import stat
import tarfile

import pytest

from device.conversation import entries
from device.conversation.states import State
from device.doctor import bundle, service
from device.doctor.bundle import CONTENTS, JOURNAL, default_name, gather, pack
from device.doctor.finding import Finding
from device.records.costs import Costs
from device.records.ledger import Ledger
from device.records.transcript_writer import TranscriptWriter
from device.settings import last_good
from device.settings.prices import prices
from device.system import paths
from device.system.typed import of_service

KEYS = {
    "file": "key-of-the-file-1",
    "environment": "key-of-the-environment-2",
    "unused": "key-of-another-engine-3",
    "password": "hush-hush-4",
    "machine": "key-of-the-machine-5",
    "shaped": "sk-proj-nobodyknowsthis6",
}
WORDS = ("tangerine", "xylophone", "marmalade", "zeppelin", "quicksand", "porcupine")


def entry(message, unit="parley.service", by="parley"):
    return json.dumps(
        {"MESSAGE": message, "_SYSTEMD_UNIT": unit, "SYSLOG_IDENTIFIER": by, "__REALTIME_TIMESTAMP": "1800000000000000"}
    )


LOG = "\n".join(
    [
        entry("Listening on USB. Say “hey jarvis”."),
        entry("Started Parley, a voice assistant.", unit="init.scope", by="systemd"),
        entry("  12.34 s  understood “Where is my tangerine?”"),
        entry("  14.34 s  saying     “On the\nxylophone, of course.”"),
        entry('  14.40 s  tool       set_timer {"name": "marmalade"}'),
        entry(
            f"ERROR device.daemon.daemon: Engine: refused {KEYS['file']}, {KEYS['shaped']} and {KEYS['environment']}"
        ),
        entry("ERROR device.daemon.daemon: Engine: cannot say 'a zeppelin, please'"),
        entry(
            "ERROR device.tools.registry: The tool failed.\nTraceback (most recent call last):\nKeyError: 'quicksand'"
        ),
        entry("WARNING device.x: nobody said a porcupine is in the bath, honestly"),
        entry(f"WARNING device.x: ws://me:{KEYS['password']}@10.0.0.5/v1?token={KEYS['machine']}"),
        entry([1, 2, 3]),
        "no JSON",
    ]
)


@pytest.fixture
def device_of_somebody(tmp_path, monkeypatch):
    """A device on which keys and words are wherever they can be; returns its settings file."""
    state, keys = tmp_path / "state", tmp_path / "keys"
    keys.mkdir()
    (keys / "GEMINI_API_KEY").write_text(KEYS["machine"])
    monkeypatch.setattr(bundle, "machine_keys", lambda environ: service.machine_keys(environ, keys))
    monkeypatch.setattr(paths, "SHARED", tmp_path / "none")
    for name, value in {
        "HOME": str(tmp_path),
        "STATE_DIRECTORY": str(state),
        "XAI_API_KEY": KEYS["environment"],
        "SOME_OTHER_KEY": KEYS["unused"],
    }.items():
        monkeypatch.setenv(name, value)
    ledger = Ledger()
    transcripts = TranscriptWriter(7)
    costs = Costs({"openai": "gpt-realtime-2.1"}, prices({}), lambda: 2.0)
    ledger.watch(transcripts.take)
    ledger.watch(costs.take)
    ledger.record(entries.StateEntered(0, state=State.CONNECTING))
    ledger.record(entries.SessionOpen(0, engine="openai"))
    ledger.record(entries.User(1, text="A porcupine is in the bath"))
    ledger.record(entries.Tool(2, name="set_timer", arguments='{"name": "marmalade zeppelin quicksand"}'))
    ledger.record(entries.Assistant(2, item="i", text="Tangerine and xylophone for tea"))
    ledger.record(entries.ReplyEnd(3, reply="r", status="completed", input_tokens=10))
    ledger.record(entries.StateEntered(4, state=State.ASLEEP))
    transcripts.close()
    costs.close()
    file = tmp_path / "parley.toml"
    file.write_text(
        f'engines = ["openai", "local"]\n[engine.openai]\napi_key = "{KEYS["file"]}"\n'
        f'[brain]\nurl = "http://me:{KEYS["password"]}@10.0.0.5/v1?key={KEYS["shaped"]}"\nmodel = "m"\n'
    )
    file.chmod(0o600)
    return file


def asked(command):
    return LOG if tuple(command) == JOURNAL else ""


def leaks(text):
    return [one for one in (*KEYS.values(), *WORDS) if one in text.casefold()]


def test_neither_keys_nor_words_are_in_it_wherever_they_were(device_of_somebody):
    findings = [
        Finding("settings", "fail", f"openai refused {KEYS['file']}", f"not {KEYS['environment']}"),
        Finding("engine openai", "warn", "it answered “a porcupine”; A porcupine is in the bath"),
    ]
    parts = gather(last_good.look(device_of_somebody), findings, asked=asked)
    assert list(parts) == list(CONTENTS)
    assert {name: leaks(text) for name, text in parts.items()} == {name: [] for name in parts}


def test_what_helps_is_in_it(device_of_somebody):
    parts = gather(last_good.look(device_of_somebody), [Finding("card", "fail", "none", "plug one in")], asked=asked)
    assert parts["doctor.txt"] == "fail  card: none\n      → plug one in"
    assert f'engines = ["openai", "local"]  # {device_of_somebody}' in parts["settings.toml"]
    assert "# api_key is set" in parts["settings.toml"]
    log = parts["log.txt"].splitlines()
    assert log[0].endswith(" parley: Listening on USB. Say “…”.")
    assert log[1].endswith(" systemd: Started Parley, a voice assistant.")
    assert log[2].endswith("understood …")
    assert log[4] == "(1 lines left out)"
    assert "Engine: refused ***, *** and ***" in parts["log.txt"]
    assert parts["log.txt"].count("KeyError") == 1
    (day,) = json.loads(parts["costs.json"])
    assert (day["engine"], day["amounts"]["input_tokens"]) == ("openai", 10)
    assert "transcripts.sqlite" in parts["machine.txt"]
    assert "Kernel: " in parts["machine.txt"]
    assert "Parley " in parts["versions.txt"]
    assert "aiohttp " in parts["versions.txt"]


def test_what_cannot_be_had_says_why(device_of_somebody, tmp_path):
    (tmp_path / "state" / "costs.sqlite").write_text("no database" * 100)
    (tmp_path / "state" / "transcripts.sqlite").write_text("no database" * 100)
    parts = gather(last_good.look(device_of_somebody), [], asked=lambda _: "")
    assert of_service("doctor --bundle") in parts["log.txt"]
    assert "cannot be read" in parts["costs.json"]


def test_only_its_owner_can_read_it(tmp_path):
    path = tmp_path / default_name(0)
    path.touch(mode=0o666)
    pack({"doctor.txt": "all well"}, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with tarfile.open(path) as tar:
        (member,) = tar.getmembers()
        assert (member.name, member.uname, tar.extractfile(member).read()) == (
            "parley-bundle/doctor.txt",
            "",
            b"all well\n",
        )


OVERRIDDEN = "key-of-the-file-that-is-not-in-force"
LEFTOVERS = {
    "overridden by the environment": f'[engine.xai]\napi_key = "{OVERRIDDEN}"\n',
    "no TOML": f'[engine.openai\napi_key = "{OVERRIDDEN}"\n',
    "a quote that is not closed": f'[engine.openai]\napi_key = "{OVERRIDDEN}\n',
    "no quotes": f"[engine.openai]\napi_key = {OVERRIDDEN}\n",
    "no equals sign": f'[engine.openai]\napi_key "{OVERRIDDEN}"\n',
    "three quotes": f'[engine.openai]\napi_key = """\n{OVERRIDDEN}"""\n',
    "a key that does not exist": f'[engine.openai]\nmy_secret_token = "{OVERRIDDEN}"\n',
    "a comment": f'# api_key = "{OVERRIDDEN}"\n',
    "a wrong table": f'engine = {{ openai = {{ password = "{OVERRIDDEN}" }} }}\n',
    "the path of an address": f'[brain]\nurl = "https://gateway.lan/{OVERRIDDEN}/v1"\nmodel = "m"\n',
    "what is asked in an address": f'[brain]\nurl = "https://gateway.lan/v1?auth={OVERRIDDEN}"\nmodel = "m"\n',
    "an address in a broken file": f'[brain\nurl = "https://gateway.lan/hooks/{OVERRIDDEN}"\n',
    "no text": f'\udcff\napi_key = "{OVERRIDDEN}"\n',
}


@pytest.mark.parametrize("text", LEFTOVERS.values(), ids=LEFTOVERS)
def test_keys_that_stand_in_a_file_and_are_not_in_force_are_hidden(device_of_somebody, text):
    device_of_somebody.write_text(text, errors="surrogateescape")
    said = "\n".join(
        [
            entry(f"ERROR device.daemon.daemon: Engine: refused {OVERRIDDEN}"),
            entry(f"WARNING device.x: https://gateway.lan/hooks/{OVERRIDDEN}?auth={OVERRIDDEN} does not answer"),
            entry(f"started with {OVERRIDDEN}", by="systemd"),
        ]
    )
    findings = [Finding("engine", "fail", f"refused {OVERRIDDEN}", f"try {OVERRIDDEN}")]
    parts = gather(
        last_good.look(device_of_somebody), findings, asked=lambda command: said if tuple(command) == JOURNAL else ""
    )
    assert [name for name, text in parts.items() if OVERRIDDEN in text] == []
    assert "refused ***" in parts["log.txt"]


def test_words_that_were_said_alone_or_to_a_tool_are_hidden(device_of_somebody):
    ledger, transcripts = Ledger(), TranscriptWriter(7)
    ledger.watch(transcripts.take)
    ledger.record(entries.StateEntered(0, state=State.CONNECTING))
    ledger.record(entries.User(1, text="Rumpelstiltskin!"))
    ledger.record(entries.Tool(2, name="set_timer", arguments='{"seconds": 5, "name": "butterscotch"}'))
    ledger.record(entries.User(3, text="bring three blind mice to me"))
    ledger.record(entries.StateEntered(4, state=State.ASLEEP))
    transcripts.close()
    said = "\n".join(
        entry(f"WARNING device.x: cannot find {words} here")
        for words in ("rumpelstiltskin", "butterscotch", "three blind mice", "a timer")
    )
    parts = gather(
        last_good.look(device_of_somebody), [], asked=lambda command: said if tuple(command) == JOURNAL else ""
    )
    for words in ("rumpelstiltskin", "butterscotch", "blind"):
        assert words not in parts["log.txt"]
    assert "cannot find a timer here" in parts["log.txt"]


def test_it_follows_no_link(tmp_path, device_of_somebody):
    target = tmp_path / "passwd"
    target.write_text("root")
    path = tmp_path / "bundle.tar.gz"
    path.symlink_to(target)
    pack({"doctor.txt": "all well"}, path)
    assert target.read_text() == "root"
    assert not path.is_symlink()
    assert tarfile.is_tarfile(path)
    assert not list(tmp_path.glob(".bundle*"))
    (tmp_path / "state" / "odd\nname").symlink_to("/etc/passwd")
    machine = gather(last_good.look(device_of_somebody), [], asked=asked)["machine.txt"]
    (shown,) = [text for text in machine.splitlines() if "odd" in text]
    assert shown.endswith("a link")


def test_a_place_that_is_not_to_be_had_is_an_error_and_leaves_nothing(tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError):
        pack({"doctor.txt": "all well"}, tmp_path / "folder")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]
