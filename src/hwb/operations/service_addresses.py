"""What an address, a scope and a SAML description of a service must look like to be registered. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from lxml import etree

from hwb.extract.texts import N_, Text

PROTOCOLS = ("oidc", "saml", "oneroster", "scim")
#: What an OpenID Connect or SAML service may be told of a person; openid alone is the identifier.
CLAIM_SCOPES = ("openid", "profile", "email", "roles", "organisation", "age_band", "offline_access")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_TOKEN = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,200}")  # RFC 6749, section 3.3
_ADDRESS = re.compile(r"[\x21-\x7e]{1,500}")
_ENTITY = "{urn:oasis:names:tc:SAML:2.0:metadata}EntityDescriptor"
_LONGEST_METADATA = 256 * 1024


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


def check_scopes(protocol: str, scopes: Iterable[str]) -> None:
    """Raises ServiceRefused for a scope that is none, or that this server does not know."""
    known = CLAIM_SCOPES if protocol in ("oidc", "saml") else None
    for scope in scopes:
        if not _TOKEN.fullmatch(scope) or (known is not None and scope not in known):
            raise ServiceRefused(
                "scope", Text(N_("Scopes that can be given: {scopes}"), {"scopes": " ".join(known or ("…",))}),
                field="scopes",
            )  # fmt: skip


def read_entity(metadata: str) -> str:
    """The entity id of a SAML service's metadata. Raises ServiceRefused for anything but one plain description."""
    fault = ServiceRefused(
        "metadata", Text(N_("This is not the SAML metadata of one service: an EntityDescriptor with an entityID.")),
        field="metadata",
    )  # fmt: skip
    if len(metadata) > _LONGEST_METADATA or "<!DOCTYPE" in metadata or "<!ENTITY" in metadata:
        raise fault
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(metadata.encode(), parser)
    except (etree.XMLSyntaxError, ValueError):
        raise fault from None
    entity = str(root.get("entityID") or "")
    if root.tag != _ENTITY or not _ADDRESS.fullmatch(entity):
        raise fault
    return entity
