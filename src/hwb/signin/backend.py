"""Django's question "who is this?", answered from the directory."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.backends import BaseBackend

from hwb.directory.models import Account


class PasswordBackend(BaseBackend):
    """Says whose a session is. Passwords are tried by the sign-in page alone (operations.passwords.attempt), within
    its figures: Django's `authenticate` opens nothing."""

    def get_user(self, user_id: UUID | str | int) -> Account | None:
        """The account, while it may sign in (R40)."""
        found = Account.objects.raw("SELECT * FROM account WHERE id = %s AND active", [str(user_id)])
        return next(iter(found), None)
