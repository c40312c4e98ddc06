import pytest

from device.daemon.mute import MuteSwitch


@pytest.fixture
def told():
    return []


@pytest.fixture
def mute(told):
    return MuteSwitch(told.append)


def test_a_wish_outlasts_a_restart_and_is_undone_for_good(tmp_path, told):
    path = tmp_path / "state" / "muted"
    mute = MuteSwitch(told.append, path)
    mute.announce()
    assert told == []
    mute.toggle()
    again = []
    outlasts = MuteSwitch(again.append, path)
    assert outlasts.on
    assert outlasts.wish
    assert again == [], "nobody is told before the start"
    outlasts.announce()
    assert told == again == [True]
    mute.toggle()
    assert told == [True, False]
    MuteSwitch(again.append, path).announce()
    assert again == [True]


def test_it_mutes_before_it_keeps_that(tmp_path):
    path = tmp_path / "muted"
    kept = []
    mute = MuteSwitch(lambda on: kept.append((on, path.exists())), path)
    mute.toggle()
    mute.toggle()
    assert kept == [(True, False), (False, False)]


def test_while_the_switch_is_closed_nothing_opens_the_microphone(mute, told):
    mute.switch(closed=True)
    mute.toggle()
    mute.want(on=False)
    assert mute.on
    assert told == [True]
    mute.switch(closed=False)
    assert told == [True, False]


def test_a_wish_outlasts_the_switch(mute, told):
    mute.want(on=True)
    mute.switch(closed=True)
    mute.switch(closed=False)
    assert mute.on
    assert told == [True]


def test_the_switch_is_not_kept(tmp_path, told):
    mute = MuteSwitch(told.append, tmp_path / "muted")
    mute.switch(closed=True)
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_cannot_be_written_mutes_all_the_same(tmp_path, told, caplog):
    (tmp_path / "file").touch()
    mute = MuteSwitch(told.append, tmp_path / "file" / "muted")
    mute.want(on=True)
    assert told == [True]
    assert "will not outlast a restart" in caplog.text


def test_a_file_that_could_not_be_made_is_no_wish_to_hear(tmp_path, told):
    (tmp_path / "file").touch()
    mute = MuteSwitch(told.append, tmp_path / "file" / "muted")
    mute.want(on=True)
    mute.look()
    assert mute.on
    assert told == [True]


def test_where_one_may_not_look_nobody_has_muted(tmp_path, told):
    assert not MuteSwitch(told.append, tmp_path / ("x" * 300) / "muted").on


def test_it_can_be_told_that_a_switch_holds_it_muted():
    mute = MuteSwitch(lambda on: None)
    mute.want(on=True)
    assert not mute.switched
    mute.switch(closed=True)
    assert mute.switched
