"""`python -m scripts.cancellers`: see scripts/compare-echo, which sets up what this needs."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from scripts.cancellers.others import CANCELLERS
from scripts.cancellers.table import OURS, markdown, other, ours, record


def main() -> int:
    """Compare, print the table, write it."""
    parser = argparse.ArgumentParser(prog="scripts/compare-echo", description="Compare echo cancellers.")
    parser.add_argument("--quick", action="store_true", help="with few rooms only: to see that it works")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the table to FILE")
    parser.add_argument("--only", action="append", metavar="NAME", help="only this canceller; can be repeated")
    parser.add_argument("--python", type=Path, required=True, help=argparse.SUPPRESS)
    options = parser.parse_args()
    names = [OURS, *CANCELLERS]
    if unknown := set(options.only or ()) - set(names):
        parser.error(f"--only: there is no {', '.join(sorted(unknown))}; there are: {'; '.join(names)}")
    print("Recording …", file=sys.stderr)
    recordings = record(quick=options.quick)
    rows = []
    for name in options.only or names:
        print(f"{name} …", file=sys.stderr)
        done = ours(recordings) if name == OURS else other(name, options.python, recordings)
        if done is None:
            print(f"{name} cannot be had here and is left out", file=sys.stderr)
        else:
            rows.append(done)
    table = markdown(rows)
    print(table)
    if options.out is not None:
        options.out.write_text(table + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
