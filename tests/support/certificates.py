"""Certificates of a house's own authority, which does not say what its key is for, as `openssl req -x509` makes it."""

import subprocess
from pathlib import Path

TODAY = ("-days", "1")


def openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


def past() -> tuple[str, ...]:
    """Return what makes a certificate of the past: newer versions have a date for it, older ones take days ago."""
    told = subprocess.run(["openssl", "x509", "-help"], check=False, capture_output=True, text=True)
    dates = ("-not_before", "20190101000000Z", "-not_after", "20200101000000Z")
    return dates if "-not_after" in told.stdout + told.stderr else ("-days", "-1")


def authority(folder: Path) -> None:
    """Make `ca.pem` in a folder, with its key."""
    about = folder / "about"  # the tool's own settings add what it says of its key
    about.write_text("[req]\ndistinguished_name = dn\nx509_extensions = ca\n[dn]\n[ca]\nbasicConstraints = CA:TRUE\n")
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{folder}/ca.key", "-out", f"{folder}/ca.pem",
            "-config", str(about), "-subj", "/CN=House", "-days", "2")  # fmt: skip


def signed(folder: Path, name: str, host: str, valid: tuple[str, ...] = TODAY) -> None:
    """Have `name.pem` and its key in a folder, of a host, signed by its authority."""
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{folder}/{name}.key", "-out",
            f"{folder}/{name}.csr", "-subj", f"/CN={host}")  # fmt: skip
    (folder / f"{name}.ext").write_text(f"subjectAltName=DNS:{host}\n")
    by = ("-CA", f"{folder}/ca.pem", "-CAkey", f"{folder}/ca.key", "-CAcreateserial", *valid)
    files = ("-in", f"{folder}/{name}.csr", "-out", f"{folder}/{name}.pem", "-extfile", f"{folder}/{name}.ext")
    openssl("x509", "-req", *files, *by)
