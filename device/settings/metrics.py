"""`[metrics]`: figures for whoever looks after many devices, which `parley page` serves to Prometheus."""

from __future__ import annotations

from device.settings.types import Secret, Section


class MetricsSettings(Section, frozen=True):
    """`[metrics]`: figures for Prometheus, at `/metrics` of the page."""

    on: bool = False
    """Whether the page tells figures: how many turns, how soon they are answered, errors, costs; no words."""
    token: Secret = Secret()
    """What whoever asks from another machine must know; better in PARLEY_METRICS_TOKEN than here.

    Empty: this machine alone may ask.
    """
