"""A new username and address after a name change (R34). The old ones stay this person's for ever (R33)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection

from hwb.directory import chain, connected_accounts, store
from hwb.extract.texts import N_, Text
from hwb.lifecycle import usernames
from hwb.operations.transactions import in_transaction


class UsernameRefused(Exception):
    """No new username is given; `text` says why."""

    def __init__(self, code: str, text: Text) -> None:
        super().__init__(code)
        self.code = code
        self.text = text


@dataclass(frozen=True, slots=True)
class Issued:
    """The new names. ``before`` is the username until now, which still signs in."""

    account: UUID
    username: str
    email: str
    before: str


def issue(*, account: UUID, school: str, acting_user: str, now: datetime) -> Issued:
    """Gives an account of the school the username of its present name. Raises UsernameRefused."""

    def work() -> Issued:
        with connection.cursor() as cursor:
            store.lock_chain(cursor, school)
            cursor.execute("SELECT upn FROM upn WHERE account = %s", [account])
            store.lock_upns(cursor, [upn for (upn,) in cursor.fetchall()])
            cursor.execute(_ACCOUNT, [school, account])
            found = cursor.fetchone()
            if found is None or not found[0]:
                raise UsernameRefused("not_this_school", Text(N_("This account is not the school's.")))
            _, before, email, *parts = found
            row: dict[str, Any] = {"id": str(account), **dict(zip(store.NAMES[:4], parts, strict=True))}
            if follows_name(before, *parts):
                raise UsernameRefused("follows", Text(N_("The username is that of the present name already.")))
            store.give_names(cursor, [row], settings.HWB_MAIL_DOMAIN)
            cursor.execute("UPDATE identifier SET current = false WHERE value = ANY(%s)", [[before, email]])
            cursor.execute(
                "UPDATE account SET username = %s, email = %s WHERE id = %s", [row["username"], row["email"], account]
            )
            connected_accounts.mark(cursor, accounts=[account])
            entry = chain.Entry("username issued", "R34", "", school, str(account))
            store.write_log(cursor, [entry], chain.Writer(school, acting_user, now))
        return Issued(account, row["username"], row["email"], before)

    return in_transaction(work)


def follows_name(
    username: str, legal_surname: str, legal_forename: str, preferred_surname: str, preferred_forename: str
) -> bool:
    """Whether this username is one that the name gives, whatever its number."""
    stem = usernames.base(preferred_surname or legal_surname, preferred_forename or legal_forename)
    return username.rstrip("0123456789") == stem


_ACCOUNT = """
SELECT EXISTS (SELECT FROM placement p WHERE p.account = a.id AND p.school = %s AND p.ended IS NULL
               AND p.role IN ('holding', 'post')),
       a.username, a.email, a.legal_surname, a.legal_forename, a.preferred_surname, a.preferred_forename
FROM account a WHERE a.id = %s FOR UPDATE OF a
"""
