"""Rows as OneRoster writes them, in both versions (formats.md). 1.1 has booleans as words, and one role a person."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal
from uuid import UUID

from hwb.lifecycle import calendar

Version = Literal["1.1", "1.2"]
Row = Mapping[str, Any]
BASES: dict[Version, str] = {"1.2": "ims/oneroster/rostering/v1p2", "1.1": "ims/oneroster/v1p1"}
#: The plural by which a thing is addressed.
_PLACES = {
    "org": "orgs",
    "user": "users",
    "class": "classes",
    "course": "courses",
    "academicSession": "academicSessions",
}
_COURSES = {"h": ("Registration / Cofrestru", "registration"), "s": ("Teaching / Addysgu", "teaching")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pen:
    """What is the same for all that one answer writes. known_as: what the service knows an account by."""

    version: Version
    root: str
    known_as: Callable[[UUID], str]
    today: date
    year_start: tuple[int, int] = (9, 1)
    #: A school's own roster for another system, with what only an MIS needs: UPN, staff code, dates of admission.
    own: bool = False

    def ref(self, kind: str, sourced_id: str) -> dict[str, str]:
        """A reference: where the thing is, its identifier and kind."""
        return {"href": f"{self.root}/{_PLACES[kind]}/{sourced_id}", "sourcedId": sourced_id, "type": kind}

    def flag(self, value: bool) -> bool | str:
        return value if self.version == "1.2" else str(value).lower()

    def year_of(self, moment: datetime | None) -> int:
        """The calendar year in which the academic year of a moment ends; today's where there is none."""
        on = calendar.london_date(moment) if moment is not None else self.today
        month, day = self.year_start
        return calendar.academic_year_start(on, month=month, day=day).year + 1


def head(sourced_id: str, status: str, modified: datetime) -> dict[str, Any]:
    """What everything begins with."""
    written = modified.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"sourcedId": sourced_id, "status": status, "dateLastModified": written}


def user(row: Row, pen: Pen) -> dict[str, Any]:
    """A person. Of one who has gone: that they have, and what their last school among the service's called them."""
    known_as = pen.known_as(row["k0"])
    here, places = row["here"], row["places"]
    shown = [place for place in places if place["here"]] if here else []
    shown = shown or places[:1]
    made = head(known_as, "active" if here else "tobedeleted", row["modified"])
    made |= {
        "enabledUser": pen.flag(bool(row["active"] and here)),
        "username": row["username"] if here else known_as,
        "givenName": (row["given_name"] if here else _word(places, "forename")) or "-",
        "familyName": (row["family_name"] if here else _word(places, "surname")) or "-",
    }
    if here and row["email"]:
        made["email"] = row["email"]
    if pen.own:
        ids = {
            "UPN": row["upn"],
            "StaffCode": shown[0]["code"] if shown else "",
            "EmployeeNumber": shown[0]["number"] if shown else "",
        }
        made["userIds"] = [{"type": name, "identifier": value} for name, value in ids.items() if value]
    if pen.version == "1.2":
        made["roles"] = [role for place in shown for role in roles(row["kind"], place, pen)]
        if shown:
            made["primaryOrg"] = pen.ref("org", shown[0]["school"])
    else:
        made["role"] = role_names(row["kind"], shown[0], pen.version)[0] if shown else "aide"
        made["orgs"] = [pen.ref("org", place["school"]) for place in shown]
    years = list(dict.fromkeys(place["year"] for place in shown if place["year"]))
    if years:
        made["grades"] = [grade(year) for year in years]
    return made


def roles(kind: str, place: Row, pen: Pen) -> list[dict[str, Any]]:
    """What somebody is at a school; the first is the primary role there."""
    made = []
    for number, name in enumerate(role_names(kind, place, pen.version)):
        one = {"roleType": "secondary" if number else "primary", "role": name, "org": pen.ref("org", place["school"])}
        one["beginDate"] = place["began"]
        if place["ended"]:
            one["endDate"] = place["ended"]
        made.append(one)
    return made


def role_names(kind: str, place: Row, version: Version) -> list[str]:
    """By the standard's words, the weightiest first. Who neither teaches nor leads is an aide: it has no other word."""
    if kind == "learner":
        return ["student"]
    names = ["principal" if version == "1.2" else "administrator"] if place["head"] else []
    names += ["teacher"] if place["teaches"] else []
    return names or ["aide"]


def demographics(row: Row, pen: Pen) -> dict[str, Any]:
    made = head(pen.known_as(row["k0"]), "active" if row["here"] else "tobedeleted", row["modified"])
    if row["here"] and row["birth_date"] is not None:
        made["birthDate"] = row["birth_date"].isoformat()
    return made


def org(row: Row, pen: Pen) -> dict[str, Any]:
    """A school, or a local authority as its district."""
    made = head(row["id"], row["status"], row["modified"])
    made |= {"name": row["name_en"] or row["name_cy"] or row["id"], "type": row["type"], "identifier": row["id"]}
    if row["parent"]:
        made["parent"] = pen.ref("org", row["parent"])
    if row["name_cy"]:
        made["metadata"] = {"name_cy": row["name_cy"]}
    return made


def session(row: Row, pen: Pen) -> dict[str, Any]:
    made = head(row["id"], "active", row["modified"])
    made |= {
        "title": row["title"], "startDate": row["begin"].isoformat(), "endDate": row["until"].isoformat(),
        "type": row["type"], "schoolYear": str(row["year"]),
    }  # fmt: skip
    if row["parent"]:
        made["parent"] = pen.ref("academicSession", row["parent"])
    if row["children"]:
        made["children"] = [pen.ref("academicSession", child) for child in row["children"]]
    return made


def course(row: Row, pen: Pen) -> dict[str, Any]:
    title, code = _COURSES[row["kind"]]
    return head(f"{row['school']}-{row['kind']}", "active", row["modified"]) | {
        "title": title, "schoolYear": pen.ref("academicSession", f"year-{pen.year_of(row['as_at'])}"),
        "courseCode": code, "org": pen.ref("org", row["school"]),
    }  # fmt: skip


def klass(row: Row, pen: Pen) -> dict[str, Any]:
    """A class; one that only people who left were in is to be deleted."""
    made = head(row["id"], "active" if row["here"] else "tobedeleted", row["modified"])
    made |= {
        "title": row["name"], "classCode": row["name"], "classType": "homeroom" if row["kind"] == "h" else "scheduled",
        "course": pen.ref("course", f"{row['school']}-{row['kind']}"), "school": pen.ref("org", row["school"]),
        "terms": [pen.ref("academicSession", f"term-{pen.year_of(row['as_at'])}")],
    }  # fmt: skip
    if row["grades"]:
        order = {year: place for place, year in enumerate(calendar.YEAR_GROUPS)}
        made["grades"] = [grade(year) for year in sorted(row["grades"], key=lambda year: order.get(year, 99))]
    return made


def enrollment(row: Row, pen: Pen) -> dict[str, Any]:
    person = pen.known_as(row["account"])
    made = head(f"{person}-{row['class']}", "active" if row["here"] else "tobedeleted", row["modified"])
    made |= {
        "user": pen.ref("user", person), "class": pen.ref("class", row["class"]),
        "school": pen.ref("org", row["school"]), "role": row["role"],
    }  # fmt: skip
    if row["role"] == "student":
        made["primary"] = pen.flag(False)  # of teachers no MIS says which one it is
    if pen.own and pen.version == "1.1" and row["start_date"] is not None:
        made["beginDate"] = row["start_date"].isoformat()  # 1.1 has no other place for it
    return made


def grade(year: str) -> str:
    """Two digits, as OneRoster's own list writes years; N1, N2 and R as in Wales."""
    return year.zfill(2) if year.isdigit() else year


def _word(places: list[Row], name: str) -> str:
    return str(places[0][name]) if places else ""
