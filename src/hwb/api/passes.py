"""Where the pages of lists that services are reading begin, and how long the lists are.

A service that pages by numbers starts each page where its last one ended, not by counting rows again: so the last page
of a nation costs what the first does, and what lands meanwhile shifts nothing. It is remembered for each token and
process only, and what has been forgotten costs time, no more.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Any

from hwb.directory.queries import roster
from hwb.directory.queries.roster import Asked, Relation

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


def page(relation: Relation, asked: Asked, *, mark: tuple[str, ...]) -> tuple[list[dict[str, Any]], int]:
    """The rows of a page, and how many there are in all: as many as when the pass began, where no more were met.

    mark: token, address, and all parameters that say which rows are in the list.
    """
    reading = PASSES.of(*mark)
    begin = reading.begins.get(asked.offset) if asked.sort is None else None
    rows = roster.page(relation, asked if begin is None else replace(asked, after=begin, offset=0))
    if reading.total is None or asked.offset == 0:
        reading.total = roster.count(relation, asked)
    if rows:
        end = asked.offset + len(rows)
        reading.total = max(reading.total, end)
        reading.remember(end, roster.key_of(rows[-1], relation))
    return rows, reading.total
