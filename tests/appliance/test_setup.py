"""scripts/setup where it cannot be done: what it says, before it changes anything."""

import shutil
import subprocess
from pathlib import Path

import pytest
from support.updated import SCRIPTS, program


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    made = tmp_path / "checkout"
    (made / "models").mkdir(parents=True)
    shutil.copytree(SCRIPTS, made / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("requirements.lock", "pyproject.toml", "models/manifest.toml"):
        (made / file).touch()
    return made


def set_up(checkout: Path, **environ: str) -> str:
    """Try to set up, on a machine without sudo or packages, and return what is said."""
    tools = checkout.parent / "tools"
    tools.mkdir(exist_ok=True)
    for tool in ("sudo", "apt-get", "dpkg-query"):
        program(tools / tool, "#!/bin/sh\necho it came too far >&2\nexit 1\n")
    environ = {"PATH": f"{tools}:/usr/bin:/bin", "HOME": str(checkout.parent), **environ}
    done = subprocess.run(
        [checkout / "scripts/setup"], env=environ, capture_output=True, text=True, check=False, timeout=30
    )
    assert done.returncode == 1
    return done.stderr


@pytest.mark.parametrize("variable", ["XDG_CACHE_HOME", "HOME"])
def test_a_home_that_nobody_can_write_to_is_named_with_a_way_out(checkout: Path, variable: str) -> None:
    home = checkout.parent / "file"
    home.touch()
    told = set_up(checkout, **{variable: str(home / "home")})
    assert f"cannot write to {home}/home/" in told
    assert "set XDG_CACHE_HOME to a folder of your own" in told
    assert "too far" not in told


def test_a_checkout_that_is_another_users_is_named_with_a_way_out(checkout: Path) -> None:
    # Root may write anywhere, and the tests may run as root: what tells is made to say no.
    script = checkout / "scripts/setup"
    script.write_text(script.read_text().replace("&& [[ -w $1 ]]", "&& [[ $1 != $PWD ]]"))
    told = set_up(checkout)
    assert f"cannot write to {checkout}, since {checkout} is read-only or " in told
    assert "git clone" in told
    assert "too far" not in told
