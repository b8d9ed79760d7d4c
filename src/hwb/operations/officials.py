"""Accounts of people outside every school's roll: kind `official`, never touched by a run (interfaces.md)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings

from hwb import names
from hwb.directory import chain, sets, store
from hwb.directory.vault import PersonKey
from hwb.extract.texts import N_, Text

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}")
_LONGEST_NAME = 200


class OfficialRefused(Exception):
    """No account can be made of this name or address; `text` says why."""

    def __init__(self, code: str, text: Text) -> None:
        super().__init__(code)
        self.code = code
        self.text = text


@dataclass(frozen=True, slots=True)
class Official:
    """A new account without a password."""

    account: UUID
    username: str


def create(cursor: Any, *, name: str, email: str, writer: chain.Writer) -> Official:
    """Makes the account in the caller's transaction, which holds the writer's chain. Raises OfficialRefused."""
    forename, surname = _parted(name)
    address = email.strip().casefold()
    if not _EMAIL.fullmatch(address):
        raise OfficialRefused("email", Text(N_("This is not an e-mail address: {email}"), {"email": email}))
    cursor.execute("SELECT EXISTS (SELECT FROM identifier WHERE value = %s)", [address])
    if cursor.fetchone()[0]:
        raise OfficialRefused("email_taken", Text(N_("This address belongs to another account already.")))
    id_ = store.new_id()
    key = PersonKey.new(id_)
    personal = {
        "legal_surname": surname, "legal_forename": forename, "preferred_surname": "", "preferred_forename": "",
        "birth_date": None, "upn": "",
    }  # fmt: skip
    digest = key.digest(personal)
    row: dict[str, Any] = {
        "id": id_, "kind": "official", "reason_rule": "R40", "reason_code": "official", "reason_values": {},
        **personal, **names.keys(surname, forename), "personal_digest": digest.hex(),
        "wrapped": key.wrap(secret=str(settings.SECRET_KEY)).hex(),
        "created_at": writer.at.isoformat(),
    }  # fmt: skip
    store.give_names(cursor, [row], settings.HWB_MAIL_DOMAIN)
    cursor.execute("UPDATE identifier SET current = false WHERE value = %s", [row["email"]])
    sets.send(cursor, sets.EMAILS, [{"value": address, "account": id_}])
    row["email"] = address
    sets.send(cursor, sets.ACCOUNTS, [row])
    sets.send(cursor, sets.PERSON_KEYS, [{"account": id_, "wrapped": row["wrapped"]}])
    after = {"kind": "official", "state": "active", **personal}
    entry = chain.Entry("create", "R40", "official", chain.NATION, id_, after=after, key=key, personal_digest=digest)
    store.write_log(cursor, [entry], writer)
    return Official(UUID(id_), str(row["username"]))


def _parted(name: str) -> tuple[str, str]:
    """Forename and surname: the last word is the surname."""
    words = name.split()
    if not words or len(name) > _LONGEST_NAME or not name.isprintable():
        raise OfficialRefused("name", Text(N_("A name of up to 200 characters is needed.")))
    return " ".join(words[:-1]) or words[-1], words[-1]
