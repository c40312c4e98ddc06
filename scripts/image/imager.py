"""The image as Raspberry Pi Imager lists it: `rpi-imager --repo FILE`, where it asks for name, Wi-Fi and keys.

Its fields are those of github.com/raspberrypi/rpi-imager, doc/json-schema/os-list-schema.json.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from pathlib import Path

BOARDS = ("pi3-64bit", "pi4-64bit")
"""Imager's words for what the kernel has drivers for: a Zero 2 W is a Pi 3 there, a 400 and a CM4 are Pi 4."""
CUSTOMISED = "cloudinit"
"""How Imager writes what it was told: user-data and network-config on the small partition, which `takein` reads."""


def digest(path: Path) -> str:
    """Return a file's SHA-256."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def manifest(image: Path, packed: Path, version: str, seconds: int, address: str) -> dict[str, object]:
    """Return the list: of an image, as it is packed, of a version, made at a time, to be found at an address."""
    return {
        "os_list": [
            {
                "name": "Parley",
                "description": f"A voice assistant that talks on its first start, without a network. Version {version}",
                "url": address,
                "extract_size": image.stat().st_size,
                "extract_sha256": digest(image),
                "image_download_size": packed.stat().st_size,
                "image_download_sha256": digest(packed),
                "release_date": time.strftime("%Y-%m-%d", time.gmtime(seconds)),
                "init_format": CUSTOMISED,
                "devices": list(BOARDS),
            }
        ]
    }


def main(folder: Path, version: str, seconds: int, address: str) -> str:
    """Return the list of the image in a folder."""
    said = manifest(folder / "parley.img", folder / "parley.img.zst", version, seconds, address)
    return json.dumps(said, indent=1, ensure_ascii=False)


if __name__ == "__main__":
    print(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4]))
