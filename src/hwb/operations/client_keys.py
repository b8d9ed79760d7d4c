"""What a Provisioning Client proves itself with: enrolment codes, public keys, signed assertions.

Pure but for randomness: nothing here knows the database or asks a clock. All moments are of the *real* clock,
never of the rehearsed calendar (interfaces.md).
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from jwt.algorithms import ECAlgorithm

from hwb.extract.texts import N_, Text

#: No 0 O, 1 I L, 2 Z, 5 S, 8 B: codes are read out over the telephone.
UNAMBIGUOUS = "34679ACDEFGHJKMNPQRTUVWXY"
CODE_LENGTH = 12
CODE_LIFETIME = timedelta(minutes=60)
KEY_MONTHS = 13
TOKEN_LIFETIME = timedelta(minutes=10)
LONGEST_ASSERTION = timedelta(minutes=5)
SKEW = timedelta(seconds=60)
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_LONGEST_TEXT = 4096
_LONGEST_JTI = 200


class ClientRefused(Exception):
    """A client could not prove itself. `code` is stable; `text` is a sentence for whoever runs the client."""

    def __init__(self, code: str, text: Text, *, status: int = 401) -> None:
        super().__init__(code)
        self.code = code
        self.text = text
        self.status = status


@dataclass(frozen=True, slots=True)
class Assertion:
    """A verified client assertion (RFC 7523): whose it is, its id, and until when that id must be remembered."""

    client: str
    jti: str
    expires: datetime


def new_code() -> str:
    """An enrolment code in three groups of four: 25^12, more than 55 bits."""
    letters = "".join(secrets.choice(UNAMBIGUOUS) for _ in range(CODE_LENGTH))
    return "-".join(letters[i : i + 4] for i in range(0, CODE_LENGTH, 4))


def clean_code(text: str) -> str:
    """What was typed, without dashes and spaces, in capitals."""
    return "".join(character for character in text.upper() if character.isalnum())


def digest(secret: str) -> str:
    """SHA-256 (hex) of a secret of full randomness: enough for codes and tokens, which nobody can guess."""
    return hashlib.sha256(secret.encode()).hexdigest()


def key_expiry(enrolled: datetime) -> datetime:
    """13 months after enrolment; the last day of the month when that day does not exist."""
    month = enrolled.month - 1 + KEY_MONTHS
    year, month = enrolled.year + month // 12, month % 12 + 1
    for day in (enrolled.day, 30, 29, 28):
        try:
            return enrolled.replace(year=year, month=month, day=day)
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")


def read_public_key(jwk: Mapping[str, Any]) -> str:
    """The key as canonical JSON, ready to be stored. Raises ClientRefused unless it is a *public* P-256 key."""
    fault = ClientRefused("key_invalid", Text(N_("The public key is not an EC key on the curve P-256.")), status=400)
    if jwk.get("kty") != "EC" or jwk.get("crv") != "P-256" or "d" in jwk:
        raise fault
    kept = {name: jwk.get(name) for name in ("kty", "crv", "x", "y")}
    text = json.dumps(kept, sort_keys=True, separators=(",", ":"))
    try:
        ECAlgorithm.from_jwk(text)
    except (jwt.InvalidKeyError, ValueError, TypeError):
        raise fault from None
    return text


def claimed_client(assertion: str) -> str:
    """Whose assertion it says it is; nothing is proved yet. Raises ClientRefused."""
    if len(assertion) > _LONGEST_TEXT:
        raise _unproved()
    try:
        claims = jwt.decode(assertion, options={"verify_signature": False})
    except jwt.PyJWTError:
        raise _unproved() from None
    client = claims.get("iss")
    if not isinstance(client, str) or client != claims.get("sub"):
        raise _unproved()
    return client


def verify_assertion(assertion: str, *, public_key: str, audiences: Collection[str], at: datetime) -> Assertion:
    """Checks signature, audience and times. Raises ClientRefused; a wrong clock is told apart from the rest.

    `audiences`: the token endpoint's address and the issuer's; either will do.
    """
    try:
        claims = jwt.decode(
            assertion,
            key=ECAlgorithm.from_jwk(public_key),  # type: ignore[arg-type]  # P-256 only, see read_public_key
            algorithms=["ES256"],
            audience=list(audiences),
            options={
                "require": ["iss", "sub", "aud", "jti", "iat", "exp"],
                # Our own checks say *what* is wrong with the clock, and by how much.
                "verify_iat": False,
                "verify_exp": False,
                "verify_nbf": False,
            },
        )
    except jwt.InvalidAudienceError:
        text = Text(N_("The client signed for another server than this one. Enrol it here."))
        raise ClientRefused("wrong_audience", text) from None
    except jwt.PyJWTError:
        raise _unproved() from None
    jti = claims["jti"]
    if not isinstance(jti, str) or not 0 < len(jti) <= _LONGEST_JTI:
        raise _unproved()
    expires = _check_times(claims, at)
    return Assertion(str(claims["sub"]), jti, expires)


def _check_times(claims: Mapping[str, Any], at: datetime) -> datetime:
    """The assertion's end, when its times are right beside the server's clock within 60 s."""
    issued, expires = _moment(claims["iat"]), _moment(claims["exp"])
    if expires - issued > LONGEST_ASSERTION or expires < issued:
        raise _unproved()
    if issued > at + SKEW or expires < at - SKEW:
        raise ClientRefused(
            "clock_wrong",
            Text(
                N_(
                    "The clock of the client's computer is wrong: it says {theirs}, the server's says {ours} (UTC). "
                    "Put it right, or let it set itself."
                ),
                {"theirs": f"{issued:%Y-%m-%d %H:%M:%S}", "ours": f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"},
            ),
        )
    return expires


def _moment(value: Any) -> datetime:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _unproved()
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        raise _unproved() from None


def _unproved() -> ClientRefused:
    return ClientRefused("invalid_client", Text(N_("The client could not prove who it is.")))
