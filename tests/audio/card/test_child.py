import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
SCRIPT = """
import json, sys
from device.audio.card import child
child.importlib.import_module = lambda name: type("", (), {"main": staticmethod(print)})
child.main(7)
import device.audio.card.alsa, device.audio.card.serve, signal
print(json.dumps([sorted(sys.modules), signal.getsignal(signal.SIGTERM) == signal.SIG_IGN]))
"""


def test_it_imports_nothing_that_a_card_does_not_need_and_leaves_signals_to_the_daemon():
    done = subprocess.run([sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True, check=True)
    said, found = done.stdout.splitlines()
    modules, ignores = json.loads(found)
    assert said == "7", "the socket"
    assert ignores
    rooms = {name.split(".")[1] for name in modules if name.startswith("device.")}
    assert rooms == {"audio", "conversation", "sample_clock", "system"}
    packages = {name.split(".")[0] for name in modules}
    assert not packages & {"asyncio", "onnxruntime", "aiohttp", "rich", "click", "hashlib", "ssl"}
    assert {"numpy", "pyaudio", "msgspec"} <= packages
    assert not [name for name in modules if name.startswith(("numpy.random.", "numpy.ma.", "numpy.fft."))]
