"""What Hwb says when somebody is out: a logout token (OpenID Connect Back-Channel Logout 1.0, section 2.6)."""

from __future__ import annotations

from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

EVENT = "http://schemas.openid.net/event/backchannel-logout"


class NotALogOut(Exception):
    """It is not Hwb's, not for this service, or no logout token."""


def read(token: str, *, keys: dict[str, Any], issuer: str, client_id: str) -> tuple[str, str]:
    """Whom it is about and which sign-in, empty for all of them. Raises NotALogOut."""
    claims = jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": issuer}, aud={"essential": True, "value": client_id},
        iat={"essential": True}, exp={"essential": True}, jti={"essential": True}, sub={"essential": True},
    )  # fmt: skip
    try:
        found = jwt.decode(token, KeySet.import_key_set(keys), algorithms=["RS256"])  # type: ignore[arg-type]
        claims.validate(found.claims)
    except (JoseError, ValueError) as error:
        raise NotALogOut(type(error).__name__) from error
    events = found.claims.get("events")
    if found.header.get("typ") != "logout+jwt" or not isinstance(events, dict) or EVENT not in events:
        raise NotALogOut("another kind of token")
    if "nonce" in found.claims:
        raise NotALogOut("nonce")
    return str(found.claims["sub"]), str(found.claims.get("sid", ""))
