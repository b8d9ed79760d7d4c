"""The OpenAPI 3.1 description of what SCIM's addresses answer here, made from the schemas that are published."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpResponseBase, JsonResponse
from django.urls import reverse

from hwb.api.access import Caller, HwbRequest, allow
from hwb.api.scim import schemas
from hwb.api.scim.errors import MEDIA_TYPE
from hwb.operations.service_addresses import SCIM_SCOPES

_ERRORS = {
    "400": "The query string cannot be read, or filters by what the service is not told.",
    "401": "The access token is missing, over, withdrawn, or another protocol's.",
    "403": "Nothing is written here, and descriptions are not filtered.",
    "404": "Nothing is there, or it is not for this service.",
    "411": "The length of the body must be stated.",
    "413": "More was sent than is accepted.",
    "503": "The service is unavailable for the moment; try again later.",
}
_TEXT: dict[str, Any] = {"type": "string"}
_TYPES = {"string": "string", "reference": "string", "boolean": "boolean"}


@allow(Caller.ANYONE)
def openapi(_request: HwbRequest) -> HttpResponseBase:
    """GET /openapi.json."""
    return JsonResponse(description())


def description() -> dict[str, Any]:
    """The whole description as JSON-ready values."""
    token = settings.HWB_BASE_URL + reverse("oidc-token")
    flow = {"tokenUrl": token, "scopes": dict.fromkeys(SCIM_SCOPES, "See the how-to on services.")}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Hwb SCIM", "version": "2.0",
            "description": "People and classes of the schools that a service was registered for, to read. `id` is "
            "pairwise: the same in OpenID Connect, SAML and OneRoster, and different for each service.",
        },
        "servers": [{"url": f"{settings.HWB_BASE_URL}/{schemas.ROOT}"}],
        "paths": _paths(),
        "components": {
            "schemas": {
                "User": _resource(schemas.USER, schemas.SCHOOLS), "Group": _resource(schemas.GROUP, schemas.OF_SCHOOL),
                "error": _object({"schemas": _list(_TEXT), "status": _TEXT, "detail": _TEXT, "scimType": _TEXT},
                                 needed=("schemas", "status")),
            },
            "securitySchemes": {"service": {"type": "oauth2", "flows": {"clientCredentials": flow}}},
        },
    }  # fmt: skip


def _paths() -> dict[str, Any]:
    one = [_parameter("resource", "path", _TEXT)]
    anything = {"type": "object"}
    found: dict[str, Any] = {
        "/openapi.json": {"get": _operation("This description.", anything, media="application/json")}
    }
    for place in ("ServiceProviderConfig", "ResourceTypes", "Schemas"):
        found[f"/{place}"] = {"get": _operation(f"SCIM's {place}.", anything, "403")}
    for place in ("ResourceTypes", "Schemas"):
        found[f"/{place}/{{resource}}"] = {"parameters": one, "get": _operation(f"One of {place}.", anything, "404")}
    for name in ("User", "Group"):
        shape = {"$ref": f"#/components/schemas/{name}"}
        listed = _object(
            {"schemas": _list(_TEXT), "totalResults": {"type": "integer"}, "startIndex": {"type": "integer"},
             "itemsPerPage": {"type": "integer"}, "Resources": _list(shape)},
            needed=("schemas", "totalResults"),
        )  # fmt: skip
        found[f"/{name}s"] = {
            "get": {
                **_operation(f"A page of {name}s.", listed, "400", "401"),
                "parameters": _LIST_PARAMETERS,
                **_SECURE,
            },
            "post": _refused(),
        }
        found[f"/{name}s/.search"] = {
            "post": {
                **_operation(f"A page of {name}s, asked for in a body.", listed, "400", "401", "411", "413"),
                "requestBody": {"required": True, "content": {MEDIA_TYPE: {"schema": _SEARCH}}}, **_SECURE,
            },
        }  # fmt: skip
        got = _operation(f"One {name}.", shape, "401", "404")
        got["responses"]["304"] = {"description": "The version in If-None-Match is the newest."}
        found[f"/{name}s/{{resource}}"] = {
            "parameters": one,
            "get": {**got, "parameters": _CHOICE, **_SECURE},
            "put": _refused(), "patch": _refused(), "delete": _refused(),
        }  # fmt: skip
    return found


def _parameter(name: str, place: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": place, "required": place == "path", "schema": schema}


_WHOLE = {"type": "integer", "minimum": -999_999_999, "maximum": 999_999_999}
_CHOICE = [_parameter("attributes", "query", _TEXT), _parameter("excludedAttributes", "query", _TEXT)]
_LIST_PARAMETERS = [
    _parameter("filter", "query", _TEXT),
    *(_parameter(name, "query", _WHOLE) for name in ("startIndex", "count")),
    *_CHOICE,
]  # fmt: skip
_SEARCH: dict[str, Any] = {
    "type": "object", "required": ["schemas"],
    "properties": {
        "schemas": {"type": "array", "items": _TEXT, "minItems": 1}, "filter": _TEXT, "startIndex": _WHOLE,
        "count": _WHOLE, "attributes": {"type": "array", "items": _TEXT},
        "excludedAttributes": {"type": "array", "items": _TEXT},
    },
}  # fmt: skip
_SECURE: dict[str, Any] = {"security": [{"service": []}]}


def _operation(text: str, schema: dict[str, Any], *errors: str, media: str = MEDIA_TYPE) -> dict[str, Any]:
    answers = {"200": {"description": text, "content": {media: {"schema": schema}}}}
    return {"summary": text, "responses": {**answers, **{status: _error(status) for status in (*errors, "503")}}}


def _refused() -> dict[str, Any]:
    return {
        "summary": "Refused.", "responses": {status: _error(status) for status in ("401", "403", "503")}, **_SECURE,
    }  # fmt: skip


def _error(status: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/error"}
    return {"description": _ERRORS[status], "content": {MEDIA_TYPE: {"schema": schema}}}


def _resource(core: str, extension: str) -> dict[str, Any]:
    meta = _object({"resourceType": _TEXT, "location": _TEXT, "version": _TEXT,
                    "lastModified": {"type": "string", "format": "date-time"}})  # fmt: skip
    members = {attribute["name"]: _member(attribute) for attribute in schemas.ATTRIBUTES[core]}
    extended = {attribute["name"]: _member(attribute) for attribute in schemas.ATTRIBUTES[extension]}
    return _object(
        {"schemas": _list(_TEXT), "id": _TEXT, "meta": meta, **members, extension: _object(extended)},
        needed=("schemas", "id"),
    )


def _member(attribute: dict[str, Any]) -> dict[str, Any]:
    if attribute["type"] == "complex":
        made = _object({part["name"]: _member(part) for part in attribute["subAttributes"]})
    else:
        made = {"type": _TYPES[attribute["type"]]}
    return _list(made) if attribute["multiValued"] else made


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _object(members: dict[str, Any], *, needed: tuple[str, ...] = ()) -> dict[str, Any]:
    made: dict[str, Any] = {"type": "object", "additionalProperties": False, "properties": members}
    return made | {"required": list(needed)} if needed else made
