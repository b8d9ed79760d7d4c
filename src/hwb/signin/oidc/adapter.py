"""What allauth's provider asks of this service: who the issuer is, which keys sign, what a service is told."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from allauth.core import context
from allauth.idp.oidc.adapter import DefaultOIDCAdapter
from allauth.idp.oidc.models import Client, PrivateKey, Token
from django.conf import settings
from django.http import HttpRequest

from hwb import clock
from hwb.directory.models import Account
from hwb.directory.queries import service_sign_ins as rows
from hwb.directory.queries import services as registered
from hwb.operations import services, signing_keys
from hwb.signin.oidc import claims

#: On a request: the row of the sign-in that its code or token belongs to.
SIGN_IN = "service_sign_in"


def take_up(request: HttpRequest, sign_in: str | UUID | None) -> rows.SignInRow | None:
    """Notes on the request which sign-in its code or token belongs to. None when that does not stand."""
    row = rows.find(UUID(str(sign_in)), today=clock.today()) if sign_in else None
    found = row if row is not None and row.stands else None
    setattr(request, SIGN_IN, found)
    return found


def taken_up(request: HttpRequest) -> rows.SignInRow:
    """The sign-in that was taken up. Raises LookupError where none was."""
    found: rows.SignInRow | None = getattr(request, SIGN_IN, None)
    if found is None:
        raise LookupError("no sign-in belongs to this request")
    return found


class Adapter(DefaultOIDCAdapter):  # type: ignore[misc]
    """Everything of one person is told from the sign-in that the request belongs to."""

    def get_issuer(self) -> str:
        return str(settings.HWB_BASE_URL)

    def get_user_sub(self, client: Client, user: Account) -> str:
        service = registered.of_client(client.id)
        if service is None:
            raise LookupError("the service does not stand")
        return services.pairwise_key().identifier(user.pk, sector=service.sector)

    def get_user_by_sub(self, client: Client, sub: str) -> Account | None:
        service = registered.of_client(client.id)
        account = None if service is None else services.pairwise_key().account(sub, sector=service.sector)
        return None if account is None else Account.objects.filter(pk=account, active=True).first()

    def get_claims(
        self, purpose: str, user: Account, client: Client, scopes: Iterable[str], email: str | None = None, **_: Any
    ) -> dict[str, Any]:
        """In the id token the subject alone: the rest is what userinfo is for."""
        del user, client, email
        row = taken_up(context.request)
        told = claims.of_person(row, set(scopes), on=clock.today()) if purpose == "userinfo" else {}
        return {"sub": claims.subject(row), **told}

    def populate_id_token(self, id_token: dict[str, Any], client: Client, scopes: Iterable[str], **_: Any) -> None:
        del client, scopes
        row = taken_up(context.request)
        id_token.update(claims.of_sign_in(row))
        if row.ends_at is not None:
            id_token["exp"] = min(id_token["exp"], int(row.ends_at.timestamp()))

    def is_introspection_allowed(self, token: Token, *, caller_client: Client) -> bool:
        """Of a token whose sign-in stands, to the service that it was given to."""
        stands = take_up(context.request, (token.data or {}).get("sign_in"))
        return stands is not None and stands.client_id == caller_client.id

    def list_private_keys(self, *, did_activate: bool | None = None, is_active: bool | None = None) -> list[PrivateKey]:
        del is_active  # ended ones are never listed
        at = datetime.now(UTC)
        return [
            PrivateKey(pem=key.pem, not_before=key.signs_from, expires_at=key.ends_at, issued_at=key.created_at)
            for key in signing_keys.published(at=at)
            if not did_activate or key.signs_from <= at
        ]
