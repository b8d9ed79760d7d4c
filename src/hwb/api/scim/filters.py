"""A filter (RFC 7644, section 3.4.2.2) as a condition: of what the service may be told, and nothing else.

It is read by scim2-models. Values never become part of a statement.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from scim2_models import ScimFilter
from scim2_models.exceptions import SCIMException
from scim2_models.path import AttrPath, Comparison, FilterNode, LogicalExpr, Not, Present

from hwb.api.scim.errors import invalid_filter
from hwb.api.scim.schemas import ENTERPRISE, GROUP, OF_SCHOOL, SCHOOLS, USER
from hwb.directory.queries.roster import Compared, Condition, Field, Joined, Negated, Operator

_LONGEST, _DEEPEST, _MOST = 2000, 20, 50
_OPERATORS: Mapping[str, Operator] = {
    "eq": "=", "ne": "!=", "co": "~", "sw": "^", "ew": "$", "gt": ">", "ge": ">=", "lt": "<", "le": "<=",
}  # fmt: skip
_ALLOWED: Mapping[str, frozenset[str]] = {
    "text": frozenset(_OPERATORS), "moment": frozenset({"eq", "ne", "gt", "ge", "lt", "le"}),
    "flag": frozenset({"eq", "ne"}), "person": frozenset({"eq", "ne"}), "texts": frozenset({"eq", "ne"}),
    "exact": frozenset({"eq", "ne"}),
}  # fmt: skip
#: Short for the part that is meant (RFC 7644: a multi-valued attribute stands for its values).
_SHORT = {"emails": "emails.value", "schools": "schools.value"}
NOBODY = "00000000-0000-0000-0000-000000000000"


def read(text: str, fields: Mapping[str, Field], account: Callable[[str], str | None]) -> Condition:
    """fields: by name in small letters. account: whose an id is. Raises ApiError for anything else."""
    if len(text) > _LONGEST or "\0" in text or text.count("(") > _DEEPEST:
        raise invalid_filter()
    try:
        tree = ScimFilter(text).ast
    except SCIMException:
        raise invalid_filter() from None
    return _Reader(fields, account).condition(tree)


class _Reader:
    def __init__(self, fields: Mapping[str, Field], account: Callable[[str], str | None]) -> None:
        self._fields = fields
        self._account = account
        self._left = _MOST

    def condition(self, node: FilterNode) -> Condition:
        self._left -= 1
        if self._left < 0:
            raise invalid_filter()
        if isinstance(node, LogicalExpr):
            by = "AND" if node.op.value == "and" else "OR"
            return Joined(by, tuple(map(self.condition, node.terms)))  # type: ignore[arg-type] # one of the two
        if isinstance(node, Not):
            return Negated(self.condition(node.expr))
        if isinstance(node, Present):
            return Compared(self._name(node.attr_path), "?", "")
        if isinstance(node, Comparison):
            return self._comparison(node)
        raise invalid_filter()

    def _comparison(self, node: Comparison) -> Condition:
        name, operator = self._name(node.attr_path), node.op.value
        kind = self._fields[name].type
        if operator not in _ALLOWED[kind]:
            raise invalid_filter()
        return Compared(name, _OPERATORS[operator], self._value(kind, node.value))

    def _value(self, kind: str, value: Any) -> Any:
        if kind == "flag":
            if not isinstance(value, bool):
                raise invalid_filter()
            return value
        if not isinstance(value, str) or not _is_text(value):
            raise invalid_filter()
        if kind == "person":
            return self._account(value) or NOBODY
        if kind == "moment":
            return _moment(value)
        return value if kind == "exact" else value.lower()

    def _name(self, path: AttrPath) -> str:
        name = path.attr.lower() + (f".{path.sub_attr.lower()}" if path.sub_attr else "")
        name = _SHORT.get(name, name)
        known = {USER.lower(), GROUP.lower()}
        if name.partition(".")[0] in ("schools", "school", "kind"):
            known = {SCHOOLS.lower(), OF_SCHOOL.lower()}
        elif name == "employeenumber":
            known = {ENTERPRISE.lower()}
        if name not in self._fields or (path.uri is not None and path.uri.lower() not in known):
            raise invalid_filter()
        return name


def _is_text(value: str) -> bool:
    """Whether the database could hold it: escapes in a filter write what no text has."""
    return "\0" not in value and not any("\ud800" <= letter <= "\udfff" for letter in value)


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise invalid_filter() from None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
