"""What SCIM is told of itself: features, resource types, and schemas that name exactly what is answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings

ROOT = "scim/v2"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
#: Our extensions: of people their schools, of classes their school.
SCHOOLS = "urn:hwb:params:scim:schemas:extension:2.0:User"
OF_SCHOOL = "urn:hwb:params:scim:schemas:extension:2.0:Group"
EXTENSIONS = (ENTERPRISE, SCHOOLS, OF_SCHOOL)
_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Schema"
_TYPE = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
_CONFIG = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
MOST = 1000
#: What a source may send at once.
BULK_OPERATIONS, BULK_BYTES = 100, 1024 * 1024


def location(*parts: str) -> str:
    return "/".join((f"{settings.HWB_BASE_URL}/{ROOT}", *parts))


def config(*, source: bool = False) -> dict[str, Any]:
    """/ServiceProviderConfig: reading, filters and ETags, no sorting; writing for a source, and for nobody else."""
    no = {"supported": False}
    bulk = {"supported": source, "maxOperations": BULK_OPERATIONS, "maxPayloadSize": BULK_BYTES}
    return {
        "schemas": [_CONFIG],
        "documentationUri": settings.HWB_BASE_URL,
        "patch": {"supported": source},
        "bulk": bulk if source else {**bulk, "maxOperations": 0, "maxPayloadSize": 0},
        "filter": {"supported": True, "maxResults": MOST},
        "changePassword": no,
        "sort": no,
        "etag": {"supported": True},
        "authenticationSchemes": [{
            "type": "oauth2", "name": "OAuth 2.0", "description": "A bearer token by the client credentials grant.",
            "specUri": "https://www.rfc-editor.org/info/rfc6749", "primary": True,
        }],
        "meta": {"resourceType": "ServiceProviderConfig", "location": location("ServiceProviderConfig")},
    }  # fmt: skip


def resource_types(*, source: bool = False) -> list[dict[str, Any]]:
    """Of a source only its own accounts, which no school and no class has."""
    types = (("User", USER, (ENTERPRISE, SCHOOLS)), ("Group", GROUP, (OF_SCHOOL,)))
    made = []
    for name, schema, extensions in (("User", USER, ()),) if source else types:
        made.append({
            "schemas": [_TYPE], "id": name, "name": name, "endpoint": f"/{name}s", "schema": schema,
            "description": _OFFICIAL if source else _DESCRIPTIONS[schema],
            "schemaExtensions": [{"schema": extension, "required": False} for extension in extensions],
            "meta": {"resourceType": "ResourceType", "location": location("ResourceTypes", name)},
        })  # fmt: skip
    return made


def schemas(*, source: bool = False) -> list[dict[str, Any]]:
    return [
        {
            "schemas": [_SCHEMA], "id": uri, "name": _NAMES[uri],
            "description": _OFFICIAL if source else _DESCRIPTIONS[uri], "attributes": attributes,
            "meta": {"resourceType": "Schema", "location": location("Schemas", uri)},
        }
        for uri, attributes in (SOURCE_ATTRIBUTES if source else ATTRIBUTES).items()
    ]  # fmt: skip


def _attribute(name: str, text: str, *, kind: str = "string", many: bool = False, **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "name": name, "type": kind, "multiValued": many, "description": text, "required": False,
        "mutability": "readOnly", "returned": "default",
    }  # fmt: skip
    if kind in ("string", "reference"):
        made |= {"caseExact": False, "uniqueness": "none"}
    return {**made, **more}


_NAMES = {USER: "User", GROUP: "Group", ENTERPRISE: "Enterprise User", SCHOOLS: "Schools", OF_SCHOOL: "School"}
_DESCRIPTIONS = {
    USER: "A learner or member of staff.", GROUP: "A registration group or class.",
    ENTERPRISE: "What a school's records say of somebody as an employer.",
    SCHOOLS: "The schools that somebody is at, with year group and classes.", OF_SCHOOL: "The school of a class.",
}  # fmt: skip
ATTRIBUTES: Mapping[str, list[dict[str, Any]]] = {
    USER: [
        _attribute("userName", "The Hwb username; without the scope profile, and of who has left, the id.",
                   required=True, uniqueness="server"),
        _attribute("name", "As people call them.", kind="complex", subAttributes=[
            _attribute("formatted", "The whole name."), _attribute("familyName", "Surname."),
            _attribute("givenName", "Forename."),
        ]),
        _attribute("displayName", "The whole name."),
        _attribute("userType", "learner or staff.", canonicalValues=["learner", "staff"]),
        _attribute("active", "Whether they are at a school of the service and may sign in.", kind="boolean"),
        _attribute("emails", "The Hwb address.", kind="complex", many=True, subAttributes=[
            _attribute("value", "The address."), _attribute("type", "work.", canonicalValues=["work"]),
            _attribute("primary", "Always true.", kind="boolean"),
        ]),
        _attribute("roles", "learner, staff, teacher, headteacher, at any of the schools.", kind="complex", many=True,
                   subAttributes=[_attribute("value", "The role.")]),
    ],
    ENTERPRISE: [
        _attribute("employeeNumber", "As the first school's records have it; staff only."),
        _attribute("organization", "The first school's name, in the language in which it has one, English first."),
    ],
    SCHOOLS: [
        _attribute("schools", "Each school that somebody is at; the one that holds the account first.", kind="complex",
                   many=True, subAttributes=[
                       _attribute("value", "The DfES number."),
                       _attribute("primary", "Whether it is the first.", kind="boolean"),
                       _attribute("yearGroup", "N1, N2, R, 1 to 14; learners only."),
                       _attribute("registrationGroup", "Its name; learners only."),
                       _attribute("classes", "Names of classes.", many=True),
                   ]),
    ],
    GROUP: [
        _attribute("displayName", "The class's name at its school.", required=True),
        _attribute("members", "Learners and teachers.", kind="complex", many=True, subAttributes=[
            _attribute("value", "The person's id."), _attribute("type", "User.", canonicalValues=["User"]),
            _attribute("$ref", "Where the person is.", kind="reference", referenceTypes=["User"], caseExact=True),
        ]),
    ],
    OF_SCHOOL: [
        _attribute("school", "The DfES number."),
        _attribute("kind", "registration or class.", canonicalValues=["registration", "class"]),
    ],
}  # fmt: skip
_OFFICIAL = "An official: somebody outside every school's roll, whom this service keeps."
_WRITES: dict[str, Any] = {"mutability": "readWrite"}
_NEEDED: dict[str, Any] = {**_WRITES, "required": True}
#: What a source writes; of all else it is told what follows.
SOURCE_ATTRIBUTES: Mapping[str, list[dict[str, Any]]] = {
    USER: [
        _attribute("userName", "The Hwb username: letters a to z, digits, dots, hyphens, underscores. It is never given"
                   " to anybody else; an earlier one stays an alias.", uniqueness="server", **_NEEDED),
        _attribute("name", "As people call them.", kind="complex", **_NEEDED, subAttributes=[
            _attribute("familyName", "Surname.", **_NEEDED), _attribute("givenName", "Forename.", **_NEEDED),
        ]),
        _attribute("displayName", "The whole name."),
        _attribute("userType", "Always official.", canonicalValues=["official"]),
        _attribute("active", "Whether they may sign in. Unless it is said, it stays, and is true of a new account.",
                   kind="boolean", **_NEEDED),
        _attribute("emails", "One address, outside Hwb. Of several the primary one is taken.", kind="complex",
                   many=True, **_NEEDED, subAttributes=[
                       _attribute("value", "The address.", **_NEEDED),
                       _attribute("type", "Always work.", canonicalValues=["work"], **_WRITES),
                   ]),
    ],
}  # fmt: skip
#: Read of a source that sends several addresses, and told by none.
PRIMARY = _attribute("primary", "Whether it is the one that is taken.", kind="boolean", **_WRITES)
