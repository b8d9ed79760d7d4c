"""Rows as SCIM writes them: of a person as much as the service's scopes say."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

from hwb.api.scim.schemas import ENTERPRISE, EXTENSIONS, GROUP, OF_SCHOOL, SCHOOLS, USER, location

Row = Mapping[str, Any]
Resource = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pen:
    """What the service knows an account by, and what it may be told of people."""

    known_as: Callable[[UUID], str]
    scopes: frozenset[str]


def user(row: Row, pen: Pen) -> Resource:
    """A person; of one who has gone no more than that (`active` is false)."""
    known_as, here = pen.known_as(row["k0"]), bool(row["here"])
    made: Resource = {"schemas": [USER], "id": known_as, "userName": known_as, "active": bool(here and row["active"])}
    if here:
        made |= _told(row, pen)
    if here and (employed := _employed(row, pen)):
        made["schemas"] = [*made["schemas"], ENTERPRISE]
        made[ENTERPRISE] = employed
    if here and "organisation" in pen.scopes:
        made["schemas"] = [*made["schemas"], SCHOOLS]
        made[SCHOOLS] = {"schools": [_school(place, number == 0) for number, place in enumerate(_places(row))]}
    return with_meta(made, "User", row["modified"])


def official(row: Row, pen: Pen) -> Resource:
    """An official's account as the service that keeps it is told of it."""
    whole = f"{row['legal_forename']} {row['legal_surname']}"
    made: Resource = {
        "schemas": [USER], "id": pen.known_as(row["k0"]), "userName": row["username"], "displayName": whole,
        "name": {"givenName": row["legal_forename"], "familyName": row["legal_surname"]}, "userType": "official",
        "active": bool(row["active"]), "emails": [{"value": row["email"], "type": "work"}],
    }  # fmt: skip
    if row["external_id"]:
        made["externalId"] = row["external_id"]
    return with_meta(made, "User", row["modified"])


def _told(row: Row, pen: Pen) -> Resource:
    made: Resource = {}
    if "profile" in pen.scopes:
        whole = f"{row['given_name']} {row['family_name']}".strip()
        made |= {
            "userName": row["username"], "displayName": whole,
            "name": {"formatted": whole, "givenName": row["given_name"], "familyName": row["family_name"]},
        }  # fmt: skip
    if "email" in pen.scopes and row["email"]:
        made["emails"] = [{"value": row["email"], "type": "work", "primary": True}]
    if "roles" in pen.scopes:
        places = _places(row)
        names = [row["kind"]]
        names += ["teacher"] if any(place["teaches"] for place in places) else []
        names += ["headteacher"] if any(place["head"] for place in places) else []
        made |= {"userType": row["kind"], "roles": [{"value": name} for name in names]}
    return made


def _employed(row: Row, pen: Pen) -> Resource:
    """The Enterprise extension: of the first school."""
    first = next(iter(_places(row)), {})
    told = {
        "employeeNumber": first.get("number") if "employee" in pen.scopes else "",
        "organization": first.get("name") if "organisation" in pen.scopes else "",
    }  # fmt: skip
    return {name: value for name, value in told.items() if value}


def _places(row: Row) -> Sequence[Row]:
    """Where somebody is; in a grace (R39) where they were last."""
    return [place for place in row["places"] if place["here"]] or row["places"][:1]


def _school(place: Row, first: bool) -> Resource:
    made = {
        "value": place["school"], "primary": first, "yearGroup": place["year"], "registrationGroup": place["group"],
        "classes": place["classes"],
    }  # fmt: skip
    return {name: value for name, value in made.items() if value not in ("", [])}


def group(row: Row, members: Collection[str] | None) -> Resource:
    """A class. members: what the service knows them by; None where they were not asked for."""
    made: Resource = {
        "schemas": [GROUP, OF_SCHOOL], "id": row["id"], "displayName": row["name"],
        OF_SCHOOL: {"school": row["school"], "kind": "registration" if row["kind"] == "h" else "class"},
    }  # fmt: skip
    if members:
        made["members"] = [{"value": one, "$ref": location("Users", one), "type": "User"} for one in members]
    return with_meta(made, "Group", row["touched"])


def with_meta(made: Resource, kind: str, modified: datetime) -> Resource:
    """With type, place, last change, and a version that changes whenever anything that is told does."""
    version = hashlib.sha256(orjson.dumps(made, option=orjson.OPT_SORT_KEYS)).hexdigest()[:20]
    written = modified.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return made | {
        "meta": {
            "resourceType": kind, "location": location(f"{kind}s", made["id"]), "lastModified": written,
            "version": f'W/"{version}"',
        }
    }  # fmt: skip


def selected(made: Resource, attributes: str | None, excluded: str | None) -> Resource:
    """Only the attributes named, or all but those excluded (RFC 7644, section 3.4.2.5); id and schemas always stay."""
    if attributes is not None:
        wanted = _paths(attributes)
        return {
            name: value if name in ("id", "schemas") else found
            for name, value in made.items()
            if (found := _part(name, value, wanted)) is not None or name in ("id", "schemas")
        }
    if excluded is not None:
        unwanted = _paths(excluded)
        left = ((name, _without(name, value, unwanted)) for name, value in made.items())
        return {name: made[name] if name in ("id", "schemas") else value for name, value in left
                if value is not None or name in ("id", "schemas")}  # fmt: skip
    return made


def _paths(text: str) -> frozenset[str]:
    """In small letters, without the schema's name; an extension's own name stands for all of it."""
    found = set()
    for path in filter(None, (part.strip().lower() for part in text.split(","))):
        for uri in (USER, GROUP, *EXTENSIONS):
            inside = uri in EXTENSIONS
            if path.startswith(f"{uri.lower()}:"):
                path = (f"{uri.lower()}." if inside else "") + path[len(uri) + 1 :]
        found.add(path)
    return frozenset(found)


def _part(name: str, value: Any, wanted: frozenset[str]) -> Any:
    """The value, or those parts of it that are wanted; None for none."""
    whole = name.lower()
    if whole in wanted:
        return value
    inner = frozenset(path[len(whole) + 1 :] for path in wanted if path.startswith(f"{whole}."))
    if not inner:
        return None
    if isinstance(value, list):
        return [kept for one in value if (kept := _part_of(one, inner))] or None
    return _part_of(value, inner) or None


def _part_of(value: Any, inner: frozenset[str]) -> Any:
    if not isinstance(value, dict):
        return None
    found = {name: _part(name, part, inner) for name, part in value.items()}
    return {name: part for name, part in found.items() if part is not None}


def _without(name: str, value: Any, unwanted: frozenset[str]) -> Any:
    whole = name.lower()
    if whole in unwanted:
        return None
    inner = frozenset(path[len(whole) + 1 :] for path in unwanted if path.startswith(f"{whole}."))
    if not inner:
        return value
    if isinstance(value, list):
        return [_less(one, inner) for one in value]
    return _less(value, inner)


def _less(value: Any, inner: frozenset[str]) -> Any:
    if not isinstance(value, dict):
        return value
    found = {name: _without(name, part, inner) for name, part in value.items()}
    return {name: part for name, part in found.items() if part is not None}
