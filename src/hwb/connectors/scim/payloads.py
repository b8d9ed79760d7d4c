"""A wish in SCIM's words, and what of a user is otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hwb.lifecycle.service_accounts import Place, ServiceAccount

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
#: Ours, as /scim/v2/Schemas publishes it.
SCHOOLS = "urn:hwb:params:scim:schemas:extension:2.0:User"
_PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
#: Attributes whose capitals do not count.
_ANY_CASE = frozenset({"userName", "value"})
Resource = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Teller:
    """What the service may be told of people (scopes), and the extensions that it takes."""

    scopes: frozenset[str]
    extensions: frozenset[str]

    def user(self, wish: ServiceAccount, identifier: str) -> Resource:
        """What a user must say; an attribute that must not be there is None."""
        told: Resource = {"externalId": identifier, "userName": identifier, "active": wish.enabled}
        if "profile" in self.scopes:
            name = {"formatted": wish.name, "familyName": wish.surname, "givenName": wish.forename}
            told |= {
                "userName": wish.username, "displayName": wish.name,
                "name": {part: text for part, text in name.items() if text},
            }  # fmt: skip
        if "email" in self.scopes:
            told["emails"] = [{"value": wish.address, "type": "work", "primary": True}]
        if "roles" in self.scopes:
            told |= {"userType": wish.licence, "roles": [{"value": role} for role in _roles(wish)]}
        for uri, extension in ((ENTERPRISE, self._employed(wish)), (SCHOOLS, self._schools(wish))):
            if uri in self.extensions and extension is not None:
                told[uri] = extension
        return told

    def _employed(self, wish: ServiceAccount) -> Resource | None:
        """Of the first school; None where nothing of it may be told."""
        first = next(iter(wish.places), Place("", ""))
        told: Resource = {}
        if "employee" in self.scopes:
            told["employeeNumber"] = first.employee_number or None
        if "organisation" in self.scopes:
            told["organization"] = first.name or None
        return told or None

    def _schools(self, wish: ServiceAccount) -> Resource | None:
        if "organisation" not in self.scopes:
            return None
        return {"schools": [_school(place, number == 0) for number, place in enumerate(wish.places)] or None}


def _roles(wish: ServiceAccount) -> list[str]:
    roles = [wish.licence]
    if wish.licence == "staff":
        roles += ["teacher"] * any(place.teaches for place in wish.places)
        roles += ["headteacher"] * any(place.head for place in wish.places)
    return roles


def _school(place: Place, first: bool) -> Resource:
    classes = sorted(name for name in place.classes if name != place.registration_group)
    told = {
        "value": place.school, "primary": first, "yearGroup": place.year_group,
        "registrationGroup": place.registration_group, "classes": classes,
    }  # fmt: skip
    return {name: value for name, value in told.items() if value not in ("", [])}


def making(told: Resource) -> Resource:
    """The body that makes the user."""
    made = _present(told)
    return {"schemas": [USER, *(name for name in made if name.startswith("urn:"))], **made}


def differing(found: Mapping[str, Any], told: Resource) -> dict[str, Any]:
    """Paths of what must be changed, with what must stand there; None: nothing."""
    paths: dict[str, Any] = {}
    for name, value in told.items():
        if name.startswith("urn:"):
            inside = found.get(name) if isinstance(found.get(name), dict) else {}
            paths |= {f"{name}:{part}": each for part, each in value.items() if not _covers(inside, part, each)}
        elif not _covers(found, name, value):
            paths[name] = value
    return paths


def patching(paths: Mapping[str, Any]) -> Resource:
    """A PATCH that does it."""
    return patch(*(
        {"op": "remove", "path": path} if value is None else {"op": "replace", "path": path, "value": value}
        for path, value in paths.items()
    ))  # fmt: skip


def patch(*operations: Resource) -> Resource:
    return {"schemas": [_PATCH], "Operations": list(operations)}


def replacing(found: Mapping[str, Any], told: Resource) -> Resource:
    """The whole user for a PUT: as found, with ours in place; what others keep there stays."""
    whole: Resource = {name: value for name, value in found.items() if name not in ("meta", "groups", "password")}
    for name, value in told.items():
        if name.startswith("urn:"):
            standing = whole.get(name) if isinstance(whole.get(name), dict) else {}
            value = _present({**(standing or {}), **value}) or None
        whole[name] = value
    whole = _present(whole)
    named = [uri for uri in whole.get("schemas") or [] if not uri.startswith("urn:") or uri == USER or uri in whole]
    whole["schemas"] = list(dict.fromkeys([USER, *named, *(uri for uri in whole if uri.startswith("urn:"))]))
    return whole


def _present(told: Mapping[str, Any]) -> Resource:
    """Without what must not be there."""
    kept = {name: _present(value) if isinstance(value, dict) else value for name, value in told.items()}
    return {name: value for name, value in kept.items() if value not in (None, {}, [])}


def _covers(found: Mapping[str, Any] | None, name: str, value: Any) -> bool:
    """Whether what stands there says all that it must; services add parts of their own."""
    has = (found or {}).get(name)
    if value is None:
        return has in (None, "", [], {})
    if isinstance(value, dict):
        return isinstance(has, dict) and all(_covers(has, part, each) for part, each in value.items())
    if isinstance(value, list):
        return isinstance(has, list) and len(has) == len(value) and all(_has_one(has, each) for each in value)
    if name in _ANY_CASE and isinstance(has, str):
        return has.casefold() == str(value).casefold()
    return bool(has == value)


def _has_one(has: list[Any], value: Any) -> bool:
    if isinstance(value, dict):
        return any(isinstance(one, dict) and all(_covers(one, part, v) for part, v in value.items()) for one in has)
    return value in has
