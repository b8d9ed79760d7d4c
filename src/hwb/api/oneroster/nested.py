"""Lists below a thing: a school's classes, a class's learners, somebody's classes, …"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from hwb.api.oneroster.collections import COLLECTIONS, Collection, View, one
from hwb.directory.queries import roster_people, roster_places
from hwb.directory.queries.roster import Asked, Relation, page

#: The relation of a list below a thing, from the thing's row.
Below = Callable[[View, Mapping[str, Any]], Relation]


def _people_of_school(*kinds: str, teaching: bool = False) -> Below:
    return lambda view, school: roster_people.people(
        view.seen.of_school(school["id"]).of_kinds(*kinds), teaching=teaching
    )


def _people_of_class(kind: str, role: str) -> Below:
    def relation(view: View, klass: Mapping[str, Any]) -> Relation:
        seen = view.seen.of_school(klass["school"]).of_kinds(kind)
        digest = klass["id"].rpartition("-")[2]
        members = roster_places.members(seen, kind=klass["kind"], digest=digest, role=role, here=True)
        accounts = [str(row["account"]) for row in page(members, Asked(limit=10_000))]
        return roster_people.people(seen, accounts=accounts)

    return relation


def _enrollments_of_class(view: View, klass: Mapping[str, Any]) -> Relation:
    seen = view.seen.of_school(klass["school"])
    return roster_places.members(seen, kind=klass["kind"], digest=klass["id"].rpartition("-")[2])


def _classes_of_person(view: View, person: Mapping[str, Any]) -> Relation:
    among = roster_places.classes_of(view.seen, str(person["k0"]))
    return roster_places.classes(view.seen, among=among)


def _classes_of_course(view: View, course: Mapping[str, Any]) -> Relation:
    return roster_places.classes(view.seen.of_school(course["school"]), kind=course["kind"])


def _classes_of_term(view: View, term: Mapping[str, Any]) -> Relation:
    month, day = view.pen.year_start
    year: int = term["year"]
    return roster_places.classes(view.seen, years=(date(year - 1, month, day), date(year, month, day)))


#: Place of the thing, place of the list, how it is made. A school's terms are everybody's.
NESTED: Mapping[tuple[str, str], Below] = {
    ("schools", "classes"): lambda view, school: roster_places.classes(view.seen.of_school(school["id"])),
    ("schools", "courses"): lambda view, school: roster_places.courses(view.seen.of_school(school["id"])),
    ("schools", "enrollments"): lambda view, school: roster_places.members(view.seen.of_school(school["id"])),
    ("schools", "students"): _people_of_school("learner"),
    ("schools", "teachers"): _people_of_school("staff", teaching=True),
    ("schools", "terms"): lambda view, _school: COLLECTIONS["terms"].relation(view),
    ("courses", "classes"): _classes_of_course,
    ("classes", "students"): _people_of_class("learner", "student"),
    ("classes", "teachers"): _people_of_class("staff", "teacher"),
    ("students", "classes"): _classes_of_person,
    ("teachers", "classes"): _classes_of_person,
    ("users", "classes"): _classes_of_person,
    ("terms", "classes"): _classes_of_term,
    ("terms", "gradingPeriods"): lambda view, _term: COLLECTIONS["gradingPeriods"].relation(view),
}
#: Lists of a class that is asked for below its school.
OF_SCHOOLS_CLASS: Mapping[str, Below] = {
    "enrollments": _enrollments_of_class,
    "students": NESTED["classes", "students"],
    "teachers": NESTED["classes", "teachers"],
}


def of_schools_class(view: View, school: str, sourced_id: str) -> Mapping[str, Any] | None:
    """The class of a school; None for another school's."""
    found = one(COLLECTIONS["classes"], view, sourced_id)
    return found if found is not None and found["school"] == school else None


def listed(place: str) -> Collection:
    """What a list below a thing consists of."""
    return COLLECTIONS[place]
