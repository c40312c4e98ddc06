"""Profiles of one's own: where they are, what is wrong with them, and how they are written."""

import time

import pytest

from device.settings import own_profiles
from device.settings.loading import read
from device.settings.own_profiles import LONGEST, MOST, NotSaved, OwnProfiles, Stale, Unsound, line_of, mark
from device.settings.profiles import BUNDLED, ProfileError, load

TEXT = 'name = "Butler"\nidle_s = 3\n'


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "parley.toml"
    path.write_text('name = "Ada"\n')
    return path


@pytest.fixture
def own(config):
    return OwnProfiles(config)


def test_one_is_written_listed_read_and_deleted(own, config):
    assert own.names() == []
    path = own.save("shop", TEXT, was="")
    assert path == config.parent / "profiles" / "shop.toml"
    assert (own.names(), own.text("shop")) == (["shop"], TEXT)
    assert load(path).layer["name"] == "Butler"
    config.write_text('profile = "profiles/shop.toml"\n')
    assert read(config).settings.name == "Butler"
    assert own.chosen() == "shop"
    with pytest.raises(NotSaved, match="choose another first"):
        own.delete("shop")
    config.write_text("")
    own.delete("shop")
    assert own.names() == []


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", "A", "a b", "a\0", "x" * 41, "-a", "ä", "a.toml"])
def test_what_is_no_name_is_none(own, name):
    with pytest.raises(ProfileError, match="is no name for a profile"):
        own.save(name, TEXT)


def test_a_bundled_one_stays_as_it_is(own):
    before = own.text("support")
    with pytest.raises(NotSaved, match="is bundled"):
        own.save("support", TEXT)
    with pytest.raises(NotSaved, match="is bundled"):
        own.delete("support")
    assert (BUNDLED / "support.toml").read_text() == before


def test_a_copy_of_a_bundled_one_brings_its_files(own):
    text = own.text("support").replace("Kitchen shop, hello!", "Hello!")
    assert own.check("mine", text)[1], "its files are not there"
    assert own.check("mine", text, "support")[1] == ()
    path = own.save("mine", text, base="support", was="")
    assert load(path).lookups.keys() == {"find_order", "find_answer"}
    (path.parent / "support_orders.csv").write_text("number,town,state\n1,Ulm,sent\n")
    own.save("other", text, base="support")
    assert "Ulm" in (path.parent / "support_orders.csv").read_text(), "what one has oneself stays"


def test_nothing_is_overwritten_that_somebody_else_has_written(own):
    path = own.save("shop", TEXT, was="")
    for was in ("", mark("something else")):
        with pytest.raises(Stale):
            own.save("shop", 'name = "Bob"\n', was=was)
    own.save("shop", 'name = "Bob"\n', was=mark(TEXT))
    assert path.read_text() == 'name = "Bob"\n'
    path.unlink()
    with pytest.raises(Stale, match="no more"):
        own.save("shop", TEXT, was=mark(TEXT))


@pytest.mark.parametrize(
    ("text", "what", "line"),
    [
        ("name = 'x'\nnmae = 'y'", "nmae: no such key; did you mean name?", 2),
        ("\n\nidle_s = -1", "idle_s: -1 is not valid", 3),
        ("name = 'x'\nname = [", "not TOML", 2),
        ("[instructions]\nrole = 'a'\nrule = 'b'", "instructions.rule: no such key", 3),
        ("[lookup.find]\nfile = 'x.csv'\n", "lookup.find.description: is missing", 1),
        ("name = 'x'\nengines = ['opnai']", "the engine 'opnai' is not known", None),
        ("result_schema = '../secret.json'", "../secret.json: a file that is named must lie in", None),
    ],
)
def test_what_is_wrong_is_said_with_its_line_and_not_written(own, text, what, line):
    _, findings = own.check("shop", text)
    assert what in findings[0].what
    assert findings[0].line == line
    assert str(own.folder) not in findings[0].what
    with pytest.raises(Unsound):
        own.save("shop", text)
    assert own.names() == []


@pytest.mark.parametrize("file", ["/etc/passwd", "../parley.toml", "a/../../b.csv", "~/x.csv"])
def test_no_file_elsewhere_is_read_for_who_writes_one(own, file):
    text = f'[lookup.find]\ndescription = "x"\nfile = "{file}"\nkeys = {{ a = "text" }}\n'
    _, (finding,) = own.check("shop", text)
    assert finding.what == f"{file}: a file that is named must lie in the profile's folder"
    with pytest.raises(NotSaved):
        own.save("shop", f'picture = "{file}.png"\n')


def test_what_does_not_work_is_told_and_written(own):
    text = 'engines = "local"\nresult_schema = { type = "object", properties = { a = { type = "string" } } }\n'
    loaded, (finding,) = own.check("shop", text)
    assert loaded is not None
    assert not finding.grave
    assert "needs a language model" in finding.what
    own.save("shop", text)


def test_the_one_in_force_is_checked_with_all_settings(own, config):
    own.save("shop", TEXT)
    config.write_text('profile = "profiles/shop.toml"\n')
    _, findings = own.check("shop", 'engines = "openai"\n')
    assert "OPENAI_API_KEY" in findings[0].what
    assert own.check("other", 'engines = "openai"\n')[1] == ()


def test_one_s_own_settings_count_over_it(own):
    loaded, _ = own.check("shop", TEXT)
    assert loaded.settings.name == "Ada"
    assert loaded.settings.listen.follow_up_s == 3


def test_there_are_bounds(own, config, monkeypatch):
    with pytest.raises(NotSaved, match="at most"):
        own.save("shop", "#" * (LONGEST + 1))
    own.folder.mkdir()
    for n in range(MOST):
        (own.folder / f"a{n}.toml").touch()
    with pytest.raises(NotSaved, match="already"):
        own.save("shop", TEXT)
    (own.folder / "b.toml").write_bytes(b"#" * (own_profiles.LARGEST + 1))
    with pytest.raises(ProfileError, match="larger than"):
        own.text("b")


def test_a_full_disk_is_said_and_what_was_there_stays(own, monkeypatch):
    path = own.save("shop", TEXT)

    def full(path, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("device.system.state_file.write", full)
    with pytest.raises(NotSaved, match="No space left on device"):
        own.save("shop", 'name = "Bob"\n')
    assert path.read_text() == TEXT


@pytest.mark.parametrize(
    ("key", "line"),
    [("name", 1), ("a.b.c", 3), ("a.b.d", 2), ("x.y", 5), ('lookup."f g".file', 7), ("none", None), ("z.a", 8)],
)
def test_the_line_of_a_key_is_found(key, line):
    text = 'name = 1\n[a.b]\nc = 2\n[x]\n"y" = 3\n[lookup."f g"]\nfile = 4\n[z]\na.b = 1\n'
    assert line_of(text, key.replace('"', "")) == line


@pytest.mark.parametrize("head", ["[" + " " * 1500 + "\n", "[" + "\t" * 1500 + "x\n", "[[ " + " " * 1500 + "\n"])
def test_a_hostile_line_keeps_nobody_from_the_processor(head):
    began = time.process_time()
    assert line_of(f'x = """\n{head}"""\n', "x") == 1
    assert time.process_time() - began < 0.5, "it took 2.4 s, and eight times that for twice the length"


def test_of_many_faults_the_first_are_told(own):
    _, findings = own.check("mine", "\n".join(f"k{n} = 1" for n in range(own_profiles.MOST_FINDINGS + 10)))
    assert [one.line for one in findings] == list(range(1, own_profiles.MOST_FINDINGS + 1))


def test_a_number_of_thousands_of_digits_is_said(own):
    (finding,) = own.check("mine", f"idle_s = {'1' * 5000}")[1]
    assert finding.what == "a number in it has too many digits"
