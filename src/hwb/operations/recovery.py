"""A forgotten password of an adult: the address that they registered for it, and the link that goes there (A9).

The link leads to a new password and no further: whoever has a second step is asked for it as ever.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import connection, transaction

from hwb.directory import chain, store
from hwb.extract.texts import N_, Text
from hwb.lifecycle.messages import Kind, Reader, due_at
from hwb.operations import messages, passwords, sessions
from hwb.operations.messages import Letter, links
from hwb.operations.sessions import LASTS, Purpose

#: Whoever asks again sooner gets no further link: nobody fills somebody's mailbox.
PAUSE = timedelta(minutes=10)


class AddressRefused(Exception):
    """Nothing was kept; `text` says why."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.message)
        self.text = text


def put(*, account: UUID, address: str, now: datetime, at: datetime) -> None:
    """Keeps another recovery address, and sends it a link by which it is confirmed; an empty one: none any more.

    `at`: the real moment. The owner is told at the account's own address. Raises AddressRefused for a mailbox that is
    read by signing in to Hwb.
    """
    address = address.strip()
    if address.casefold().endswith(f"@{settings.HWB_MAIL_DOMAIN.casefold()}"):
        raise AddressRefused(Text(N_("This address needs Hwb to be read. Give another one.")))
    with transaction.atomic(), connection.cursor() as cursor:
        _log(cursor, account, "recovery address chosen" if address else "recovery address removed", now)
        if address:
            cursor.execute(_PUT, [account, address])
            _send(cursor, account, address, Kind.RECOVERY_ADDRESS, now, at)
        else:
            cursor.execute("DELETE FROM recovery_address WHERE account = %s", [account])
        messages.own_account_changed(cursor, account=account, what="address", now=now)


def confirm(*, token: str, now: datetime, at: datetime) -> bool:
    """The link was followed, so the address is theirs; False when it cannot be used (any more)."""
    with transaction.atomic(), connection.cursor() as cursor:
        account = sessions.take_link(cursor, token, at=at, purpose=Purpose.ADDRESS)
        if account is None:
            return False
        cursor.execute(
            "UPDATE recovery_address SET confirmed_at = %s WHERE account = %s AND confirmed_at IS NULL", [at, account]
        )
        if cursor.rowcount:
            _log(cursor, account, "recovery address confirmed", now)
    return True


def ask(*, name: str, now: datetime, at: datetime) -> None:
    """Sends a link to the recovery address of whoever has this name, if there is one; tells nobody whether it did.

    The school's log is not waited for here, or the time would tell: it says when such a link was used.
    """
    account = passwords.account_of_name(name)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_WHERE_TO, [account, Purpose.PASSWORD, at + LASTS[Purpose.PASSWORD] - PAUSE])
        row = cursor.fetchone()
        if row is not None:
            _send(cursor, row[0], row[1], Kind.RECOVERY, now, at)


def _send(cursor: Any, account: UUID, address: str, kind: Kind, now: datetime, at: datetime) -> None:
    purpose, link = Purpose.PASSWORD if kind is Kind.RECOVERY else Purpose.ADDRESS, str(uuid4())
    # A link that was sent before is worth nothing from now: it may have gone to another address.
    cursor.execute(
        "UPDATE sign_in_link SET used_at = %s WHERE account = %s AND purpose <> 'first' AND used_at IS NULL",
        [at, account],
    )
    token = links.token_of(link)
    sessions.make_link(cursor, account=str(account), at=at, purpose=purpose, token=token)
    letter = Letter(kind, "", link, {"link": link}, due_at(kind, now))
    messages.put(cursor, letter, [Reader("recovery", address=address)], now=now)


def _log(cursor: Any, account: UUID, action: str, now: datetime) -> None:
    name = passwords.chain_of(cursor, account)
    store.lock_chain(cursor, name)
    entry = chain.Entry(action, "R42", "", "" if name == chain.NATION else name, str(account))
    store.write_log(cursor, [entry], chain.Writer(name, f"account {account}", now))


_PUT = """
INSERT INTO recovery_address (account, address) VALUES (%s, %s)
ON CONFLICT (account) DO UPDATE SET address = excluded.address, confirmed_at = NULL
"""
_WHERE_TO = """
SELECT r.account, r.address FROM recovery_address r JOIN account a ON a.id = r.account
WHERE r.account = %s::uuid AND r.confirmed_at IS NOT NULL AND a.active AND a.kind <> 'learner'
  AND NOT EXISTS (SELECT FROM sign_in_link l WHERE l.account = a.id AND l.purpose = %s AND l.used_at IS NULL
                  AND l.expires > %s)
FOR UPDATE OF r
"""
