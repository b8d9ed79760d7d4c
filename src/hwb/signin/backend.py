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
        found = passwords.authenticate(name=username or "", password=password or "")
        return None if found is None else self.get_user(found)

    def get_user(self, user_id: UUID | str | int) -> Account | None:
        """The account, while it may sign in (R40)."""
        return Account.objects.filter(pk=str(user_id), active=True).first()
