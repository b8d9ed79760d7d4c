"""SAML messages that more than one room writes: who the identity provider is, whom it speaks of, and "is out"."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta

from django.conf import settings
from saml2 import saml, samlp

from hwb.operations.saml_descriptions import NotADescription, parse
from hwb.operations.saml_signatures import sign
from hwb.operations.signing_keys import Key

SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
_VALID = timedelta(minutes=2)
_ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"


def issuer_name() -> str:
    """The entity id of Hwb, which is also where its metadata are."""
    return f"{settings.HWB_BASE_URL}/api/saml/metadata"


def issuer() -> saml.Issuer:
    return saml.Issuer(text=issuer_name(), format="urn:oasis:names:tc:SAML:2.0:nameid-format:entity")


def name_id(identifier: str, *, entity: str) -> saml.NameID:
    """The pairwise identifier, as this service knows the person by."""
    return saml.NameID(format=PERSISTENT, name_qualifier=issuer_name(), sp_name_qualifier=entity, text=identifier)


def new_id() -> str:
    """Of a message; an XML id may not begin with a digit."""
    return f"_{secrets.token_hex(20)}"


def instant(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def log_out_envelope(*, address: str, entity: str, identifier: str, sign_in: str, at: datetime, key: Key) -> str:
    """A signed LogoutRequest for one sign-in of a person, in a SOAP envelope."""
    message = samlp.LogoutRequest(
        id=new_id(), version="2.0", issue_instant=instant(at), destination=address, issuer=issuer(),
        not_on_or_after=instant(at + _VALID), name_id=name_id(identifier, entity=entity),
        session_index=[samlp.SessionIndex(text=sign_in)],
    )  # fmt: skip
    signed = sign(message, message, key=key)
    body = signed[signed.index("?>") + 2 :] if signed.startswith("<?xml") else signed
    return f'<s:Envelope xmlns:s="{_ENVELOPE}"><s:Body>{body.strip()}</s:Body></s:Envelope>'


def is_heard(answer: bytes) -> bool:
    """Whether what a service answered to an envelope says that it did so."""
    try:
        root = parse(answer)
    except NotADescription:
        return False
    codes = root.findall(
        f".//{{{samlp.NAMESPACE}}}LogoutResponse/{{{samlp.NAMESPACE}}}Status/{{{samlp.NAMESPACE}}}StatusCode"
    )
    return [code.get("Value") for code in codes] == [SUCCESS]
