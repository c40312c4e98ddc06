"""What a slot consists of, as a list that programs read (SPDX 2.3): Debian's packages, Python's, and the models."""

from __future__ import annotations

import hashlib
import json
import sys
import time
import tomllib
from email import message_from_string
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

UNKNOWN = "NOASSERTION"
"""SPDX's word for what nobody says."""


def debian(status: str) -> Iterator[dict[str, object]]:
    """Yield the packages of dpkg's status file that are there."""
    for paragraph in status.split("\n\n"):
        said = message_from_string(paragraph)
        if not said["Status"] or not said["Status"].startswith("install "):
            continue
        name, version, architecture = said["Package"], said["Version"], said["Architecture"]
        yield package("deb", name, version, f"pkg:deb/debian/{name}@{version}?arch={architecture}", UNKNOWN)


def taken(versions: str) -> Iterator[dict[str, object]]:
    """Yield the packages that parts are taken of, which nobody has installed: lines of name, version, architecture."""
    for line in versions.splitlines():
        name, version, architecture = line.split()
        yield package("deb", name, version, f"pkg:deb/debian/{name}@{version}?arch={architecture}", UNKNOWN)


def python(site: Path) -> Iterator[dict[str, object]]:
    """Yield the packages of a folder `site-packages`."""
    for info in sorted(site.glob("*.dist-info/METADATA")):
        said = message_from_string(info.read_text(encoding="utf-8"))
        name, version = said["Name"], said["Version"]
        licence = said["License-Expression"] or UNKNOWN
        yield package("python", name, version, f"pkg:pypi/{name.lower()}@{version}", licence)


def models(manifest: dict[str, Any], folder: Path) -> Iterator[dict[str, object]]:
    """Yield the model files of a manifest that are in a folder, with what they hash to."""
    for source in manifest["source"]:
        for file in source["file"]:
            path = folder / file["name"]
            if path.is_file():
                digest = hashlib.sha256(path.read_bytes()).hexdigest()
                entry = package("model", file["name"], str(source.get("version", digest[:12])), "", UNKNOWN)
                entry["licenseDeclared"] = source.get("licence", UNKNOWN)
                entry["checksums"] = [{"algorithm": "SHA256", "checksumValue": digest}]
                yield entry


def package(kind: str, name: str, version: str, place: str, licence: str) -> dict[str, object]:
    """Return an entry for a package; `place` is its address as a package URL, or empty."""
    number = hashlib.sha256(f"{kind} {name} {version}".encode()).hexdigest()[:16]
    entry: dict[str, object] = {
        "SPDXID": f"SPDXRef-{kind}-{number}",
        "name": name,
        "versionInfo": version,
        "downloadLocation": UNKNOWN,
        "filesAnalyzed": False,
        "licenseConcluded": UNKNOWN,
        "licenseDeclared": licence,
    }
    if place:
        entry["externalRefs"] = [
            {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": place}
        ]
    return entry


def document(version: str, seconds: int, entries: list[dict[str, object]]) -> dict[str, object]:
    """Return the list of an image of a version, that was made at a time, in seconds since 1970."""
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"parley-image-{version}",
        "documentNamespace": f"https://spdx.org/spdxdocs/parley-image-{version}-{seconds}",
        "creationInfo": {
            "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds)),
            "creators": ["Tool: parley-image"],
        },
        "packages": entries,
        "relationships": [
            {
                "spdxElementId": "SPDXRef-DOCUMENT",
                "relationshipType": "DESCRIBES",
                "relatedSpdxElement": entry["SPDXID"],
            }
            for entry in entries
        ],
    }


def main(root: Path, version: str, seconds: int, pieces: Path) -> str:
    """Return the list of what is in a slot's root file system, and of what `pieces` lists beside it."""
    manifest = tomllib.loads((Path(__file__).parents[2] / "models" / "manifest.toml").read_text(encoding="utf-8"))
    entries = [
        *debian((root / "var/lib/dpkg/status").read_text(encoding="utf-8")),
        *taken(pieces.read_text(encoding="utf-8")),
        *(entry for site in sorted(root.glob("opt/parley-*/lib/python3.*/site-packages")) for entry in python(site)),
        *models(manifest, root / "usr/share/parley-models"),
    ]
    return json.dumps(document(version, seconds, entries), indent=1, ensure_ascii=False)


if __name__ == "__main__":
    print(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), Path(sys.argv[4])))
