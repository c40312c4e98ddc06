"""How far the first steps are, kept."""

from device.daemon.steps.progress import FILE, Progress, keep, recall


def test_what_was_done_and_passed_over_outlives_the_process(tmp_path):
    assert recall(tmp_path) is None
    now = Progress().noted("language", skipped=False).noted("voice", skipped=True)
    keep(tmp_path, now)
    assert recall(tmp_path) == Progress(("language",), ("voice",))


def test_a_step_is_done_or_passed_over_and_what_was_done_stays():
    now = Progress().noted("voice", skipped=True).noted("voice", skipped=False)
    assert now == Progress(("voice",))
    assert now.noted("voice", skipped=True) == now
    assert now.noted("voice", skipped=False) == now


def test_a_file_that_is_broken_is_as_none(tmp_path):
    (tmp_path / FILE).write_text('{"done": ["fly"]}')
    assert recall(tmp_path) is None
