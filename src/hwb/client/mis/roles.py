"""Of a OneRoster user's roles at one school the one that counts, and what its end means (ADR 5).

The standard calls an end exclusive; exporters disagree, and many give *everybody* the end of the session. An end is
therefore read as the last day on roll, which ends nobody's access a day early; and one day on which more than half
of those still there would go is read as the end of the session: nobody leaves by it, and the reader says so.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from hwb.client.mis.roster import Line, Roster
from hwb.extract.fields import read_date
from hwb.extract.records import Kind, Problem

#: Roles of people who are neither learners nor staff of the school.
_NOT_STAFF = frozenset(
    {"", "student", "parent", "guardian", "relative", "districtadministrator", "systemadministrator"}
)
#: Fewer may leave on one day by chance, unless the file says that a session ends then.
_FEW = 10
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Role:
    """Somebody's role at the school, with begin and end as they are written; ``end`` "" while it is open."""

    kind: Kind
    name: str
    primary: bool
    begin: str
    end: str

    @property
    def begins(self) -> date | None:
        return read_date(self.begin)

    @property
    def ends(self) -> date | None:
        return read_date(self.end)


def roles_of(found: Roster, ours: frozenset[str], *, on: date, since: Callable[[str], str]) -> dict[str, Role]:
    """Each user's role at our school: one that has not ended, student first, then primary, then the newest.

    1.1 has no file of roles: role and schools stand in users, and nothing says when somebody leaves.
    """
    known: dict[str, list[Role]] = defaultdict(list)
    for line in found.lines["roles"]:
        if line["orgsourcedid"] in ours:
            _add(known, line["usersourcedid"], line, since)
    if not found.lines["roles"]:
        for user in found.lines["users"]:
            if {org.strip() for org in user.get("orgsourcedids", "").split(",")} & ours:
                _add(known, user["sourcedid"], user, since)
    return {user: min(roles, key=lambda role: _order(role, on)) for user, roles in known.items()}


def _add(known: dict[str, list[Role]], user: str, line: Line, since: Callable[[str], str]) -> None:
    name = line.get("role", "")
    if name.lower() != "student" and name.lower() in _NOT_STAFF:
        return
    kind: Kind = "learner" if name.lower() == "student" else "staff"
    primary = line.get("roletype", "").lower() == "primary"
    known[user].append(Role(kind, name, primary, line.get("begindate") or since(user), line.get("enddate", "")))


def _order(role: Role, on: date) -> tuple[bool, bool, bool, int]:
    has_ended = role.ends is not None and role.ends < on
    return has_ended, role.kind != "learner", not role.primary, -(role.begins or date.min).toordinal()


def without_session_ends(roles: Mapping[str, Role], sessions: Iterable[Line]) -> tuple[dict[str, Role], list[Problem]]:
    """The roles, an end that is a session's taken away, and a warning for each such day and kind."""
    closing = {day for line in sessions if (day := read_date(line.get("enddate", "")))}
    notices: list[Problem] = []
    for_all: set[tuple[Kind, date]] = set()
    kinds: tuple[Kind, ...] = ("learner", "staff")
    for kind in kinds:
        ends = Counter(role.ends for role in roles.values() if role.kind == kind)
        for day in sorted(day for day in ends if day is not None):
            there = sum(number for other, number in ends.items() if other is None or other >= day)
            near = not closing.isdisjoint((day - _DAY, day, day + _DAY))
            if 2 * ends[day] > there and (near or ends[day] > _FEW):
                for_all.add((kind, day))
                notices.append(Problem("X06", "", "leaving_date", f"{day:%d/%m/%Y}", kind))
    settled = {
        user: replace(role, end="") if role.ends is not None and (role.kind, role.ends) in for_all else role
        for user, role in roles.items()
    }
    return settled, notices
