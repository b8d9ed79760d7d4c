"""The lists of the standard: what each is made of, how a thing in it is found, and who may read it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from hwb.api.oneroster import shapes
from hwb.api.oneroster.shapes import Pen, Row
from hwb.directory.queries import roster_people, roster_places
from hwb.directory.queries.roster import Asked, Relation, page
from hwb.directory.queries.roster_people import Seen
from hwb.lifecycle import calendar
from hwb.operations import service_addresses

_CLASS = re.compile(r"([0-9]{7})-([hs])-([0-9a-f]{16})")
_COURSE = re.compile(r"([0-9]{7})-([hs])")
_ENROLLMENT = re.compile(r"([0-9a-f]{32})-([0-9]{7})-([hs])-([0-9a-f]{16})")
_NUMBER = re.compile(r"[0-9]{3}|[0-9]{7}")
_CORE = service_addresses.READS_ROSTER
_COMMON = ("sourcedId", "status", "dateLastModified")


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What one service sees: its schools and kinds of people, and the hand in which it is written."""

    seen: Seen
    pen: Pen
    account: Callable[[str], str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """One list. plural and singular: names in answers. members: of a thing, beyond the three that all have."""

    plural: str
    singular: str
    relation: Callable[[View], Relation]
    found: Callable[[View, str], Relation | None]
    write: Callable[[Row, Pen], dict[str, Any]]
    members_1p2: tuple[str, ...]
    members_1p1: tuple[str, ...] = ()
    scopes: frozenset[str] = _CORE

    def members(self, version: str) -> frozenset[str]:
        of_version = self.members_1p1 or self.members_1p2 if version == "1.1" else self.members_1p2
        return frozenset((*_COMMON, *of_version))


def one(collection: Collection, view: View, sourced_id: str) -> Row | None:
    """The thing with an identifier; None for one that there is not, or that is not to be seen."""
    relation = collection.found(view, sourced_id)
    rows = page(relation, Asked(limit=1)) if relation is not None else []
    return rows[0] if rows else None


def _people(*kinds: str, teaching: bool = False) -> Callable[[View], Relation]:
    return lambda view: roster_people.people(view.seen.of_kinds(*kinds), teaching=teaching)


def _person(*kinds: str, teaching: bool = False) -> Callable[[View, str], Relation | None]:
    def found(view: View, sourced_id: str) -> Relation | None:
        account = view.account(sourced_id)
        seen = view.seen.of_kinds(*kinds)
        return roster_people.people(seen, teaching=teaching, accounts=[account]) if account is not None else None

    return found


def _org(schools_only: bool) -> Callable[[View, str], Relation | None]:
    def found(view: View, sourced_id: str) -> Relation | None:
        if not _NUMBER.fullmatch(sourced_id):
            return None
        return roster_places.orgs(view.seen, schools_only=schools_only, org=sourced_id)

    return found


def _course(view: View, sourced_id: str) -> Relation | None:
    match = _COURSE.fullmatch(sourced_id)
    return match and roster_places.courses(view.seen.of_school(match[1]), kind=match[2], school=match[1])


def _class(view: View, sourced_id: str) -> Relation | None:
    match = _CLASS.fullmatch(sourced_id)
    return match and roster_places.classes(view.seen.of_school(match[1]), kind=match[2], digest=match[3])


def _enrollment(view: View, sourced_id: str) -> Relation | None:
    match = _ENROLLMENT.fullmatch(sourced_id)
    account = view.account(match[1]) if match else None
    if match is None or account is None:
        return None
    return roster_places.members(view.seen.of_school(match[2]), account=account, kind=match[3], digest=match[4])


def sessions(view: View) -> list[dict[str, Any]]:
    """Each year of which a school's classes are, up to today's, and one term that is the whole of it.

    The terms of a year are an authority's own and no MIS sends them.
    """
    first = roster_places.first_word(view.seen) or view.pen.today
    month, day = view.pen.year_start
    made = []
    for end in range(view.pen.year_of(datetime.combine(min(first, view.pen.today), datetime.min.time(), UTC)),
                     view.pen.year_of(None) + 1):  # fmt: skip
        begin, until = date(end - 1, month, day), date(end, month, day) - timedelta(days=1)
        common = {
            "begin": begin, "until": until, "year": end, "title": f"{end - 1}/{end % 100:02d}",
            "modified": datetime.combine(begin, datetime.min.time(), calendar.LONDON).astimezone(UTC),
        }  # fmt: skip
        year, term = f"year-{end}", f"term-{end}"
        made.append({**common, "id": year, "type": "schoolYear", "parent": None, "children": [term]})
        made.append({**common, "id": term, "type": "term", "parent": year, "children": None})
    return made


def _sessions(*types: str) -> Callable[[View], Relation]:
    return lambda view: roster_places.sessions(
        view.seen, [row for row in sessions(view) if row["type"] in types or not types]
    )


def _session(*types: str) -> Callable[[View, str], Relation]:
    return lambda view, sourced_id: roster_places.sessions(
        view.seen,
        [row for row in sessions(view) if row["id"] == sourced_id and (row["type"] in types or not types)],
    )


_USER = ("enabledUser", "username", "givenName", "familyName", "email", "roles", "primaryOrg", "grades")
_USER_1P1 = ("enabledUser", "username", "givenName", "familyName", "email", "role", "orgs", "grades")
_ORG = ("name", "type", "identifier", "parent", "metadata")
_SESSION = ("title", "startDate", "endDate", "type", "schoolYear", "parent", "children")
_DEMOGRAPHICS = frozenset({service_addresses.ROSTER_DEMOGRAPHICS})


def _of_people(plural: str, singular: str, *kinds: str, teaching: bool = False) -> Collection:
    return Collection(
        plural=plural, singular=singular, relation=_people(*kinds, teaching=teaching),
        found=_person(*kinds, teaching=teaching), write=shapes.user, members_1p2=_USER, members_1p1=_USER_1P1,
    )  # fmt: skip


def _of_sessions(*types: str) -> Collection:
    return Collection(
        plural="academicSessions", singular="academicSession", relation=_sessions(*types), found=_session(*types),
        write=shapes.session, members_1p2=_SESSION,
    )  # fmt: skip


def _of_orgs(*, schools_only: bool) -> Collection:
    return Collection(
        plural="orgs", singular="org", write=shapes.org, members_1p2=_ORG, found=_org(schools_only),
        relation=lambda view: roster_places.orgs(view.seen, schools_only=schools_only),
    )  # fmt: skip


COLLECTIONS: Mapping[str, Collection] = {
    "academicSessions": _of_sessions(),
    "terms": _of_sessions("term"),
    "gradingPeriods": _of_sessions("gradingPeriod"),
    "orgs": _of_orgs(schools_only=False),
    "schools": _of_orgs(schools_only=True),
    "courses": Collection(
        plural="courses", singular="course", relation=lambda view: roster_places.courses(view.seen), found=_course,
        write=shapes.course, members_1p2=("title", "schoolYear", "courseCode", "org"),
    ),
    "classes": Collection(
        plural="classes", singular="class", relation=lambda view: roster_places.classes(view.seen), found=_class,
        write=shapes.klass,
        members_1p2=("title", "classCode", "classType", "grades", "course", "school", "terms"),
    ),
    "enrollments": Collection(
        plural="enrollments", singular="enrollment", relation=lambda view: roster_places.members(view.seen),
        found=_enrollment, write=shapes.enrollment, members_1p2=("user", "class", "school", "role", "primary"),
    ),
    "users": _of_people("users", "user", "learner", "staff"),
    "students": _of_people("users", "user", "learner"),
    "teachers": _of_people("users", "user", "staff", teaching=True),
    "demographics": Collection(
        plural="demographics", singular="demographics", relation=_people("learner", "staff"),
        found=_person("learner", "staff"), write=shapes.demographics, members_1p2=("birthDate",),
        scopes=_DEMOGRAPHICS,
    ),
}  # fmt: skip
_SCIM_ONLY = ("id", "displayname", "school", "kind", "meta.lastmodified")
#: Of people: by what 1.2 and 1.1 do not both have, or what only demographics tell.
_HIDDEN = {
    ("1.2", "users"): ("role", "birthDate"), ("1.1", "users"): ("birthDate",),
    ("1.2", "demographics"): ("role", "username", "email", "givenName", "familyName", "enabledUser"),
    ("1.1", "demographics"): ("role", "username", "email", "givenName", "familyName", "enabledUser"),
}  # fmt: skip


def fields_of(collection: Collection, relation: Relation, version: str) -> dict[str, Any]:
    """What a list may be filtered and sorted by in a version."""
    hidden = (*_HIDDEN.get((version, collection.plural), ()), *_SCIM_ONLY)
    return {name: known for name, known in relation.fields.items() if name not in hidden}


def account_reader(found: Callable[[str], UUID | None]) -> Callable[[str], str | None]:
    """An account by what the service knows it by, as text."""
    return lambda sourced_id: None if (account := found(sourced_id)) is None else str(account)
