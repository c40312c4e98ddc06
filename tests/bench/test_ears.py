"""What is counted of what the recognisers hear."""

import pytest

from device.bench import ears
from device.bench.ears import Ears
from device.bench.requests.plan import load
from device.bench.requests.spoken import sounds
from device.bench.result import BenchError, Job
from device.settings.tree import Settings


def test_rates():
    said, heard = ["What time is it?", "Cancel.", "Two hours."], ["What time is it", "Can sell", "2 hours"]
    assert ears.wer(said, heard) == pytest.approx(100 * 2 / 7)
    assert ears.exact(said, heard) == 2


def test_all_are_heard_by_both_and_base_must_be_good(monkeypatch):
    texts = [sound.text for _, sound in sounds(load())]
    asked = []

    def heard(work, requests, size, models_dir, *, chooses):
        asked.append((size, chooses, len(requests)))
        return Ears(texts if size == "base" else [""] * len(texts), [10.0] * len(texts), 200.0)

    monkeypatch.setattr(ears, "isolated", heard)
    result = ears.measure(Job(settings=Settings()))
    assert result.reached
    assert [figure.value for figure in result.figures if figure.name.endswith("WER")] == [0, 100]
    assert [size for size, chooses, _ in asked if chooses] == ["base", "tiny"] * 2
    assert {count for *_, count in asked} == {60}
    assert len(result.details) == 60


def test_a_folder_without_requests_is_told(tmp_path):
    (tmp_path / "index.toml").write_text("sound = []")
    with pytest.raises(BenchError, match="nobody says"):
        ears.measure(Job(settings=Settings(), sounds=tmp_path))
