"""A machine below a folder of its own, and the repository of releases that it follows."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

SCRIPTS = Path(__file__).parent.parent.parent / "scripts"
OLD = "parley-000000000000"
PARLEY = """#!/bin/sh
case $1 in
    --version) echo "parley, version {version}" ;;
    settings) ! grep -q {chokes} "$3" ;;
    models) [ "$2 {chokes}" != "verify models" ] ;;
esac
"""
BUILD = """#!/usr/bin/env bash
set -eu
cd "$(dirname "$0")/.."
{extra}
folder=$1/parley-$(sha256sum pyproject.toml | cut -c1-12)
mkdir -p "$folder/bin"
cp parley "$folder/bin/parley"
version=$(./parley --version)
mkdir -p "$folder/lib/python3.13/site-packages/parley-${{version##* }}.dist-info"
touch "$folder/.complete"
echo "$folder"
"""


class Machine:
    """A machine with version 0.1.0, and the repository that it follows."""

    def __init__(self, folder: Path) -> None:
        self.root, self.origin, self.tools = folder / "root", folder / "origin", folder / "tools"
        self.etc, self.state = self.root / "etc/parley", self.root / "var/lib/parley-update"
        self.own, self.link = self.root / "var/lib/parley-switch", self.root / "opt/parley"
        for made in (
            self.etc,
            self.state / "ready",
            self.own,
            self.root / "run/parley-update",
            self.origin,
            self.tools,
        ):
            made.mkdir(parents=True)
        self.key, self.foreign = self._key(folder / "key"), self._key(folder / "foreign")
        self.trust(self.key)
        (self.etc / "update.conf").write_text(f"# where from\n{self.origin}\n")
        (self.etc / "parley.toml").write_text("name = 'Ada'\n")
        old = self.root / "opt" / OLD
        (old / "bin").mkdir(parents=True)
        (old / ".complete").touch()
        program(old / "bin/parley", PARLEY.format(version="0.1.0", chokes="nothing"))
        self.link.symlink_to(old)
        self.environ = {
            "PATH": f"{self.tools}:{os.environ['PATH']}",
            "HOME": str(folder),
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_CONFIG_NOSYSTEM": "1",
            **{f"GIT_{who}_{what}": "Ada@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
        }
        self.git("init", "-q")

    @staticmethod
    def _key(path: Path) -> Path:
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", path], check=True)
        return path

    def trust(self, *keys: Path) -> None:
        lines = [f'releases namespaces="git" {key.with_suffix(".pub").read_text()}' for key in keys]
        (self.etc / "release-keys").write_text("# who may sign\n" + "".join(lines))

    def git(self, *arguments: str | Path) -> str:
        command: list[str | Path] = ["git", "-C", self.origin, "-c", "gpg.format=ssh", *arguments]
        return subprocess.run(command, check=True, env=self.environ, capture_output=True, text=True).stdout.strip()

    def release(self, version: str, key: Path | None = None, *, says: str = "", runs: str = "", extra: str = "",
                chokes: str = "nothing") -> None:  # fmt: skip
        """Make a release, signed by a key if there is one; it may say, and run as, another version."""
        (self.origin / "scripts").mkdir(exist_ok=True)
        (self.origin / "pyproject.toml").write_text(f'[project]\nversion = "{says or version}"\n')
        (self.origin / "parley").write_text(PARLEY.format(version=runs or version, chokes=chokes))
        (self.origin / "parley").chmod(0o755)
        program(self.origin / "scripts/build-release", BUILD.format(extra=extra))
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", version)
        sign: list[str | Path] = ["-s", "-u", key] if key else ["-a"]
        self.git("tag", *sign, "-m", version, f"v{version}")

    def run(self, script: str = "update") -> tuple[int, str]:
        """Run a script and return its status and what it says."""
        command: list[str | Path] = [SCRIPTS / script, "--root", self.root]
        done = subprocess.run(command, env=self.environ, capture_output=True, text=True, check=False, timeout=30)
        assert not list(self.root.rglob("updating")), "it is still marked as updating"
        return done.returncode, done.stdout + done.stderr

    def tool(self, name: str, script: str) -> None:
        program(self.tools / name, f"#!/usr/bin/env bash\n{script}\n")

    @property
    def ready(self) -> str:
        """The version that is ready, if there is one."""
        file = self.state / "ready/release"
        return file.read_text().split()[1] if file.exists() else ""

    @property
    def built(self) -> list[Path]:
        """The releases that were built."""
        return sorted(self.state.glob("releases/*"))


def program(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


SYSTEMCTL = """
root={root}
echo "$*" >>$root/told
now=$(basename "$(readlink $root/opt/parley)")
case $1 in
    is-active) exec grep -qx "${{@: -1}}" $root/active ;;
    restart | start)
        if [[ $1 == restart && " $* " == *" parley.service "* ]]; then echo "$now" >$root/runs; fi
        for unit in "${{@:2}}"; do
            if [[ -e $root/fails-$unit ]] && grep -qx "$now" $root/fails-$unit; then exit 1; fi
        done ;;
    show) printf 'ActiveState=active\\nResult=success\\nNRestarts=0\\n' ;;
esac
exit 0
"""
"""It logs what it is told, and what runs; units that are listed in fails-UNIT do not start with these folders."""
AS_USER = """
echo "$*" >>{root}/as-users
if [[ $4 == touch && -L ${{@: -1}} ]]; then exit 1; fi
shift 3 && exec "$@"
"""
"""It may not write where a link leads: that is what the user may not write to."""
PYTHON = """#!/bin/sh
touch "$(sed -n 's/^models_dir = "\\(.*\\)"$/\\1/p' "$6")/model"
"""
BUILT = """#!/usr/bin/env bash
set -eu
cd "$(dirname "$0")/.."
folder=$1/parley-$(sha256sum parley | cut -c1-12)
mkdir -p "$folder/bin"
cp parley python "$folder/bin/"
version=$(./parley --version)
mkdir -p "$folder/lib/python3.13/site-packages/parley-${version##* }.dist-info"
touch "$folder/.complete"
echo "$folder"
"""


class Installed(Machine):
    """A machine, with a checkout whose scripts/install installs versions that do nothing."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.checkout, home = folder / "checkout", folder / ".cache/parley/uv/bin"
        (self.checkout / "scripts").mkdir(parents=True)
        (self.checkout / "device").mkdir()
        home.mkdir(parents=True)
        (self.root / "run/systemd/system").mkdir(parents=True)
        (self.root / "active").write_text("parley-engine.service\nparley.service\nparley-update.timer\n")
        shutil.copytree(SCRIPTS.parent / "systemd", self.checkout / "systemd")
        (self.checkout / "device/parley.example.toml").touch()
        for script in ("install", "update", "switch", "parley"):
            shutil.copy(SCRIPTS / script, self.checkout / "scripts")
        program(self.checkout / "scripts/setup", "#!/bin/sh\n")
        program(self.checkout / "scripts/build-release", BUILT)
        program(self.checkout / "python", PYTHON)
        program(home / "uv", "#!/bin/sh\n")
        self.tool("systemctl", SYSTEMCTL.format(root=self.root))
        self.tool("sleep", "")
        self.tool("systemd-sysusers", "")
        self.tool("runuser", AS_USER.format(root=self.root))
        # Whoever runs the tests cannot make files of others.
        self.tool("install", """
            kept=()
            while (($#)); do case $1 in -o | -g) shift ;; *) kept+=("$1") ;; esac; shift; done
            PATH=${PATH#*:} exec install "${kept[@]}"
        """)  # fmt: skip

    def folder_of(self, version: str) -> Path:
        """Return where scripts/install puts a version."""
        text = PARLEY.format(version=version, chokes="nothing")
        return self.root / f"opt/parley-{hashlib.sha256(text.encode()).hexdigest()[:12]}"

    def install(self, version: str, *options: str) -> tuple[int, str]:
        """Install a version by hand; return the status and what was said."""
        program(self.checkout / "parley", PARLEY.format(version=version, chokes="nothing"))
        command: list[str | Path] = [self.checkout / "scripts/install", "--root", self.root, *options]
        done = subprocess.run(command, env=self.environ, capture_output=True, text=True, check=False, timeout=30)
        return done.returncode, done.stdout + done.stderr

    @property
    def version(self) -> str:
        """The version that the link leads to."""
        command: list[str | Path] = [self.link / "bin/parley", "--version"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[-1]

    @property
    def told(self) -> list[str]:
        """What systemctl was told so far."""
        told = self.root / "told"
        return told.read_text().splitlines() if told.exists() else []
