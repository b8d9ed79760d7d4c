"""What an address, a scope and a SAML description of a service must look like to be registered. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from urllib.parse import urlsplit

from hwb.extract.texts import N_, Text
from hwb.operations import saml_descriptions, saml_signatures
from hwb.operations.saml_descriptions import Description

PROTOCOLS = ("oidc", "saml", "oneroster", "scim")
#: What an OpenID Connect or SAML service may be told of a person; openid alone is the identifier.
CLAIM_SCOPES = ("openid", "profile", "email", "roles", "organisation", "age_band", "offline_access")
#: What a OneRoster service may read: all but demographics, by either of the first two, and demographics.
_ROSTER = "https://purl.imsglobal.org/spec/or/v1p2/scope/"
ROSTER_CORE, ROSTER, ROSTER_DEMOGRAPHICS = ROSTER_SCOPES = (
    f"{_ROSTER}roster-core.readonly", f"{_ROSTER}roster.readonly", f"{_ROSTER}roster-demographics.readonly",
)  # fmt: skip
#: Either of these opens everything but demographics.
READS_ROSTER = frozenset({ROSTER_CORE, ROSTER})
#: What a SCIM service may be told of a person beyond an identifier and whether the account is active.
SCIM_SCOPES = ("profile", "email", "roles", "organisation", "employee")
#: Of people that services read.
KINDS = ("learner", "staff")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_ADDRESS = re.compile(r"[\x21-\x7e]{1,500}")
#: Scope → the claims that a SAML attribute may be told of: those with one or several plain values.
SCOPE_ATTRIBUTES: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "profile": ("name", "given_name", "family_name", "nickname"), "email": ("email",), "roles": ("roles",),
    "organisation": ("organisation", "organisation_name", "organisation_name_cy"), "age_band": ("age_band",),
})  # fmt: skip
ATTRIBUTES = tuple(claim for claims in SCOPE_ATTRIBUTES.values() for claim in claims)


class ServiceRefused(Exception):
    """The service cannot be registered so; `text` says why and what would do, `field` where."""

    def __init__(self, code: str, text: Text, *, field: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.text = text
        self.field = field


def check_address(address: str, *, field: str, on_loopback: bool) -> None:
    """An https address without user, fragment or wildcard; plain http only on_loopback, for trying things out.

    Raises ServiceRefused.
    """
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        parts, host = urlsplit(""), None
    plain = parts.scheme == "http" and host in _LOOPBACK and on_loopback
    if (
        not host or (parts.scheme != "https" and not plain) or not _ADDRESS.fullmatch(address)
        or parts.username is not None or "#" in address or "*" in address or "\\" in address
    ):  # fmt: skip
        raise ServiceRefused(
            "address", Text(N_("Not a full https address without # or *: {address}"), {"address": address[:200]}),
            field=field,
        )  # fmt: skip


def roster_scope(scope: str) -> str:
    """A scope of OneRoster as 1.2 writes it, from that, from 1.1's, or from its last part alone."""
    name = scope.removeprefix(_ROSTER).removeprefix(_ROSTER.replace("v1p2", "v1p1"))
    return f"{_ROSTER}{name}" if f"{_ROSTER}{name}" in ROSTER_SCOPES else scope


def check_scopes(protocol: str, scopes: Iterable[str]) -> None:
    """Raises ServiceRefused for a scope that this server does not know for the protocol."""
    known = {"oneroster": ROSTER_SCOPES, "scim": SCIM_SCOPES}.get(protocol, CLAIM_SCOPES)
    for scope in scopes:
        if (roster_scope(scope) if protocol == "oneroster" else scope) not in known:
            raise ServiceRefused(
                "scope", Text(N_("Scopes that can be given: {scopes}"), {"scopes": " ".join(known)}), field="scopes"
            )


def read_description(metadata: str, *, on_loopback: bool) -> Description:
    """A SAML service's metadata. Raises ServiceRefused for anything but one plain description with good addresses."""
    if not saml_signatures.program():
        raise ServiceRefused(
            "saml_off", Text(N_("SAML is off on this server: the program xmlsec1 is missing.")), field="protocol"
        )
    try:
        found = saml_descriptions.read(metadata)
    except saml_descriptions.NotADescription:
        text = Text(N_(
            "This is not the SAML metadata of one service with an entityID that takes responses by HTTP-POST."
        ))  # fmt: skip
        raise ServiceRefused("metadata", text, field="metadata") from None
    for address in found.addresses:
        check_address(address, field="metadata", on_loopback=on_loopback)
    return found


def check_attribute_names(names: Mapping[str, str]) -> None:
    """Raises ServiceRefused for a claim that there is not, or a name that is none."""
    for claim, name in names.items():
        if claim not in ATTRIBUTES or not _ADDRESS.fullmatch(name):
            text = Text(N_("Attributes that can be given a name: {attributes}"), {"attributes": " ".join(ATTRIBUTES)})
            raise ServiceRefused("attribute", text, field="attribute_names")
