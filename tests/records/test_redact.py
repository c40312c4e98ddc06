"""What is let out of a log, and what is not."""

import logging

import msgspec
import pytest

from device.records.redact import HIDDEN, UNSAID, Redaction, secrets_in
from device.settings.tree import BrainSettings, Settings
from device.settings.types import Secret
from device.system import logs
from device.system.service_status import Doing, Status

KEY = "hush-4711"
SAID = ["Remind me of the wedding on Friday", "Call Bob", "stop"]


@pytest.fixture
def redaction():
    return Redaction([KEY, ""], SAID)


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("  12.34 s  understood “Where is my gold?”", "  12.34 s  understood …"),
        ("  12.34 s  saying     “In the cellar.”", "  12.34 s  saying     …"),
        ('  12.34 s  tool       set_timer {"name": "gold"}', "  12.34 s  tool       …"),
        ("  12.34 s  timer      “gold” rings", "  12.34 s  timer      …"),
        ("   0.10 s  state      → listening", "   0.10 s  state      → listening"),
        ("   0.10 s  wake       “hey_jarvis”, score 0.97", "   0.10 s  wake       “…”, score 0.97"),
        ("  99.00 s  card lost  the sound card is gone", "  99.00 s  card lost  the sound card is gone"),
        ("WARNING device.audio.card.alsa: USB is gone", "WARNING device.audio.card.alsa: USB is gone"),
        ("ERROR device.daemon.daemon: Engine: bad 'my gold is here'", "ERROR device.daemon.daemon: Engine: bad '…'"),
        (
            "ERROR device.daemon.daemon: Engine: it doesn't answer",
            "ERROR device.daemon.daemon: Engine: it doesn't answer",
        ),
        (f"ERROR device.x: refused {KEY}", f"ERROR device.x: refused {HIDDEN}"),
        ("ERROR device.x: heard remind me, of THE wedding", f"{UNSAID}"),
        ("ERROR device.x: cannot call Bob", UNSAID),
        ("ERROR device.x: cannot stop", "ERROR device.x: cannot stop"),
        ("DEBUG device.local.session.verdict: 500 ms end the turn: gold", None),
        ("INFO some.library: where is my gold", None),
        ("and the second line of a reply, with gold", None),
        ("Traceback (most recent call last):", "Traceback (most recent call last):"),
        ('  File "/opt/parley/lib/x.py", line 3, in ask', '  File "/opt/parley/lib/x.py", line 3, in ask'),
        ("    raise ValueError(gold)", None),
        ("ValueError: where is my gold", "ValueError"),
        ("Error: gold", None),
        ("parley: card.input: there is no 'x'", "parley: card.input: there is no 'x'"),
        ("", None),
    ],
)
def test_lines_of_the_log(redaction, line, shown):
    assert redaction.log(line) == shown


@pytest.mark.parametrize(
    "secret",
    [
        "Authorization: Bearer abcdef",
        "sk-proj-abcdefgh1234",
        "AIzaSyA-1234567890",
        "https://host/v1?key=abcdef&x=1",
        "wss://me:abcdef@host/v1",
        'api_key = "abcdef"',
        '{"token": "abcdef"}',
        "eyJhbGciOiJIUzI1.eyJzdWIiOiIx.abcdef",
    ],
)
def test_what_looks_like_a_key_is_hidden_though_nobody_knows_it(redaction, secret):
    shown = redaction.secrets(f"it said {secret} and no more")
    assert not any(part in shown for part in ("abcdef", "1234"))
    assert shown.startswith("it said ")
    assert shown.endswith(" and no more")


def test_what_is_no_key_stays(redaction):
    text = 'key_variable = "X_API_KEY"\nmax_output_tokens = 4096\n# api_key is set, by X_API_KEY\nthe key is lost'
    assert redaction.secrets(text) == text
    assert redaction.log("INFO device.x: 0123456789abcdef0123456789abcdef01") == f"INFO device.x: {HIDDEN}"
    folder = "INFO device.x: /opt/parley-0123456789ab/lib/python3.11/site-packages/device/data"
    assert redaction.log(folder) == folder


def test_every_secret_in_the_settings_is_found():
    settings = Settings(brain=BrainSettings(url="http://me:hush@10.0.0.5/v1", api_key=Secret("brain-key")))
    engine = msgspec.structs.replace(settings.engine["openai"], api_key=Secret("openai-key"))
    settings = msgspec.structs.replace(settings, engine={**settings.engine, "openai": engine})
    assert {"me", "hush", "brain-key", "openai-key"} <= set(secrets_in(settings))


@pytest.mark.parametrize("name", ["device.daemon.daemon", "device.commands.terminal", "asyncio"])
def test_what_commands_log_is_let_through_as_they_write_it(redaction, name):
    written = logging.Formatter(logs.LINE).format(
        logging.makeLogRecord({"name": name, "levelname": "ERROR", "msg": "x"})
    )
    assert redaction.log(written) == written


def test_the_line_of_who_listens_is_let_through(redaction):
    assert redaction.log(str(Status(Doing.LISTENING, "USB"))) == "Listening on USB"
