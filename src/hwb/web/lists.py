"""Long lists: filters, sort and page in the address, fifty rows a page (ux.md 3.3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest

from hwb.web.words import Text, day, say

PAGE_SIZE = 50
_LONGEST = 100  # characters of one filter's value


@dataclass(frozen=True, slots=True)
class Paging:
    """Which part of a list is shown. first and last count from 1; both are 0 for an empty list."""

    page: int
    pages: int
    count: int
    first: int
    last: int
    previous: str
    next: str

    @property
    def offset(self) -> int:
        return max(self.first - 1, 0)


@dataclass(frozen=True, slots=True)
class Filter:
    """One question of the filter box. choices: (value, text) with the text already in the page's language.

    "" is always there and means all. Without choices it is a box to type in: never for people's names or UPNs,
    which travel by POST. kind: "date" for a day, which comes as 2018-09-01.
    """

    name: str
    label: str
    choices: Sequence[tuple[str, str]] = ()
    kind: str = "text"

    def said(self, value: str) -> str:
        """The value as it is shown among the filters that are on."""
        if self.kind == "date" and (found := read_day(value)) is not None:
            return day(found)
        return dict(self.choices).get(value, value)


@dataclass(frozen=True, slots=True)
class Chosen:
    """A filter that is on, and the address without it."""

    label: str
    text: str
    address: str


@dataclass(frozen=True, slots=True)
class Listing:
    """What the address asks of a list. Unknown sorts and pages fall back; filters not named are ignored."""

    path: str
    filters: Mapping[str, str]
    sort: str
    descending: bool
    page: int
    default_sort: str

    @classmethod
    def of(cls, request: HttpRequest, *, filters: Sequence[str] = (), sorts: Sequence[str] = ("name",)) -> Listing:
        """Reads the address. The first of `sorts` is the default; "-name" is name from the end."""
        asked = request.GET.get("sort", "")
        key = asked.removeprefix("-")
        number = request.GET.get("page", "")
        return cls(
            request.path,
            {name: request.GET.get(name, "")[:_LONGEST].replace("\0", "") for name in filters},
            key if key in sorts else sorts[0],
            asked.startswith("-") and key in sorts,
            int(number) if number.isascii() and number.isdigit() and 0 < int(number) < 100_000 else 1,
            sorts[0],
        )

    def address(self, **changes: str | int) -> str:
        """This list with some parts changed. Whoever changes a filter or the sort is led to page 1."""
        parts: dict[str, str | int] = {**self.filters, "sort": ("-" if self.descending else "") + self.sort, **changes}
        if parts["sort"] == self.default_sort:
            del parts["sort"]
        kept = {
            name: value for name, value in parts.items() if value not in ("", None) and (name, value) != ("page", 1)
        }
        return f"{self.path}?{urlencode(kept)}" if kept else self.path

    def sort_address(self, key: str) -> str:
        """Sorted by a column; by the present one, turned round."""
        turned = key == self.sort and not self.descending
        return self.address(sort=f"-{key}" if turned else key)

    def paging(self, count: int, *, size: int = PAGE_SIZE) -> Paging:
        """The part of `count` rows that the address asks for; a page after the last is the last."""
        pages = max(1, -(-count // size))
        page = min(self.page, pages)
        first = (page - 1) * size + 1 if count else 0
        return Paging(
            page, pages, count, first, min(count, page * size),
            self.address(page=page - 1) if page > 1 else "", self.address(page=page + 1) if page < pages else "",
        )  # fmt: skip

    def chosen(self, filters: Sequence[Filter]) -> list[Chosen]:
        """The filters that are on, for removing."""
        return [
            Chosen(say(filter_.label), filter_.said(value), self.address(**{filter_.name: ""}))
            for filter_ in filters
            if (value := self.filters.get(filter_.name, ""))
        ]


@dataclass(frozen=True, slots=True)
class FilterBox:
    """Everything of the filter box: for templates/web/parts/filters.html."""

    listing: Listing
    filters: tuple[Filter, ...]

    @property
    def chosen(self) -> list[Chosen]:
        return self.listing.chosen(self.filters)

    @property
    def fields(self) -> list[dict[str, Any]]:
        return [{"filter": one, "value": self.listing.filters.get(one.name, "")} for one in self.filters]

    @property
    def carried(self) -> list[tuple[str, str]]:
        """What is on beside the box (a view, a search): it stays when the box is used or cleared."""
        own = {one.name for one in self.filters}
        return [(name, value) for name, value in self.listing.filters.items() if value and name not in own]

    @property
    def cleared(self) -> str:
        """The list without what the box has on."""
        return self.listing.address(**{one.name: "" for one in self.filters})

    @property
    def sort(self) -> str:
        """What the form must carry along, so that filtering keeps the sort."""
        listing = self.listing
        stated = ("-" if listing.descending else "") + listing.sort
        return "" if stated == listing.default_sort else stated


def read_day(text: str) -> date | None:
    """The day of a filter; None for what is none, which filters nothing."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def titled(one: Text, number: int) -> str:
    """ "Learners (186)": what a list is and how many."""
    return f"{say(one)} ({number:,})"
