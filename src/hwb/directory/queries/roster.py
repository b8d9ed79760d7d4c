# ruff: noqa: S608 - statements are put together from the fixed parts of relations; values are parameters
"""What services read of schools: lists in pages, by filter and order, and single things (OneRoster, SCIM).

Every list has a key that never changes and by which it is ordered. A page begins after a key, which costs the same
wherever it lies, or after a number of rows. New rows of people come last or between; none is ever taken out, so that
whoever pages while a run lands misses nobody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from hwb.directory.queries.rows import fetch

Type = Literal["text", "date", "moment", "flag", "number", "person", "member", "texts", "exact"]
#: ~ contains; ^ begins with, $ ends with, ? is there
Operator = Literal["=", "!=", ">", ">=", "<", "<=", "~", "^", "$", "?"]
_PARTS: dict[str, str] = {
    "~": "strpos({sql}, {value}) > 0", "^": "starts_with({sql}, {value})",
    "$": "right({sql}, length({value})) = {value}",
}  # fmt: skip
_CASTS: dict[str, str] = {
    "text": "text", "date": "date", "moment": "timestamptz", "flag": "boolean", "number": "integer", "person": "uuid",
    "member": "text", "texts": "text", "exact": "text",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Field:
    """Something that may be asked for or sorted by: its SQL, and the type of the value it is compared with.

    person: an account, which a service knows by another name; member: an account and the class it is in. texts: an
    array, one of which is compared. exact: a text whose capitals count.
    """

    sql: str
    type: Type = "text"


@dataclass(frozen=True, slots=True)
class Compared:
    """One comparison. `value` is of the field's type, never part of the statement."""

    field: str
    operator: Operator
    value: Any


@dataclass(frozen=True, slots=True)
class Joined:
    """Conditions of which all or one must hold."""

    by: Literal["AND", "OR"]
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Negated:
    """A condition that must not hold."""

    part: Condition


Condition: TypeAlias = Compared | Joined | Negated


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which rows, in which order. after: the key after which the page begins."""

    condition: Condition | None = None
    sort: str | None = None
    descending: bool = False
    limit: int = 100
    offset: int = 0
    after: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """What a list is made of. Fixed text throughout; what a service says goes into `values`.

    key: SQL and type of each part. columns: what a row tells. detail: joined to a page's rows (as `page`, keys k0, k1,
    …) where columns cost too much to be asked of rows that are not shown; else columns are asked of `source`.
    whole: what is the same as `source`, and cheaper where every row is looked at.
    """

    source: str
    key: tuple[tuple[str, str], ...]
    columns: str
    fields: Mapping[str, Field]
    where: tuple[str, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    detail: str = ""
    whole: str = ""


def page(relation: Relation, asked: Asked) -> list[dict[str, Any]]:
    """The rows of a page; each also has its key as k0, k1, …"""
    conditions, values = _conditions(relation, asked)
    keys = [sql for sql, _ in relation.key]
    if asked.after is not None:
        # The first part alone, too: by it the planner finds where to begin.
        bounds = [f"%(after{number})s::{kind}" for number, (_, kind) in enumerate(relation.key)]
        conditions += [f"({', '.join(keys)}) > ({', '.join(bounds)})", f"{keys[0]} >= {bounds[0]}"]
        values |= {f"after{number}": value for number, value in enumerate(asked.after)}
    order = ", ".join([*_sorted_by(relation, asked), *keys])
    named = ", ".join(f"{sql} AS k{number}" for number, sql in enumerate(keys))
    told = named if relation.detail else f"{named}, {relation.columns}"
    source = (relation.whole if asked.sort else "") or relation.source
    statement = (
        f"SELECT {told} FROM {source} WHERE {' AND '.join(conditions)}"
        f" ORDER BY {order} LIMIT %(limit)s OFFSET %(offset)s"
    )
    if relation.detail:
        statement = (
            f"WITH found AS MATERIALIZED ({statement}),"
            f" page AS MATERIALIZED (SELECT *, row_number() OVER () AS n FROM found)"
            f" SELECT page.*, {relation.columns} FROM page {relation.detail} ORDER BY page.n"
        )
    return fetch(statement, {**values, "limit": asked.limit, "offset": asked.offset})


def count(relation: Relation, asked: Asked) -> int:
    """How many rows there are beside the page."""
    conditions, values = _conditions(relation, asked)
    source = relation.whole or relation.source
    return int(fetch(f"SELECT count(*) AS n FROM {source} WHERE {' AND '.join(conditions)}", values)[0]["n"])


def key_of(row: Mapping[str, Any], relation: Relation) -> tuple[str, ...]:
    """A row's key, as `Asked.after` takes it."""
    return tuple(str(row[f"k{number}"]) for number in range(len(relation.key)))


def _conditions(relation: Relation, asked: Asked) -> tuple[list[str], dict[str, Any]]:
    conditions, values = ["true", *relation.where], dict(relation.values)
    if asked.condition is not None:
        conditions.append(_written(asked.condition, relation, values))
    return conditions, values


def _written(condition: Condition, relation: Relation, values: dict[str, Any]) -> str:
    """A condition as SQL; what it compares with goes into `values`."""
    if isinstance(condition, Joined):
        return "(" + f" {condition.by} ".join(_written(part, relation, values) for part in condition.parts) + ")"
    if isinstance(condition, Negated):
        return f"(NOT coalesce({_written(condition.part, relation, values)}, false))"
    name = f"value{len(values)}"
    values[name] = condition.value
    return _comparison(relation.fields[condition.field], condition.operator, name)


def _comparison(known: Field, operator: Operator, name: str) -> str:
    if operator == "?":
        empty = "'{}'" if known.type == "texts" else "''"
        return f"(coalesce(({known.sql})::text, {empty}) <> {empty} AND %({name})s::text IS NOT NULL)"
    if known.type == "texts":
        return f"({'NOT ' if operator == '!=' else ''}%({name})s::text = ANY({known.sql}))"
    if operator in _PARTS:
        return _PARTS[operator].format(sql=f"lower(({known.sql})::text)", value=f"lower(%({name})s::text)")
    collation = ' COLLATE "C"' if known.type == "text" else ""
    sql = "IS DISTINCT FROM" if operator == "!=" else operator
    return f"(({known.sql}){collation} {sql} %({name})s::{_CASTS[known.type]})"


def _sorted_by(relation: Relation, asked: Asked) -> Sequence[str]:
    if asked.sort is None:
        return ()
    known = relation.fields[asked.sort]
    if known.type in ("person", "member"):
        return ()  # the list's own order: what a service knows people by has none that means anything
    return (f"({known.sql}) {'DESC NULLS LAST' if asked.descending else 'ASC NULLS FIRST'}",)
