"""Updates: scripts/update with real repositories and signatures; scripts/switch with services that are made up."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from support.updated import OLD, PARLEY, Machine, program


def test_what_the_tests_need_is_here() -> None:
    for tool in ("git", "ssh-keygen"):
        assert shutil.which(tool), f"{tool} is missing: sudo apt install git openssh-client"


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path.resolve())


def test_the_newest_signed_release_is_built_and_made_ready(machine: Machine) -> None:
    for version in ("0.0.9", "0.2.0", "0.10.0", "0.9.0"):
        machine.release(version, machine.key, extra=f"test -e {machine.root}/run/parley-update/updating")
    for other in ("v0.11.0-rc1", "v0.12", "w0.13.0"):
        machine.git("tag", "-s", "-u", machine.key, "-m", other, other)
    assert machine.run() == (0, "parley: Parley 0.10.0 is ready\n")
    (built,) = machine.built
    assert (machine.state / "ready/release").read_text() == f"{built.name} 0.10.0\n"
    assert (built / "bin/parley").stat().st_mode & 0o005 == 0o005, "others run it"
    left = {path.name for path in machine.state.iterdir()}
    assert left.isdisjoint({"source", "repository", "cache"}), "it takes room"
    assert machine.link.resolve().name == OLD, "that is the switch's"


def test_run_again_it_builds_nothing_but_announces_what_waits(machine: Machine) -> None:
    machine.release("0.2.0", machine.key)
    machine.run()
    (built,) = machine.built
    (built / "it is the same").touch()
    before = (machine.state / "ready/release").stat().st_ino
    assert machine.run() == (0, "parley: Parley 0.2.0 is ready\n")
    assert (built / "it is the same").exists()
    assert (machine.state / "ready/release").stat().st_ino != before, "the switch is called by a new file"
    machine.link.unlink()
    machine.link.symlink_to(built)
    assert machine.run() == (0, "parley: nothing newer than Parley 0.2.0\n")


def refused(machine: Machine, why: str) -> None:
    status, told = machine.run()
    assert status == 1
    assert f"parley: Refused: {why}" in told.splitlines()[-1]
    assert machine.ready == ""
    assert machine.built == []
    assert machine.link.resolve().name == OLD


def test_who_has_not_signed_is_refused(machine: Machine) -> None:
    machine.release("0.3.0")
    refused(machine, "v0.3.0 is not signed by a key of ")
    machine.release("0.4.0", machine.foreign)
    refused(machine, "v0.4.0 is not signed by a key of ")
    machine.git("tag", "v0.5.0")
    refused(machine, "v0.5.0 is not signed by a key of ")


def test_one_that_will_not_do_keeps_no_other_out(machine: Machine) -> None:
    machine.release("0.2.0", machine.key)
    machine.release("0.3.0", machine.key)
    machine.release("0.4.0", machine.key, says="0.0.5")
    machine.release("0.5.0")
    machine.release("0.6.0", machine.key)
    (machine.own / "bad").write_text("0.6.0\n")
    status, told = machine.run()
    assert status == 0
    refusals = [line.removeprefix("parley: Refused: ").split()[0] for line in told.splitlines() if "Refused" in line]
    assert refusals == ["v0.4.0", "v0.5.0", "v0.6.0"]
    assert machine.ready == "0.3.0"
    (built,) = machine.built
    (built / "it is the same").touch()
    assert machine.run()[0] == 0
    assert (built / "it is the same").exists(), "it still waits"


def test_one_that_cannot_be_fetched_keeps_no_other_out(machine: Machine) -> None:
    machine.release("0.2.0", machine.key)
    machine.release("0.3.0", machine.key)
    commit = machine.git("rev-parse", "v0.3.0^{tree}")
    (machine.origin / ".git/objects" / commit[:2] / commit[2:]).unlink()
    status, told = machine.run()
    assert status == 0
    assert "Not now: v0.3.0 cannot be fetched from" in told
    assert machine.ready == "0.2.0"


def test_while_one_is_being_tried_nothing_is_tidied_away(machine: Machine) -> None:
    machine.release("0.2.0", machine.key)
    before = machine.state / "releases/parley-111111111111"
    before.mkdir(parents=True)
    (machine.own / "trying").write_text(f"{before}\n0.1.0\n")
    status, told = machine.run()
    assert (status, told) == (75, "parley: Not now: a release is being tried\n")
    assert before.exists()


def test_a_key_for_something_else_signs_no_release(machine: Machine) -> None:
    keys = machine.etc / "release-keys"
    keys.write_text(keys.read_text().replace('"git"', '"file"'))
    machine.release("0.2.0", machine.key)
    refused(machine, "v0.2.0 is not signed by a key of ")


def test_an_older_release_under_a_newer_name_is_refused(machine: Machine) -> None:
    machine.release("0.0.9", machine.key)
    assert machine.run() == (0, "parley: nothing newer than Parley 0.1.0\n")
    machine.git("update-ref", "refs/tags/v0.9.0", machine.git("rev-parse", "v0.0.9"))
    refused(machine, "v0.9.0 is another tag under this name")


def test_a_signature_of_another_tag_is_none_of_this_one(machine: Machine) -> None:
    machine.release("0.0.9", machine.key)
    forged = machine.git("cat-file", "tag", "v0.0.9").replace("tag v0.0.9", "tag v0.3.0")
    command = ["git", "-C", machine.origin, "hash-object", "-t", "tag", "-w", "--stdin"]
    made = subprocess.run(command, input=forged + "\n", capture_output=True, text=True, check=True).stdout.strip()
    machine.git("update-ref", "refs/tags/v0.3.0", made)
    refused(machine, "v0.3.0 is not signed by a key of ")


def test_a_tag_of_another_version_is_refused(machine: Machine) -> None:
    machine.release("0.2.0", machine.key, says="0.0.5")
    refused(machine, "v0.2.0 says in its pyproject.toml that it is 0.0.5")


def test_what_cannot_be_built_or_does_not_run_is_refused(machine: Machine) -> None:
    machine.release("0.2.0", machine.key, extra="mkdir -p $1/parley-half; echo what is wrong >&2; exit 3")
    refused(machine, "v0.2.0 cannot be built")
    assert "what is wrong" in machine.run()[1]
    machine.release("0.3.0", machine.key, runs="0.2.9")
    refused(machine, "v0.3.0 does not run")
    machine.release("0.4.0", machine.key, chokes="Ada")
    refused(machine, "v0.4.0 cannot do with the settings in ")
    machine.release("0.5.0", machine.key, chokes="models")
    refused(machine, "v0.5.0 needs models that are not here")


def test_settings_that_are_broken_anyhow_keep_no_release_out(machine: Machine) -> None:
    program(machine.link / "bin/parley", PARLEY.format(version="0.1.0", chokes="Ada"))
    machine.release("0.2.0", machine.key, chokes="Ada")
    assert machine.run()[0] == 0
    assert machine.ready == "0.2.0"


@pytest.mark.parametrize(
    ("file", "text", "told"),
    [
        ("release-keys", "# none\n\n", "no release key in "),
        ("release-keys", None, "no release key in "),
        ("update.conf", "# none\n", "no address in "),
        ("update.conf", None, "no address in "),
    ],
)
def test_without_a_key_or_an_address_nothing_happens(machine: Machine, file: str, text: str | None, told: str) -> None:
    machine.release("0.2.0", machine.key)
    (machine.etc / file).unlink()
    if text is not None:
        (machine.etc / file).write_text(text)
    status, said = machine.run()
    assert status == 0
    assert said == f"parley: {told}{machine.etc / file}: nothing is installed\n"
    assert machine.ready == ""


@pytest.mark.parametrize(
    "address",
    ["http://example.org/p.git", "ext::sh -c touch", "git@example.org:p.git", "https://me:secret@example.org"],
)
def test_an_address_that_others_could_change_or_read_is_refused(machine: Machine, address: str) -> None:
    (machine.etc / "update.conf").write_text(address)
    refused(machine, "the address in ")
    assert "secret" not in machine.run()[1]


def test_what_may_be_otherwise_tomorrow_is_put_off(machine: Machine) -> None:
    def put_off(why: str) -> None:
        status, told = machine.run()
        assert (status, len(told.splitlines())) == (75, 1)
        assert why in told
        assert machine.ready == ""

    machine.release("0.2.0", machine.key)
    machine.origin.rename(machine.origin.with_name("away"))
    put_off(f"{machine.origin} cannot be reached: ")
    machine.origin.with_name("away").rename(machine.origin)
    machine.tool("df", "echo Avail; echo 3")
    put_off("MB free on the disk")
    (machine.tools / "df").unlink()
    os.utime(machine.link / ".complete", (4e9, 4e9))
    put_off("the clock is not set")
    os.utime(machine.link / ".complete", (1, 1))
    assert machine.run()[0] == 0


def test_what_did_not_come_up_is_not_built_again(machine: Machine) -> None:
    (machine.own / "bad").write_text("0.2.0\n")
    machine.release("0.2.0", machine.key)
    refused(machine, "v0.2.0 did not come up when it was tried")
    machine.release("0.2.1", machine.key)
    assert machine.run()[0] == 0
    assert machine.ready == "0.2.1"


SYSTEMCTL = """
root={root}
echo "$*" >>$root/told
now=$(basename "$(readlink $root/opt/parley)")
case $1 in
    is-active) exec grep -qx "${{@: -1}}" $root/active ;;
    restart) [[ ! -e $root/fails-at-once || $now == {old} ]] ;;
    show)
        state=active result=success restarts=0
        if [[ $now != {old} && -e $root/becomes ]]; then read -r state result restarts <$root/becomes; fi
        printf 'ActiveState=%s\\nResult=%s\\nNRestarts=%s\\n\\n' active success 0 $state $result $restarts ;;
esac
"""


@pytest.fixture
def switching(machine: Machine) -> Machine:
    """Return a machine with a release that is ready, and services that run."""
    machine.tool("systemctl", SYSTEMCTL.format(root=machine.root, old=OLD))
    machine.tool("sleep", "")
    (machine.root / "active").write_text("parley-engine.service\nparley.service\n")
    machine.release("0.2.0", machine.key)
    machine.run()
    return machine


def restarts(machine: Machine) -> list[str]:
    told = machine.root / "told"
    return [line for line in (told.read_text().splitlines() if told.exists() else []) if line.startswith("restart")]


def test_what_is_ready_is_switched_to_once(switching: Machine) -> None:
    assert switching.run("switch") == (0, "parley: Parley 0.2.0 runs\n")
    assert switching.link.resolve() == switching.built[0]
    assert restarts(switching) == ["restart parley-engine.service parley.service"]
    assert switching.run("switch") == (0, "")
    assert len(restarts(switching)) == 1
    assert not (switching.own / "trying").exists()


def timer(machine: Machine) -> Path:
    """Return the sign that a timer runs."""
    (machine.root / "run/parley").mkdir()
    sign = machine.root / "run/parley/timer"
    sign.touch()
    return sign


def test_a_timer_that_runs_is_waited_for(switching: Machine) -> None:
    slept = switching.root / "slept"
    switching.tool("sleep", f"echo $1 >>{slept}; if [[ $(wc -l <{slept}) == 7 ]]; then rm {timer(switching)}; fi")
    assert switching.run("switch") == (0, "parley: Waiting for a timer, which runs\nparley: Parley 0.2.0 runs\n")
    assert slept.read_text().split()[:8] == ["60"] * 7 + ["1"]
    assert len(restarts(switching)) == 1


def test_timers_without_end_put_it_off_for_a_night(switching: Machine) -> None:
    timer(switching)
    status, told = switching.run("switch")
    assert (status, restarts(switching)) == (0, [])
    assert told.endswith("parley: Not now: timers have run for a day; the next night comes\n")
    assert switching.link.resolve().name == OLD


def test_a_timer_delays_nothing_where_nothing_is_new(switching: Machine) -> None:
    switching.run("switch")
    timer(switching)
    assert switching.run("switch") == (0, "")


def try_for(machine: Machine, how: str) -> None:
    """Let what is tried fail at once, or come to a state of a service."""
    (machine.root / ("fails-at-once" if how == "at once" else "becomes")).write_text(how + "\n")


FAILS = ["at once", "active success 1", "activating exit-code 0", "failed watchdog 0", "activating success 0"]


@pytest.mark.parametrize("how", FAILS)
def test_what_does_not_come_up_gives_way_to_the_one_before(switching: Machine, how: str) -> None:
    try_for(switching, how)
    status, told = switching.run("switch")
    assert (status, told) == (1, "parley: Refused: Parley 0.2.0 does not come up; the one before is back\n")
    assert switching.link.resolve().name == OLD
    assert (switching.own / "bad").read_text() == "0.2.0\n"
    assert len(restarts(switching)) == 2
    assert {path.name for path in switching.own.iterdir()} == {"bad"}
    assert {path.name for path in switching.link.parent.iterdir()} == {"parley", OLD}
    assert "did not come up" in switching.run()[1]


@pytest.mark.parametrize("state", ["active success 0", "inactive success 0"])
def test_who_starts_or_stops_a_service_by_hand_ends_no_trial(switching: Machine, state: str) -> None:
    try_for(switching, state)
    assert switching.run("switch") == (0, "parley: Parley 0.2.0 runs\n")
    assert not (switching.own / "bad").exists()


@pytest.mark.parametrize("state", ["active success 0", "active success 1"])
def test_what_was_installed_by_hand_meanwhile_stays(switching: Machine, state: str) -> None:
    third = switching.link.parent / "parley-333333333333"
    third.mkdir()
    switching.tool("sleep", f"ln -sfn {third} {switching.link}")
    try_for(switching, state)
    assert switching.run("switch") == (0, "parley: Parley 0.2.0 has given way to what was installed by hand\n")
    assert switching.link.resolve() == third
    assert not list(switching.own.iterdir())


def test_what_has_not_come_up_is_not_tried_again(switching: Machine) -> None:
    (switching.own / "bad").write_text("0.2.0\n")
    assert switching.run("switch")[0] == 1
    assert switching.link.resolve().name == OLD
    assert restarts(switching) == []


def test_a_full_disk_does_not_keep_it_from_going_back(switching: Machine) -> None:
    try_for(switching, "active success 1")
    for tool in ("ln", "cat"):
        switching.tool(tool, f'[[ $(readlink {switching.link}) == *{OLD} ]] && PATH=${{PATH#*:}} exec {tool} "$@"')
    assert switching.run("switch")[0] == 1
    assert switching.link.resolve().name == OLD
    assert (switching.own / "bad").read_text() == "0.2.0\n"


def test_a_link_that_cannot_be_moved_back_starts_no_trial_for_ever(switching: Machine) -> None:
    try_for(switching, "active success 1")
    switching.tool("mv", f'[[ $1 != -T || $(readlink {switching.link}) == *{OLD} ]] && PATH=${{PATH#*:}} exec mv "$@"')
    status, told = switching.run("switch")
    assert status == 1
    assert "cannot be moved back: sudo scripts/install" in told
    assert not (switching.own / "trying").exists()
    assert switching.run("switch") == (0, "")


def test_what_was_stopped_stays_stopped(switching: Machine) -> None:
    (switching.root / "active").write_text("")
    assert switching.run("switch")[0] == 0
    assert switching.link.resolve() == switching.built[0]
    assert restarts(switching) == []


def cut_off(machine: Machine) -> None:
    """Leave what a trial leaves when the power goes just before the link is moved."""
    old = machine.root / "opt" / OLD
    (machine.own / "trying").write_text(f"{old}\n0.2.0\nparley.service\n")
    (machine.own / "bad.new").write_text("0.2.0\n")
    machine.link.with_name("parley.back").symlink_to(old)


@pytest.mark.parametrize("moved", [True, False])
@pytest.mark.parametrize("good", [True, False])
@pytest.mark.parametrize("lost", [True, False])
def test_a_trial_that_a_power_cut_ended_is_made_again(switching: Machine, moved: bool, good: bool, lost: bool) -> None:
    cut_off(switching)
    if lost:
        switching.link.with_name("parley.back").unlink()
    if moved:
        switching.link.unlink()
        switching.link.symlink_to(switching.built[0])
    if not good:
        try_for(switching, "active success 1")
    assert switching.run("switch")[0] == (0 if good else 1)
    assert switching.link.resolve().name == (switching.built[0].name if good else OLD)
    assert not (switching.own / "trying").exists()


def test_what_was_found_bad_before_a_power_cut_is_not_tried_again(switching: Machine) -> None:
    cut_off(switching)
    (switching.own / "bad.new").rename(switching.own / "bad")
    switching.link.unlink()
    switching.link.symlink_to(switching.built[0])
    assert switching.run("switch")[0] == 1
    assert switching.link.resolve().name == OLD
    assert (switching.own / "bad").read_text() == "0.2.0\n"
    assert restarts(switching) == ["restart parley.service"]


@pytest.mark.parametrize(
    "line",
    ["parley-../../../opt 0.2.0", "/etc 0.2.0", "parley-0123456789ab 0.2.0", "{built} 0.2.0;reboot", "{built}", ""],
)
def test_root_follows_no_line_that_names_no_release(switching: Machine, line: str) -> None:
    (switching.state / "ready/release").write_text(line.format(built=switching.built[0].name))
    assert switching.run("switch")[0] == 1
    assert switching.link.resolve().name == OLD
    assert restarts(switching) == []


def test_root_follows_no_link_of_the_updater(switching: Machine) -> None:
    (built,) = switching.built
    built.rename(switching.root / "elsewhere")
    built.symlink_to(switching.root / "elsewhere")
    assert switching.run("switch")[0] == 1
    built.unlink()
    (switching.root / "elsewhere").rename(built)
    built.parent.rename(switching.root / "elsewhere")
    (switching.state / "releases").symlink_to(switching.root / "elsewhere")
    assert switching.run("switch")[0] == 1
    (switching.state / "ready/release").rename(switching.root / "release")
    (switching.state / "ready/release").symlink_to(switching.root / "release")
    assert switching.run("switch") == (0, "")
    assert switching.link.resolve().name == OLD


def test_what_runs_and_the_one_before_are_kept_and_the_older_go(switching: Machine) -> None:
    switching.run("switch")
    (first,) = switching.built
    for version in ("0.3.0", "0.4.0"):
        before = switching.link.resolve()
        switching.release(version, switching.key)
        assert switching.run()[0] == 0
        assert switching.run("switch")[0] == 0
        assert set(switching.built) == {before, switching.link.resolve()}
    assert first not in switching.built
