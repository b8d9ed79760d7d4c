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
    "400": "The query string or what was sent cannot be read, or filters by what the service is not told.",
    "401": "The access token is missing, over, withdrawn, or another protocol's.",
    "403": "Nothing is written here but by a source of official accounts, and descriptions are not filtered.",
    "404": "Nothing is there, or it is not for this service.",
    "409": "The username or e-mail address is somebody's, or was.",
    "412": "It has changed since the version in If-Match.",
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
            "description": "People and classes of the schools that a service was registered for, to read; for a "
            "source, the official accounts that it keeps. `id` is pairwise: the same in OpenID Connect, SAML and "
            "OneRoster, and different for each service.",
        },
        "servers": [{"url": f"{settings.HWB_BASE_URL}/{schemas.ROOT}"}],
        "paths": _paths(),
        "components": {
            "schemas": {
                "User": _resource(schemas.USER, schemas.ENTERPRISE, schemas.SCHOOLS),
                "Group": _resource(schemas.GROUP, schemas.OF_SCHOOL),
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
        listed = _listed(shape)
        found[f"/{name}s"] = {
            "get": {
                **_operation(f"A page of {name}s.", listed, "400", "401"),
                "parameters": _LIST_PARAMETERS,
                **_SECURE,
            },
            "post": _writes("Makes a User (a source alone).", (_source_body(), shape), "201", "409")
            if name == "User"
            else _refused(),
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
            **({way: _refused() for way in ("put", "patch", "delete")} if name == "Group" else _changes(shape)),
        }  # fmt: skip
    either = {"anyOf": [{"$ref": f"#/components/schemas/{name}"} for name in ("User", "Group")]}
    found["/.search"] = {
        "post": {
            **_operation("A page of Users, then Groups.", _listed(either), "400", "401", "411", "413"),
            "requestBody": {"required": True, "content": {MEDIA_TYPE: {"schema": _SEARCH}}}, **_SECURE,
        },
    }  # fmt: skip
    orders = _object({"schemas": _list(_TEXT), "failOnErrors": {"type": "integer"}, "Operations": _list(anything)})
    found["/Bulk"] = {"post": _writes("Several orders, each by itself (a source alone).", (orders, anything), "200")}
    return found


def _makes(shape: dict[str, Any]) -> dict[str, Any]:
    return _writes("Makes a User (a source alone).", (_source_body(), shape), "201", "409")


def _changes(shape: dict[str, Any]) -> dict[str, Any]:
    """What a source alone may do to an account of its own."""
    gone = _writes("Switches a User off for good (a source alone).", None, "204", "404", "412")
    return {
        "put": _writes("Replaces a User (a source alone).", (_source_body(), shape), "200", "404", "409", "412"),
        "patch": _writes("Changes a User (a source alone).", (_PATCH, shape), "200", "404", "409", "412"),
        "delete": gone,
    }  # fmt: skip


def _source_body() -> dict[str, Any]:
    """What a source sends of an account; what else it sends is passed over."""
    known = schemas.SOURCE_ATTRIBUTES[schemas.USER]
    members = {each["name"]: _member(each) for each in known if each["mutability"] != "readOnly"}
    needed = [each["name"] for each in known if each["required"] and each["name"] != "active"]
    return {"type": "object", "properties": {"externalId": _TEXT, **members}, "required": needed}


def _writes(
    text: str, shapes: tuple[dict[str, Any], dict[str, Any]] | None, status: str, *errors: str
) -> dict[str, Any]:
    """shapes: of what is sent, and of the answer."""
    done: dict[str, Any] = {"description": text}
    more: dict[str, Any] = {}
    refused = ("401", "403", *errors, "503")
    if shapes is not None:
        done["content"] = {MEDIA_TYPE: {"schema": shapes[1]}}
        more = {"requestBody": {"required": True, "content": {MEDIA_TYPE: {"schema": shapes[0]}}}}
        refused = ("400", "411", "413", *refused)
    return {"summary": text, "responses": {status: done, **{one: _error(one) for one in refused}}, **more, **_SECURE}


def _listed(shape: dict[str, Any]) -> dict[str, Any]:
    return _object(
        {"schemas": _list(_TEXT), "totalResults": {"type": "integer"}, "startIndex": {"type": "integer"},
         "itemsPerPage": {"type": "integer"}, "Resources": _list(shape)},
        needed=("schemas", "totalResults"),
    )  # fmt: skip


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
_PATCH: dict[str, Any] = {
    "type": "object", "required": ["schemas", "Operations"],
    "properties": {
        "schemas": {"type": "array", "items": _TEXT}, "Operations": {"type": "array", "minItems": 1, "items": {
            "type": "object", "required": ["op"],
            "properties": {"op": {"enum": ["add", "replace", "remove"]}, "path": _TEXT, "value": {}},
        }},
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


def _resource(core: str, *extensions: str) -> dict[str, Any]:
    meta = _object({"resourceType": _TEXT, "location": _TEXT, "version": _TEXT,
                    "lastModified": {"type": "string", "format": "date-time"}})  # fmt: skip
    members = {attribute["name"]: _member(attribute) for attribute in schemas.ATTRIBUTES[core]}
    extended = {
        uri: _object({attribute["name"]: _member(attribute) for attribute in schemas.ATTRIBUTES[uri]})
        for uri in extensions
    }
    return _object(
        {"schemas": _list(_TEXT), "id": _TEXT, "externalId": _TEXT, "meta": meta, **members, **extended},
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
