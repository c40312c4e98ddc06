"""`python -m scripts.comparing`: see scripts/compare, which sets up what this needs."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from device.bench.result import BenchError
from device.bench.sounds import SoundError
from scripts.comparing import report
from scripts.comparing.clients import KINDS, Peers
from scripts.comparing.performance import Performance
from scripts.comparing.plan import FULL, QUICK


def say(text: str) -> None:
    """Tell the user what is going on."""
    print(text, file=sys.stderr, flush=True)


def main() -> int:
    """Compare, print the table, write it."""
    parser = argparse.ArgumentParser(prog="scripts/compare", description="Compare Parley with other local clients.")
    parser.add_argument("--quick", action="store_true", help="for a few minutes only: to see that it works")
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="write the table to FILE, and all figures to FILE.json"
    )
    parser.add_argument("--only", action="append", metavar="NAME", help="only this client; can be repeated")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep recordings and the clients' logs")
    parser.add_argument("--peers", type=Path, required=True, help=argparse.SUPPRESS)
    options = parser.parse_args()
    names = [kind.name for kind in KINDS]
    if unknown := set(options.only or ()) - set(names):
        parser.error(f"--only: there is no {', '.join(sorted(unknown))}; there are: {'; '.join(names)}")
    try:
        performance = Performance(QUICK if options.quick else FULL, Peers(options.peers), options.keep, say)
        results = [performance.of(kind) for kind in KINDS if kind.name in (options.only or names)]
    except (BenchError, SoundError) as error:
        say(f"compare: {error}")
        return 1
    table = report.table(results, quick=options.quick)
    print(table)
    if options.out is not None:
        report.write(options.out, table, results)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
