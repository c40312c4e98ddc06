"""The tree of settings: its defaults, and the example that shows every key of it."""

import re
import tomllib
from pathlib import Path

import msgspec

import device
from device.settings.loading import load
from device.settings.tree import Settings, WakeSettings
from device.settings.types import Secret, Section

EXAMPLE = Path(device.__file__).with_name("parley.example.toml")


def test_the_example_shows_every_key_with_its_default(write, home):
    text = EXAMPLE.read_text()
    assert load(EXAMPLE, home) == Settings(), "as it ships, it changes nothing"
    shown = tomllib.loads(re.sub(r"^#(?=\w)", "", text, flags=re.MULTILINE))

    def tree(section):
        return {
            key: tree(value) if isinstance(value, Section) else "" if isinstance(value, Secret) else value
            for key, value in msgspec.structs.asdict(section).items()
        }

    settings = Settings()
    engine = {"openai": tree(settings.engine["openai"])}
    engine["openai"] = {key: value for key, value in engine["openai"].items() if value is not None}
    engine["openai"] = msgspec.to_builtins(engine["openai"])
    engine["openai"] |= {key: list(value) for key, value in engine["openai"].items() if isinstance(value, tuple)}
    del engine["openai"]["protocol"]
    # Of other engines what is said above of OpenAI's is not said again.
    others = {
        "gpt-live": {"backend", "delegate"},
        "gemini": {"tools", "thinking"},
        "cartesia": {"agent", "output_delivery"},
    }
    for name, keys in others.items():
        assert keys <= set(shown["engine"][name])
        engine[name] = {key: getattr(settings.engine[name], key) for key in shown["engine"][name]}
    rest = msgspec.to_builtins(tree(msgspec.structs.replace(settings, engine={})))
    wake = rest["wake"] | {"models": list(settings.wake.models)}
    lists = {"engines": ["local"], "tools": list(settings.tools), "wake": wake}
    lists["whisper"] = rest["whisper"] | {"languages": []}
    lists["cartesia"] = rest["cartesia"] | {"keyterms": []}
    lists["page"] = rest["page"] | {"hosts": [], "languages": []}
    lists["local"] = rest["local"] | {"hosts": [], "origins": []}
    lists["home"] = {key: value for key, value in rest["home"].items() if value is not None}
    assert shown == rest | lists | {"engine": engine}
    assert load(write(re.sub(r"^#(?=\w)", "", text, flags=re.MULTILINE)), home) == Settings()


def test_wake_words_are_said_as_their_models_are_named():
    models = ("hey_jarvis", "/some/where/hey_mycroft_v0.1.onnx", "alexa.tflite")
    assert WakeSettings(models=models).phrases == ("hey jarvis", "hey mycroft", "alexa")
