"""Adding and removing second steps: each is an audit entry; other sessions end when the first one is added."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import connection, transaction

from hwb.directory import chain, store, vault
from hwb.lifecycle import second_step as rules
from hwb.operations import messages, passwords
from hwb.operations.second_step import passkeys
from hwb.operations.second_step.refusals import StepRefused


def new_app_secret() -> str:
    """A secret for an app, not kept anywhere yet."""
    return rules.secret_text(secrets.token_bytes(rules.SECRET_BYTES))


def add_app(*, account: UUID, secret: str, code: str, now: datetime, at: datetime) -> list[str]:
    """Keeps an app whose first code is right. Returns new recovery codes when the account had no second step before.

    `at`: the real moment. Raises StepRefused.
    """
    step = rules.step_of(secret, code, at=at.timestamp(), used=0)
    if step is None:
        raise StepRefused("wrong")
    sealed = vault.seal_app_secret(secret, account=str(account), secret=str(settings.SECRET_KEY))
    with transaction.atomic(), connection.cursor() as cursor:
        kinds = _lock(cursor, account)
        if "app" in kinds:
            raise StepRefused("have_app")
        _insert(cursor, account, "app", "", sealed, step, at)
        return _added(cursor, account, "app", kinds, now, at)


def add_passkey(
    *, account: UUID, name: str, site: passkeys.Site, state: Mapping[str, Any], answer: str, now: datetime, at: datetime
) -> list[str]:
    """Keeps a passkey whose answer to `state`'s challenge is right; else as add_app. Raises StepRefused."""
    made = passkeys.registered(site, state, answer)
    with transaction.atomic(), connection.cursor() as cursor:
        kinds = _lock(cursor, account)
        cursor.execute("SELECT 1 FROM second_factor WHERE kind = 'passkey' AND secret = %s", [made.data])
        if cursor.fetchone():
            raise StepRefused("known_passkey")
        _insert(cursor, account, "passkey", name, made.data, made.counter, at)
        return _added(cursor, account, "passkey", kinds, now, at)


def remove(*, account: UUID, factor: UUID, required: bool, now: datetime) -> None:
    """Takes one away; with the last one the recovery codes go too. `required`: a role needs one, so the last stays.

    Raises StepRefused.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        kinds = [kind for kind in _lock(cursor, account) if kind != "recovery"]
        if required and len(kinds) == 1:
            raise StepRefused("last")
        cursor.execute(
            "DELETE FROM second_factor WHERE id = %s AND account = %s AND kind <> 'recovery' RETURNING kind",
            [factor, account],
        )
        row = cursor.fetchone()
        if row is None:
            raise StepRefused("gone")
        if len(kinds) == 1:
            cursor.execute("DELETE FROM second_factor WHERE account = %s", [account])
        log(cursor, account, "second step removed", row[0], actor=f"account {account}", now=now)
        messages.own_account_changed(cursor, account=account, what="removed", now=now)


def new_recovery_codes(*, account: UUID, now: datetime, at: datetime) -> list[str]:
    """A fresh set, shown this once; earlier ones are worth nothing from now. Raises StepRefused without any factor."""
    with transaction.atomic(), connection.cursor() as cursor:
        if not _lock(cursor, account):
            raise StepRefused("gone")
        made = _make_codes(cursor, account, at)
        log(cursor, account, "recovery codes made", "recovery", actor=f"account {account}", now=now)
        messages.own_account_changed(cursor, account=account, what="codes", now=now)
    return made


def log(cursor: Any, account: UUID, action: str, kind: str, *, actor: str, now: datetime, **more: str) -> None:
    """An entry in the log of the school that has the account, else the nation's; never a secret."""
    name = passwords.chain_of(cursor, account)
    store.lock_chain(cursor, name)
    school = "" if name == chain.NATION else name
    entry = chain.Entry(action, "R42", "", school, str(account), after={"kind": kind, **more})
    store.write_log(cursor, [entry], chain.Writer(name, actor, now))


def _lock(cursor: Any, account: UUID) -> list[str]:
    """The kinds that the account has; nobody else adds or removes until the transaction ends. The log's chain first."""
    store.lock_chain(cursor, passwords.chain_of(cursor, account))
    cursor.execute("SELECT 1 FROM account WHERE id = %s FOR NO KEY UPDATE", [account])
    cursor.execute("SELECT kind FROM second_factor WHERE account = %s", [account])
    return [kind for (kind,) in cursor.fetchall()]


def _insert(
    cursor: Any, account: UUID, kind: str, name: str, secret: bytes, counter: int, at: datetime
) -> None:  # fmt: skip
    cursor.execute(_INSERT, [uuid4(), account, kind, name, secret, counter, at])


def _added(cursor: Any, account: UUID, kind: str, before: list[str], now: datetime, at: datetime) -> list[str]:
    codes = []
    if not before:
        codes = _make_codes(cursor, account, at)
        # Whoever is signed in elsewhere with the password alone begins anew, with both.
        cursor.execute("UPDATE account SET sessions_from = %s WHERE id = %s", [at, account])
    log(cursor, account, "second step added", kind, actor=f"account {account}", now=now)
    messages.own_account_changed(cursor, account=account, what="added", now=now)
    return codes


def _make_codes(cursor: Any, account: UUID, at: datetime) -> list[str]:
    cursor.execute("DELETE FROM second_factor WHERE account = %s AND kind = 'recovery'", [account])
    made = [rules.recovery_code(secrets.choice) for _ in range(rules.RECOVERY_CODES)]
    for code in made:
        digest = vault.recovery_digest(
            rules.plain_code(code), account=str(account), secret=str(settings.SECRET_KEY)
        )  # fmt: skip
        _insert(cursor, account, "recovery", "", digest, 0, at)
    return made


_INSERT = """
INSERT INTO second_factor (id, account, kind, name, secret, counter, made_at) VALUES (%s, %s, %s, %s, %s, %s, %s)
"""
