"""Whose certificates are trusted: those of the system's authorities, or those of a file."""

from __future__ import annotations

import ssl
from functools import cache


def trusting(authorities: str = "") -> ssl.SSLContext:
    """Return what encrypts to a server whose certificate an authority in a file (PEM) has signed; empty: the system's.

    Raises OSError; `ssl.SSLError`, which is one, if the file holds no certificates.
    """
    context = ssl.create_default_context(cafile=authorities or None)
    # From Python 3.13 on, an authority that does not say what its key is for is refused: many of a house's own do not.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


@cache
def trusting_system() -> ssl.SSLContext:
    """Return what trusts the system's authorities, read once for all that ask."""
    return trusting()
