"""What commands of the system print."""

from device.system.systemctl import ask, blocks


def test_what_cannot_be_run_says_nothing():
    assert ask(["/no/such/program"]) == ""
    assert ask(["/bin/echo", "well"]) == "well\n"


def test_systemctl_does_not_take_a_service_to_be_in_a_chroot():
    assert ask(["/usr/bin/env"]).count("SYSTEMD_IGNORE_CHROOT=1\n") == 1


def test_units_that_are_not_there_are_left_out():
    shown = "Id=a.service\nLoadState=loaded\nX=a=b\n\nId=b.service\nLoadState=not-found\n"
    assert blocks(shown) == [{"Id": "a.service", "LoadState": "loaded", "X": "a=b"}]
    assert blocks("") == []
