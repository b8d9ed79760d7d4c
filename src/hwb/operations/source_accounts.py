"""Official accounts that a service keeps by SCIM, as their source: its own and nobody else's (docs/howto/services.md).

`now` is the calendar, by which accounts and audit entries are dated. Nothing is ever removed (R30): what the source
deletes is switched off, and its names stay its person's for ever (R33).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.conf import settings
from django.db import connection

from hwb import names
from hwb.directory import chain, service_access, sets, store
from hwb.directory.vault import PersonKey
from hwb.extract.texts import N_, Text
from hwb.lifecycle.calendar import london_date
from hwb.operations import officials
from hwb.operations.officials import OfficialRefused
from hwb.operations.transactions import in_transaction

_USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_LONGEST = 100
Code = Literal[
    "username", "name", "email", "external_id", "username_taken", "email_taken", "gone", "suspended", "moved",
    "another_person",
]  # fmt: skip


class SourceRefused(Exception):
    """What the source wants cannot be; `text` says why. gone: it has no such account; moved: it changed meanwhile."""

    def __init__(self, code: Code, text: Text) -> None:
        super().__init__(code)
        self.code: Code = code
        self.text = text


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """An official's account as its source wants it. external_id: the source's own name for it.

    active: None leaves it as it is; a new account is then active.
    """

    username: str
    forename: str
    surname: str
    email: str
    active: bool | None = None
    external_id: str = ""


@dataclass(frozen=True, slots=True)
class _Standing:
    """The account as it stands, locked."""

    active: bool
    reason: str
    username: str
    email: str
    surname: str
    forename: str
    external_id: str
    wrapped: bytes
    suspended: bool


def create(wish: Wish, *, source: UUID, now: datetime) -> UUID:
    """A new account of kind official, the source's own, without a password. Raises SourceRefused."""
    wanted = _checked(wish)
    writer = _writer(source, now)

    def work() -> UUID:
        with connection.cursor() as cursor:
            store.lock_chain(cursor, chain.NATION)
            try:
                made = officials.make(
                    cursor, forename=wanted.forename, surname=wanted.surname, email=wanted.email,
                    username=wanted.username, writer=writer,
                )  # fmt: skip
            except OfficialRefused as refused:
                raise SourceRefused(refused.code, refused.text) from refused
            cursor.execute(
                "INSERT INTO source_account (account, service, external_id, changed_at) VALUES (%s, %s, %s, %s)",
                [made.account, source, wanted.external_id, now],
            )
            if wanted.active is False:
                officials.switch(cursor, account=str(made.account), active=False, reason="source_off", writer=writer)
        return made.account

    return in_transaction(work)


def change(
    account: UUID, wish: Callable[[], Wish], *, source: UUID, only_if: Callable[[], bool], now: datetime
) -> None:
    """Makes the account what the source wants. Raises SourceRefused.

    wish, only_if: asked once the account is locked, so that they see what stands. An earlier username stays an alias.
    """
    writer = _writer(source, now)

    def work() -> None:
        with connection.cursor() as cursor:
            standing = _locked(cursor, account, source)
            _require_unmoved(only_if)
            wanted, id_ = _checked(wish()), str(account)
            _require_same_person(cursor, id_, standing, wanted, now)
            steps = (_rename, _readdress, _name, _relabel, _activate)
            changed = [step(cursor, id_, standing, wanted, writer) for step in steps]
            if any(changed):
                cursor.execute(
                    "UPDATE source_account SET external_id = %s, changed_at = %s WHERE account = %s",
                    [wanted.external_id, now, account],
                )

    in_transaction(work)


def end(account: UUID, *, source: UUID, only_if: Callable[[], bool], now: datetime) -> None:
    """The source deletes the account: it is switched off for good, and the source's no more. Raises SourceRefused."""
    writer = _writer(source, now)

    def work() -> None:
        with connection.cursor() as cursor:
            _locked(cursor, account, source)
            _require_unmoved(only_if)
            officials.switch(cursor, account=str(account), active=False, reason="source_ended", writer=writer)
            cursor.execute("UPDATE source_account SET ended_at = %s WHERE account = %s", [now, account])

    in_transaction(work)


def _checked(wish: Wish) -> Wish:
    """The same in the form in which it is kept. Raises SourceRefused."""
    username, email = wish.username.strip().casefold(), wish.email.strip().casefold()
    forename, surname = " ".join(wish.forename.split()), " ".join(wish.surname.split())
    if not _USERNAME.fullmatch(username):
        text = N_("A userName is of up to 64 letters a to z, digits, dots, hyphens and underscores.")
        raise SourceRefused("username", Text(text))
    for name in (forename, surname):
        if not 0 < len(name) <= _LONGEST or not name.isprintable():
            raise SourceRefused("name", Text(N_("givenName and familyName of up to 100 characters are needed.")))
    if len(wish.external_id) > 2 * _LONGEST or not wish.external_id.isprintable():
        raise SourceRefused("external_id", Text(N_("An externalId has up to 200 characters.")))
    return Wish(
        username=username, forename=forename, surname=surname, email=email, active=wish.active,
        external_id=wish.external_id,
    )  # fmt: skip


def _locked(cursor: Any, account: UUID, source: UUID) -> _Standing:
    store.lock_chain(cursor, chain.NATION)
    cursor.execute(_STANDING, [source, account])
    row = cursor.fetchone()
    if row is None:
        raise SourceRefused("gone", Text(N_("Nothing was found under this address.")))
    return _Standing(*row)


def _require_unmoved(only_if: Callable[[], bool]) -> None:
    if not only_if():
        raise SourceRefused("moved", Text(N_("It has changed since: get it again, then change it.")))


def _require_same_person(cursor: Any, id_: str, standing: _Standing, wanted: Wish, now: datetime) -> None:
    """An account that has roles is not made another person's, name and address at once (R33)."""
    before, after = (standing.surname, standing.forename), (wanted.surname, wanted.forename)
    if before == after or standing.email == wanted.email:
        return
    cursor.execute(_HAS_ROLES, [id_, london_date(now)])
    if cursor.fetchone()[0]:
        text = N_(
            "This account has roles, so its name and its address do not change together: it would become somebody"
            " else's. Change one, then the other, or make another account."
        )
        raise SourceRefused("another_person", Text(text))


def _rename(cursor: Any, id_: str, standing: _Standing, wanted: Wish, writer: chain.Writer) -> bool:
    if wanted.username == standing.username:
        return False
    try:
        officials.take_username(cursor, account=id_, username=wanted.username)
    except OfficialRefused as refused:
        raise SourceRefused(refused.code, refused.text) from refused
    _make_current(cursor, standing.username, wanted.username)
    cursor.execute("UPDATE account SET username = %s WHERE id = %s", [wanted.username, id_])
    store.write_log(cursor, [chain.Entry("username issued", "R34", "", chain.NATION, id_)], writer)
    return True


def _readdress(cursor: Any, id_: str, standing: _Standing, wanted: Wish, writer: chain.Writer) -> bool:
    if wanted.email == standing.email:
        return False
    try:
        officials.take_email(cursor, account=id_, email=wanted.email)
    except OfficialRefused as refused:
        raise SourceRefused(refused.code, refused.text) from refused
    _make_current(cursor, standing.email, wanted.email)
    # Somebody else may read what went to the address before: a link there is worth nothing from now.
    values = [wanted.email, id_]
    cursor.execute("UPDATE account SET email = %s, sessions_from = clock_timestamp() WHERE id = %s", values)
    cursor.execute("DELETE FROM sign_in_link WHERE account = %s AND used_at IS NULL", [id_])
    service_access.end(cursor, accounts=[id_])
    store.write_log(cursor, [chain.Entry("address changed", "R33", "", chain.NATION, id_)], writer)
    return True


def _make_current(cursor: Any, before: str, after: str) -> None:
    cursor.execute("UPDATE identifier SET current = (value = %s) WHERE value = ANY(%s)", [after, [before, after]])


def _name(cursor: Any, id_: str, standing: _Standing, wanted: Wish, writer: chain.Writer) -> bool:
    before = {"legal_surname": standing.surname, "legal_forename": standing.forename}
    after = {"legal_surname": wanted.surname, "legal_forename": wanted.forename}
    if before == after:
        return False
    key = PersonKey.unwrap(id_, standing.wrapped, secret=str(settings.SECRET_KEY))
    digest = key.digest({**officials.NOTHING_PERSONAL, **after})
    row = {**after, **names.keys(wanted.surname, wanted.forename), "personal_digest": digest.hex()}
    sets.send(cursor, sets.ACCOUNTS_UPDATED, [{"id": id_, "fields": list(row), **row}])
    entry = chain.Entry(
        "details", "R34", "source_details", chain.NATION, id_, before=before, after=after, key=key,
        personal_digest=digest,
    )  # fmt: skip
    store.write_log(cursor, [entry], writer)
    return True


def _relabel(cursor: Any, id_: str, standing: _Standing, wanted: Wish, writer: chain.Writer) -> bool:
    if wanted.external_id == standing.external_id:
        return False
    store.write_log(cursor, [chain.Entry("external id changed", "R42", "", chain.NATION, id_)], writer)
    return True


def _activate(cursor: Any, id_: str, standing: _Standing, wanted: Wish, writer: chain.Writer) -> bool:
    # Of a suspended account only the reason changes, and by it the end of the suspension leaves it off.
    confirms = wanted.active is False and standing.reason == officials.SUSPENDED
    if wanted.active is None or (wanted.active == standing.active and not confirms):
        return False
    if wanted.active and standing.suspended:
        text = Text(N_("Hwb Support has suspended this account, and only Support ends that."))
        raise SourceRefused("suspended", text)
    reason = "source_on" if wanted.active else "source_off"
    officials.switch(cursor, account=id_, active=wanted.active, reason=reason, writer=writer)
    return True


def _writer(source: UUID, now: datetime) -> chain.Writer:
    return chain.Writer(chain.NATION, f"service {source}", now)


_HAS_ROLES = """
SELECT EXISTS (SELECT FROM role_grant WHERE account = %s AND ended_at IS NULL AND (until IS NULL OR until >= %s))
"""
_STANDING = """
SELECT a.active, a.reason_code, a.username, a.email, a.legal_surname, a.legal_forename, x.external_id, k.wrapped,
       EXISTS (SELECT FROM decision d WHERE d.account = a.id AND d.ended_at IS NULL
               AND d.kind IN ('suspended', 'safety'))
FROM account a JOIN source_account x ON x.account = a.id JOIN person_key k ON k.account = a.id
WHERE x.service = %s AND a.id = %s AND x.ended_at IS NULL FOR UPDATE OF a, x
"""
