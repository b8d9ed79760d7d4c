"""Python's garbage collector in a worker: seldom, because a run makes many small things and no cycles of them."""

from __future__ import annotations

import gc


def collect_seldom() -> None:
    """Sets apart what the process loaded, and looks for cycles less often: some 13 % of a September (bench)."""
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
