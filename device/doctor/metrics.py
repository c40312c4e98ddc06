"""Whether whoever looks after many devices gets the figures of `[metrics]`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from device.doctor.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from device.settings.tree import Settings

UNIT: Final = "parley-page.service"
SHORTEST: Final = 16
"""Characters of a token. A choice: of the letters and digits that `openssl rand -hex` prints, too many to try."""
NEW: Final = "openssl rand -hex 16 | sudo tee /etc/parley/keys/PARLEY_METRICS_TOKEN; sudo systemctl restart parley-page"


def check_metrics(settings: Settings, units: Mapping[str, Mapping[str, str]]) -> Iterator[Finding]:
    """Say what keeps figures from being told, or has them told too freely; `units` as `show_units` has them."""
    metrics, page = settings.metrics, settings.page
    if not metrics.on:
        return
    unit = units.get(UNIT)
    if unit is not None and unit.get("ActiveState") != "active":
        what = "figures are to be told, but there is no page that tells them"
        yield Finding("metrics", "fail", what, "sudo systemctl enable --now parley-page")
    elif page.lan and not metrics.token:
        what = "figures are told to this machine alone: there is no token for others"
        yield Finding("metrics", "warn", what, NEW)
    elif metrics.token and not page.lan and not page.host:
        what = "there is a token for figures, but others on the network do not reach the page"
        yield Finding("metrics", "warn", what, "set page.lan = true, or fetch them by SSH")
    elif metrics.token and len(metrics.token.reveal()) < SHORTEST:
        yield Finding("metrics", "warn", f"the token has less than {SHORTEST} characters: it can be guessed", NEW)
    else:
        whom = "whoever knows the token" if metrics.token else "this machine alone"
        yield Finding("metrics", "ok", f"figures are told to {whom}, at /metrics of the page, port {page.port}")
