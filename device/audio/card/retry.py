"""When to try to open a sound card that is not there.

Each attempt costs some 12 kB that ALSA's plugins never give back (pulse and jack, with no server to talk to), so that
they must not go on every second for days.
"""

from __future__ import annotations

from device.audio.card.kernel import CARDS

RETRY_S = 1.0
"""Between attempts at first: a choice, of how soon sound is back."""
EAGER_S = 60.0
"""How long that goes on: a sound server that is started anew is back by then."""
SELDOM_S = 30.0
"""Between attempts after that: 12 kB each come to 35 MB a day, and with `RETRY_S` to 1 GB. A card that the kernel lists
is tried at once anyway; this is how long a sound server may be back unnoticed."""


class Retry:
    """Tells when to try, by any clock in seconds: often at first and after the kernel's list of cards has changed."""

    def __init__(self, now: float) -> None:
        self._eager = now
        self._last: float | None = None
        self._cards = _cards()

    def due(self, now: float) -> bool:
        """Return whether to try now; then that is taken as done."""
        cards = _cards()
        if cards != self._cards:
            self._cards, self._eager, self._last = cards, now, None
        pause = RETRY_S if now - self._eager < EAGER_S else SELDOM_S
        if self._last is not None and now - self._last < pause:
            return False
        self._last = now
        return True


def _cards() -> str:
    try:
        return CARDS.read_text()
    except OSError:
        return ""
