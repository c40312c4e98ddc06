"""The file of transcripts: what is read of it, and what goes when."""

from datetime import datetime, timedelta

from support.transcripts import BERN, NOW, Desk

from device.conversation import entries
from device.records.transcripts import forget, page, purge, stored


def test_since_leaves_out_what_was_before(path):
    for days in (3, 1):
        desk = Desk(path, began=NOW - timedelta(days=days))
        desk.wake(10)
        desk(11, entries.User, text=f"{days} days ago")
        desk.sleep(20)
        desk.close()
    (one,) = stored(NOW - timedelta(days=2), path)
    assert one.lines[1].text == "1 days ago"


def one_from(path, began):
    desk = Desk(path, keep_days=36_500, began=began)
    desk.wake(10)
    desk(11, entries.User, text="Hello")
    desk.sleep(20)
    desk.close()


def test_a_clock_that_jumps_ten_years_deletes_nothing_until_it_is_believed(path, monkeypatch, caplog):
    one_from(path, NOW - timedelta(days=2))
    future = (NOW + timedelta(days=3650)).timestamp()
    monkeypatch.setattr("device.records.transcripts.time.time", lambda: future)
    Desk(path).close()  # at the start
    assert purge(7, path) == 0
    assert "The clock may be wrong: nothing of transcripts is deleted" in caplog.text
    one_from(path, NOW + timedelta(days=3650))  # somebody talks meanwhile
    assert purge(7, path) == 0
    assert len(stored(path=path)) == 2
    monkeypatch.setattr("device.system.wall_clock.synchronised", lambda now: True)
    assert purge(7, path) == 1
    assert len(stored(path=path)) == 1


def test_what_was_said_in_a_false_future_counts_from_now_on(path):
    one_from(path, NOW)
    one_from(path, NOW + timedelta(days=3650))
    assert purge(7, path) == 0
    assert all(abs(one.began - datetime.now(BERN)) < timedelta(hours=1) for one in stored(path=path))


def test_who_trusts_the_clock_is_believed_and_zero_days_need_none(path, monkeypatch):
    one_from(path, NOW - timedelta(days=2))
    monkeypatch.setattr("device.records.transcripts.time.time", lambda: 86_400.0)
    assert purge(7, path) == 0
    assert purge(0, path) == 1
    monkeypatch.undo()
    one_from(path, NOW - timedelta(days=400))
    assert purge(7, path) == 0
    assert purge(7, path, trust=True) == 1


def test_what_ended_since_is_forgotten_or_all(path):
    for days in (3, 1):
        one_from(path, NOW - timedelta(days=days))
    assert forget(NOW - timedelta(days=2), path) == 1
    assert [(NOW - one.began).days for one in stored(path=path)] == [2]
    assert forget(None, path) == 1
    assert stored(path=path) == []
    assert forget(None, path.with_name("none.sqlite")) == 0


def test_pages_come_the_latest_first_and_go_on_where_the_last_ended(path):
    for n in range(7):
        one_from(path, NOW + timedelta(minutes=n))
    seen, before = [], ""
    while True:
        found, before = page(3, before=before, path=path)
        seen.append([one.began for one in found])
        if not before:
            break
    assert [len(one) for one in seen] == [3, 3, 1]
    flat = [began for one in seen for began in one]
    assert flat == sorted(flat, reverse=True)
    assert len(set(flat)) == 7
    assert all(one.lines for one in page(2, path=path)[0])


def test_what_was_said_is_found_in_whatever_case_and_signs_are_no_wildcards(path):
    for n, text in enumerate(["It is 50 % off", 'A "quote" and a \\ sign', "Nothing"]):
        desk = Desk(path, began=NOW + timedelta(minutes=n))
        desk.wake(10)
        desk(11, entries.User, text=text)
        desk.sleep(20)
        desk.close()

    def found(search):
        return [one.lines[1].text for one in page(10, search=search, path=path)[0]]

    assert found("50 % OFF") == ["It is 50 % off"]
    assert found("%") == ["It is 50 % off"]
    assert found('"quote"') == ['A "quote" and a \\ sign']
    assert found("\\ sign") == ['A "quote" and a \\ sign']
    assert found("_othing") == []
    assert len(found("")) == 3


def test_a_page_after_nonsense_is_empty_or_whole_and_no_crash(path):
    one_from(path, NOW)
    assert page(3, before="x", path=path)[0] in ([], stored(path=path))
    assert page(3, path=path.with_name("none")) == ([], "")
