"""Telling services that somebody is out, each until it has heard it: OpenID Connect Back-Channel Logout 1.0, and
SAML's single log-out by SOAP.

Moments are of the real clock.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

import jwt
from django.conf import settings
from django.db import connection, transaction

from hwb.operations import saml_messages, saml_signatures, services, signing_keys

_EVENT = "http://schemas.openid.net/event/backchannel-logout"
_VALID = timedelta(minutes=2)
#: A service that was not reached is tried again after 2, 4, 8 … seconds, at most every 15 minutes, for a day.
_LONGEST_PAUSE = 15 * 60
_GIVEN_UP_AFTER = timedelta(days=1)


class NotHeard(Exception):
    """The service was not reached, or refused. The text goes into the outbox: nothing of a person."""


class Told(Enum):
    """What became of one log-out."""

    HEARD = "heard"
    LATER = "later"
    GIVEN_UP = "given up"


@dataclass(frozen=True, slots=True)
class LogOut:
    """What a service is sent: to `address` the signed `token`; with SAML a signed request in a SOAP `envelope`."""

    address: str
    token: str = ""
    envelope: str = ""


def tell_next(*, send: Callable[[LogOut], None], at: datetime) -> Told | None:
    """Tells one service that is due; None when there is none. `send` raises NotHeard.

    The row is locked while it is sent: several may send beside each other.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_NEXT, [at])
        row = cursor.fetchone()
        if row is None:
            return None
        id_, made_at, attempts, address, client_id, sector, account, sign_in, protocol = row
        subject = services.pairwise_key().identifier(account, sector=sector)
        try:
            send(_message(protocol, address, client_id, subject, str(sign_in), at))
        except NotHeard as error:
            given_up = at - made_at > _GIVEN_UP_AFTER
            due = None if given_up else at + timedelta(seconds=min(2 ** min(attempts + 1, 20), _LONGEST_PAUSE))
            cursor.execute(
                "UPDATE service_log_out SET attempts = attempts + 1, due_at = %s, failure = %s WHERE id = %s",
                [due, str(error)[:200], id_],
            )
            return Told.GIVEN_UP if given_up else Told.LATER
        cursor.execute(
            "UPDATE service_log_out SET attempts = attempts + 1, due_at = NULL, sent_at = %s, failure = ''"
            " WHERE id = %s",
            [at, id_],
        )
        return Told.HEARD


def _message(protocol: str, address: str, client_id: str, subject: str, sign_in: str, at: datetime) -> LogOut:
    if protocol == "oidc":
        return LogOut(address, _token(client_id, subject, sign_in, at))
    if not saml_signatures.program():
        raise NotHeard("xmlsec1 is missing")
    envelope = saml_messages.log_out_envelope(
        address=address, entity=client_id, identifier=subject, sign_in=sign_in, at=at,
        key=signing_keys.signing(at=at, use="saml"),
    )  # fmt: skip
    return LogOut(address, envelope=envelope)


def _token(client_id: str, subject: str, sign_in: str, at: datetime) -> str:
    key = signing_keys.signing(at=at)
    told = {
        "iss": settings.HWB_BASE_URL, "aud": client_id, "sub": subject, "sid": sign_in, "iat": int(at.timestamp()),
        "exp": int((at + _VALID).timestamp()), "jti": secrets.token_urlsafe(16), "events": {_EVENT: {}},
    }  # fmt: skip
    return jwt.encode(told, key.pem, algorithm="RS256", headers={"kid": key.kid, "typ": "logout+jwt"})


_NEXT = """
SELECT o.id, o.made_at, o.attempts, s.logout_uri, s.client_id, s.sector, i.account, i.id, s.protocol
FROM service_log_out o JOIN service_sign_in i ON i.id = o.sign_in JOIN service s ON s.id = i.service
WHERE o.due_at <= %s ORDER BY o.due_at LIMIT 1 FOR UPDATE OF o SKIP LOCKED
"""
