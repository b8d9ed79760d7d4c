"""Django's sessions in the database, written once at a sign-in.

Django's own makes a row for the new id and fills it later, each time in a transaction of its own, and asks first
whether the id is free. An id of 32 random signs is: should it not be, the INSERT fails and nobody gets another's
session.
"""

from __future__ import annotations

from django.contrib.sessions.backends.base import VALID_KEY_CHARS, CreateError, UpdateError
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessions
from django.db import IntegrityError, connection
from django.utils.crypto import get_random_string

_INSERT = "INSERT INTO django_session (session_key, session_data, expire_date) VALUES (%s, %s, %s)"


class SessionStore(DatabaseSessions):
    """A session whose row is written when the answer is, by one statement."""

    _is_new = False

    def cycle_key(self) -> None:
        """A new id for the same content; what stood under the old one is gone at once."""
        content, old = self._session, self.session_key  # type: ignore[attr-defined] # not in the stubs
        self._session_key = self._get_new_session_key()
        self._session_cache = content
        self._is_new = self.modified = True
        if old:
            self.delete(old)

    def flush(self) -> None:
        super().flush()
        self._is_new = False

    def save(self, must_create: bool = False) -> None:
        """As Django's: raises CreateError for an id that is taken, UpdateError for a session that is gone."""
        if self.session_key is None:
            self.create()
            return
        content = self._get_session(no_load=must_create)  # type: ignore[attr-defined] # not in the stubs
        row = self.create_model_instance(content)
        if must_create or self._is_new:
            try:
                with connection.cursor() as cursor:
                    cursor.execute(_INSERT, [row.session_key, row.session_data, row.expire_date])
            except IntegrityError:
                raise CreateError from None
            self._is_new = False
            return
        values = {"session_data": row.session_data, "expire_date": row.expire_date}
        if not self.model.objects.filter(pk=row.pk).update(**values):
            raise UpdateError

    def _get_new_session_key(self) -> str:
        return get_random_string(32, VALID_KEY_CHARS)
