from device.system.reset import factory_reset


def test_what_the_user_set_and_said_is_gone_and_what_it_came_with_stays(tmp_path):
    environ = {"XDG_CONFIG_HOME": str(tmp_path / "config"), "STATE_DIRECTORY": str(tmp_path / "state")}
    mine, profile = tmp_path / "config/parley/parley.toml", tmp_path / "config/parley/profiles/shop.toml"
    said, muted = tmp_path / "state/transcripts.sqlite", tmp_path / "state/muted"
    model, other = tmp_path / "state/models/a.onnx", tmp_path / "config/other/x.toml"
    for file in (mine, profile, said, muted, model, other):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("x")
    outside = tmp_path / "outside"
    outside.write_text("x")
    (tmp_path / "state/link").symlink_to(outside)
    assert set(factory_reset(environ)) == {mine, profile, said, muted}
    assert model.exists()
    assert other.exists()
    assert outside.exists()
    assert factory_reset(environ) == []


def test_with_nothing_there_nothing_happens(tmp_path):
    assert factory_reset({"HOME": str(tmp_path)}) == []
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_deleted_is_told_of_and_keeps_no_other(tmp_path, caplog, monkeypatch):
    (tmp_path / "a").touch()
    (tmp_path / "b").touch()
    unlink = type(tmp_path).unlink

    def refuse(path, **more):
        if path.name == "a":
            raise PermissionError(1, "Operation not permitted")
        unlink(path, **more)

    monkeypatch.setattr(type(tmp_path), "unlink", refuse)
    environ = {"STATE_DIRECTORY": str(tmp_path), "HOME": str(tmp_path)}
    assert factory_reset(environ) == [tmp_path / "b"]
    assert "stays: Operation not permitted" in caplog.text
