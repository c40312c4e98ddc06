"""What a profile says of look-ups, and the files that they look into."""

import pytest

from device.settings.toml import TableError
from device.settings.tools import LONGEST, Lookup, lookup_faults, read_rows, shown

LOOKUP = Lookup(description="Finds.", file="x.csv", keys={"number": "code", "town": "name"}, most=1)


@pytest.fixture
def write(tmp_path):
    def write(text, name="x.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def test_csv_and_json_hold_the_same(write):
    rows = [{"number": "1", "town": "A, B"}]
    assert read_rows(write('\ufeffnumber, town\n1, "A, B"\n'), LOOKUP) == rows
    assert read_rows(write('[{"number": 1, "town": "A, B"}]', "x.json"), LOOKUP) == rows


@pytest.mark.parametrize(
    ("text", "name", "fault"),
    [
        ("", "x.csv", "has 0 rows; valid is 1 to 2000"),
        ("number,town\n", "x.csv", "has 0 rows"),
        ("number,town\n1\n", "x.csv", "line 2 has not as many columns as the first line"),
        ("number,town\n1,2,3\n", "x.csv", "line 2 has not as many"),
        ('number,town\n1,"2\n', "x.csv", "unexpected end of data"),
        ("number,city\n1,2\n", "x.csv", "has no column 'town'; there are number, city"),
        ("number,town\n1," + "x" * LONGEST, "x.csv", "row 1 has 401 characters, too many to be spoken"),
        (b"number,town\n1,\xff", "x.csv", "is not text in UTF-8 (byte 14)"),
        ("{}", "x.json", "is not a list of objects"),
        ("[1]", "x.json", "is not a list of objects"),
        ("nonsense", "x.json", "Expecting value: line 1"),
        ('[{"number": 1, "town": 2}, {"number": 1}]', "x.json", "row 2 has other columns than the first: number"),
    ],
)
def test_what_is_wrong_with_a_file_is_named(text, name, fault, write):
    path = write(text, name)
    with pytest.raises(TableError) as caught:
        read_rows(path, LOOKUP)
    assert str(caught.value).startswith(f"{path}: ")
    assert fault in str(caught.value)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"most": 0}, "lookup.find.most: 0 is not valid; valid is a whole number from 1 to 5"),
        ({"slow": "yes"}, "lookup.find.slow: 'yes' is not valid; valid is true or false"),
        ({"kies": 1}, "lookup.find.kies: no such key; did you mean keys?"),
        ({"required": "number"}, "lookup.find.required: 'number' is not valid; valid is a list"),
        ({"required": ["town"]}, "lookup.find.required: 'town' is not among the keys: number"),
        ({"keys": {}}, "lookup.find.keys: is a table of columns"),
        ({"keys": {"order number": "code"}}, "lookup.find.keys.order number: is an argument's name"),
        ({"keys": {"class": "code"}}, "lookup.find.keys.class: is an argument's name"),
        ({"keys": {"a": 1}}, 'lookup.find.keys.a: 1 is not valid; valid is "code"'),
    ],
)
def test_what_is_wrong_with_a_table_is_named(change, fault):
    table = {"description": "x", "file": "x.csv", "keys": {"number": "code"}}
    assert lookup_faults("find", table) == []
    (found,) = lookup_faults("find", table | change)
    assert found.startswith(fault)


@pytest.mark.parametrize(
    ("name", "table", "fault"),
    [
        ("find it", {}, "lookup.find it: is the tool's name"),
        ("find", 3, "lookup.find: is a table, [lookup.find]"),
    ],
)
def test_a_name_that_no_engine_takes_and_what_is_no_table(name, table, fault):
    (found,) = lookup_faults(name, table)
    assert found.startswith(fault)


def test_what_is_missing_is_named_at_once():
    assert lookup_faults("find", {}) == [f"lookup.find.{key}: is missing" for key in ("description", "file", "keys")]


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(TableError, match=r"x\.csv: cannot be read: No such file"):
        read_rows(tmp_path / "x.csv", LOOKUP)


@pytest.mark.parametrize(
    ("show", "told"), [((), {"number": "1", "town": "A"}), (("town", "state"), {"town": "A"}), (("state",), {})]
)
def test_what_is_told_of_a_row(show, told):
    lookup = Lookup(description="Finds.", file="x.csv", keys={"number": "code"}, show=show)
    assert shown({"number": "1", "town": "A", "state": ""}, lookup) == told
