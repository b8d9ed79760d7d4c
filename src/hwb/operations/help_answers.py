"""Writing what the desk says by code, with a second person (E9)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from hwb.extract.texts import N_, Text
from hwb.lifecycle import help_answers as rules
from hwb.operations import audit

_TEXTS = {
    "text": N_("Both languages are needed, each with up to 600 characters."),
    "variable": N_("There is no such variable: {name}"),
    "unknown": N_("There is no such code."),
    "no_draft": N_("What you read is not proposed any more. Read what is proposed now."),
    "same_person": N_("Another person than the one who wrote it approves."),
}


class AnswerRefused(Exception):
    """The text cannot be used so; `text` says why."""

    def __init__(self, code: str, name: str = "") -> None:
        super().__init__(code)
        self.code, self.text = code, Text(_TEXTS[code], {"name": name})


def propose(*, code: str, english: str, welsh: str, acting_account: UUID, acting_user: str, now: datetime) -> None:
    """Writes what is to be said, in both languages; it counts once another person has approved it.

    Raises AnswerRefused, also for a variable that does not exist.
    """
    if code not in rules.CODES:
        raise AnswerRefused("unknown")
    try:
        texts = [rules.check(english), rules.check(welsh)]
    except rules.BadText as bad:
        raise AnswerRefused(bad.code, bad.value) from None
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_PROPOSE, [code, *texts, now, acting_account])
        audit.record(action="answer proposed", actor=acting_user, at=now, details={"code": code})


def approve(*, code: str, read: str, acting_account: UUID, acting_user: str, now: datetime) -> None:
    """What another person proposed counts from now on; ``read``: the mark (lifecycle) of the text that was read.

    Raises AnswerRefused, also when other words are proposed by now, and records a try by the same person.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_DRAFT, [code])
        row = cursor.fetchone()
        if row is not None and rules.mark(row[1], row[2]) != read:
            raise AnswerRefused("no_draft")
        if row is not None and row[0] != acting_account:
            cursor.execute(_APPROVE, [now, acting_account, code])
            audit.record(action="answer approved", actor=acting_user, at=now, details={"code": code})
            return
        if row is not None:
            details = {"code": code, "why": "same person"}
            audit.record(action="answer refused", actor=acting_user, at=now, details=details)
    raise AnswerRefused("no_draft" if row is None else "same_person")


_DRAFT = "SELECT drafted_by, draft_en, draft_cy FROM answer WHERE code = %s AND draft_en <> '' FOR UPDATE"
_PROPOSE = """
INSERT INTO answer (code, text_en, text_cy, draft_en, draft_cy, drafted_at, drafted_by)
VALUES (%s, '', '', %s, %s, %s, %s)
ON CONFLICT (code) DO UPDATE SET draft_en = excluded.draft_en, draft_cy = excluded.draft_cy,
    drafted_at = excluded.drafted_at, drafted_by = excluded.drafted_by
"""
_APPROVE = """
UPDATE answer SET text_en = draft_en, text_cy = draft_cy, changed_at = %s, changed_by = drafted_by, approved_by = %s,
    draft_en = '', draft_cy = '', drafted_at = NULL, drafted_by = NULL
WHERE code = %s
"""
