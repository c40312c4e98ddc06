"""What a wheel holds: hatchling takes everything in `device/` that git does not ignore, and what is forced in."""

import shutil
import subprocess
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
    assert {_PACKAGE / "parley.example.toml", _PACKAGE / "data/scenes/demo.toml"} < set(data)
    # 0 would say that some are ignored, 128 that git cannot tell.
    asked = subprocess.run(["git", "-C", _ROOT, "check-ignore", *data], capture_output=True, text=True, check=False)
    assert (asked.returncode, asked.stdout) == (1, "")


def test_this_checkout_is_found_whatever_its_folder_is_called() -> None:
    """Python 3.11 reads the path in the locale's encoding, in which it may not be possible."""
    lines = {path.read_text().strip() for path in Path(sysconfig.get_path("purelib")).glob("_editable_impl_parley.pth")}
    assert lines <= {"../../../.."}
