"""What services are sent: responses with an assertion or a refusal, answers to log-outs, and our metadata."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.urls import reverse
from saml2 import md, saml, samlp, xmldsig

from hwb.directory.queries.service_sign_ins import SignInRow
from hwb.operations import saml_signatures, signing_keys
from hwb.operations.saml_descriptions import POST, REDIRECT
from hwb.operations.saml_messages import PERSISTENT, SUCCESS, instant, issuer, issuer_name, name_id, new_id
from hwb.signin.oidc import claims
from hwb.signin.saml.asked import Asked, Message

#: How long a service may take to read an assertion.
VALID = timedelta(minutes=5)
_SLACK = timedelta(minutes=1)
PASSWORD = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"  # noqa: S105 - a name
UNSPECIFIED = "urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified"
_STATUS = "urn:oasis:names:tc:SAML:2.0:status:"
_BASIC, _URI = (f"urn:oasis:names:tc:SAML:2.0:attrname-format:{each}" for each in ("basic", "uri"))


def class_for(asked: Asked, ways: tuple[str, ...]) -> str:
    """The class of how the person proved who they are: one that was asked for; empty when none of these is true."""
    level = claims.level(ways)
    true = {UNSPECIFIED}
    if level != claims.NONE:
        true |= {PASSWORD, claims.ONE_FACTOR}
    if level == claims.TWO_FACTORS:
        true.add(claims.TWO_FACTORS)
    if not asked.classes:
        return {claims.TWO_FACTORS: claims.TWO_FACTORS, claims.ONE_FACTOR: PASSWORD}.get(level, UNSPECIFIED)
    if asked.comparison not in ("exact", "minimum"):
        return ""
    return next((each for each in asked.classes if each in true), "")


def attributes(row: SignInRow, *, scopes: tuple[str, ...], names: Mapping[str, str], on: date) -> list[saml.Attribute]:
    """The claims of OpenID Connect that the scopes allow, with the service's names for them."""
    told: dict[str, Any] = claims.of_person(row, scopes, on=on)
    told.pop("email_verified", None)
    if school := told.pop("organisation", None):
        told |= {
            "organisation": school["id"], "organisation_name": school["name"],
            "organisation_name_cy": school["name_cy"],
        }  # fmt: skip
    return [
        saml.Attribute(
            name=names.get(claim, claim), friendly_name=claim,
            name_format=_URI if names.get(claim, "").startswith(("urn:", "http")) else _BASIC,
            attribute_value=[
                saml.AttributeValue(text=each) for each in (value if isinstance(value, list) else [value]) if each
            ],
        )
        for claim, value in told.items() if value
    ]  # fmt: skip


def response(asked: Asked, row: SignInRow, *, authn_class: str, ends: datetime, at: datetime, on: date) -> str:
    """A signed response with a signed assertion, base64."""
    service = row.client_id
    assertion = saml.Assertion(
        id=new_id(), version="2.0", issue_instant=instant(at), issuer=issuer(),
        subject=saml.Subject(
            name_id=name_id(claims.subject(row), entity=service),
            subject_confirmation=[saml.SubjectConfirmation(
                method="urn:oasis:names:tc:SAML:2.0:cm:bearer",
                subject_confirmation_data=saml.SubjectConfirmationData(
                    in_response_to=asked.message.id, recipient=asked.consumer, not_on_or_after=instant(at + VALID),
                ),
            )],
        ),
        conditions=saml.Conditions(
            not_before=instant(at - _SLACK), not_on_or_after=instant(at + VALID),
            audience_restriction=[saml.AudienceRestriction(audience=[saml.Audience(text=service)])],
        ),
        authn_statement=[saml.AuthnStatement(
            authn_instant=instant(row.signed_in_at), session_index=str(row.sign_in),
            session_not_on_or_after=instant(ends),
            authn_context=saml.AuthnContext(authn_context_class_ref=saml.AuthnContextClassRef(text=authn_class)),
        )],
    )  # fmt: skip
    told = attributes(row, scopes=asked.message.service.scopes, names=asked.message.side.attribute_names, on=on)
    if told:
        assertion.attribute_statement = [saml.AttributeStatement(attribute=told)]
    made = _response(asked, _status(), at)
    made.assertion = [assertion]
    return _packed(saml_signatures.sign(made, assertion, made, key=_key(at)))


def refusal(asked: Asked, code: str, *, at: datetime) -> str:
    """A signed response that says no, base64. code: NoPassive, RequestDenied, InvalidNameIDPolicy, NoAuthnContext."""
    made = _response(asked, _status("Responder", code), at)
    return _packed(saml_signatures.sign(made, made, key=_key(at)))


def log_out_query(message: Message, address: str, relay_state: str, *, at: datetime) -> str:
    """The query of a signed answer to a log-out request."""
    made = samlp.LogoutResponse(
        id=new_id(), version="2.0", issue_instant=instant(at), destination=address, in_response_to=message.id,
        issuer=issuer(), status=_status(),
    )  # fmt: skip
    packing = zlib.compressobj(wbits=-15)
    packed = packing.compress(str(made).encode()) + packing.flush()
    told = {"SAMLResponse": base64.b64encode(packed).decode(), **({"RelayState": relay_state} if relay_state else {})}
    return saml_signatures.sign_query(told, key=_key(at))


def metadata(*, at: datetime) -> str:
    """Hwb's description of itself, with every key that services are to know now."""
    keys = [
        md.KeyDescriptor(use="signing", key_info=xmldsig.KeyInfo(x509_data=[xmldsig.X509Data(
            x509_certificate=[xmldsig.X509Certificate(text=saml_signatures.certificate(key))]
        )]))
        for key in reversed(signing_keys.published(at=at, use="saml"))
    ]  # fmt: skip
    both = (REDIRECT, POST)
    role = md.IDPSSODescriptor(
        protocol_support_enumeration=samlp.NAMESPACE, key_descriptor=keys,
        name_id_format=[md.NameIDFormat(text=PERSISTENT)],
        single_sign_on_service=[md.SingleSignOnService(binding=each, location=sign_in_address()) for each in both],
        single_logout_service=[md.SingleLogoutService(binding=each, location=log_out_address()) for each in both],
    )  # fmt: skip
    return str(md.EntityDescriptor(entity_id=issuer_name(), idpsso_descriptor=[role]))


def sign_in_address() -> str:
    return str(settings.HWB_BASE_URL) + reverse("saml-sign-in")


def log_out_address() -> str:
    return str(settings.HWB_BASE_URL) + reverse("saml-log-out")


def _response(asked: Asked, status: samlp.Status, at: datetime) -> samlp.Response:
    return samlp.Response(
        id=new_id(), version="2.0", issue_instant=instant(at), destination=asked.consumer,
        in_response_to=asked.message.id, issuer=issuer(), status=status,
    )  # fmt: skip


def _status(*codes: str) -> samlp.Status:
    if not codes:
        return samlp.Status(status_code=samlp.StatusCode(value=SUCCESS))
    outer, inner = codes
    return samlp.Status(
        status_code=samlp.StatusCode(value=_STATUS + outer, status_code=samlp.StatusCode(value=_STATUS + inner))
    )


def _key(at: datetime) -> signing_keys.Key:
    return signing_keys.signing(at=at, use="saml")


def _packed(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
