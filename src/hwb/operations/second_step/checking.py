"""Proving oneself with a second step. Wrong tries are counted for the account, in the database."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from django.conf import settings
from django.db import connection, transaction

from hwb.directory import store, vault
from hwb.lifecycle import second_step as rules
from hwb.operations import messages, passwords
from hwb.operations.second_step import passkeys
from hwb.operations.second_step.keeping import log
from hwb.operations.second_step.refusals import StepRefused

_LOG = logging.getLogger(__name__)


class Method(StrEnum):
    """By what somebody proved themselves."""

    APP = "app"
    PASSKEY = "passkey"
    RECOVERY = "recovery"


def prove_code(*, account: UUID, typed: str, now: datetime, at: datetime) -> Method:
    """Takes a code of the app or a recovery code, each once. `at`: the real moment. Raises StepRefused."""

    digests = _recovery_digests(account, typed)
    # Only a recovery code stands in the log: a code of the app waits for no run of its school.
    logged = _has_recovery(account, digests)

    def judge(cursor: Any) -> Method | None:
        if _is_of_app(cursor, account, typed, at):
            return Method.APP
        if logged and _takes_recovery(cursor, account, digests):
            log(cursor, account, "recovery code used", "recovery", actor=f"account {account}", now=now)
            messages.own_account_changed(cursor, account=account, what="recovery", now=now)
            return Method.RECOVERY
        return None

    return _prove(account, judge, at, "wrong", logged=logged)


def prove_passkey(*, account: UUID, site: passkeys.Site, state: Mapping[str, Any], answer: str, at: datetime) -> Method:
    """Takes a passkey's answer to `state`'s challenge. Raises StepRefused."""

    def judge(cursor: Any) -> Method | None:
        cursor.execute(
            "SELECT id, secret, counter FROM second_factor WHERE account = %s AND kind = 'passkey'", [account]
        )  # fmt: skip
        kept = {bytes(secret): (id_, counter) for id_, secret, counter in cursor.fetchall()}
        try:
            used = passkeys.proved(site, state, answer, list(kept))
        except StepRefused:
            return None
        id_, before = kept[used.data]
        # Most count from zero and stay there; one that counts must have counted on, or it is a copy.
        if used.counter <= before and (used.counter or before):
            return None
        cursor.execute("UPDATE second_factor SET counter = %s, used_at = %s WHERE id = %s", [used.counter, at, id_])
        return Method.PASSKEY

    return _prove(account, judge, at, "passkey", logged=False)


def _prove(account: UUID, judge: Callable[[Any], Method | None], at: datetime, code: str, *, logged: bool) -> Method:
    """Locks, in the order that everybody keeps: the log's chain (if it is written), the row of tries, the factors."""
    refused = StepRefused(code)
    with transaction.atomic(), connection.cursor() as cursor:
        if logged:
            store.lock_chain(cursor, passwords.chain_of(cursor, account))
        failures, until = _tries(cursor, account)
        if until is not None and until > at:
            raise StepRefused("wait", until=until)
        found = judge(cursor)
        if found is not None:
            cursor.execute("UPDATE second_step_tries SET failures = 0, wait_until = NULL WHERE account = %s", [account])
            return found
        wait = rules.wait_after(failures + 1)
        over = at + wait if wait else None
        cursor.execute(
            "UPDATE second_step_tries SET failures = %s, wait_until = %s WHERE account = %s",
            [failures + 1, over, account],
        )
        if over is not None:
            refused = StepRefused("wait", until=over)
    raise refused


def _tries(cursor: Any, account: UUID) -> tuple[int, datetime | None]:
    cursor.execute(
        "INSERT INTO second_step_tries (account, failures) VALUES (%s, 0) ON CONFLICT (account) DO NOTHING", [account]
    )
    cursor.execute("SELECT failures, wait_until FROM second_step_tries WHERE account = %s FOR UPDATE", [account])
    row = cursor.fetchone()
    return (0, None) if row is None else (row[0], row[1])


def _is_of_app(cursor: Any, account: UUID, typed: str, at: datetime) -> bool:
    cursor.execute("SELECT id, secret, counter FROM second_factor WHERE account = %s AND kind = 'app'", [account])
    row = cursor.fetchone()
    if row is None:
        return False
    id_, sealed, used = row
    try:
        secret = vault.open_app_secret(bytes(sealed), account=str(account), secret=str(settings.SECRET_KEY))
    except InvalidTag:
        _LOG.error("the second step %s cannot be read; is HWB_SECRET_KEY the one it was made with?", id_)
        return False
    step = rules.step_of(secret, typed, at=at.timestamp(), used=used)
    if step is None:
        return False
    cursor.execute("UPDATE second_factor SET counter = %s, used_at = %s WHERE id = %s", [step, at, id_])
    return True


def _recovery_digests(account: UUID, typed: str) -> list[bytes]:
    # codes that were made for an account that was joined into this one name that one (R25)
    code, secret = rules.plain_code(typed), str(settings.SECRET_KEY)
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM account WHERE id = %s OR retired_into = %s", [account, account])
        return [vault.recovery_digest(code, account=str(id_), secret=secret) for (id_,) in cursor.fetchall()]


def _has_recovery(account: UUID, digests: list[bytes]) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM second_factor WHERE account = %s AND kind = 'recovery' AND secret = ANY(%s)",
            [account, digests],
        )
        return cursor.fetchone() is not None


def _takes_recovery(cursor: Any, account: UUID, digests: list[bytes]) -> bool:
    cursor.execute(
        "DELETE FROM second_factor WHERE account = %s AND kind = 'recovery' AND secret = ANY(%s)", [account, digests]
    )
    return bool(cursor.rowcount)
