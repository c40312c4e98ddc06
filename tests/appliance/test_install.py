"""scripts/install on a machine below a folder: as it is, but for systemd, the users and what is built."""

import os
import shutil
import ssl
import subprocess
import sys
import threading
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from support.updated import SCRIPTS, Installed, program


@pytest.fixture
def machine(tmp_path: Path) -> Installed:
    return Installed(tmp_path.resolve())


def test_what_it_installs_is_where_the_units_look(machine: Installed) -> None:
    status, told = machine.install("0.1.0")
    assert status == 0, told
    assert machine.link.resolve() == machine.folder_of("0.1.0")
    assert (machine.root / "opt/parley-installed").resolve() == machine.link.resolve()
    assert (machine.root / "var/lib/parley-models/model").exists()
    assert (machine.root / "etc/systemd/system/parley.service").exists()
    assert any(
        line.startswith("start parley-engine.socket parley-engine.service parley.service ") for line in machine.told
    )


def test_root_follows_no_link_where_other_users_may_put_one(machine: Installed) -> None:
    machine.install("0.1.0")
    elsewhere = machine.root / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    for link in ("parley-update/ready", "parley/models", "parley/updating"):
        path = machine.root / "var/lib" / link
        if path.is_dir():
            shutil.rmtree(path)
        path.symlink_to(elsewhere if path.name != "updating" else elsewhere / "file")
    assert machine.install("0.1.1")[0] == 0
    assert elsewhere.stat().st_mode & 0o777 == 0o700, "root has made it another's"
    assert list(elsewhere.iterdir()) == []


def test_models_of_an_older_installer_stay_for_the_version_that_needs_them(machine: Installed) -> None:
    former = machine.root / "var/lib/parley/models/model"
    former.parent.mkdir(parents=True)
    former.write_text("as it was")
    assert machine.install("0.1.0")[0] == 0
    assert former.read_text() == "as it was"
    assert (machine.root / "var/lib/parley-models/model").exists()


def test_without_systemd_it_starts_nothing(machine: Installed) -> None:
    assert machine.install("0.1.0", "--no-start")[0] == 0
    assert {line.split()[0] for line in machine.told} == {"--root=/"}
    assert machine.version == "0.1.0"


def test_removed_with_all_that_it_kept_nothing_is_left(machine: Installed) -> None:
    machine.install("0.1.0")
    assert machine.install("0.1.0", "--uninstall")[0] == 0
    assert not list((machine.root / "opt").iterdir())
    assert (machine.root / "etc/parley/parley.toml").exists()
    assert machine.install("0.1.0", "--purge")[0] == 0
    assert not list((machine.root / "var/lib").glob("parley*"))
    assert not (machine.root / "etc/parley").exists()


UPDATES = (
    *("parley-update.timer", "parley-update.path", "parley-switch.path"),
    *("parley-update.service", "parley-switch.service"),
)


def test_updates_stand_still_while_it_installs(machine: Installed) -> None:
    assert machine.install("0.1.0")[0] == 0
    assert f"stop {' '.join(UPDATES)}" in machine.told
    stopped = machine.told.index(f"stop {' '.join(UPDATES)}")
    assert stopped < next(n for n, line in enumerate(machine.told) if line.startswith("restart"))
    program(machine.checkout / "scripts/setup", "#!/bin/sh\nexit 3\n")
    assert machine.install("0.1.1")[0] == 3
    assert machine.told[-1] == "start parley-update.timer", "the path was not active before"


@pytest.mark.parametrize("unit", ["parley-engine.service", "parley.service"])
def test_it_goes_back_if_a_service_does_not_start(machine: Installed, unit: str) -> None:
    machine.install("0.1.0")
    (machine.root / f"fails-{unit}").write_text(machine.folder_of("0.2.0").name + "\n")
    status, told = machine.install("0.2.0")
    assert status == 1
    assert "the one before is back" in told
    assert machine.version == "0.1.0"
    assert (machine.root / "opt/parley-installed").resolve() == machine.folder_of("0.1.0")
    assert (machine.root / "runs").read_text().strip() == machine.folder_of("0.1.0").name
    assert not (machine.own / "bad").exists()


def test_what_was_being_tried_is_nothing_to_go_back_to(machine: Installed) -> None:
    machine.install("0.1.0")
    machine.release("0.2.0", machine.key)
    machine.run()
    (machine.own / "trying").write_text(f"{machine.link.resolve()}\n0.2.0\nparley.service\n")
    machine.link.unlink()
    machine.link.symlink_to(machine.built[0])
    (machine.root / "fails-parley.service").write_text(machine.folder_of("0.3.0").name + "\n")
    assert machine.install("0.3.0")[0] == 1
    assert machine.version == "0.1.0"
    assert not (machine.own / "trying").exists()
    assert machine.install("0.3.1")[0] == 0
    assert machine.version == "0.3.1"


def test_an_older_version_that_was_installed_by_hand_stays(machine: Installed) -> None:
    machine.install("0.1.0")
    machine.release("0.2.0", machine.key)
    machine.run()
    assert machine.run("switch")[0] == 0
    assert machine.install("0.1.5")[0] == 0
    assert machine.run()[0] == 1
    assert machine.run("switch")[0] == 1
    assert machine.version == "0.1.5"
    machine.release("0.2.1", machine.key)
    assert machine.run()[0] == 0
    assert machine.run("switch")[0] == 0
    assert machine.version == "0.2.1"


def test_what_did_not_come_up_is_known_after_an_installation(machine: Installed) -> None:
    machine.install("0.1.0")
    (machine.own / "bad").write_text("0.2.0\n")
    assert machine.install("0.1.1")[0] == 0
    assert (machine.own / "bad").read_text() == "0.2.0\n"


@pytest.mark.parametrize("owner", ["ada", "root", "bob"])
def test_the_checkout_of_whom_sudo_is_for_is_set_up_as_them(machine: Installed, owner: str) -> None:
    home = machine.checkout.parent / "home/ada"
    shutil.copytree(machine.checkout.parent / ".cache", home / ".cache")
    (machine.checkout / ".venv").mkdir()
    (machine.root / "as-users").touch()
    machine.environ["SUDO_USER"] = "ada"
    machine.tool("stat", f"if [[ $3 == .venv ]]; then echo root; else echo {owner}; fi")
    machine.tool("getent", f"echo ada:x:1000:1000::{home}:/bin/sh")
    program(machine.checkout / "scripts/setup", f'#!/bin/sh\necho "$HOME $*" >>{machine.root}/set-up\n')
    status, told = machine.install("0.1.0")
    assert status == 0, told
    done = [line.rstrip() for line in (machine.root / "set-up").read_text().splitlines()]
    as_users = (machine.root / "as-users").read_text()
    if owner == "ada":
        assert done == [f"{machine.environ['HOME']} --packages", str(home)]
        assert as_users.startswith("-u ada -- ")
        assert not (machine.checkout / ".venv").exists(), "root's would be in the way"
    else:
        assert done == [machine.environ["HOME"]]
        assert "ada" not in as_users
        assert (machine.checkout / ".venv").exists()


UV = """#!/usr/bin/env bash
case $1 in
    venv)
        mkdir -p "${@: -1}/bin" "${@: -1}/lib"
        printf '#!/bin/sh\\nexec true\\n' >"${@: -1}/bin/python"
        cp "${@: -1}/bin/python" "${@: -1}/bin/parley"
        chmod +x "${@: -1}"/bin/*
        install -m 666 /dev/null "${@: -1}/.lock" ;;
esac
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a checkout that scripts/build-release can build, by a uv that makes what runs and says nothing."""
    made = tmp_path / "checkout"
    for folder in ("scripts", "models", "device/data/__pycache__"):
        (made / folder).mkdir(parents=True)
    for file in ("requirements.lock", "pyproject.toml", "models/manifest.toml", "device/cli.py"):
        (made / file).touch()
    shutil.copy(SCRIPTS / "build-release", made / "scripts")
    program(made / "uv", UV)
    return made


def build(checkout: Path) -> Path:
    """Build what runs and return its folder."""
    command = [checkout / "scripts/build-release", checkout.parent / "opt", checkout / "uv"]
    return Path(subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout.strip())


@pytest.mark.parametrize("name", ["mel.npz", "places.csv", "chime.wav", "read.md", "cli.py", "noise"])
def test_every_file_of_it_makes_a_version_of_its_own(checkout: Path, name: str) -> None:
    before = build(checkout)
    file = checkout / "device" / name
    file.write_text("something")
    within = build(checkout)
    assert within != before
    file.rename(file.with_name("other." + name))
    assert build(checkout) not in (within, before)


def test_nothing_that_is_built_can_be_written_to_by_others(checkout: Path) -> None:
    folder = build(checkout)
    files = [path for path in folder.rglob("*") if not path.is_symlink()]
    assert len(files) > 2
    assert [path for path in files if path.stat().st_mode & 0o022] == []


def test_what_python_makes_of_it_makes_no_other_version(checkout: Path) -> None:
    before = build(checkout)
    (checkout / "device/data/__pycache__/some.pyc").touch()
    assert build(checkout) == before


def test_what_is_built_is_built_once_but_for_what_does_not_run(checkout: Path) -> None:
    folder = build(checkout)
    (folder / "it is the same").touch()
    assert build(checkout) == folder
    assert (folder / "it is the same").exists()
    program(folder / "bin/parley", "#!/usr/bin/python3.0\n")
    assert build(checkout) == folder
    assert not (folder / "it is the same").exists()
    assert (folder / ".complete").exists()


CONFIG = """#!/bin/sh
[ "$*" = "-m pip config list" ] || exit 1
echo "global.cert='/etc/machine.pem'"
echo "global.index-url='https://index.example/simple'"
echo "global.cert='/etc/house.pem'"
echo "install.index-url='https://other.example'"
"""


def handed(python: Path, **environ: str) -> str:
    """Return what uv is told of the settings of pip by this Python."""
    command = [SCRIPTS / "index", "/nowhere/python", python]
    environ = {"PATH": "/usr/bin:/bin", **environ}
    return subprocess.run(command, env=environ, check=True, capture_output=True, text=True).stdout


def test_uv_is_told_the_index_and_the_certificates_of_pip(tmp_path: Path) -> None:
    program(tmp_path / "python", CONFIG)
    told = handed(tmp_path / "python")
    assert told == "export UV_DEFAULT_INDEX=https://index.example/simple\nexport SSL_CERT_FILE=/etc/house.pem\n"
    assert handed(tmp_path / "python", UV_DEFAULT_INDEX="x", SSL_CERT_FILE="y") == ""
    assert handed(tmp_path / "python", HOME="/home/ada").endswith("UV_CACHE_DIR=/home/ada/.cache/parley/packages\n")
    extra = handed(tmp_path / "python", PIP_EXTRA_INDEX_URL="https://a.example https://b.example")
    assert "UV_INDEX_STRATEGY=unsafe-best-match" in extra
    assert "PIP" not in extra


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    """Return the certificate of an authority of one's own, which has signed `server.pem` beside it for localhost."""
    made = tmp_path / "authority"
    made.mkdir()
    (made / "names").write_text("subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n")
    asked = ("-subj", "/CN=localhost", "-keyout", "server.key", "-out", "server.csr")
    signed = ("-in", "server.csr", "-out", "server.crt")
    for command in (
        ("req", "-x509", "-subj", "/CN=House", "-keyout", "ca.key", "-out", "ca.crt", "-newkey", "ed25519", "-nodes"),
        ("req", *asked, "-newkey", "rsa:2048", "-nodes"),
        ("x509", "-req", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "names", *signed),
    ):
        subprocess.run(["openssl", *command], cwd=made, check=True, capture_output=True)
    (made / "server.pem").write_text((made / "server.crt").read_text() + (made / "server.key").read_text())
    return made / "ca.crt"


class Index(SimpleHTTPRequestHandler):
    """Serves a folder and says nothing."""

    def log_message(self, *_: object) -> None:
        pass


def test_uv_installs_from_an_index_of_ones_own_behind_a_certificate_of_ones_own(
    tmp_path: Path, authority: Path
) -> None:
    wheel = tmp_path / "index/simple/ours/ours-1.0-py3-none-any.whl"
    wheel.parent.mkdir(parents=True)
    with zipfile.ZipFile(wheel, "w") as file:
        file.writestr("ours.py", "")
        file.writestr("ours-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: ours\nVersion: 1.0\n")
        file.writestr("ours-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        file.writestr("ours-1.0.dist-info/RECORD", "")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Index, directory=str(tmp_path / "index")))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.with_name("server.pem"))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    index = f"https://localhost:{server.server_port}/simple"
    (tmp_path / "pip.conf").write_text(f"[global]\nindex-url = {index}\ncert = {authority}\n")
    uv = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "parley/uv/bin/uv"  # of scripts/setup
    script = f'eval "$({SCRIPTS / "index"} {sys.executable})"; exec {uv} pip install -q --target {tmp_path}/there ours'
    environ = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "PIP_CONFIG_FILE": str(tmp_path / "pip.conf")}
    command = ["bash", "-c", f"{script} --python {sys.executable}"]
    done = subprocess.run(command, env=environ, check=False, capture_output=True, text=True)
    server.shutdown()
    server.server_close()
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "there/ours.py").exists()
    assert (tmp_path / ".cache/parley/packages").is_dir()


def test_what_uv_is_told_is_one_word_whatever_it_holds(tmp_path: Path) -> None:
    program(tmp_path / "python", "#!/bin/sh\nexit 1\n")
    bad = "https://index.example/$(touch hacked)"
    script = f'eval "$({SCRIPTS / "index"} {tmp_path / "python"})"; printf %s "$UV_DEFAULT_INDEX"'
    environ = {"PATH": "/usr/bin:/bin", "PIP_INDEX_URL": bad}
    done = subprocess.run(["bash", "-c", script], env=environ, cwd=tmp_path, check=True, capture_output=True, text=True)
    assert done.stdout == bad
    assert not (tmp_path / "hacked").exists()


def test_purged_no_stamp_of_a_timer_stays(machine: Installed) -> None:
    machine.install("0.1.0")
    stamp = machine.root / "var/lib/systemd/timers/stamp-parley-update.timer"
    stamp.parent.mkdir(parents=True)
    stamp.touch()
    machine.install("0.1.0", "--purge")
    assert not stamp.exists()


def test_purged_no_cache_stays_but_for_what_others_keep_there(machine: Installed) -> None:
    machine.tool("getent", "echo who:x:1:1::/home/who:/bin/sh")
    machine.install("0.1.0")
    cache = machine.root / "home/who/.cache"
    for folder in ("parley/uv", "parley/packages", "parley/wheels"):
        (cache / folder).mkdir(parents=True)
    socket = machine.root / "run/parley-engine"
    socket.mkdir(parents=True)
    state = machine.root / "home/who/.local/state/parley"
    state.mkdir(parents=True)
    (state / "models.json").touch()
    machine.install("0.1.0", "--purge")
    assert not cache.exists()
    assert not state.parents[1].exists()
    assert not socket.exists()
    for folder in ("parley/packages", "parley/vm", "uv"):
        (cache / folder).mkdir(parents=True)
    machine.install("0.1.0", "--purge")
    assert sorted(path.name for path in cache.rglob("*")) == ["parley", "uv", "vm"]


def test_groups_that_it_makes_are_noted_once(machine: Installed) -> None:
    machine.tool("getent", "[[ $2 != gpio ]]")  # there is another one, as on a Raspberry Pi
    for _ in range(2):
        machine.install("0.1.0")
        machine.tool("getent", "true")
    assert (machine.root / "etc/parley/groups").read_text() == "gpio\n"


@pytest.mark.parametrize("variable", ["PIP_INDEX_URL", "PIP_CERT", ""])
def test_that_updates_do_not_know_an_index_of_the_environment_is_told(machine: Installed, variable: str) -> None:
    machine.environ = {name: value for name, value in machine.environ.items() if not name.startswith("PIP_")}
    if variable:
        machine.environ[variable] = "https://me:hush@index.example/simple"
    told = machine.install("0.1.0")[1]
    assert ("/etc/pip.conf" in told) == bool(variable)
    assert "hush" not in told


def test_models_of_the_checkout_are_taken_and_compared(machine: Installed) -> None:
    (machine.checkout / "models").mkdir()
    (machine.checkout / "models/hey.onnx").write_text("a model")
    (machine.checkout / "models/README.md").touch()
    assert machine.install("0.1.0")[0] == 0
    assert (machine.root / "var/lib/parley-models/hey.onnx").read_text() == "a model"
    assert not (machine.root / "var/lib/parley-models/README.md").exists()
