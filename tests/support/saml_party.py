"""A small SAML service for tests: it writes its own requests, and believes only responses that our metadata vouch for."""

from __future__ import annotations

import base64
import re
import tempfile
import textwrap
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from html import unescape
from typing import Any
from urllib.parse import urlencode
from xml.sax.saxutils import escape

from django.test import Client
from lxml import etree
from saml2 import samlp

from hwb.directory import signing_keys as sealed_keys
from hwb.operations import saml_signatures, services
from hwb.operations.services import Wanted
from hwb.operations.signing_keys import Key

ENTITY, CONSUMER, OUT = "https://library.example/saml", "https://library.example/acs", "https://library.example/out"
SAML, SAMLP = "{urn:oasis:names:tc:SAML:2.0:assertion}", "{urn:oasis:names:tc:SAML:2.0:protocol}"
PROTOCOL, ASSERTION = SAMLP[1:-1], SAML[1:-1]
BINDINGS = "urn:oasis:names:tc:SAML:2.0:bindings:"
EVERYTHING = ("openid", "profile", "email", "roles", "organisation", "age_band")
HOST = "http://localhost:8000"
SIGN_IN, SIGN_OUT = f"{HOST}/saml/sign-in", f"{HOST}/saml/sign-out"


@lru_cache(maxsize=4)
def key_pair(name: str = "library") -> Key:
    began = datetime.now(UTC) - timedelta(days=1)
    return Key(name.ljust(12, "-"), sealed_keys.new_pem(), began, began, None)


def metadata(
    *, entity: str = ENTITY, consumer: str = CONSUMER, out: str = OUT, signs: bool = False, soap: str = ""
) -> str:
    certificate = saml_signatures.certificate(key_pair())
    told = f'<SingleLogoutService Binding="{BINDINGS}SOAP" Location="{soap}"/>' if soap else ""
    return f"""<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{entity}">
<SPSSODescriptor protocolSupportEnumeration="{PROTOCOL}" AuthnRequestsSigned="{str(signs).lower()}">
<KeyDescriptor><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>{certificate}</X509Certificate></X509Data></KeyInfo></KeyDescriptor>
{told}<SingleLogoutService Binding="{BINDINGS}HTTP-Redirect" Location="{out}"/>
<AssertionConsumerService Binding="{BINDINGS}HTTP-POST" Location="{consumer}" index="1"/>
<AssertionConsumerService Binding="{BINDINGS}HTTP-POST" Location="{consumer}/two" index="2"/>
</SPSSODescriptor></EntityDescriptor>"""


def moment(**ago: float) -> str:
    return (datetime.now(UTC) - timedelta(**ago)).strftime("%Y-%m-%dT%H:%M:%SZ")


def authn_request(number: str = "_request-1", *, within: str = "", **attributes: str | None) -> str:
    """None leaves an attribute out."""
    told: dict[str, str | None] = {
        "ID": number, "Version": "2.0", "IssueInstant": moment(), "Destination": SIGN_IN,
        "AssertionConsumerServiceURL": CONSUMER, **attributes,
    }  # fmt: skip
    written = " ".join(f'{name}="{escape(value)}"' for name, value in told.items() if value is not None)
    return (
        f'<p:AuthnRequest xmlns:p="{PROTOCOL}" xmlns:a="{ASSERTION}" {written}>'
        f"<a:Issuer>{ENTITY}</a:Issuer>{within}</p:AuthnRequest>"
    )


def packed(xml: str | bytes) -> str:
    made = zlib.compressobj(wbits=-15)
    data = xml.encode() if isinstance(xml, str) else xml
    return base64.b64encode(made.compress(data) + made.flush()).decode()


def at_page(xml: str | bytes, page: str = "sign-in", *, key: Key | None = None, state: str = "st/1") -> str:
    """The address of our page with the request in its query, signed beside it with a key."""
    told = {"SAMLRequest": packed(xml), "RelayState": state}
    return f"/en/saml/{page}/?" + (saml_signatures.sign_query(told, key=key) if key else urlencode(told))


def signed(xml: str, *, key: Key | None = None) -> str:
    """With a signature within it, as HTTP-POST has it."""
    made = samlp.authn_request_from_string(xml)
    return saml_signatures.sign(made, made, key=key or key_pair())


@dataclass
class Library:
    made: services.Registered
    asking: Client = field(default_factory=Client)

    def certificates(self) -> tuple[str, ...]:
        root = etree.fromstring(self.asking.get("/api/saml/metadata").content)
        return tuple(each.text for each in root.iter("{http://www.w3.org/2000/09/xmldsig#}X509Certificate"))

    def heard(self, answer: Any) -> etree._Element:
        """The response in the form that sends itself, its signature checked against our metadata."""
        assert answer.status_code == 200, answer.content
        text = answer.content.decode()
        found = re.search(r'name="SAMLResponse" value="([^"]+)"', text)
        assert found, text
        xml = base64.b64decode(unescape(found[1]))
        root = etree.fromstring(xml)
        self.check(xml, root)
        return root

    def check(self, xml: bytes, root: etree._Element) -> None:
        """Both signatures, by xmlsec1 with the published certificate."""
        pem = "\n".join(
            ["-----BEGIN CERTIFICATE-----", *textwrap.wrap(self.certificates()[0], 64), "-----END CERTIFICATE-----", ""]
        )
        with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
            file.write(pem)
            file.flush()
            for each in (root, *root.findall(f"{SAML}Assertion")):
                name = each.tag[1:].replace("}", ":")
                assert saml_signatures._context(saml_signatures.program()).verify_signature(
                    xml, file.name, "pem", name, each.get("ID")
                )


def library(**more: Any) -> Library:
    described = {name: more.pop(name) for name in ("signs", "soap", "entity", "consumer", "out") if name in more}
    wanted = Wanted(
        **{"protocol": "saml", "name": "Library", "metadata": metadata(**described), "scopes": EVERYTHING, **more}
    )
    at = datetime.now(UTC)
    return Library(services.register(wanted, acting_user="tests", at=at, now=at))


def told(response: etree._Element) -> dict[str, list[str]]:
    """Attributes of the assertion."""
    return {
        str(each.get("Name")): [str(value.text) for value in each.findall(f"{SAML}AttributeValue")]
        for each in response.iter(f"{SAML}Attribute")
    }


def status(response: etree._Element) -> list[str]:
    return [str(each.get("Value")).rsplit(":", 1)[1] for each in response.iter(f"{SAMLP}StatusCode")]
