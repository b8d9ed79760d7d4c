"""The OpenAPI 3.1 description of what OneRoster's addresses answer here, made from the lists that the views use."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpResponseBase, JsonResponse
from django.urls import reverse

from hwb.api.access import Caller, HwbRequest, View, allow
from hwb.api.oneroster.collections import COLLECTIONS, Collection
from hwb.api.oneroster.nested import NESTED, OF_SCHOOLS_CLASS, listed
from hwb.api.oneroster.query import MOST, STANDARD_LIMIT
from hwb.api.oneroster.shapes import BASES, Version, grade
from hwb.lifecycle import calendar
from hwb.operations.service_addresses import ROSTER_SCOPES

_ERRORS = {
    "400": "The query string cannot be read, or names a field that there is not.",
    "401": "The access token is missing, over, withdrawn, or another protocol's.",
    "403": "The access token lacks the scope.",
    "404": "Nothing is there, or it is not for this service.",
    "503": "The service is unavailable for the moment; try again later.",
}
_TEXT: dict[str, Any] = {"type": "string"}
_WHOLE: dict[str, Any] = {"type": "integer", "maximum": 2**31 - 1}
_DAY: dict[str, Any] = {"type": "string", "format": "date"}
_GRADES: dict[str, Any] = {"type": "array", "items": {"enum": [grade(year) for year in calendar.YEAR_GROUPS]}}


def openapi(version: Version) -> View:
    """GET of the description of a version."""

    @allow(Caller.ANYONE)
    def answer(_request: HwbRequest) -> HttpResponseBase:
        return JsonResponse(description(version))

    return answer


def description(version: Version) -> dict[str, Any]:
    """The whole description as JSON-ready values."""
    token = settings.HWB_BASE_URL + reverse("oidc-token")
    scopes = dict.fromkeys(ROSTER_SCOPES, "See the standard.")
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"Hwb OneRoster {version}", "version": version,
            "description": "Rosters of the schools that a service was registered for. A list without a sort is in an "
            "order that never changes; a page of it costs the same wherever it lies. `sourcedId` of people is "
            "pairwise: the same in OpenID Connect, SAML and SCIM, and different for each service.",
        },
        "servers": [{"url": f"{settings.HWB_BASE_URL}/{BASES[version]}"}],
        "paths": _paths(),
        "components": {
            "schemas": _schemas(version),
            "securitySchemes": {
                "service": {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": token, "scopes": scopes}}}
            },
        },
    }  # fmt: skip


def _paths() -> dict[str, Any]:
    described: dict[str, Any] = {"/openapi.json": {"get": {
        "summary": "This description.", "security": [],
        "responses": {"200": {"description": "OpenAPI.", "content": _json({"type": "object"})},
                      "503": _error("503")},
    }}}  # fmt: skip
    one = _parameter("sourced_id", "path", {"type": "string"})
    school = _parameter("school", "path", {"type": "string"})
    for place, collection in COLLECTIONS.items():
        described[f"/{place}"] = {"get": _list(place, collection)}
        described[f"/{place}/{{sourced_id}}"] = {"parameters": [one], "get": _one(place, collection)}
    for parent, place in NESTED:
        described[f"/{parent}/{{sourced_id}}/{place}"] = {
            "parameters": [one], "get": _list(f"{parent} {place}", listed(place), below=True),
        }  # fmt: skip
    for place in OF_SCHOOLS_CLASS:
        described[f"/schools/{{school}}/classes/{{sourced_id}}/{place}"] = {
            "parameters": [school, one],
            "get": _list(f"schools classes {place}", listed(place), below=True),
        }
    return described


def _list(name: str, collection: Collection, *, below: bool = False) -> dict[str, Any]:
    items = {"type": "array", "items": {"$ref": f"#/components/schemas/{collection.singular}"}}
    errors = ("400", "401", "403", "404", "503") if below else ("400", "401", "403", "503")
    return {
        "summary": f"A page of {name}.",
        "security": _security(collection),
        "parameters": [
            _parameter("limit", "query", {**_WHOLE, "minimum": 1, "default": STANDARD_LIMIT},
                       f"At most {MOST} are answered."),
            _parameter("offset", "query", {**_WHOLE, "minimum": 0, "default": 0}),
            _parameter("sort", "query", _TEXT, "A field; by one that there is not, in the usual order."),
            _parameter("orderBy", "query", {"enum": ["asc", "desc"], "default": "asc"}),
            _parameter("filter", "query", _TEXT, "field, one of = != > >= < <= ~, 'value'; joined by AND or by OR."),
            _parameter("fields", "query", _TEXT, "Names, joined by commas."),
        ],
        "responses": {
            "200": {
                "description": f"{name}, and how many there are.",
                "headers": {"X-Total-Count": {"schema": {"type": "integer"}}, "Link": {"schema": _TEXT}},
                "content": _json(_object({collection.plural: items}, needed=(collection.plural,))),
            },
            **{status: _error(status) for status in errors},
        },
    }  # fmt: skip


def _one(name: str, collection: Collection) -> dict[str, Any]:
    shape = {"$ref": f"#/components/schemas/{collection.singular}"}
    return {
        "summary": f"One of {name}.",
        "security": _security(collection),
        "parameters": [_parameter("fields", "query", _TEXT)],
        "responses": {
            "200": {
                "description": "It.",
                "content": _json(_object({collection.singular: shape}, needed=(collection.singular,))),
            },
            **{status: _error(status) for status in ("400", "401", "403", "404", "503")},
        },
    }


def _security(collection: Collection) -> list[dict[str, list[str]]]:
    return [{"service": [scope]} for scope in sorted(collection.scopes)]


def _schemas(version: Version) -> dict[str, Any]:
    flag: dict[str, Any] = {"type": "boolean"} if version == "1.2" else {"enum": ["true", "false"]}
    ref: dict[str, Any] = _object({"href": {"type": "string", "format": "uri"}, "sourcedId": _TEXT, "type": _TEXT},
                  needed=("href", "sourcedId", "type"))  # fmt: skip
    role = _object({
        "roleType": {"enum": ["primary", "secondary"]}, "role": {"enum": ["student", "principal", "teacher", "aide"]},
        "org": ref, "beginDate": _DAY, "endDate": _DAY,
    }, needed=("roleType", "role", "org"))  # fmt: skip
    user: dict[str, Any] = {
        "enabledUser": flag, "username": _TEXT, "givenName": _TEXT, "familyName": _TEXT, "email": _TEXT,
        "grades": _GRADES,
    }  # fmt: skip
    if version == "1.2":
        user |= {"roles": {"type": "array", "items": role}, "primaryOrg": ref}
    else:
        user["role"] = {"enum": ["student", "administrator", "teacher", "aide"]}
        user["orgs"] = {"type": "array", "items": ref}
    return {
        "user": _thing(user),
        "org": _thing({"name": _TEXT, "type": {"enum": ["school", "district"]}, "identifier": _TEXT, "parent": ref,
                       "metadata": _object({"name_cy": _TEXT})}),
        "academicSession": _thing({"title": _TEXT, "startDate": _DAY, "endDate": _DAY, "parent": ref,
                                   "type": {"enum": ["schoolYear", "term", "gradingPeriod"]},
                                   "schoolYear": {"type": "string", "pattern": "^[0-9]{4}$"},
                                   "children": {"type": "array", "items": ref}}),
        "course": _thing({"title": _TEXT, "schoolYear": ref, "courseCode": _TEXT, "org": ref}),
        "class": _thing({"title": _TEXT, "classCode": _TEXT, "classType": {"enum": ["homeroom", "scheduled"]},
                         "grades": _GRADES, "course": ref, "school": ref, "terms": {"type": "array", "items": ref}}),
        "enrollment": _thing({"user": ref, "class": ref, "school": ref, "role": {"enum": ["student", "teacher"]},
                              "primary": flag}),
        "demographics": _thing({"birthDate": _DAY}),
        "error": _object({"imsx_codeMajor": {"const": "failure"}, "imsx_severity": {"const": "error"},
                          "imsx_description": _TEXT, "imsx_CodeMinor": {"type": "object"}},
                         needed=("imsx_codeMajor", "imsx_severity", "imsx_CodeMinor")),
    }  # fmt: skip


def _thing(members: dict[str, Any]) -> dict[str, Any]:
    """Whatever has an identifier; nothing is needed, as fields may be selected."""
    return _object({
        "sourcedId": _TEXT, "status": {"enum": ["active", "tobedeleted"]},
        "dateLastModified": {"type": "string", "format": "date-time"}, **members,
    })  # fmt: skip


def _object(members: dict[str, Any], *, needed: tuple[str, ...] = ()) -> dict[str, Any]:
    made: dict[str, Any] = {"type": "object", "additionalProperties": False, "properties": members}
    return made | {"required": list(needed)} if needed else made


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _error(status: str) -> dict[str, Any]:
    return {"description": _ERRORS[status], "content": _json({"$ref": "#/components/schemas/error"})}


def _parameter(name: str, place: str, schema: dict[str, Any], text: str = "") -> dict[str, Any]:
    return {"name": name, "in": place, "required": place == "path", "schema": schema, "description": text}
