"""An id token that a service gives back: whose sign-in it was, however long ago."""

from __future__ import annotations

from typing import Any

import jwt
from allauth.core.internal import jwkkit

from hwb.signin.oidc.adapter import Adapter


def read(hint: str) -> dict[str, Any] | None:
    """What an id token of ours says, expired or not; None when no key of ours signed it."""
    adapter = Adapter()
    for key in adapter.list_private_keys():
        try:
            found: dict[str, Any] = jwt.decode(
                hint, jwkkit.load_pem(key.pem).public_key(), algorithms=["RS256"], issuer=adapter.get_issuer(),
                options={"verify_exp": False, "verify_aud": False, "require": ["sub", "aud", "iss", "sid"]},
            )  # fmt: skip
        except jwt.PyJWTError:
            continue
        return found
    return None
