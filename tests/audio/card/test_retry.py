import pytest

from device.audio.card.retry import EAGER_S, RETRY_S, SELDOM_S, Retry


@pytest.fixture
def cards(tmp_path, monkeypatch):
    monkeypatch.setattr("device.audio.card.retry.CARDS", tmp_path / "cards")
    return tmp_path / "cards"


def due(retry, begin, seconds):
    """Return when an attempt was due in so many seconds, asked ten times a second."""
    return [begin + n / 10 for n in range(round(seconds * 10)) if retry.due(begin + n / 10)]


def test_attempts_become_rare(cards):
    found = due(Retry(100.0), 100.0, EAGER_S + 10 * SELDOM_S)
    eager = [t for t in found if t < 100.0 + EAGER_S]
    assert found[0] == 100.0
    assert len(eager) == pytest.approx(EAGER_S / RETRY_S, abs=6)
    assert len(found) - len(eager) == pytest.approx(10, abs=1)


def test_another_card_is_tried_at_once_and_again_while_it_settles(cards):
    cards.write_text("0 [Loopback]")
    retry = Retry(0.0)
    due(retry, 0.0, 200.0)
    assert not retry.due(200.0)
    cards.write_text("0 [Loopback]\n1 [USB]")
    assert due(retry, 200.1, 5.0) == pytest.approx([200.1, 201.1, 202.1, 203.1, 204.1])
