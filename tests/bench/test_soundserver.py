import subprocess
import sys
from pathlib import Path

from device.bench.soundserver import server_pid, sound_server
from device.model_files.files import places

_LOOK = "from device.model_files.files import places; print(*places(), sep='\\n')"


def test_an_assistant_on_it_looks_for_models_where_it_always_does() -> None:
    with sound_server() as environment:
        looked = subprocess.run(
            [sys.executable, "-c", _LOOK], env=environment, capture_output=True, text=True, check=True, timeout=60
        )
    assert looked.stdout.splitlines() == [str(place) for place in places()]


def test_its_process_is_known() -> None:
    with sound_server() as environment:
        pid = server_pid(environment)
        assert Path(f"/proc/{pid}/comm").read_text() == "pulseaudio\n"
    assert not Path(f"/proc/{pid}").exists()
