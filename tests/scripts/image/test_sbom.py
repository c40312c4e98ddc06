"""The list of what a slot consists of."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from scripts.image import sbom

if TYPE_CHECKING:
    from pathlib import Path

STATUS = """Package: dash
Status: install ok installed
Architecture: arm64
Version: 0.5.12-12

Package: gone
Status: deinstall ok config-files
Architecture: arm64
Version: 1
"""


def test_a_slots_parts_are_listed_once_each_and_the_same_each_time(tmp_path: Path) -> None:
    (tmp_path / "var/lib/dpkg").mkdir(parents=True)
    (tmp_path / "var/lib/dpkg/status").write_text(STATUS)
    info = tmp_path / "opt/parley-1/lib/python3.13/site-packages/soxr-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Name: soxr\nVersion: 1.0\nLicense-Expression: LGPL-2.1-or-later\n\nSome words.\n")
    (tmp_path / "opt/parley").symlink_to("parley-1")
    (tmp_path / "usr/share/parley-models").mkdir(parents=True)
    (tmp_path / "usr/share/parley-models/silero_vad.onnx").write_bytes(b"model")
    (tmp_path / "pieces").write_text("u-boot-rpi 2025.01-3 arm64\n")
    told = json.loads(sbom.main(tmp_path, "1.2", 1_700_000_000, tmp_path / "pieces"))
    parts = {one["name"]: one for one in told["packages"]}
    assert sorted(parts) == ["dash", "silero_vad.onnx", "soxr", "u-boot-rpi"]
    assert len(told["packages"]) == len({one["SPDXID"] for one in told["packages"]}) == 4
    assert parts["dash"]["externalRefs"][0]["referenceLocator"] == "pkg:deb/debian/dash@0.5.12-12?arch=arm64"
    assert parts["u-boot-rpi"]["versionInfo"] == "2025.01-3"
    assert parts["soxr"]["licenseDeclared"] == "LGPL-2.1-or-later"
    assert parts["silero_vad.onnx"]["licenseDeclared"] == "MIT"
    assert parts["silero_vad.onnx"]["checksums"][0]["checksumValue"] == hashlib.sha256(b"model").hexdigest()
    assert told["creationInfo"]["created"] == "2023-11-14T22:13:20Z"
    assert sbom.main(tmp_path, "1.2", 1_700_000_000, tmp_path / "pieces") == json.dumps(
        told, indent=1, ensure_ascii=False
    )
