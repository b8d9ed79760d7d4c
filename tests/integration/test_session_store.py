"""Sessions in the database: a new id is one row, written with the answer, and one that has ended stays so."""

from __future__ import annotations

import pytest
from django.contrib.sessions.backends.base import CreateError, UpdateError
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from hwb.web.session_store import SessionStore

pytestmark = pytest.mark.django_db


def kept(content: str) -> SessionStore:
    store = SessionStore()
    store["content"] = content
    store.save()
    return store


def test_a_sign_in_writes_its_session_by_one_statement() -> None:
    """Before a session had an id: no row that is made first and filled later."""
    store = SessionStore()
    store["content"] = "x"
    with CaptureQueriesContext(connection) as statements:
        store.cycle_key()
        store.save()
    assert len(statements) == 1
    assert SessionStore(store.session_key)["content"] == "x"


def test_the_old_id_is_worth_nothing_once_there_is_a_new_one() -> None:
    """Whoever knew it is not led into the session that goes on."""
    store = kept("x")
    old = store.session_key
    store.cycle_key()
    assert not Session.objects.filter(session_key=old).exists()
    store.save()
    assert store.session_key != old
    assert SessionStore(store.session_key)["content"] == "x"
    assert SessionStore(old).get("content") is None


def test_a_session_that_was_ended_meanwhile_does_not_come_back() -> None:
    """R40: a request that was under way when the session ended writes it no more."""
    store = kept("x")
    Session.objects.all().delete()
    store["content"] = "y"
    with pytest.raises(UpdateError):
        store.save()
    assert not Session.objects.exists()


def test_an_id_that_is_taken_is_not_taken_over() -> None:
    """Should two ever get the same one, the second gets none."""
    store, other = kept("x"), SessionStore()
    other["content"] = "y"
    other.cycle_key()
    other._session_key = store.session_key
    with pytest.raises(CreateError), transaction.atomic():
        other.save()
    assert SessionStore(store.session_key)["content"] == "x"


def test_a_session_that_is_over_leaves_nothing_of_its_new_id() -> None:
    """A new id, and signed out in the same request: the next content is another session's."""
    store = kept("x")
    store.cycle_key()
    store.flush()
    store["content"] = "y"
    store.save()
    assert [SessionStore(row.session_key)["content"] for row in Session.objects.all()] == ["y"]
