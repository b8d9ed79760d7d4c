"""Where the pages of lists that services are reading begin, and how long the lists are.

A service that pages by numbers starts each page where its last one ended, not by counting rows again: so the last page
of a nation costs what the first does, and what lands meanwhile shifts nothing. It is remembered for each token and
process only, and what has been forgotten costs time, no more.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock

MOST_PASSES, MOST_PAGES = 500, 2000


@dataclass(slots=True)
class Pass:
    """One reading of one list. begins: the key after which a page begins, by its offset."""

    total: int | None = None
    begins: OrderedDict[int, tuple[str, ...]] = field(default_factory=OrderedDict)

    def remember(self, offset: int, key: tuple[str, ...]) -> None:
        self.begins[offset] = key
        while len(self.begins) > MOST_PAGES:
            self.begins.popitem(last=False)


class Passes:
    """The newest passes."""

    def __init__(self) -> None:
        self._passes: OrderedDict[tuple[str, ...], Pass] = OrderedDict()
        self._lock = Lock()

    def of(self, *mark: str) -> Pass:
        """The pass that token, address and parameters tell apart."""
        with self._lock:
            found = self._passes.setdefault(mark, Pass())
            self._passes.move_to_end(mark)
            while len(self._passes) > MOST_PASSES:
                self._passes.popitem(last=False)
            return found


PASSES = Passes()
