"""The list for Raspberry Pi Imager."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from scripts.image import imager

if TYPE_CHECKING:
    from pathlib import Path


def test_it_tells_sizes_and_checksums_of_both_forms(tmp_path: Path) -> None:
    (tmp_path / "parley.img").write_bytes(b"image" * 1000)
    (tmp_path / "parley.img.zst").write_bytes(b"packed")
    (said,) = json.loads(imager.main(tmp_path, "1.2", 1_700_000_000, "https://example.org/parley.img.zst"))["os_list"]
    assert (said["extract_size"], said["image_download_size"]) == (5000, 6)
    assert said["extract_sha256"] == hashlib.sha256(b"image" * 1000).hexdigest()
    assert said["image_download_sha256"] == hashlib.sha256(b"packed").hexdigest()
    assert (said["release_date"], said["url"]) == ("2023-11-14", "https://example.org/parley.img.zst")
    assert said["init_format"] == "cloudinit"
    assert "1.2" in said["description"]
