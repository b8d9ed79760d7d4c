"""The query string of a list: limit, offset, sort, orderBy, filter, fields (OneRoster 1.2, section 4)."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, cast

from django.http import QueryDict

from hwb.api.oneroster.errors import invalid, unknown_filter_field, unknown_selection_field
from hwb.directory.queries.roster import Asked, Compared, Condition, Field, Joined, Operator

STANDARD_LIMIT, MOST = 100, 5000
_FARTHEST = 2**31 - 1
_MOST_COMPARISONS = 10
_LONGEST = 2000
_WHOLE = re.compile(r"[0-9]{1,10}")
_COMPARISON = re.compile(r"\s*([A-Za-z][A-Za-z0-9.]{0,60})\s*(!=|>=|<=|=|>|<|~)\s*'([^']*)'\s*")
_JOIN = re.compile(r"(AND|OR)(?=\s)", re.IGNORECASE)
_PLAIN = re.compile(r"[^\x00-\x1f\x7f]*")
#: What no account has: a value that is nobody's identifier finds nobody.
NOBODY = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A list's parameters. selected: of the fields of each thing, None for all."""

    asked: Asked
    selected: frozenset[str] | None


def read(
    sent: QueryDict, *, fields: Mapping[str, Field], members: Collection[str], account: Callable[[str], str | None]
) -> Query:
    """fields: by which the list is filtered and sorted. members: of each thing. account: whom a sourcedId is.

    A sort field that there is not gives the usual order, as the standard says. Raises ApiError for all else.
    """
    limit, offset = _whole(sent, "limit", STANDARD_LIMIT, 1), _whole(sent, "offset", 0, 0)
    order = sent.get("orderBy", "asc").lower()
    if order not in ("asc", "desc"):
        raise invalid("orderBy")
    sort = sent.get("sort")
    return Query(
        asked=Asked(
            condition=_filter(sent.get("filter"), fields, account), sort=sort if sort in fields else None,
            descending=order == "desc",
            limit=min(limit, MOST), offset=offset,
        ),
        selected=selection(sent, members),
    )  # fmt: skip


def selection(sent: QueryDict, members: Collection[str]) -> frozenset[str] | None:
    """The fields that were selected, None for all. Raises ApiError for one that there is not."""
    text = sent.get("fields")
    if text is None:
        return None
    names = frozenset(name.strip() for name in text.split(","))
    if not names <= frozenset(members):
        raise unknown_selection_field()
    return names


def _whole(sent: QueryDict, name: str, standard: int, least: int) -> int:
    text = sent.get(name)
    if text is None:
        return standard
    if not _WHOLE.fullmatch(text) or not least <= int(text) <= _FARTHEST:
        raise invalid(name)
    return int(text)


def _filter(text: str | None, fields: Mapping[str, Field], account: Callable[[str], str | None]) -> Condition | None:
    """Comparisons, all joined by AND or all by OR: the standard has no brackets, so a mixture has no one meaning."""
    if text is None:
        return None
    if len(text) > _LONGEST or not _PLAIN.fullmatch(text):
        raise invalid("filter")
    found: list[Compared] = []
    joins: set[str] = set()
    place = 0
    while True:
        match = _COMPARISON.match(text, place)
        if match is None or len(found) == _MOST_COMPARISONS:
            raise invalid("filter")
        found.append(_compared(match, fields, account))
        place = match.end()
        if place == len(text):
            break
        join = _JOIN.match(text, place)
        if join is None:
            raise invalid("filter")
        joins.add(join[1].upper())
        place = join.end()
    if len(joins) > 1:
        raise invalid("filter")
    return Joined("OR" if joins == {"OR"} else "AND", tuple(found))


def _compared(match: re.Match[str], fields: Mapping[str, Field], account: Callable[[str], str | None]) -> Compared:
    name, operator, text = match[1], cast("Operator", match[2]), match[3]
    known = fields.get(name)
    if known is None:
        raise unknown_filter_field()
    if known.type in ("person", "member"):
        if operator not in ("=", "!="):
            raise invalid("filter")
        if known.type == "person":
            return Compared(name, operator, account(text) or NOBODY)
        person, dash, place = text.partition("-")
        return Compared(name, operator, f"{account(person) or NOBODY}{dash}{place}")
    if operator == "~":
        return Compared(name, operator, text)
    try:
        return Compared(name, operator, _READERS[known.type](text))
    except ValueError:
        raise invalid("filter") from None


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _flag(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError(text)
    return text == "true"


def _number(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise ValueError(text)
    return int(text)


_READERS: Mapping[str, Callable[[str], Any]] = {
    "text": str, "date": date.fromisoformat, "moment": _moment, "flag": _flag, "number": _number,
}  # fmt: skip
