"""What `parley run` keeps on the device: transcripts, and the ledger of costs, as the settings say."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from device.records.costs import Costs
from device.records.transcript_writer import TranscriptWriter
from device.settings.prices import prices

if TYPE_CHECKING:
    from device.records.ledger import Ledger
    from device.settings.tree import Settings


class Keeper:
    """Watches the ledger until it is closed."""

    def __init__(self, settings: Settings, ledger: Ledger) -> None:
        models = {name: getattr(settings.engine.get(name), "model", "") for name in settings.engines}
        self.costs = Costs(
            models,
            prices(settings.prices),
            ledger.sent_s,
            budget_per_day=settings.ledger.budget_per_day,
            keep_days=settings.ledger.keep_days,
        )
        profile = Path(settings.profile).stem
        self.transcripts = TranscriptWriter(settings.transcripts.keep_days, profile=profile)
        ledger.watch(self.costs.take)
        ledger.watch(self.transcripts.take)

    def close(self) -> None:
        """Write what is left; harmless when repeated."""
        self.costs.close()
        self.transcripts.close()
