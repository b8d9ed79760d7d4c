"""What a SAML service says of itself in its metadata, read without believing anything else. Pure."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from functools import lru_cache

from lxml import etree

MD, DS = "{urn:oasis:names:tc:SAML:2.0:metadata}", "{http://www.w3.org/2000/09/xmldsig#}"
POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
SOAP = "urn:oasis:names:tc:SAML:2.0:bindings:SOAP"
_PROTOCOL = "urn:oasis:names:tc:SAML:2.0:protocol"
_ENTITY = re.compile(r"[\x21-\x7e]{1,500}")
LONGEST = 256 * 1024


class NotADescription(Exception):
    """Not the metadata of one service that takes responses by HTTP-POST."""


@dataclass(frozen=True, slots=True)
class LogOutPlace:
    """Where the service takes log-out messages of one binding, and where answers to its own go."""

    binding: str
    address: str
    answers: str


@dataclass(frozen=True, slots=True)
class Description:
    """One service. consumers: (index, address) of those that take HTTP-POST, the default one first.

    certificates: base64 DER of those that its signatures are checked with. signs: it says that its requests are signed.
    """

    entity: str
    consumers: tuple[tuple[str, str], ...]
    log_outs: tuple[LogOutPlace, ...]
    certificates: tuple[str, ...]
    signs: bool

    @property
    def soap_address(self) -> str:
        """Where it is told of log-outs directly; empty when nowhere."""
        return next((place.address for place in self.log_outs if place.binding == SOAP), "")

    @property
    def addresses(self) -> tuple[str, ...]:
        """Every address in it that people or messages are sent to."""
        told = [address for place in self.log_outs for address in (place.address, place.answers)]
        return (*(address for _, address in self.consumers), *told)


def parse(xml: bytes) -> etree._Element:
    """The root of a document without a type, entities or anything to fetch. Raises NotADescription."""
    lowered = xml.lower()
    if len(xml) > LONGEST or b"<!doctype" in lowered or b"<!entity" in lowered or b"\0" in xml:
        raise NotADescription
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=False
    )
    try:
        root = etree.fromstring(xml, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise NotADescription from None
    if str(root.getroottree().docinfo.doctype):  # type: ignore[union-attr] # its stubs are wrong
        raise NotADescription
    return root


@lru_cache(maxsize=64)
def read(metadata: str) -> Description:
    """The description. Raises NotADescription."""
    root = parse(metadata.encode())
    entity = str(root.get("entityID") or "")
    roles = [
        role for role in root.findall(f"{MD}SPSSODescriptor")
        if _PROTOCOL in str(role.get("protocolSupportEnumeration") or "").split()
    ]  # fmt: skip
    if root.tag != f"{MD}EntityDescriptor" or not _ENTITY.fullmatch(entity) or len(roles) != 1:
        raise NotADescription
    role = roles[0]
    consumers = [each for each in role.findall(f"{MD}AssertionConsumerService") if each.get("Binding") == POST]
    consumers.sort(key=lambda each: each.get("isDefault") not in ("true", "1"))
    found = tuple((str(each.get("index") or ""), str(each.get("Location") or "")) for each in consumers)
    if not found or not all(address for _, address in found):
        raise NotADescription
    return Description(
        entity, found, _log_outs(role), _certificates(role), role.get("AuthnRequestsSigned") in ("true", "1")
    )


def _log_outs(role: etree._Element) -> tuple[LogOutPlace, ...]:
    found = []
    for each in role.findall(f"{MD}SingleLogoutService"):
        address = str(each.get("Location") or "")
        if address and each.get("Binding") in (POST, REDIRECT, SOAP):
            answers = str(each.get("ResponseLocation") or "") or address
            found.append(LogOutPlace(str(each.get("Binding")), address, answers))
    return tuple(found)


def _certificates(role: etree._Element) -> tuple[str, ...]:
    found = []
    for key in role.findall(f"{MD}KeyDescriptor"):
        if key.get("use") in (None, "signing"):
            for each in key.iter(f"{DS}X509Certificate"):
                text = re.sub(r"\s+", "", each.text or "")
                try:
                    base64.b64decode(text, validate=True)
                except binascii.Error:
                    raise NotADescription from None
                found.append(text)
    return tuple(found)
