"""What a wheel holds: hatchling takes everything in `device/` that git does not ignore, and what is forced in."""

import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path

import pytest

import device
from device.model_files import files

_PACKAGE = Path(device.__file__).parent
_ROOT = _PACKAGE.parent


def test_the_manifest_comes_where_an_installed_parley_looks_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = tomllib.loads((_ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["packages"] == ["device"]
    looked_for = []
    monkeypatch.setattr(files, "CHECKOUT", _ROOT / "there is no checkout")
    monkeypatch.setattr(Path, "read_bytes", lambda path: looked_for.append(path) or b"source = []")
    files.read_manifest()
    assert [path.relative_to(_ROOT) for path in looked_for] == [
        Path(target) for source, target in wheel["force-include"].items() if (_ROOT / source).is_file()
    ]


def test_git_ignores_none_of_the_data() -> None:
    if shutil.which("git") is None or not (_ROOT / ".git").exists():
        pytest.skip("this is no git checkout")
    data = [path for path in _PACKAGE.rglob("*") if path.is_file() and path.suffix not in {".py", ".pyc"}]
    assert {_PACKAGE / name for name in ("parley.example.toml", "data/scenes/demo.toml", "page/static/kiosk.js")} < set(
        data
    )
    # 0 would say that some are ignored, 128 that git cannot tell.
    asked = subprocess.run(["git", "-C", _ROOT, "check-ignore", *data], capture_output=True, text=True, check=False)
    assert (asked.returncode, asked.stdout) == (1, "")


def test_this_checkout_is_found_whatever_its_folder_is_called() -> None:
    """Python 3.11 reads the path in the locale's encoding, in which it may not be possible."""
    lines = {path.read_text().strip() for path in Path(sysconfig.get_path("purelib")).glob("_editable_impl_parley.pth")}
    assert lines <= {"../../../.."}


_NEEDLESS = [
    re.split("[;=]", line)[0].strip()
    for line in (_ROOT / "scripts/needless.txt").read_text().splitlines()
    if line and not line.startswith("#")
]
_WITHOUT = """
import sys
import device
from device.listen.wake_word import library

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in sys.argv[1:]:
            raise ModuleNotFoundError(f"{name} is imported, but no lock has it")

sys.meta_path.insert(0, Refuse())
for framework in ("onnx", "tflite"):
    library(framework)
"""


def test_what_is_left_out_of_the_locks_is_in_none_of_them() -> None:
    assert "scipy" in _NEEDLESS
    for lock in ("requirements.lock", "requirements-dev.lock"):
        locked = set(re.findall(r"(?m)^([a-z0-9-]+)==", (_ROOT / lock).read_text()))
        assert "openwakeword" in locked
        assert not locked.intersection(_NEEDLESS), lock


def test_what_is_left_out_of_the_locks_is_not_imported() -> None:
    modules = [{"scikit-learn": "sklearn"}.get(name, name) for name in _NEEDLESS]
    subprocess.run([sys.executable, "-P", "-c", _WITHOUT, *modules], check=True, timeout=120)
