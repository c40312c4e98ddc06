"""Whoever looks after a fleet: a key of theirs, what it signs, and a server that has it."""

from __future__ import annotations

import subprocess
import threading
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GOOD = 'language = "de"\n[fleet]\nserial = 3\n[page]\nlan = true\n'


class Keeper:
    """Signs in `folder`; `keys` says that they may."""

    def __init__(self, folder: Path, name: str = "ada", namespaces: str = "parley-settings") -> None:
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)
        self._key = folder / f"{name}-key"
        _run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(self._key))
        public = self._key.with_suffix(".pub").read_text().strip()
        self.keys = folder / f"{name}-allowed"
        self.keys.write_text(f'{name} namespaces="{namespaces}" {public}\n')

    def sign(self, data: bytes, namespace: str = "parley-settings") -> bytes:
        """Return the signature of some settings."""
        file = self.folder / "signed"
        file.write_bytes(data)
        file.with_suffix(".sig").unlink(missing_ok=True)
        _run("ssh-keygen", "-q", "-Y", "sign", "-f", str(self._key), "-n", namespace, str(file))
        return file.with_suffix(".sig").read_bytes()

    def publish(self, text: str) -> None:
        """Put settings and their signature where `published` has them."""
        data = text.encode()
        (self.folder / "www").mkdir(exist_ok=True)
        (self.folder / "www" / "settings.toml").write_bytes(data)
        (self.folder / "www" / "settings.toml.sig").write_bytes(self.sign(data))

    @contextmanager
    def published(self) -> Iterator[str]:
        """Serve what is published; yield the address of the settings."""
        handler = partial(_Quiet, directory=str(self.folder / "www"))
        with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            try:
                yield f"http://127.0.0.1:{server.server_address[1]}/settings.toml"
            finally:
                server.shutdown()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
