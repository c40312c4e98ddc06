import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

_OPEN_A_MODEL = """\
import sys
from pathlib import Path
from device.listen.onnx import load
load(Path(sys.argv[1]))
"""
# onnxruntime reports nothing where a variable says that this is a test or continuous integration.
_SILENCES_IT = {"ORT_DISABLE_TELEMETRY", "ORT_TELEMETRY_DISABLED", "ORT_RUNNING_UNIT_TESTS", "CI", "GITHUB_ACTIONS"}


def test_onnxruntime_collects_nothing_for_its_maker(models: Callable[[str], Path], tmp_path: Path) -> None:
    """Otherwise an identifier of this machine and what is to be sent appear under ~/.cache/Microsoft."""
    kept = {
        name: value for name, value in os.environ.items() if name not in _SILENCES_IT and not name.startswith("XDG_")
    }
    home = tmp_path / "home"
    home.mkdir()
    subprocess.run(
        [sys.executable, "-c", _OPEN_A_MODEL, models("silero_vad.onnx").resolve()],
        env={**kept, "HOME": str(home)},
        check=True,
        timeout=60,
    )
    assert list(home.rglob("*")) == []
