"""What a service is told: of a person as much as its scopes say, and of the sign-in how it came about."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from hwb.directory.queries.service_sign_ins import SignInRow
from hwb.lifecycle.age_bands import age_band
from hwb.operations import services

#: The profiles by which services abroad ask for one factor and for two.
ONE_FACTOR, TWO_FACTORS = "https://refeds.org/profile/sfa", "https://refeds.org/profile/mfa"
#: No level of confidence (OpenID Connect Core 1.0, section 2): a badge and pictures.
NONE = "0"


def subject(row: SignInRow) -> str:
    """What the service knows the person by. Raises ImproperlyConfigured when the key is not the service's own."""
    key = services.pairwise_key()
    if key.id != row.key:
        raise ImproperlyConfigured("HWB_PAIRWISE_KEY is not the key that this service was registered with")
    return key.identifier(row.account, sector=row.sector)


def of_person(row: SignInRow, scopes: Collection[str], *, on: date) -> dict[str, Any]:
    """The claims of interfaces.md that the scopes allow, without the subject; empty ones are left out."""
    told: dict[str, Any] = {}
    if "profile" in scopes:
        told |= {
            "name": f"{row.given_name} {row.family_name}".strip(), "given_name": row.given_name,
            "family_name": row.family_name, "nickname": row.username,
        }  # fmt: skip
    if "email" in scopes:
        told |= {"email": row.email, "email_verified": bool(row.email) or None}
    if "roles" in scopes:
        told["roles"] = list(row.roles)
    if "organisation" in scopes and row.school:
        told["organisation"] = {"id": row.school, "name": row.school_en, "name_cy": row.school_cy}
    if "age_band" in scopes:
        told["age_band"] = age_band(row.birth_date, kind=row.kind, on=on)
    return {name: value for name, value in told.items() if value not in (None, "")}


def of_sign_in(row: SignInRow) -> dict[str, Any]:
    """When and how the person proved who they are (RFC 8176), for the id token."""
    return {
        "auth_time": int(row.signed_in_at.timestamp()), "acr": level(row.ways), "amr": list(row.ways),
        "sid": str(row.sign_in),
    }  # fmt: skip


def level(ways: Collection[str]) -> str:
    """The acr that the ways of proving it amount to."""
    if "mfa" in ways:
        return TWO_FACTORS
    return ONE_FACTOR if "pwd" in ways or "pop" in ways else NONE
