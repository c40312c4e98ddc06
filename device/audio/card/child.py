"""Where the card's own process begins: `python -m device.audio.card.child SOCKET`, by `process.py` alone.

Before it imports anything of size, it leaves signals to the daemon, whose to hear they are.
"""

import importlib
import signal
import sys
from types import ModuleType

UNUSED = ("fft", "ma", "polynomial", "random")
"""What numpy 1 imports whatever is asked of it, and nothing of the card's uses: 14 MB, and a third of the time."""


def main(socket: int) -> None:
    """Be the card's process, with the daemon at the other end of `socket`."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    for name in UNUSED:
        sys.modules[f"numpy.{name}"] = ModuleType(f"numpy.{name}")
    sys.modules["typing_extensions"] = None  # type: ignore[assignment]  # msgspec does without: 2 MB
    importlib.import_module("device.audio.card.serve").main(socket)


if __name__ == "__main__":
    main(int(sys.argv[1]))
