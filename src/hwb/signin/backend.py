"""Django's question "who is this?", answered by operations.passwords alone."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest

from hwb.directory.models import Account
from hwb.operations import passwords


class PasswordBackend(BaseBackend):
    """Username, former ones and with the domain too, and password; one answer for every failure."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **_: object
    ) -> Account | None:
        del request
        found = passwords.identify(name=username or "", password=password or "")
        if found is None or not found.active:
            return None
        account = self.get_user(found.account)
        if account is not None:
            account.must_change = found.must_change
        return account

    def get_user(self, user_id: UUID | str | int) -> Account | None:
        """The account, while it may sign in (R40)."""
        return Account.objects.filter(pk=str(user_id), active=True).first()
