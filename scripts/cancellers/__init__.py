"""Parley's echo canceller beside others, on the same simulated rooms and cards.

`python -m scripts.cancellers` runs it; `scripts/compare-echo` sets it up first. `others` runs one canceller over what
was played and heard, in an environment of its own; `table` judges what comes of it, as `parley bench echo` does.
"""
